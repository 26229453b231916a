//! Quotes: what is exchanged for what, at which price, and until when (SEP-38).
#![warn(clippy::as_conversions)]

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Subject;
use crate::amount::Money;
use crate::asset::AssetId;
use crate::id::QuoteId;

mod desk;
mod figures;
pub mod file;
mod price;
pub mod rates;

pub use desk::{
    CountryCode, CountryCodeError, DeliveryMethod, DeskError, DeskProblem, QuoteAsset, QuoteDesk,
};
pub use figures::{Figures, FiguresError, Given, QuoteFee, Scales, Side};
pub use price::{Price, Ratio};

/// Which protocol a quote is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum QuoteContext {
    /// Deposits and withdrawals by API.
    Sep6,
    /// Hosted deposits and withdrawals.
    Sep24,
    /// Payments across borders.
    Sep31,
}

impl QuoteContext {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sep6, Self::Sep24, Self::Sep31];

    /// The protocol's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sep6 => "sep6",
            Self::Sep24 => "sep24",
            Self::Sep31 => "sep31",
        }
    }

    /// The context of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|context| context.as_str() == word)
    }
}

/// What a client asked for, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteInputs {
    /// The amount that was fixed.
    pub given: Given,
    /// How the client gives the money, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sell_delivery_method: Option<String>,
    /// How the client gets the money, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buy_delivery_method: Option<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<CountryCode>,
    /// Until when the client wanted it to hold at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_after: Option<DateTime<Utc>>,
}

/// A firm quote: a promise to one user. Never changed after it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quote {
    /// Unguessable; knowing it authorises nothing.
    pub id: QuoteId,
    /// Whose it is.
    pub subject: Subject,
    /// What it can be used for.
    pub context: QuoteContext,
    /// What the client gives.
    pub sell_asset: AssetId,
    /// What the client gets.
    pub buy_asset: AssetId,
    /// What was asked for.
    pub inputs: QuoteInputs,
    /// How the money outside the ledger changes hands: as the client said, or in the only way that there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_method: Option<String>,
    /// Amounts, fee and prices.
    pub figures: Figures,
    /// Where the price came from, for the operator.
    pub source: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The anchor has to have the money before this moment.
    pub expires_at: DateTime<Utc>,
}

/// All that is needed to make a quote.
#[derive(Debug, Clone)]
pub struct NewQuote {
    /// From the id source.
    pub id: QuoteId,
    /// Whose it is.
    pub subject: Subject,
    /// What it can be used for.
    pub context: QuoteContext,
    /// What the client gives.
    pub sell_asset: AssetId,
    /// What the client gets.
    pub buy_asset: AssetId,
    /// What was asked for.
    pub inputs: QuoteInputs,
    /// How the money outside the ledger changes hands.
    pub delivery_method: Option<String>,
    /// Amounts, fee and prices.
    pub figures: Figures,
    /// Where the price came from.
    pub source: String,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Its end.
    pub expires_at: DateTime<Utc>,
}

impl Quote {
    /// A new quote. It exists once the store has inserted it.
    pub fn new(new: NewQuote) -> Self {
        Self {
            id: new.id,
            subject: new.subject,
            context: new.context,
            sell_asset: new.sell_asset,
            buy_asset: new.buy_asset,
            inputs: new.inputs,
            delivery_method: new.delivery_method,
            figures: new.figures,
            source: new.source,
            created_at: new.created_at,
            expires_at: new.expires_at,
        }
    }

    /// In which asset the fee is.
    pub const fn fee_asset(&self) -> &AssetId {
        self.figures.fee_asset(&self.sell_asset, &self.buy_asset)
    }

    /// What the client gives.
    pub fn sell(&self) -> Money {
        Money { amount: self.figures.sell, asset: self.sell_asset.clone() }
    }

    /// What the client gets, and the anchor keeps in reserve for it.
    pub fn buy(&self) -> Money {
        Money { amount: self.figures.buy, asset: self.buy_asset.clone() }
    }
}

/// What a transaction knows of the quote that it is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteUse {
    /// Which quote.
    pub id: QuoteId,
    /// The money has to be here before this moment.
    pub expires_at: DateTime<Utc>,
    /// Decimals of the money outside the ledger.
    pub off_chain_scale: u8,
}

impl QuoteUse {
    /// Whether the promise is over at this moment.
    pub fn has_ended(&self, at: DateTime<Utc>) -> bool {
        at >= self.expires_at
    }
}

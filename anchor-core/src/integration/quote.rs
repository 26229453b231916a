//! What the business exchanges, at which price, and for whom.

use std::time::Duration;

use async_trait::async_trait;

use super::IntegrationError;
use crate::account::Subject;
use crate::quote::{CountryCode, Given, QuoteAsset, QuoteContext, QuoteFee, Ratio, Side};

/// What somebody would like to exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceQuestion {
    /// What the client gives.
    pub sell: QuoteAsset,
    /// What the client gets.
    pub buy: QuoteAsset,
    /// The amount that the client fixed, with no more decimals than its asset has.
    pub given: Given,
    /// What the price is for; `None` where the client only compares prices.
    pub context: Option<QuoteContext>,
    /// How the client gives the money, if it said so; one of the asset's.
    pub sell_delivery_method: Option<String>,
    /// How the client gets the money, if it said so; one of the asset's.
    pub buy_delivery_method: Option<String>,
    /// Where, if the client said so; one of the asset's.
    pub country_code: Option<CountryCode>,
    /// Who asks, if they said so.
    pub subject: Option<Subject>,
    /// It becomes a promise. Otherwise it is an indication, by which nobody is bound.
    pub firm: bool,
}

impl PriceQuestion {
    /// For calls outside the framework, such as tests of your own implementation.
    pub const fn new(sell: QuoteAsset, buy: QuoteAsset, given: Given) -> Self {
        Self {
            sell,
            buy,
            given,
            context: None,
            sell_delivery_method: None,
            buy_delivery_method: None,
            country_code: None,
            subject: None,
            firm: false,
        }
    }
}

/// A price with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// Sold units for one bought unit, your margin included, without the fee.
    pub price: Ratio,
    /// What is charged on top.
    pub fee: QuoteFee,
    /// In which of the two assets.
    pub fee_side: Side,
    /// Where the price came from; kept with a quote, for you.
    pub source: String,
    /// How long this can be promised, if not as long as the desk says.
    pub holds_for: Option<Duration>,
}

impl Offer {
    /// A price without a fee.
    pub fn new(price: Ratio, source: impl Into<String>) -> Self {
        Self {
            price,
            fee: QuoteFee::Schedule(crate::fee::FeeSchedule::default()),
            fee_side: Side::Sell,
            source: source.into(),
            holds_for: None,
        }
    }

    /// With a fee in one of the two assets.
    #[must_use]
    pub fn charging(mut self, fee: QuoteFee, side: Side) -> Self {
        (self.fee, self.fee_side) = (fee, side);
        self
    }

    /// Can be promised for so long.
    #[must_use]
    pub const fn holding_for(mut self, time: Duration) -> Self {
        self.holds_for = Some(time);
        self
    }
}

/// What the business answers to a [`PriceQuestion`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PriceAnswer {
    /// At this price.
    Offered(Offer),
    /// Not exchanged at the moment, or not in this way: the pair is left out, and asked for by itself refused.
    NotOffered,
    /// Not this amount, say.
    Refused {
        /// For the client.
        reason: String,
    },
}

/// Whether somebody gets promises.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// They do.
    Admitted,
    /// They have to say first who they are, or may not have any.
    Refused {
        /// For the client.
        reason: String,
    },
}

/// The business's prices of one asset in another.
///
/// # Example
/// ```
/// use anchor_core::account::Subject;
/// use anchor_core::integration::*;
/// use anchor_core::quote::Ratio;
/// use async_trait::async_trait;
///
/// struct Treasury;
/// # impl Treasury {
/// #     async fn mid(&self, _: &str, _: &str) -> std::io::Result<Option<(u128, u128)>> { Ok(None) }
/// #     async fn is_known(&self, _: &str) -> std::io::Result<bool> { Ok(true) }
/// # }
///
/// #[async_trait]
/// impl QuoteIntegration for Treasury {
///     async fn price(&self, question: &PriceQuestion) -> Result<PriceAnswer, IntegrationError> {
///         let (sell, buy) = (question.sell.id.to_string(), question.buy.id.to_string());
///         let mid = self.mid(&sell, &buy).await.map_err(IntegrationError::transient)?;
///         let Some(mid) = mid.and_then(|(sold, bought)| Ratio::new(sold, bought)) else {
///             return Ok(PriceAnswer::NotOffered);
///         };
///         let margin = Ratio::new(1005, 1000).ok_or_else(|| IntegrationError::permanent("a constant"))?;
///         Ok(PriceAnswer::Offered(Offer::new(mid.times(&margin), "treasury")))
///     }
///
///     async fn admit(&self, user: &Subject) -> Result<Admission, IntegrationError> {
///         Ok(match self.is_known(&user.key()).await.map_err(IntegrationError::transient)? {
///             true => Admission::Admitted,
///             false => Admission::Refused { reason: "please tell us who you are first".into() },
///         })
///     }
/// }
/// ```
#[async_trait]
pub trait QuoteIntegration: Send + Sync {
    /// The price of one asset in another.
    ///
    /// # When it is called
    /// For every price that a client asks for, firm or not; for a list of prices once for each pair of the desk.
    /// # What to return
    /// The exact price with your margin, and the fee as a rule. Amounts are computed, rounded and limited by the
    /// framework. A price that is too old is no price: answer with an error.
    /// # If it is called twice
    /// It is a question: it must not change anything. Two answers may differ.
    /// # If it fails
    /// The client is told to come back later (503). No earlier price takes its place.
    async fn price(&self, question: &PriceQuestion) -> Result<PriceAnswer, IntegrationError>;

    /// Whether this user gets firm quotes: SEP-38 wants them given to customers who are known.
    ///
    /// The default admits everybody who proved that they own their account, which is right where nobody has to be known.
    ///
    /// # When it is called
    /// Before each firm quote.
    /// # What to return
    /// `Admitted`, or `Refused` with words for the user.
    /// # If it is called twice
    /// It is a question: it must not change anything.
    /// # If it fails
    /// The client is told to come back later (503).
    async fn admit(&self, user: &Subject) -> Result<Admission, IntegrationError> {
        let _ = user;
        Ok(Admission::Admitted)
    }
}

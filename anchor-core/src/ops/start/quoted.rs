//! Transactions that are made with a firm quote: the quote says everything, and whatever else is said has to agree.

use chrono::{DateTime, Utc};

use super::{StartError, StartRefusal, StartRequest, given, not_admitted};
use crate::Anchor;
use crate::account::{Sharing, Subject};
use crate::amount::{Amount, Money, STELLAR_SCALE};
use crate::asset::{Asset, AssetId, StellarAsset};
use crate::id::QuoteId;
use crate::ops::OpsError;
use crate::ops::amounts::AmountsError;
use crate::ops::quote::fetch;
use crate::quote::{Quote, QuoteContext, QuoteUse};
use crate::store::QuoteUsed;
use crate::transaction::{Amounts, Kind, Transaction};

/// What a quote means for a transaction.
#[derive(Debug)]
pub(in crate::ops) struct Quoted {
    /// Which asset on the ledger it is about.
    pub(super) token: StellarAsset,
    /// Which money.
    pub(in crate::ops) off_chain: AssetId,
    /// What comes and goes.
    pub(in crate::ops) amounts: Amounts,
    pub(in crate::ops) use_of: QuoteUse,
    /// How the money comes or goes at this price, if there is more to say than what it is.
    pub(in crate::ops) delivery_method: Option<String>,
}

/// The quote that the wallet names, if it names one.
pub(super) async fn find(
    anchor: &Anchor,
    context: QuoteContext,
    kind: Kind,
    subject: &Subject,
    request: &StartRequest,
) -> Result<Option<Quoted>, StartError> {
    let Some(id) = given(request.quote_id.as_ref()) else { return Ok(None) };
    if anchor.quote_desk().is_none() {
        return Err(StartRefusal::Quote.into());
    }
    let quote = fetch(anchor, subject, id).await?.ok_or(StartRefusal::UnknownQuote)?;
    Ok(Some(read(&quote, context, kind, anchor.clock().now())?))
}

/// What a quote means for a transaction that starts now.
pub(in crate::ops) fn read(
    quote: &Quote,
    context: QuoteContext,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<Quoted, StartRefusal> {
    if quote.context != context {
        return Err(StartRefusal::QuoteContext(context.as_str()));
    }
    if quote.expires_at <= now {
        return Err(StartRefusal::QuoteEnded);
    }
    let scales = quote.figures.scales;
    let inputs = &quote.inputs;
    let (token, off_chain, off_chain_scale, said) = match kind {
        Kind::Deposit => (&quote.buy_asset, &quote.sell_asset, scales.sell, &inputs.sell_delivery_method),
        Kind::Withdrawal => (&quote.sell_asset, &quote.buy_asset, scales.buy, &inputs.buy_delivery_method),
    };
    let (Some(token), None) = (token.as_stellar(), off_chain.as_stellar()) else {
        return Err(StartRefusal::QuoteDirection);
    };
    Ok(Quoted {
        token: token.clone(),
        off_chain: off_chain.clone(),
        amounts: Amounts {
            amount_in: quote.sell(),
            fee: quote.figures.fee.clone(),
            fee_asset: Some(quote.fee_asset().clone()).filter(|asset| *asset != quote.sell_asset),
            amount_out: quote.buy(),
        },
        use_of: QuoteUse { id: quote.id, expires_at: quote.expires_at, off_chain_scale },
        delivery_method: quote.delivery_method.clone().or_else(|| said.clone()),
    })
}

impl Quoted {
    /// The amount that the user gives, if the wallet announced that one or none. What `/info` advertises is about the
    /// asset on the ledger, and is enforced for that side.
    pub(super) fn amount(
        &self,
        asset: &Asset,
        kind: Kind,
        announced: Option<&str>,
    ) -> Result<Amount, StartRefusal> {
        let quoted = self.amounts.amount_in.amount;
        if let Some(text) = announced
            && Amount::parse(text, STELLAR_SCALE).map_err(StartRefusal::Amount)? != quoted
        {
            return Err(StartRefusal::OtherThanQuote("amount"));
        }
        let Money { amount: on_ledger, .. } = match kind {
            Kind::Deposit => &self.amounts.amount_out,
            Kind::Withdrawal => &self.amounts.amount_in,
        };
        let offer = asset.offer(kind).ok_or(StartRefusal::UnknownAsset("asset_code"))?;
        if offer.min.is_some_and(|min| *on_ledger < min) {
            return Err(StartRefusal::Limits(AmountsError::TooSmall));
        }
        if offer.max.is_some_and(|max| *on_ledger > max) {
            return Err(StartRefusal::Limits(AmountsError::TooLarge));
        }
        Ok(quoted)
    }

    /// The transaction as it is with this quote, and the quote that has to be used for it.
    pub(super) fn used_by(self, transaction: Transaction) -> (QuoteId, Transaction) {
        (self.use_of.id, transaction.quoted(self.use_of, self.amounts))
    }

    /// Stores the transaction and the use of the quote: both, or neither.
    pub(super) async fn start(
        self,
        anchor: &Anchor,
        transaction: Transaction,
        url_token: (&[u8; 32], DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<Transaction, StartError> {
        let (id, transaction) = self.used_by(transaction);
        let sharing = Sharing::of(&transaction.subject);
        let used = anchor.store().quote_use(id, &transaction, Some(url_token), sharing, now).await;
        match used.map_err(OpsError::from)? {
            QuoteUsed::Used => Ok(transaction),
            QuoteUsed::Taken => Err(StartRefusal::QuoteUsed.into()),
            QuoteUsed::Ended => Err(StartRefusal::QuoteEnded.into()),
            QuoteUsed::NotAdmitted(wanted) => Err(not_admitted(wanted).into()),
        }
    }
}

//! Prices and firm quotes: what a client wishes is checked here, once, and priced by the business.

use std::time::Duration;

use super::ask::ask;
use super::{OpsError, chain};
use crate::account::Subject;
use crate::amount::Amount;
use crate::anchor::Anchor;
use crate::asset::AssetId;
use crate::id::QuoteId;
use crate::integration::{Admission, IntegrationError, Offer, PriceAnswer, PriceQuestion, QuoteIntegration};
use crate::quote::{Figures, Given, NewQuote, Quote, QuoteAsset, QuoteDesk, QuoteInputs, Scales};
use crate::store::{QuoteHold, Quoted, StoreError};
use chrono::{DateTime, Utc};
use tokio::time::Instant;

mod refusal;
mod wish;

pub use refusal::{QuoteError, QuoteRefusal};
pub use wish::Wish;

use wish::{Pair, Wanted};

/// How long the business may take to name a price, or all the prices of a list.
const PRICE_DEADLINE: Duration = Duration::from_secs(5);

/// Reservations that one run releases at most.
const RELEASE_MAX: u32 = 500;

/// What is quoted, by whom, and who asks.
struct Quoting<'a> {
    desk: &'a QuoteDesk,
    business: &'a dyn QuoteIntegration,
    subject: Option<&'a Subject>,
}

impl<'a> Quoting<'a> {
    fn of(anchor: &'a Anchor, subject: Option<&'a Subject>) -> Result<Self, QuoteError> {
        let (Some(desk), Some(business)) = (anchor.quote_desk(), anchor.quotes()) else {
            return Err(QuoteRefusal::NoQuotes.into());
        };
        Ok(Self { desk, business, subject })
    }

    async fn offer(&self, pair: &Pair<'_>, given: Given, firm: bool) -> Result<Priced, QuoteError> {
        self.offer_within(PRICE_DEADLINE, pair, given, firm).await
    }

    async fn offer_within(
        &self,
        limit: Duration,
        pair: &Pair<'_>,
        given: Given,
        firm: bool,
    ) -> Result<Priced, QuoteError> {
        let question = PriceQuestion {
            context: pair.context,
            sell_delivery_method: pair.sell_method.map(str::to_owned),
            buy_delivery_method: pair.buy_method.map(str::to_owned),
            country_code: pair.country.clone(),
            subject: self.subject.copied(),
            firm,
            ..PriceQuestion::new(pair.sell.clone(), pair.buy.clone(), given)
        };
        match asked(limit, self.business.price(&question)).await? {
            PriceAnswer::NotOffered => Err(QuoteRefusal::Pair.into()),
            PriceAnswer::Refused { reason } => Err(QuoteRefusal::Business(reason).into()),
            PriceAnswer::Offered(offer) => {
                let scales = Scales { sell: pair.sell.decimals, buy: pair.buy.decimals };
                let figures = Figures::new(given, &offer.price, &offer.fee, offer.fee_side, scales);
                let figures = figures.map_err(QuoteRefusal::Figures)?;
                fits_the_ledger(pair.sell, figures.sell)?;
                fits_the_ledger(pair.buy, figures.buy)?;
                Ok(Priced { figures, offer })
            }
        }
    }
}

struct Priced {
    figures: Figures,
    offer: Offer,
}

/// One asset of a list of prices.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceItem {
    /// Which asset can be had, or given.
    pub asset: QuoteAsset,
    /// What the wished amount of the other one comes to, with its prices.
    pub figures: Figures,
}

/// Prices of everything that is exchanged for one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prices {
    /// What the client could get.
    ToBuy(Vec<PriceItem>),
    /// What the client could give.
    ToSell(Vec<PriceItem>),
}

/// Indicative prices of one amount in all other assets. Pairs that are not offered for this amount are left out.
///
/// # Errors
/// See [`QuoteError`].
pub async fn prices(anchor: &Anchor, subject: Option<&Subject>, wish: &Wish) -> Result<Prices, QuoteError> {
    let quoting = Quoting::of(anchor, subject)?;
    let wanted = Wanted::all(quoting.desk, wish)?;
    let mut items = Vec::new();
    // one for all of them: whoever asks needs no token, and has no more patience for many
    let begin = Instant::now();
    for pair in &wanted.pairs {
        let other = if wanted.buys { pair.buy } else { pair.sell };
        let limit = PRICE_DEADLINE.saturating_sub(begin.elapsed());
        match quoting.offer_within(limit, pair, wanted.given, false).await {
            Ok(priced) => items.push(PriceItem { asset: other.clone(), figures: priced.figures }),
            Err(QuoteError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(if wanted.buys { Prices::ToBuy(items) } else { Prices::ToSell(items) })
}

/// An indicative price with its pair.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndicativePrice {
    /// What the client would give.
    pub sell_asset: AssetId,
    /// What the client would get.
    pub buy_asset: AssetId,
    /// Amounts, fee and prices.
    pub figures: Figures,
}

impl IndicativePrice {
    /// In which asset the fee is.
    pub const fn fee_asset(&self) -> &AssetId {
        self.figures.fee_asset(&self.sell_asset, &self.buy_asset)
    }
}

/// The indicative price of one amount.
///
/// # Errors
/// See [`QuoteError`].
pub async fn price(
    anchor: &Anchor,
    subject: Option<&Subject>,
    wish: &Wish,
) -> Result<IndicativePrice, QuoteError> {
    let quoting = Quoting::of(anchor, subject)?;
    let (pair, given) = Pair::indicative(quoting.desk, wish)?;
    let priced = quoting.offer(&pair, given, false).await?;
    Ok(IndicativePrice {
        sell_asset: pair.sell.id.clone(),
        buy_asset: pair.buy.id.clone(),
        figures: priced.figures,
    })
}

/// Makes a promise: stored, with what it promises in reserve, before anybody hears of it. Killed before the answer is
/// sent, the reserve is free again at the quote's end.
///
/// # Errors
/// See [`QuoteError`].
pub async fn create(anchor: &Anchor, subject: Subject, wish: &Wish) -> Result<Quote, QuoteError> {
    let quoting = Quoting::of(anchor, Some(&subject))?;
    let now = anchor.clock().now();
    let (pair, given) = Pair::firm(quoting.desk, wish)?;
    let expire_after = wish::expire_after(wish, now)?;
    match asked(PRICE_DEADLINE, quoting.business.admit(&subject)).await? {
        Admission::Admitted => {}
        Admission::Refused { reason } => return Err(QuoteError::Forbidden(reason)),
    }
    let Priced { figures, offer } = quoting.offer(&pair, given, true).await?;
    let expires_at = expiry(quoting.desk, &offer, now, expire_after)?;
    let quote = Quote::new(NewQuote {
        id: QuoteId::new(anchor.ids().next()),
        subject,
        context: pair.context.ok_or(QuoteRefusal::Context)?,
        sell_asset: pair.sell.id.clone(),
        buy_asset: pair.buy.id.clone(),
        inputs: QuoteInputs {
            given,
            sell_delivery_method: wish.sell_delivery_method.clone(),
            buy_delivery_method: wish.buy_delivery_method.clone(),
            country_code: pair.country.clone(),
            expire_after,
        },
        // of two assets, one at most is outside the ledger in a quote for a transaction
        delivery_method: pair.sell_method.or(pair.buy_method).map(str::to_owned),
        figures,
        source: offer.source,
        created_at: now,
        expires_at,
    });
    let hold = hold(quoting.desk, pair.buy, &quote)?;
    match anchor.store().quote_insert(&quote, &hold).await.map_err(OpsError::from)? {
        Quoted::Stored => {}
        Quoted::TooManyOpen | Quoted::TooMuchOpen => return Err(QuoteRefusal::TooMuchOpen.into()),
        Quoted::NothingLeft => return Err(QuoteRefusal::NothingLeft.into()),
    }
    tracing::info!(quote.id = %quote.id, quote.sell = %quote.sell(), quote.buy = %quote.buy(), "quote made");
    Ok(quote)
}

/// A user's own quote, also after its end; `None` for others' and for ids that nobody has.
///
/// # Errors
/// The store's.
pub async fn fetch(anchor: &Anchor, subject: &Subject, id: &str) -> Result<Option<Quote>, OpsError> {
    let Ok(id) = id.parse() else { return Ok(None) };
    let quote = anchor.store().quote_fetch(id).await?;
    Ok(quote.filter(|quote| quote.subject.key() == subject.key()))
}

/// Frees what is in reserve for quotes that have ended, whoever made them: this process need not quote anything itself. Done
/// again, it finds nothing; done late, somebody is refused a quote meanwhile. What cannot be freed is said, and stops no
/// other.
///
/// # Errors
/// The store's, if it does not answer at all.
pub async fn release(anchor: &Anchor) -> Result<(), OpsError> {
    let now = anchor.clock().now();
    for id in anchor.store().quote_overdue(now, RELEASE_MAX).await? {
        match anchor.store().quote_release(id, now).await {
            Ok(_) => {}
            Err(error @ StoreError::Unavailable(_)) => return Err(error.into()),
            Err(error) => {
                let error = chain(&error);
                tracing::error!(quote.id = %id, error, "what a quote has in reserve cannot be freed");
            }
        }
    }
    Ok(())
}

async fn asked<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, IntegrationError>>,
) -> Result<T, QuoteError> {
    let answer = ask(limit, call).await.map_err(IntegrationError::from);
    Ok(answer.map_err(OpsError::from)?)
}

/// When a promise ends.
fn expiry(
    desk: &QuoteDesk,
    offer: &Offer,
    now: DateTime<Utc>,
    wanted: Option<DateTime<Utc>>,
) -> Result<DateTime<Utc>, QuoteRefusal> {
    let after = |time: Duration| {
        let time = chrono::Duration::from_std(time).unwrap_or(chrono::Duration::MAX);
        now.checked_add_signed(time).unwrap_or(DateTime::<Utc>::MAX_UTC)
    };
    let usual = after(offer.holds_for.unwrap_or(desk.lifetime));
    let longest = after(offer.holds_for.unwrap_or(desk.lifetime_max));
    match wanted {
        Some(wanted) if wanted > longest => Err(QuoteRefusal::ExpireAfter),
        Some(wanted) => Ok(wanted.max(usual)),
        None => Ok(usual),
    }
}

/// What a quote keeps in reserve, in the smallest units of what is bought.
fn hold(desk: &QuoteDesk, asset: &QuoteAsset, quote: &Quote) -> Result<QuoteHold, QuoteRefusal> {
    let units = |amount: Amount| {
        let exact = amount.rescale_exact(asset.decimals)?;
        i64::try_from(exact.minor()).ok()
    };
    Ok(QuoteHold {
        amount: units(quote.figures.buy).ok_or(QuoteRefusal::TooLarge)?,
        open_of_user: desk.open_of_user,
        of_user: asset.open_max_of_user.and_then(units),
        of_all: asset.open_max.and_then(units),
    })
}

/// An amount on the ledger is one that the ledger can hold.
fn fits_the_ledger(asset: &QuoteAsset, amount: Amount) -> Result<(), QuoteRefusal> {
    match asset.id.as_stellar().map(|_| amount.to_stellar()) {
        Some(Err(_)) => Err(QuoteRefusal::TooLarge),
        Some(Ok(_)) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

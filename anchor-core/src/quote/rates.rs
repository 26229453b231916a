//! Prices without code: rates from a table or an address, with a margin and a fee for each pair.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{QuoteFee, Ratio, Side};
use crate::asset::AssetId;
use crate::fee::{FeeSchedule, Percent};
use crate::integration::{IntegrationError, Offer, PriceAnswer, PriceQuestion, QuoteIntegration};

mod fetched;

pub use fetched::{FetchOptions, FetchedRates};

/// The rate of one asset in another, without margin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// Sold units for one bought unit.
    pub rate: Ratio,
    /// Where it came from, for the operator.
    pub source: String,
}

/// Knows rates.
#[async_trait]
pub trait RateSource: Send + Sync + fmt::Debug {
    /// The present rate; `None` if there is none for this pair.
    ///
    /// # Errors
    /// When it could not be found out, or is too old.
    async fn rate(&self, sell: &AssetId, buy: &AssetId) -> Result<Option<Rate>, IntegrationError>;
}

/// Rates that are written down.
#[derive(Debug, Clone, Default)]
pub struct TableRates(BTreeMap<(AssetId, AssetId), Ratio>);

impl TableRates {
    /// Sold asset, bought asset, and sold units for one bought unit.
    pub fn new(rates: impl IntoIterator<Item = (AssetId, AssetId, Ratio)>) -> Self {
        Self(rates.into_iter().map(|(sell, buy, rate)| ((sell, buy), rate)).collect())
    }
}

#[async_trait]
impl RateSource for TableRates {
    async fn rate(&self, sell: &AssetId, buy: &AssetId) -> Result<Option<Rate>, IntegrationError> {
        let rate = self.0.get(&(sell.clone(), buy.clone()));
        Ok(rate.map(|rate| Rate { rate: rate.clone(), source: "table".to_owned() }))
    }
}

/// What an anchor adds to the rate of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairTerms {
    /// How much dearer the bought asset is than its rate.
    pub margin: Percent,
    /// What is charged on top.
    pub fee: FeeSchedule,
    /// In which of the two assets.
    pub fee_side: Side,
}

impl PairTerms {
    /// The rate with this margin, and this fee.
    pub const fn new(margin: Percent, fee: FeeSchedule, fee_side: Side) -> Self {
        Self { margin, fee, fee_side }
    }
}

impl Default for PairTerms {
    /// The rate as it is.
    fn default() -> Self {
        Self::new(Percent::ZERO, FeeSchedule::default(), Side::Sell)
    }
}

/// A [`QuoteIntegration`] from sources of rates: the first that knows a pair counts.
#[derive(Debug, Clone, Default)]
pub struct PricedRates {
    sources: Vec<Arc<dyn RateSource>>,
    terms: BTreeMap<(AssetId, AssetId), PairTerms>,
}

impl PricedRates {
    /// From this source.
    pub fn new(source: impl RateSource + 'static) -> Self {
        Self::default().or(source)
    }

    /// From another source, for pairs that those before do not know.
    #[must_use]
    pub fn or(mut self, source: impl RateSource + 'static) -> Self {
        self.sources.push(Arc::new(source));
        self
    }

    /// Margin and fee of one pair. Others are exchanged at their rate, free of charge.
    #[must_use]
    pub fn with(mut self, sell: AssetId, buy: AssetId, terms: PairTerms) -> Self {
        self.terms.insert((sell, buy), terms);
        self
    }
}

#[async_trait]
impl QuoteIntegration for PricedRates {
    async fn price(&self, question: &PriceQuestion) -> Result<PriceAnswer, IntegrationError> {
        let pair = (question.sell.id.clone(), question.buy.id.clone());
        for source in &self.sources {
            let Some(found) = source.rate(&pair.0, &pair.1).await? else { continue };
            let terms = self.terms.get(&pair).cloned().unwrap_or_default();
            let (share, whole) = terms.margin.share();
            let (share, whole) = (u128::from(share), u128::from(whole));
            let margin = Ratio::new(whole.saturating_add(share), whole);
            let margin = margin.ok_or_else(|| IntegrationError::permanent("the margin is no ratio"))?;
            let offer = Offer::new(found.rate.times(&margin), found.source);
            let fee = QuoteFee::Schedule(terms.fee);
            return Ok(PriceAnswer::Offered(offer.charging(fee, terms.fee_side)));
        }
        Ok(PriceAnswer::NotOffered)
    }
}

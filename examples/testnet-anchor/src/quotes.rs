//! What we exchange, and at which price.

use anchor_core::asset::{AssetId, StellarAsset};
use anchor_core::fee::FeeSchedule;
use anchor_core::quote::rates::{PairTerms, PricedRates, TableRates};
use anchor_core::quote::{DeliveryMethod, QuoteAsset, QuoteDesk, Ratio, Side};
use anyhow::{Context as _, Result};

// ANCHOR: quotes
/// Money outside the ledger, and what it is worth.
struct Money {
    id: &'static str,
    country: &'static str,
    /// What a token costs in it.
    costs: &'static str,
    /// What it costs in tokens.
    brings: &'static str,
    /// How it comes and goes.
    methods: &'static [(&'static str, &'static str)],
}

const REALS: Money = Money {
    id: "iso4217:BRL",
    country: "BR",
    costs: "5.40",
    brings: "0.184",
    // the last one is what is offered by API (SEP-6), too: a quote is used in the way that it was priced for
    methods: &[
        ("PIX", "Instant payment by PIX"),
        ("TED", "Bank transfer by TED"),
        ("bank_account", "Bank transfer"),
    ],
};

const EUROS: Money = Money {
    id: "iso4217:EUR",
    country: "DE",
    costs: "0.92",
    brings: "1.08",
    methods: &[("SEPA", "Bank transfer by SEPA")],
};

/// Euros and reals for the token and back, each at its rate, one per cent of margin and a fee of two.
pub(crate) fn quotes(token: &StellarAsset) -> Result<(QuoteDesk, PricedRates)> {
    let token = AssetId::from(token.clone());
    let mut assets = vec![QuoteAsset::new(token.clone(), 7)];
    let (mut pairs, mut rates) = (Vec::new(), Vec::new());
    for Money { id, country, costs, brings, methods } in [EUROS, REALS] {
        let money: AssetId = id.parse()?;
        let methods = methods.iter().map(|(name, text)| DeliveryMethod::new(*name, *text));
        let asset = QuoteAsset::new(money.clone(), 2).countries([country.parse()?]);
        assets.push(asset.sold_by(methods.clone()).bought_by(methods));
        rates.push((money.clone(), token.clone(), costs.parse::<Ratio>()?));
        rates.push((token.clone(), money.clone(), brings.parse()?));
        pairs.extend([(money.clone(), token.clone()), (token.clone(), money)]);
    }
    let fee = FeeSchedule { fixed: "2".parse()?, ..FeeSchedule::default() };
    let terms = PairTerms::new("1".parse().context("a percentage")?, fee, Side::Sell);
    let mut priced = PricedRates::new(TableRates::new(rates));
    for (sell, buy) in &pairs {
        priced = priced.with(sell.clone(), buy.clone(), terms.clone());
    }
    Ok((QuoteDesk::new(assets, pairs)?, priced))
}
// ANCHOR_END: quotes

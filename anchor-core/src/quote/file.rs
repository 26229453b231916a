//! The file of `QUOTES`: assets, pairs, limits and prices, so that an anchor quotes without code.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::rates::{FetchOptions, FetchedRates, PairTerms, PricedRates, TableRates};
use super::{CountryCode, DeliveryMethod, DeskError, Price, QuoteAsset, QuoteDesk, Side};
use crate::amount::Amount;
use crate::asset::AssetId;
use crate::clock::Clock;
use crate::fee::{FeeSchedule, Percent};
use crate::http::{GuardError, check_url};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not there, or not readable.
    #[error("the file of QUOTES, {path}, cannot be read")]
    Unreadable {
        /// As in the settings.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not TOML, or says something that is not known.
    #[error("the file of QUOTES cannot be used")]
    Syntax(#[source] Box<toml::de::Error>),
    /// What it says does not fit together.
    #[error("the file of QUOTES cannot be used")]
    Desk(#[from] DeskError),
    /// Neither a price nor an address that knows one.
    #[error("the file of QUOTES has no price for {0}, and no [rates] that would know it")]
    NoPrice(String),
    /// The address of the rates is not one that is contacted.
    #[error("the address of [rates] in the file of QUOTES cannot be used")]
    Rates(#[from] GuardError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    lifetime_seconds: Option<u64>,
    lifetime_max_seconds: Option<u64>,
    open_of_user: Option<u32>,
    #[serde(default)]
    strict_contexts: bool,
    rates: Option<Rates>,
    assets: Vec<FileAsset>,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    url: Url,
    max_age_seconds: u64,
    deadline_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAsset {
    id: AssetId,
    decimals: u8,
    #[serde(default)]
    country_codes: Vec<CountryCode>,
    #[serde(default)]
    sell_delivery_methods: Vec<Method>,
    #[serde(default)]
    buy_delivery_methods: Vec<Method>,
    open_max: Option<Amount>,
    open_max_of_user: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    name: String,
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    sell: AssetId,
    buy: AssetId,
    price: Option<Price>,
    #[serde(default)]
    margin_percent: Percent,
    #[serde(default)]
    fee: FeeSchedule,
    fee_in: Option<Side>,
}

/// Reads the file.
///
/// # Errors
/// What is wrong with it.
pub fn load(
    path: &Path,
    local_mode: bool,
    clock: Arc<dyn Clock>,
) -> Result<(QuoteDesk, PricedRates), FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.display().to_string(), source };
    parse(&std::fs::read_to_string(path).map_err(unreadable)?, local_mode, clock)
}

/// Reads the text of such a file.
///
/// # Errors
/// What is wrong with it.
pub fn parse(
    text: &str,
    local_mode: bool,
    clock: Arc<dyn Clock>,
) -> Result<(QuoteDesk, PricedRates), FileError> {
    let file: File = toml::from_str(text).map_err(|error| FileError::Syntax(Box::new(error)))?;
    let pairs = file.pairs.iter().map(|pair| (pair.sell.clone(), pair.buy.clone()));
    let mut desk = QuoteDesk::new(file.assets.into_iter().map(asset), pairs)?;
    let seconds = |given: Option<u64>, usual| given.map_or(usual, Duration::from_secs);
    desk = desk.clone().lasting(
        seconds(file.lifetime_seconds, desk.lifetime),
        seconds(file.lifetime_max_seconds, desk.lifetime_max),
    )?;
    if let Some(quotes) = file.open_of_user {
        desk = desk.open_of_user(quotes);
    }
    if file.strict_contexts {
        desk = desk.strict_contexts();
    }
    let priced = |pair: &Pair| Some((pair.sell.clone(), pair.buy.clone(), pair.price.as_ref()?.ratio()));
    let mut rates = PricedRates::new(TableRates::new(file.pairs.iter().filter_map(priced)));
    match file.rates {
        Some(fetched) => {
            check_url(&fetched.url, local_mode)?;
            let mut options = FetchOptions::new(fetched.url, Duration::from_secs(fetched.max_age_seconds));
            options.deadline = seconds(fetched.deadline_seconds, options.deadline);
            rates = rates.or(FetchedRates::new(options, local_mode, clock)?);
        }
        None => {
            if let Some(pair) = file.pairs.iter().find(|pair| pair.price.is_none()) {
                return Err(FileError::NoPrice(format!("{} for {}", pair.sell, pair.buy)));
            }
        }
    }
    for pair in file.pairs {
        let terms = PairTerms::new(pair.margin_percent, pair.fee, pair.fee_in.unwrap_or(Side::Sell));
        rates = rates.with(pair.sell, pair.buy, terms);
    }
    Ok((desk, rates))
}

fn asset(read: FileAsset) -> QuoteAsset {
    let methods = |methods: Vec<Method>| {
        methods.into_iter().map(|method| DeliveryMethod::new(method.name, method.description))
    };
    QuoteAsset::new(read.id, read.decimals)
        .sold_by(methods(read.sell_delivery_methods))
        .bought_by(methods(read.buy_delivery_methods))
        .countries(read.country_codes)
        .promised_at_most(read.open_max, read.open_max_of_user)
}

#[cfg(test)]
mod tests;

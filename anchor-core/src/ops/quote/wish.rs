//! What a client wishes, in its own words, and what it can mean.

use chrono::{DateTime, Utc};

use super::refusal::QuoteRefusal;
use crate::amount::Amount;
use crate::asset::{AssetId, StellarAsset};
use crate::clock::parse_utc;
use crate::quote::{CountryCode, DeliveryMethod, Given, QuoteAsset, QuoteContext, QuoteDesk};

const SELL_ASSET: &str = "sell_asset";
const BUY_ASSET: &str = "buy_asset";
const SELL_AMOUNT: &str = "sell_amount";
const BUY_AMOUNT: &str = "buy_amount";
const SELL_METHOD: &str = "sell_delivery_method";
const BUY_METHOD: &str = "buy_delivery_method";

/// What a client sent. Empty texts are taken for absent by whoever makes this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in SEP-38")]
pub struct Wish {
    pub sell_asset: Option<String>,
    pub buy_asset: Option<String>,
    pub sell_amount: Option<String>,
    pub buy_amount: Option<String>,
    pub sell_delivery_method: Option<String>,
    pub buy_delivery_method: Option<String>,
    pub country_code: Option<String>,
    pub context: Option<String>,
    pub expire_after: Option<String>,
}

/// Two assets that are exchanged for each other, and how.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) sell: &'a QuoteAsset,
    pub(super) buy: &'a QuoteAsset,
    pub(super) sell_method: Option<&'a str>,
    pub(super) buy_method: Option<&'a str>,
    pub(super) country: Option<CountryCode>,
    pub(super) context: Option<QuoteContext>,
}

impl<'a> Pair<'a> {
    /// For an indicative price.
    pub(super) fn indicative(desk: &'a QuoteDesk, wish: &'a Wish) -> Result<(Self, Given), QuoteRefusal> {
        let (pair, given) = Self::read(desk, wish)?;
        if desk.strict_contexts && pair.context == Some(QuoteContext::Sep24) {
            return Err(QuoteRefusal::StrictContext);
        }
        Ok((pair, given))
    }

    /// For a promise: the delivery method is known.
    pub(super) fn firm(desk: &'a QuoteDesk, wish: &'a Wish) -> Result<(Self, Given), QuoteRefusal> {
        let (mut pair, given) = Self::read(desk, wish)?;
        if pair.sell_method.is_some() && pair.buy_method.is_some() {
            return Err(QuoteRefusal::BothMethods);
        }
        pair.sell_method = chosen(SELL_METHOD, pair.sell_method, &pair.sell.sell_delivery_methods)?;
        pair.buy_method = chosen(BUY_METHOD, pair.buy_method, &pair.buy.buy_delivery_methods)?;
        Ok((pair, given))
    }

    fn read(desk: &'a QuoteDesk, wish: &'a Wish) -> Result<(Self, Given), QuoteRefusal> {
        let named = |name, text: &Option<String>| {
            asset(desk, name, text.as_deref().ok_or(QuoteRefusal::Missing(name))?)
        };
        let (sell, buy) = (named(SELL_ASSET, &wish.sell_asset)?, named(BUY_ASSET, &wish.buy_asset)?);
        let context = wish.context.as_deref().ok_or(QuoteRefusal::Missing("context"))?;
        let context = QuoteContext::from_word(context).ok_or(QuoteRefusal::Context)?;
        let given = match (&wish.sell_amount, &wish.buy_amount) {
            (Some(text), None) => Given::Sell(amount(sell, SELL_AMOUNT, text)?),
            (None, Some(text)) => Given::Buy(amount(buy, BUY_AMOUNT, text)?),
            (Some(_), Some(_)) | (None, None) => return Err(QuoteRefusal::OneAmount),
        };
        let (sell_method, buy_method) =
            (wish.sell_delivery_method.as_deref(), wish.buy_delivery_method.as_deref());
        method(sell, SELL_METHOD, sell_method, &sell.sell_delivery_methods)?;
        method(buy, BUY_METHOD, buy_method, &buy.buy_delivery_methods)?;
        let country = country(wish)?;
        let covered = |country: &CountryCode| is_covered(country, sell) || is_covered(country, buy);
        if country.as_ref().is_some_and(|country| !covered(country)) {
            return Err(QuoteRefusal::Country);
        }
        if !desk.trades(&sell.id, &buy.id) {
            return Err(QuoteRefusal::Pair);
        }
        Ok((Self { sell, buy, sell_method, buy_method, country, context: Some(context) }, given))
    }
}

/// One asset, and everything that is exchanged for it.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) given: Given,
    /// The client looks for something to buy.
    pub(super) buys: bool,
    pub(super) pairs: Vec<Pair<'a>>,
}

impl<'a> Wanted<'a> {
    pub(super) fn all(desk: &'a QuoteDesk, wish: &'a Wish) -> Result<Self, QuoteRefusal> {
        // with both, the amount says which one the list is for, and the other one is all that is listed
        let narrowed = wish.sell_asset.is_some() && wish.buy_asset.is_some();
        let (sell, buy) = match (&wish.sell_amount, &wish.buy_amount) {
            (Some(_), None) if narrowed => (&wish.sell_asset, &None),
            (None, Some(_)) if narrowed => (&None, &wish.buy_asset),
            _ => (&wish.sell_asset, &wish.buy_asset),
        };
        let (given, own, buys) = match (sell, buy) {
            (Some(text), None) => {
                let own = asset(desk, SELL_ASSET, text)?;
                let text = only(&wish.sell_amount, SELL_AMOUNT, &wish.buy_amount, BUY_AMOUNT)?;
                (Given::Sell(amount(own, SELL_AMOUNT, text)?), own, true)
            }
            (None, Some(text)) => {
                let own = asset(desk, BUY_ASSET, text)?;
                let text = only(&wish.buy_amount, BUY_AMOUNT, &wish.sell_amount, SELL_AMOUNT)?;
                (Given::Buy(amount(own, BUY_AMOUNT, text)?), own, false)
            }
            (Some(_), Some(_)) | (None, None) => return Err(QuoteRefusal::OneAsset),
        };
        let (name, text) = if buys { (BUY_ASSET, &wish.buy_asset) } else { (SELL_ASSET, &wish.sell_asset) };
        let single = text.as_deref().map(|text| asset(desk, name, text)).transpose()?;
        let (sell_method, buy_method) =
            (wish.sell_delivery_method.as_deref(), wish.buy_delivery_method.as_deref());
        if buys {
            method(own, SELL_METHOD, sell_method, &own.sell_delivery_methods)?;
            known(desk, BUY_METHOD, buy_method, |asset| &asset.buy_delivery_methods)?;
        } else {
            method(own, BUY_METHOD, buy_method, &own.buy_delivery_methods)?;
            known(desk, SELL_METHOD, sell_method, |asset| &asset.sell_delivery_methods)?;
        }
        let country = country(wish)?;
        let listed = |asset: &QuoteAsset| country.as_ref().is_none_or(|country| is_covered(country, asset));
        let known_somewhere =
            if own.id.as_stellar().is_some() { desk.assets.iter().any(listed) } else { listed(own) };
        if !known_somewhere {
            return Err(QuoteRefusal::Country);
        }
        let pairs = desk.pairs.iter().filter_map(|(sell, buy)| {
            let (sell, buy) = (desk.asset(sell)?, desk.asset(buy)?);
            let (mine, other) = if buys { (sell, buy) } else { (buy, sell) };
            // a method or a country of one asset says nothing about those that do not have it
            let has = |method: Option<&str>, methods: &[DeliveryMethod]| {
                method.is_none_or(|wanted| methods.iter().any(|method| method.name == wanted))
            };
            let delivered =
                has(sell_method, &sell.sell_delivery_methods) && has(buy_method, &buy.buy_delivery_methods);
            let placed = other.id.as_stellar().is_some() || listed(other);
            let wanted = single.is_none_or(|single| single.id == other.id);
            (mine.id == own.id && wanted && delivered && placed).then(|| Pair {
                sell,
                buy,
                sell_method,
                buy_method,
                country: country.clone(),
                context: None,
            })
        });
        Ok(Self { given, buys, pairs: pairs.collect() })
    }
}

/// Until when the client wants a quote to hold at least.
pub(super) fn expire_after(wish: &Wish, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, QuoteRefusal> {
    let Some(text) = &wish.expire_after else { return Ok(None) };
    // without a zone it is UTC, as in the protocol's own examples
    let time = parse_utc(text).or_else(|_| parse_utc(&format!("{text}Z")));
    let time = time.map_err(|_| QuoteRefusal::ExpireAfterSyntax)?;
    if time > now { Ok(Some(time)) } else { Err(QuoteRefusal::ExpireAfterPast) }
}

fn asset<'a>(desk: &'a QuoteDesk, name: &'static str, text: &str) -> Result<&'a QuoteAsset, QuoteRefusal> {
    let id = match text {
        // SEP-11 lets lumens have any name; only this one means nothing else
        "stellar:XLM" => AssetId::Stellar(StellarAsset::Native),
        text => text.parse().map_err(|problem| QuoteRefusal::AssetSyntax { name, problem })?,
    };
    desk.asset(&id).ok_or(QuoteRefusal::Asset(name))
}

fn amount(asset: &QuoteAsset, name: &'static str, text: &str) -> Result<Amount, QuoteRefusal> {
    let amount = Amount::parse(text, asset.decimals);
    let amount = amount.map_err(|problem| QuoteRefusal::Amount { name, problem })?;
    if amount.is_zero() { Err(QuoteRefusal::ZeroAmount(name)) } else { Ok(amount) }
}

/// The amount that goes with the asset, and not the other one.
fn only<'a>(
    mine: &'a Option<String>,
    name: &'static str,
    other: &Option<String>,
    other_name: &'static str,
) -> Result<&'a str, QuoteRefusal> {
    if other.is_some() {
        return Err(QuoteRefusal::OtherAmount(other_name));
    }
    mine.as_deref().ok_or(QuoteRefusal::Missing(name))
}

fn method(
    asset: &QuoteAsset,
    name: &'static str,
    wanted: Option<&str>,
    methods: &[DeliveryMethod],
) -> Result<(), QuoteRefusal> {
    match wanted {
        None => Ok(()),
        Some(_) if asset.id.as_stellar().is_some() => Err(QuoteRefusal::MethodOnLedger(name)),
        Some(wanted) if methods.iter().any(|method| method.name == wanted) => Ok(()),
        Some(_) => Err(QuoteRefusal::Method(name)),
    }
}

/// A method of any asset.
fn known(
    desk: &QuoteDesk,
    name: &'static str,
    wanted: Option<&str>,
    methods: fn(&QuoteAsset) -> &Vec<DeliveryMethod>,
) -> Result<(), QuoteRefusal> {
    let Some(wanted) = wanted else { return Ok(()) };
    let mut all = desk.assets.iter().flat_map(methods);
    if all.any(|method| method.name == wanted) { Ok(()) } else { Err(QuoteRefusal::Method(name)) }
}

/// The method of a promise. Where there is one only, it is that one.
fn chosen<'a>(
    name: &'static str,
    wanted: Option<&'a str>,
    methods: &'a [DeliveryMethod],
) -> Result<Option<&'a str>, QuoteRefusal> {
    match (wanted, methods) {
        (Some(wanted), _) => Ok(Some(wanted)),
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(&only.name)),
        (None, _) => Err(QuoteRefusal::Missing(name)),
    }
}

fn country(wish: &Wish) -> Result<Option<CountryCode>, QuoteRefusal> {
    let code = wish.country_code.as_deref().map(str::parse).transpose();
    code.map_err(|_| QuoteRefusal::CountrySyntax)
}

fn is_covered(country: &CountryCode, asset: &QuoteAsset) -> bool {
    asset.country_codes.iter().any(|code| code.covers(country))
}

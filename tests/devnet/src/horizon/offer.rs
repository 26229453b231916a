//! Offers: `/offers`, one by id, and those of an account.

use actix_web::web;
use serde_json::{Value, json};
use stellar_xdr::{AccountId, Asset, LedgerEntry, LedgerEntryData, OfferEntry};

use super::{
    account::{closed_at, sponsor_of},
    amount::{decimal, price},
    asset,
    call::{Answer, Call},
    hal::{self, Record, link},
    problem::Problem,
    query,
};
use crate::replica::View;

pub(crate) async fn list(call: Call) -> Answer {
    let seller = call.query.account("seller")?;
    page_of(&call, seller)
}

pub(crate) async fn of_account(call: Call, id: web::Path<String>) -> Answer {
    let seller = query::account_id("account_id", &id)?;
    page_of(&call, Some(seller))
}

pub(crate) async fn one(call: Call, id: web::Path<String>) -> Answer {
    let invalid = || Problem::invalid_field("offer_id", "Offer ID must be an integer higher than 0");
    let id: i64 = id.parse().ok().filter(|id| *id > 0).ok_or_else(invalid)?;
    let found = select(&call.view, |offer| offer.offer_id == id);
    let (entry, offer) = found.first().ok_or_else(Problem::not_found)?;
    Ok(hal::object(&render(&call.base, &call.view, entry, offer)))
}

fn page_of(call: &Call, seller: Option<AccountId>) -> Answer {
    let page = call.query.page(None)?;
    let sponsor = call.query.account("sponsor")?;
    let selling = asset_filter(call, "selling")?;
    let buying = asset_filter(call, "buying")?;
    let cursor = page.cursor.as_deref().map(str::parse::<i64>).transpose();
    let cursor = cursor.map_err(|_| Problem::invalid_field("cursor", "cursor: invalid value"))?;
    let mut found = select(&call.view, |offer| {
        seller.as_ref().is_none_or(|seller| offer.seller_id == *seller)
            && selling.as_ref().is_none_or(|asset| offer.selling == *asset)
            && buying.as_ref().is_none_or(|asset| offer.buying == *asset)
    });
    found.retain(|(entry, _)| sponsor.is_none() || sponsor_of(entry) == sponsor);
    let chosen = page.cut(found, cursor, |(_, offer)| offer.offer_id);
    let records = chosen
        .iter()
        .map(|(entry, offer)| Record::new(render(&call.base, &call.view, entry, offer)))
        .collect();
    Ok(hal::page(call, &page, records))
}

/// `selling=CODE:ISSUER` or the three-field form `selling_asset_type=…`.
fn asset_filter(call: &Call, side: &str) -> Result<Option<Asset>, Problem> {
    let prefix = format!("{side}_");
    match call.query.asset(side)? {
        Some(asset) => Ok(Some(asset)),
        None if call.query.text(&format!("{prefix}asset_type")).is_some() => {
            call.query.asset_fields(&prefix).map(Some)
        }
        None => Ok(None),
    }
}

/// The offers that `wanted` picks.
pub(crate) fn select(
    view: &View,
    wanted: impl Fn(&OfferEntry) -> bool,
) -> Vec<(std::sync::Arc<LedgerEntry>, OfferEntry)> {
    view.select(|entry, data| match data {
        LedgerEntryData::Offer(offer) if wanted(offer) => Some((entry.clone(), offer.clone())),
        _ => None,
    })
}

fn render(base: &str, view: &View, entry: &LedgerEntry, offer: &OfferEntry) -> Value {
    let (id, seller) = (offer.offer_id.to_string(), offer.seller_id.to_string());
    let mut body = json!({
        "_links": {
            "self": link(base, &format!("/offers/{id}")),
            "offer_maker": link(base, &format!("/accounts/{seller}")),
        },
        "id": id,
        "paging_token": id,
        "seller": seller,
        "selling": asset::object(&offer.selling),
        "buying": asset::object(&offer.buying),
        "amount": decimal(offer.amount),
        "price_r": { "n": offer.price.n, "d": offer.price.d },
        "price": price(i64::from(offer.price.n), i64::from(offer.price.d)),
        "last_modified_ledger": entry.last_modified_ledger_seq,
        "last_modified_time": closed_at(view, entry.last_modified_ledger_seq),
    });
    if let Some(sponsor) = sponsor_of(entry) {
        body["sponsor"] = sponsor.to_string().into();
    }
    body
}

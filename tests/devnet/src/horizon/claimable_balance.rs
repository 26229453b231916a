//! Claimable balances: `/claimable_balances`, one by id, and the listings under one.

use actix_web::web;
use serde_json::{Value, json};
use stellar_xdr::{
    ClaimableBalanceEntry, ClaimableBalanceEntryExt, ClaimableBalanceFlags, ClaimableBalanceId, Claimant,
    Hash, LedgerEntry, LedgerEntryData, LedgerKey, LedgerKeyClaimableBalance,
};

use super::{
    account::{closed_at, sponsor_of},
    amount::decimal,
    asset,
    call::{Answer, Call},
    hal::{self, Record, link, paged_link},
    listing,
    operation::{self, balance_id, details::claimant},
    problem::Problem,
    transaction,
};
use crate::replica::{Scope, View};

pub(crate) async fn list(call: Call) -> Answer {
    let page = call.query.page(None)?;
    let (wanted_claimant, sponsor) = (call.query.account("claimant")?, call.query.account("sponsor")?);
    let asset = call.query.asset("asset")?;
    let cursor = page.cursor.as_deref().map(parse_cursor).transpose()?;
    let found = call.view.select(|entry, data| match data {
        LedgerEntryData::ClaimableBalance(balance) => {
            let claims = wanted_claimant.as_ref().is_none_or(|wanted| {
                balance.claimants.iter().any(|claimant| {
                    let Claimant::ClaimantTypeV0(claimant) = claimant;
                    claimant.destination == *wanted
                })
            });
            let sponsored = sponsor.is_none() || sponsor_of(entry) == sponsor;
            let of_asset = asset.as_ref().is_none_or(|asset| balance.asset == *asset);
            (claims && sponsored && of_asset).then(|| (entry.clone(), balance.clone()))
        }
        _ => None,
    });
    let key = |(entry, balance): &(std::sync::Arc<LedgerEntry>, ClaimableBalanceEntry)| {
        (entry.last_modified_ledger_seq, balance_id(&balance.balance_id))
    };
    let chosen = page.cut(found, cursor, key);
    let records = chosen
        .iter()
        .map(|(entry, balance)| Record::new(render(&call.base, &call.view, entry, balance)))
        .collect();
    Ok(hal::page(&call, &page, records))
}

pub(crate) async fn one(call: Call, id: web::Path<String>) -> Answer {
    let key = LedgerKey::ClaimableBalance(LedgerKeyClaimableBalance { balance_id: parse("id", &id)? });
    let entry = call.view.entry(&key).ok_or_else(Problem::not_found)?;
    match &entry.data {
        LedgerEntryData::ClaimableBalance(balance) => {
            Ok(hal::object(&render(&call.base, &call.view, &entry, balance)))
        }
        _ => Err(Problem::not_found()),
    }
}

pub(crate) async fn transactions(call: Call, id: web::Path<String>) -> Answer {
    let scope = Scope::Balance(parse("claimable_balance_id", &id)?);
    listing::serve(call, transaction::Listing { scope }).await
}

pub(crate) async fn operations(call: Call, id: web::Path<String>) -> Answer {
    let scope = Scope::Balance(parse("claimable_balance_id", &id)?);
    listing::serve(call, operation::Listing { scope, only_payments: false }).await
}

/// Reads the 72 hex digits of an id, or its `B…` address.
fn parse(field: &str, text: &str) -> Result<ClaimableBalanceId, Problem> {
    let invalid = || {
        let reason =
            "Claimable Balance ID must be the hex-encoded XDR representation of a Claimable Balance ID";
        Problem::invalid_field(field, reason)
    };
    if text.starts_with('B') {
        return text.parse().map_err(|_| invalid());
    }
    let mut bytes = [0; 32];
    let hash = text.strip_prefix("00000000").ok_or_else(invalid)?;
    hex::decode_to_slice(hash, &mut bytes).map_err(|_| invalid())?;
    Ok(ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash(bytes)))
}

/// A cursor is a ledger and an id, as the paging tokens are.
fn parse_cursor(cursor: &str) -> Result<(u32, String), Problem> {
    let (ledger, id) = cursor.split_once('-').unwrap_or((cursor, ""));
    let ledger = ledger.parse().map_err(|_| Problem::invalid_field("cursor", "cursor: invalid value"))?;
    if !id.is_empty() {
        parse("cursor", id)?;
    }
    Ok((ledger, id.to_owned()))
}

fn render(base: &str, view: &View, entry: &LedgerEntry, balance: &ClaimableBalanceEntry) -> Value {
    let id = balance_id(&balance.balance_id);
    let own = format!("/claimable_balances/{id}");
    let flags = match &balance.ext {
        ClaimableBalanceEntryExt::V1(v1) => v1.flags,
        ClaimableBalanceEntryExt::V0 => 0,
    };
    let mut body = json!({
        "_links": {
            "self": link(base, &own),
            "transactions": paged_link(base, &format!("{own}/transactions")),
            "operations": paged_link(base, &format!("{own}/operations")),
        },
        "id": id,
        "asset": asset::canonical(&balance.asset),
        "amount": decimal(balance.amount),
        "last_modified_ledger": entry.last_modified_ledger_seq,
        "last_modified_time": closed_at(view, entry.last_modified_ledger_seq),
        "claimants": balance.claimants.iter().map(claimant).collect::<Value>(),
        "flags": { "clawback_enabled": flags & ClaimableBalanceFlags::ClaimableBalanceClawbackEnabledFlag as u32 != 0 },
        "paging_token": format!("{}-{id}", entry.last_modified_ledger_seq),
    });
    if let Some(sponsor) = sponsor_of(entry) {
        body["sponsor"] = sponsor.to_string().into();
    }
    body
}

//! Ledgers: `/ledgers`, `/ledgers/{sequence}`, and the listings under a ledger.

use std::sync::Arc;

use actix_web::web;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    amount::decimal,
    call::{Answer, Call},
    hal::{self, Record, link, paged_link},
    listing, operation,
    problem::Problem,
    query::{Order, Page, Query},
    time,
    toid::Toid,
    transaction,
};
use crate::{
    ledger::ClosedLedger,
    replica::{Scope, View},
};

pub(crate) async fn list(call: Call) -> Answer {
    listing::serve(call, Listing).await
}

pub(crate) async fn one(call: Call, sequence: web::Path<String>) -> Answer {
    let sequence = parse(&call.view, &sequence)?;
    let ledger = call.view.ledger(sequence).ok_or_else(Problem::not_found)?;
    Ok(hal::object(&render(&call.base, &ledger)))
}

pub(crate) async fn transactions(call: Call, sequence: web::Path<String>) -> Answer {
    let scope = scope(&call.view, &sequence)?;
    listing::serve(call, transaction::Listing { scope }).await
}

pub(crate) async fn operations(call: Call, sequence: web::Path<String>) -> Answer {
    let scope = scope(&call.view, &sequence)?;
    listing::serve(call, operation::Listing { scope, only_payments: false }).await
}

pub(crate) async fn payments(call: Call, sequence: web::Path<String>) -> Answer {
    let scope = scope(&call.view, &sequence)?;
    listing::serve(call, operation::Listing { scope, only_payments: true }).await
}

fn scope(view: &View, sequence: &str) -> Result<Scope, Problem> {
    let sequence = parse(view, sequence)?;
    view.ledger(sequence).ok_or_else(Problem::not_found)?;
    Ok(Scope::Ledger(sequence))
}

fn parse(view: &View, sequence: &str) -> Result<u32, Problem> {
    let invalid = || Problem::invalid_field("ledger_id", "Ledger ID must be an integer higher than 0");
    let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0).ok_or_else(invalid)?;
    if sequence < view.first() { Err(Problem::before_history()) } else { Ok(sequence) }
}

struct Listing;

impl listing::Listing for Listing {
    fn page(&self, base: &str, _: &Query, view: &View, page: &Page) -> Result<Vec<Record>, Problem> {
        let position = page.position(view.first(), view.latest())?;
        let beyond = |sequence: &u32| {
            position.is_none_or(|position| page.order.passes(&Toid::new(*sequence, 0, 0), &position))
        };
        let near = position.map(Toid::ledger);
        let sequences: Vec<u32> = match page.order {
            Order::Ascending => {
                let low = near.unwrap_or(0).max(view.first());
                (low..=view.latest()).filter(beyond).take(page.limit).collect()
            }
            Order::Descending => {
                let high = near.unwrap_or(u32::MAX).min(view.latest());
                (view.first()..=high).rev().filter(beyond).take(page.limit).collect()
            }
        };
        let ledgers = sequences.into_iter().filter_map(|sequence| view.ledger(sequence));
        Ok(ledgers.map(|ledger| Record::new(render(base, &ledger))).collect())
    }
}

fn render(base: &str, ledger: &Arc<ClosedLedger>) -> Value {
    let hash = hex::encode(ledger.hash);
    let own = format!("/ledgers/{}", ledger.sequence);
    let transactions = u32::try_from(ledger.transactions.len()).unwrap_or(u32::MAX);
    json!({
        "_links": {
            "self": link(base, &own),
            "transactions": paged_link(base, &format!("{own}/transactions")),
            "operations": paged_link(base, &format!("{own}/operations")),
            "payments": paged_link(base, &format!("{own}/payments")),
            "effects": paged_link(base, &format!("{own}/effects")),
        },
        "id": hash,
        "paging_token": Toid::new(ledger.sequence, 0, 0).to_string(),
        "hash": hash,
        "prev_hash": hex::encode(ledger.previous_hash),
        "sequence": ledger.sequence,
        "successful_transaction_count": ledger.successful_transaction_count,
        "failed_transaction_count": transactions - ledger.successful_transaction_count,
        "operation_count": ledger.successful_operation_count,
        "tx_set_operation_count": ledger.operation_count,
        "closed_at": time::rfc3339(ledger.closed_at),
        "total_coins": decimal(ledger.total_coins),
        "fee_pool": decimal(ledger.fee_pool),
        "base_fee_in_stroops": ledger.base_fee,
        "base_reserve_in_stroops": ledger.base_reserve,
        "max_tx_set_size": ledger.capacity,
        "protocol_version": ledger.header().ledger_version,
        "header_xdr": BASE64_STANDARD.encode(ledger.header_xdr()),
    })
}

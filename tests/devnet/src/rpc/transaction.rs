//! Sending transactions and finding them again.

use std::{ops::ControlFlow, sync::Arc};

use actix_web::web;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{RpcError, close_time, cursor};
use crate::{
    horizon::{call::Call, landed::position, query::Order, toid::Toid, transaction::parse_hash, xdr},
    ledger::{Submitted, TransactionRecord},
    replica::{Scope, View},
};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

#[derive(Deserialize)]
pub(super) struct Send {
    transaction: String,
}

pub(super) async fn send(call: &Call, params: &Send) -> Result<Value, RpcError> {
    let invalid = || RpcError::invalid_params("invalid_xdr");
    let envelope = xdr::envelope(&params.transaction).ok_or_else(invalid)?;
    let hash = envelope.hash(call.core.network_id).map_err(|_| invalid())?;
    let core = Arc::clone(&call.core);
    let submitted = web::block(move || core.submit(envelope)).await.map_err(|_| RpcError::internal())?;
    let (status, error) = match submitted {
        Submitted::Pending { .. } => ("PENDING", None),
        Submitted::Duplicate { .. } => ("DUPLICATE", None),
        Submitted::TryAgainLater { .. } => ("TRY_AGAIN_LATER", None),
        Submitted::Rejected { result, .. } => ("ERROR", Some(xdr::base64(&*result))),
    };
    let mut answer = json!({
        "status": status,
        "hash": hex::encode(hash),
        "latestLedger": call.view.latest(),
        "latestLedgerCloseTime": close_time(&call.view, call.view.latest()).to_string(),
    });
    if let Some(error) = error {
        answer["errorResultXdr"] = error.into();
    }
    Ok(answer)
}

#[derive(Deserialize)]
pub(super) struct One {
    hash: String,
}

/// By outer hash only, as the real server finds fee bumps.
pub(super) fn one(view: &View, params: &One) -> Result<Value, RpcError> {
    let unexpected = |_| RpcError::invalid_params("unexpected hash length");
    let hash = parse_hash("hash", &params.hash).map_err(unexpected)?;
    let record = view.transaction(&hash).filter(|record| record.hash == hash.0);
    let (oldest, latest) = (view.first(), view.latest());
    let mut answer = match &record {
        Some(record) => render(record),
        None => json!({ "status": "NOT_FOUND", "txHash": params.hash, "ledger": 0 }),
    };
    // a string here, a number in listings
    answer["createdAt"] = record.map_or(0, |record| record.closed_at).to_string().into();
    answer["latestLedger"] = latest.into();
    answer["latestLedgerCloseTime"] = close_time(view, latest).to_string().into();
    answer["oldestLedger"] = oldest.into();
    answer["oldestLedgerCloseTime"] = close_time(view, oldest).to_string().into();
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing {
    start_ledger: Option<u32>,
    #[serde(default)]
    pagination: Pagination,
}

#[derive(Default, Deserialize)]
struct Pagination {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// From a ledger or after a cursor; failed transactions too.
pub(super) fn list(view: &View, params: &Listing) -> Result<Value, RpcError> {
    let (oldest, latest) = (view.first(), view.latest());
    let limit = params.pagination.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(RpcError::invalid_request(format!("limit must be between 1 and {MAX_LIMIT}")));
    }
    let from =
        match (params.start_ledger, params.pagination.cursor.as_deref().filter(|text| !text.is_empty())) {
            (Some(_), Some(_)) => {
                return Err(RpcError::invalid_request("startLedger and cursor cannot both be set"));
            }
            (None, Some(text)) => Toid(cursor(text)?.0 | 0xfff),
            (Some(start), None) if (oldest..=latest).contains(&start) => Toid::new(start, 0, 0),
            _ => return Err(super::outside(oldest, latest)),
        };
    let mut found: Vec<Value> = Vec::new();
    let mut last = Toid::after_ledger(latest).max(from);
    view.scan(&Scope::All, Some(from), Order::Ascending, |record| {
        if position(record) > from {
            let mut transaction = render(record);
            transaction["createdAt"] = record.closed_at.into();
            found.push(transaction);
        }
        if found.len() < limit {
            return ControlFlow::Continue(());
        }
        last = position(record);
        ControlFlow::Break(())
    });
    Ok(json!({
        "transactions": found,
        "latestLedger": latest,
        "latestLedgerCloseTimestamp": close_time(view, latest),
        "oldestLedger": oldest,
        "oldestLedgerCloseTimestamp": close_time(view, oldest),
        "cursor": last.to_string(),
    }))
}

fn render(record: &TransactionRecord) -> Value {
    let mut body = json!({
        "status": if record.successful { "SUCCESS" } else { "FAILED" },
        "txHash": hex::encode(record.hash),
        "applicationOrder": record.index,
        "feeBump": record.inner_hash.is_some(),
        "envelopeXdr": BASE64_STANDARD.encode(record.envelope_xdr()),
        "resultXdr": BASE64_STANDARD.encode(record.result_xdr()),
        "ledger": record.ledger,
    });
    if let Some(meta) = record.meta() {
        body["resultMetaXdr"] = BASE64_STANDARD.encode(meta.transaction_xdr()).into();
    }
    body
}

//! Sending transactions and finding them again.

use std::{ops::ControlFlow, sync::Arc};

use actix_web::web;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{RpcError, close_time, cursor, window::Window};
use crate::{
    horizon::{call::Call, landed::position, query::Order, toid::Toid, transaction::parse_hash, xdr},
    ledger::{Submitted, TransactionRecord},
    replica::Scope,
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

#[derive(Deserialize)]
pub(super) struct Send {
    transaction: String,
}

pub(super) async fn send(call: &Call, window: &Window<'_>, params: &Send) -> Result<Value, RpcError> {
    let invalid = || RpcError::invalid_params("invalid_xdr");
    let envelope = xdr::envelope(&params.transaction).ok_or_else(invalid)?;
    let hash = envelope.hash(call.core.network_id).map_err(|_| invalid())?;
    let core = Arc::clone(&call.core);
    let submitted = web::block(move || core.submit(envelope)).await.map_err(|_| RpcError::internal())?;
    let (status, error) = match submitted {
        Submitted::Pending { .. } => ("PENDING", None),
        Submitted::Duplicate { .. } => ("DUPLICATE", None),
        Submitted::TryAgainLater { .. } => ("TRY_AGAIN_LATER", None),
        Submitted::Rejected { mut result, .. } => {
            if !window.is_real() {
                result.fee_charged = 0;
            }
            ("ERROR", Some(xdr::base64(&*result)))
        }
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

/// By outer hash only, as the real server finds fee bumps, and only in ledgers that are remembered.
pub(super) fn one(window: &Window<'_>, params: &One) -> Result<Value, RpcError> {
    let hash = match parse_hash("hash", &params.hash) {
        Ok(hash) => Some(hash),
        Err(_) if window.is_real() => return Err(RpcError::invalid_params("unexpected hash length")),
        Err(_) => None,
    };
    let record = hash.and_then(|hash| window.view.transaction(&hash).filter(|record| record.hash == hash.0));
    let record = record.filter(|record| record.ledger >= window.oldest);
    let mut answer = match &record {
        Some(record) => render(window, record),
        None if window.is_real() => json!({ "status": "NOT_FOUND", "txHash": params.hash, "ledger": 0 }),
        None => json!({ "status": "NOT_FOUND" }),
    };
    if record.is_some() || window.is_real() {
        // a string here, a number in listings
        answer["createdAt"] = record.map_or(0, |record| record.closed_at).to_string().into();
    }
    window.describe(&mut answer, "CloseTime", false);
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
    limit: Option<u32>,
}

/// From a ledger or after a cursor; failed transactions too.
pub(super) fn list(window: &Window<'_>, params: &Listing) -> Result<Value, RpcError> {
    let limit = window.limit(params.pagination.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let from = start(window, params)?;
    let mut found: Vec<Value> = Vec::new();
    let mut last = match (window.is_real(), from.ledger() > window.latest) {
        (true, false) => Toid::after_ledger(window.latest).max(from).to_string(),
        (true, true) => "0".to_owned(),
        (false, _) => String::new(),
    };
    window.view.scan(&Scope::All, Some(from), Order::Ascending, |record| {
        if position(record) > from {
            let mut transaction = render(window, record);
            transaction["createdAt"] = record.closed_at.into();
            found.push(transaction);
        }
        if found.len() < limit {
            if !window.is_real() && !found.is_empty() {
                last = position(record).to_string();
            }
            return ControlFlow::Continue(());
        }
        last = position(record).to_string();
        ControlFlow::Break(())
    });
    let mut answer = json!({ "transactions": found, "cursor": last });
    let suffix = if window.is_real() { "CloseTimestamp" } else { "CloseTime" };
    window.describe(&mut answer, suffix, window.is_real());
    Ok(answer)
}

/// The position after which the listing begins.
fn start(window: &Window<'_>, params: &Listing) -> Result<Toid, RpcError> {
    let cursor_text = params.pagination.cursor.as_deref().filter(|text| !text.is_empty());
    let after = match (params.start_ledger, cursor_text) {
        (Some(_), Some(_)) => {
            return Err(RpcError::invalid_request("startLedger and cursor cannot both be set"));
        }
        (Some(start), None) if window.contains(start) => return Ok(Toid::new(start, 0, 0)),
        (_, None) => return Err(window.outside()),
        (None, Some(text)) => Toid(cursor(text)?.0 | 0xfff),
    };
    match after.ledger() {
        ledger if ledger >= window.oldest && window.is_real() => Ok(after),
        ledger if window.is_real() => {
            Err(RpcError::invalid_params(format!("database does not contain metadata for ledger: {ledger}")))
        }
        // one past the place that the cursor names, whatever that is
        ledger if ledger >= window.oldest => Ok(after.max(Toid(Toid::new(ledger, 1, 0).0 | 0xfff))),
        _ => Ok(Toid::new(window.oldest, 0, 0)),
    }
}

fn render(window: &Window<'_>, record: &TransactionRecord) -> Value {
    let mut body = json!({
        "status": if record.successful { "SUCCESS" } else { "FAILED" },
        "applicationOrder": record.index,
        "feeBump": record.inner_hash.is_some(),
        "envelopeXdr": BASE64_STANDARD.encode(record.envelope_xdr()),
        "resultXdr": BASE64_STANDARD.encode(record.result_xdr()),
        "ledger": record.ledger,
    });
    if window.is_real() {
        body["txHash"] = hex::encode(record.hash).into();
    }
    if let Some(meta) = record.meta() {
        body["resultMetaXdr"] = BASE64_STANDARD.encode(meta.transaction_xdr()).into();
    }
    body
}

//! Transactions: `/transactions`, their JSON, and the listings that hang off other resources.

use std::{ops::ControlFlow, sync::Arc};

use actix_web::{HttpResponse, web};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use serde_json::{Value, json};
use stellar_xdr::{Hash, Memo, Preconditions, PreconditionsV2};

use super::{
    call::{Answer, Call},
    envelope,
    hal::{Record, link, paged_link},
    landed::{Landed, position},
    listing,
    problem::Problem,
    query::{Page, Query},
    time, xdr,
};
use crate::replica::{Scope, View};

pub(crate) async fn list(call: Call) -> Answer {
    listing::serve(call, Listing { scope: Scope::All }).await
}

pub(crate) async fn one(call: Call, hash: web::Path<String>) -> Result<HttpResponse, Problem> {
    let hash = parse_hash("tx_id", &hash)?;
    let record = call.view.transaction(&hash).ok_or_else(Problem::not_found)?;
    Ok(super::hal::object(&render(&call.base, &Landed::new(&record), &hash)))
}

/// Reads a transaction hash: 64 lower-case hex digits.
pub(crate) fn parse_hash(field: &str, text: &str) -> Result<Hash, Problem> {
    let mut bytes = [0; 32];
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) || hex::decode_to_slice(text, &mut bytes).is_err() {
        let reason = "Transaction hash must be a hex-encoded, lowercase SHA-256 hash";
        return Err(Problem::invalid_field(field, reason));
    }
    Ok(Hash(bytes))
}

/// A listing of transactions.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) scope: Scope,
}

impl listing::Listing for Listing {
    fn page(&self, base: &str, query: &Query, view: &View, page: &Page) -> Result<Vec<Record>, Problem> {
        let from = page.position(view.first(), view.latest())?;
        let failed_too = query.flag("include_failed")?;
        let mut listed = Vec::new();
        view.scan(&self.scope, from, page.order, |record| {
            let beyond = from.is_none_or(|from| page.order.passes(&position(record), &from));
            if beyond && (failed_too || record.successful) {
                listed.push(Arc::clone(record));
            }
            if listed.len() < page.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        // when the next ledger may come in again
        let render = |record| Record::new(render(base, &Landed::new(record), &Hash(record.hash)));
        Ok(listed.iter().map(render).collect())
    }
}

#[derive(Serialize)]
struct Transaction<'a> {
    #[serde(rename = "_links")]
    links: Value,
    id: String,
    paging_token: String,
    successful: bool,
    hash: String,
    ledger: u32,
    created_at: String,
    source_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_muxed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_muxed_id: Option<String>,
    source_account_sequence: String,
    fee_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_account_muxed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_account_muxed_id: Option<String>,
    fee_charged: String,
    max_fee: String,
    operation_count: usize,
    envelope_xdr: String,
    result_xdr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_meta_xdr: Option<String>,
    fee_meta_xdr: String,
    memo_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo_bytes: Option<String>,
    signatures: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preconditions: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_bump_transaction: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inner_transaction: Option<Value>,
}

/// The JSON of a transaction as the one who knows it by `hash` sees it: for the inner hash of a fee bump that is
/// the inner transaction's id and signatures.
pub(crate) fn render(base: &str, record: &Landed, hash: &Hash) -> Value {
    let body = envelope::body(&record.envelope);
    let bump = envelope::bump(&record.envelope);
    let fee_source = bump.as_ref().map_or(&body.source, |bump| bump.fee_source);
    let (id, token) = (hex::encode(hash.0), record.toid().to_string());
    let own_signatures = envelope::signatures(body.signatures);
    let bump_signatures = bump.as_ref().map(|bump| envelope::signatures(bump.signatures));
    let signatures = match &bump_signatures {
        Some(signatures) if hash.0 == record.hash => signatures.clone(),
        _ => own_signatures.clone(),
    };
    let source = body.source.clone();
    let meta = record.meta();
    let (memo_type, memo, memo_bytes) = memo(body.memo);
    let split =
        |address| envelope::muxed(address).map_or((None, None), |(address, id)| (Some(address), Some(id)));
    let (account_muxed, account_muxed_id) = split(&source);
    let (fee_account_muxed, fee_account_muxed_id) = split(fee_source);
    let transaction = Transaction {
        links: links(base, &id, &token, &envelope::account(&source).to_string(), record.ledger),
        paging_token: token,
        successful: record.successful,
        hash: id.clone(),
        id,
        ledger: record.ledger,
        created_at: time::rfc3339(record.closed_at),
        source_account: envelope::account(&source).to_string(),
        account_muxed,
        account_muxed_id: account_muxed_id.map(|id| id.to_string()),
        source_account_sequence: body.sequence.to_string(),
        fee_account: envelope::account(fee_source).to_string(),
        fee_account_muxed,
        fee_account_muxed_id: fee_account_muxed_id.map(|id| id.to_string()),
        fee_charged: record.fee_charged.to_string(),
        max_fee: record.max_fee.to_string(),
        operation_count: body.operations.len(),
        envelope_xdr: BASE64_STANDARD.encode(record.envelope_xdr()),
        result_xdr: BASE64_STANDARD.encode(record.result_xdr()),
        result_meta_xdr: meta.as_ref().map(|meta| BASE64_STANDARD.encode(meta.transaction_xdr())),
        fee_meta_xdr: meta.map(|meta| BASE64_STANDARD.encode(meta.fee_changes_xdr())).unwrap_or_default(),
        memo_type,
        memo,
        memo_bytes,
        signatures,
        preconditions: preconditions(&body.preconditions),
        fee_bump_transaction: bump_signatures
            .map(|signatures| json!({ "hash": hex::encode(record.hash), "signatures": signatures })),
        inner_transaction: record.inner_hash.map(|inner| {
            json!({
                "hash": hex::encode(inner),
                "signatures": own_signatures,
                "max_fee": body.fee.to_string(),
            })
        }),
    };
    xdr::to_value(&transaction)
}

fn links(base: &str, id: &str, token: &str, account: &str, ledger: u32) -> Value {
    let own = format!("/transactions/{id}");
    json!({
        "self": link(base, &own),
        "account": link(base, &format!("/accounts/{account}")),
        "ledger": link(base, &format!("/ledgers/{ledger}")),
        "operations": paged_link(base, &format!("{own}/operations")),
        "effects": paged_link(base, &format!("{own}/effects")),
        "precedes": link(base, &format!("/transactions?order=asc&cursor={token}")),
        "succeeds": link(base, &format!("/transactions?order=desc&cursor={token}")),
        "transaction": link(base, &own),
    })
}

/// `memo_type`, `memo`, `memo_bytes`. A text memo that is not UTF-8 is shown with replacement characters; its
/// bytes are exact.
fn memo(memo: &Memo) -> (&'static str, Option<String>, Option<String>) {
    match memo {
        Memo::None => ("none", None, None),
        Memo::Id(id) => ("id", Some(id.to_string()), None),
        Memo::Hash(hash) => ("hash", Some(BASE64_STANDARD.encode(hash.0)), None),
        Memo::Return(hash) => ("return", Some(BASE64_STANDARD.encode(hash.0)), None),
        Memo::Text(text) => {
            let bytes = text.as_slice();
            let shown = String::from_utf8_lossy(bytes).into_owned();
            ("text", Some(shown), Some(BASE64_STANDARD.encode(bytes)))
        }
    }
}

fn preconditions(preconditions: &Preconditions) -> Option<Value> {
    let v2 = match preconditions {
        Preconditions::None => return None,
        Preconditions::Time(bounds) => {
            PreconditionsV2 { time_bounds: Some(bounds.clone()), ..PreconditionsV2::default() }
        }
        Preconditions::V2(v2) => v2.clone(),
    };
    let mut object = json!({});
    if let Some(bounds) = v2.time_bounds {
        object["timebounds"] = json!({ "min_time": bounds.min_time.0.to_string() });
        if bounds.max_time.0 > 0 {
            object["timebounds"]["max_time"] = bounds.max_time.0.to_string().into();
        }
    }
    if let Some(bounds) = v2.ledger_bounds {
        object["ledgerbounds"] = json!({ "min_ledger": bounds.min_ledger });
        if bounds.max_ledger > 0 {
            object["ledgerbounds"]["max_ledger"] = bounds.max_ledger.into();
        }
    }
    if let Some(sequence) = v2.min_seq_num {
        object["min_account_sequence"] = sequence.0.to_string().into();
    }
    if v2.min_seq_age.0 > 0 {
        object["min_account_sequence_age"] = v2.min_seq_age.0.to_string().into();
    }
    if v2.min_seq_ledger_gap > 0 {
        object["min_account_sequence_ledger_gap"] = v2.min_seq_ledger_gap.into();
    }
    if !v2.extra_signers.is_empty() {
        object["extra_signers"] = v2.extra_signers.iter().map(ToString::to_string).collect::<Vec<_>>().into();
    }
    Some(object)
}

//! The network and its latest ledger; entries by key.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use stellar_xdr::{LedgerKey, Limits, ReadXdr};

use super::{RpcError, close_meta, window::Window};
use crate::{
    horizon::{call::Call, fee_stats, xdr},
    replica::View,
};

const MAX_KEYS: usize = 200;
const KEY_LIMITS: Limits = Limits { depth: 50, len: 4096 };

pub(super) fn health(window: &Window<'_>) -> Value {
    let mut health = json!({
        "status": "healthy",
        "ledgerRetentionWindow": window.latest - window.oldest + 1,
    });
    window.describe(&mut health, "CloseTime", false);
    health
}

pub(super) fn network(call: &Call) -> Value {
    json!({
        "friendbotUrl": format!("{}/friendbot", call.base),
        "passphrase": call.core.passphrase,
        "protocolVersion": protocol(&call.view),
    })
}

pub(super) fn version(view: &View) -> Value {
    json!({
        "version": concat!("anchor-devnet ", env!("CARGO_PKG_VERSION")),
        "commitHash": "",
        "buildTimestamp": "",
        "captiveCoreVersion": "",
        "protocolVersion": protocol(view),
    })
}

pub(super) fn latest(window: &Window<'_>) -> Result<Value, RpcError> {
    let ledger = window.view.ledger(window.latest).ok_or_else(RpcError::internal)?;
    let mut latest = json!({
        "id": hex::encode(ledger.hash),
        "protocolVersion": ledger.header().ledger_version,
        "sequence": ledger.sequence,
    });
    if window.is_real() {
        latest["closeTime"] = ledger.closed_at.to_string().into();
        latest["headerXdr"] = close_meta::bare_header(&ledger).into();
        latest["metadataXdr"] = close_meta::metadata(&ledger).into();
    }
    Ok(latest)
}

pub(super) fn fee_stats(view: &View) -> Value {
    let window = fee_stats::Window::of(view);
    let mut inclusion = window.charged();
    inclusion["transactionCount"] = window.transactions().to_string().into();
    inclusion["ledgerCount"] = window.ledgers().into();
    // without contracts, nobody has paid for one
    let mut soroban = fee_stats::distribution(Vec::new(), 0);
    soroban["transactionCount"] = "0".into();
    soroban["ledgerCount"] = window.ledgers().into();
    json!({ "sorobanInclusionFee": soroban, "inclusionFee": inclusion, "latestLedger": view.latest() })
}

#[derive(Deserialize)]
pub(super) struct Keys {
    keys: Vec<String>,
}

/// Entries that are not there are left out.
pub(super) fn entries(call: &Call, params: &Keys) -> Result<Value, RpcError> {
    if params.keys.len() > MAX_KEYS {
        return Err(RpcError::invalid_params(format!(
            "key count ({}) exceeds maximum supported ({MAX_KEYS})",
            params.keys.len()
        )));
    }
    let mut found = Vec::new();
    for (position, text) in params.keys.iter().enumerate() {
        let invalid =
            |_| RpcError::invalid_params(format!("cannot unmarshal key value {text} at index {position}"));
        let key = LedgerKey::from_xdr_base64(text, KEY_LIMITS).map_err(invalid)?;
        if let Some(entry) = call.view.entry(&key).or_else(|| call.core.contracts.entry(&key).map(Arc::new)) {
            found.push(json!({
                "key": text,
                "xdr": xdr::base64(&entry.data),
                "lastModifiedLedgerSeq": entry.last_modified_ledger_seq,
                "extXdr": xdr::base64(&entry.ext),
            }));
        }
    }
    Ok(json!({ "entries": found, "latestLedger": call.view.latest() }))
}

pub(super) fn protocol(view: &View) -> u32 {
    view.ledger(view.latest()).map_or(0, |ledger| ledger.header().ledger_version)
}

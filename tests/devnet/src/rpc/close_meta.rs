//! Whole ledgers: `getLedgers`, and the metadata that tells all that a ledger did.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use stellar_xdr::{
    ExtensionPoint, GeneralizedTransactionSet, Hash, LedgerCloseMeta, LedgerCloseMetaExt, LedgerCloseMetaV2,
    LedgerEntryChanges, LedgerHeaderHistoryEntry, LedgerHeaderHistoryEntryExt, TransactionMeta,
    TransactionPhase, TransactionResultMetaV1, TransactionResultPair, TransactionSetV1, TxSetComponent,
    TxSetComponentTxsMaybeDiscountedFee, VecM,
};

use super::{RpcError, window::Window};
use crate::{
    horizon::xdr,
    ledger::{ClosedLedger, TransactionRecord},
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

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

/// From a ledger, or after the one that the cursor names.
pub(super) fn list(window: &Window<'_>, params: &Listing) -> Result<Value, RpcError> {
    let limit = window.limit(params.pagination.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let first =
        match (params.start_ledger, params.pagination.cursor.as_deref().filter(|text| !text.is_empty())) {
            (Some(_), Some(_)) => {
                return Err(RpcError::invalid_request("startLedger and cursor cannot both be set"));
            }
            (None, Some(text)) => {
                let after: u32 = text.parse().map_err(|_| RpcError::invalid_params("invalid cursor"))?;
                after.saturating_add(1)
            }
            (Some(start), None) if window.contains(start) => start,
            _ => return Err(window.outside()),
        };
    let last = first.saturating_add(limit - 1).min(window.latest);
    let found = (first..=last).filter_map(|sequence| window.view.ledger(sequence));
    let ledgers: Vec<Value> = found.map(|ledger| render(&ledger)).collect();
    let mut answer = json!({
        "ledgers": ledgers,
        "cursor": last.max(first.saturating_sub(1)).to_string(),
    });
    window.describe(&mut answer, "CloseTime", window.is_real());
    Ok(answer)
}

fn render(ledger: &ClosedLedger) -> Value {
    json!({
        "hash": hex::encode(ledger.hash),
        "sequence": ledger.sequence,
        "ledgerCloseTime": ledger.closed_at.to_string(),
        "headerXdr": xdr::base64(&header(ledger)),
        "metadataXdr": metadata(ledger),
    })
}

/// `LedgerCloseMeta` in base64. Changes of transactions too old for the network to remember are empty.
pub(super) fn metadata(ledger: &ClosedLedger) -> String {
    let envelopes = ledger.transactions.iter().map(|record| record.envelope()).collect();
    let component =
        TxSetComponentTxsMaybeDiscountedFee { base_fee: Some(ledger.fee_rate), txs: list_of(envelopes) };
    let phase =
        TransactionPhase::V0(list_of(vec![TxSetComponent::TxsetCompTxsMaybeDiscountedFee(component)]));
    let meta = LedgerCloseMetaV2 {
        ext: LedgerCloseMetaExt::V0,
        ledger_header: header(ledger),
        tx_set: GeneralizedTransactionSet::V1(TransactionSetV1 {
            previous_ledger_hash: Hash(ledger.previous_hash),
            phases: list_of(vec![phase]),
        }),
        tx_processing: list_of(ledger.transactions.iter().map(|record| processing(record)).collect()),
        upgrades_processing: VecM::default(),
        scp_info: VecM::default(),
        total_byte_size_of_live_soroban_state: 0,
        evicted_keys: VecM::default(),
    };
    xdr::base64(&LedgerCloseMeta::V2(meta))
}

/// The bare header in base64.
pub(super) fn bare_header(ledger: &ClosedLedger) -> String {
    BASE64_STANDARD.encode(ledger.header_xdr())
}

fn header(ledger: &ClosedLedger) -> LedgerHeaderHistoryEntry {
    LedgerHeaderHistoryEntry {
        hash: Hash(ledger.hash),
        header: ledger.header(),
        ext: LedgerHeaderHistoryEntryExt::V0,
    }
}

fn processing(record: &TransactionRecord) -> TransactionResultMetaV1 {
    let meta = record.meta();
    TransactionResultMetaV1 {
        ext: ExtensionPoint::V0,
        result: TransactionResultPair { transaction_hash: Hash(record.hash), result: record.result() },
        fee_processing: meta.as_ref().map_or_else(LedgerEntryChanges::default, |meta| meta.fee_changes()),
        tx_apply_processing: meta.map_or_else(TransactionMeta::default, |meta| meta.transaction()),
        post_tx_apply_fee_processing: LedgerEntryChanges::default(),
    }
}

fn list_of<T>(items: Vec<T>) -> VecM<T> {
    items.try_into().unwrap_or_default()
}

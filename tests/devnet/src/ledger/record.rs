//! What the network remembers of closed ledgers.

use std::sync::{Arc, Weak};

use stellar_xdr::{
    AccountId, LedgerEntryChanges, LedgerHeader, Limits, ReadXdr, TransactionEnvelope, TransactionMeta,
    TransactionResult, WriteXdr,
};

use super::frame::Frame;
use super::{participants, result};

/// A closed ledger.
#[derive(Debug)]
pub struct ClosedLedger {
    /// From 1 (the genesis ledger) without gaps.
    pub sequence: u32,
    /// SHA-256 of the header.
    pub hash: [u8; 32],
    /// Hash of the ledger before; zeros for the first.
    pub previous_hash: [u8; 32],
    /// Close time, Unix seconds; larger than that of the ledger before (or the same, if `close_seconds` is 0).
    pub closed_at: u64,
    /// Minimum fee of an operation, stroops.
    pub base_fee: u32,
    /// Reserve of an entry, stroops.
    pub base_reserve: u32,
    /// Fee each operation of this ledger was charged: `base_fee`, or more under surge pricing.
    pub fee_rate: i64,
    /// Stroops in existence; never changes.
    pub total_coins: i64,
    /// Stroops taken as fees so far.
    pub fee_pool: i64,
    /// Operations in all transactions, failed ones too.
    pub operation_count: u32,
    /// Operations in successful transactions.
    pub successful_operation_count: u32,
    /// Transactions that did what they say.
    pub successful_transaction_count: u32,
    /// Operations the ledger could have held.
    pub capacity: u32,
    /// In the order they were applied.
    pub transactions: Vec<Arc<TransactionRecord>>,
    pub(crate) header: Box<[u8]>,
}

/// A transaction in a closed ledger.
///
/// Envelope and result are kept as XDR, a few hundred bytes together, and decoded on demand.
#[derive(Debug)]
pub struct TransactionRecord {
    /// Sequence of its ledger.
    pub ledger: u32,
    /// Order of application in its ledger, from 1.
    pub index: u32,
    /// Hash of the outermost envelope.
    pub hash: [u8; 32],
    /// Hash of the transaction inside, if this is a fee bump.
    pub inner_hash: Option<[u8; 32]>,
    /// Close time of its ledger, Unix seconds.
    pub closed_at: u64,
    /// Stroops taken from the fee source.
    pub fee_charged: i64,
    /// Stroops offered by the outermost envelope.
    pub max_fee: i64,
    /// Operations the fee is for: those of the transaction, and one more for a fee bump.
    pub fee_operations: u32,
    /// Operations of the transaction itself.
    pub operation_count: u32,
    /// Whether it did what it says.
    pub successful: bool,
    envelope: Box<[u8]>,
    result: Box<[u8]>,
    meta: Weak<Meta>,
}

/// What a transaction changed, entry by entry.
#[derive(Debug)]
pub struct Meta {
    meta: Box<[u8]>,
    fee_changes: Box<[u8]>,
}

/// The paging token of Horizon: ledger, transaction and operation in one ordered number. `index` is the
/// transaction's order of application from 1 (0 names the ledger itself); `operation` counts from 1 (0 names the
/// transaction).
#[must_use]
pub fn toid(ledger: u32, index: u32, operation: u32) -> i64 {
    (i64::from(ledger) << 32) | (i64::from(index & 0xf_ffff) << 12) | i64::from(operation & 0xfff)
}

impl ClosedLedger {
    /// The ledger's paging token.
    #[must_use]
    pub fn toid(&self) -> i64 {
        toid(self.sequence, 0, 0)
    }

    /// XDR of the `LedgerHeader`.
    #[must_use]
    pub fn header_xdr(&self) -> &[u8] {
        &self.header
    }

    /// The header as the network defines it.
    #[must_use]
    pub fn header(&self) -> LedgerHeader {
        decode(&self.header)
    }
}

impl TransactionRecord {
    pub(crate) fn new(
        frame: &Frame,
        place: (u32, u32, u64),
        result: &TransactionResult,
        meta: Weak<Meta>,
    ) -> Result<Self, stellar_xdr::Error> {
        let (ledger, index, closed_at) = place;
        Ok(Self {
            ledger,
            index,
            closed_at,
            hash: frame.hash,
            inner_hash: frame.inner_hash,
            fee_charged: result.fee_charged,
            max_fee: frame.max_fee(),
            fee_operations: frame.operation_count(),
            operation_count: u32::try_from(frame.tx().operations.len()).unwrap_or(u32::MAX),
            successful: result::is_success(result),
            envelope: encode(frame.envelope())?,
            result: encode(result)?,
            meta,
        })
    }

    /// The envelope as it was applied; one of the old form (V0) reads as V1.
    #[must_use]
    pub fn envelope(&self) -> TransactionEnvelope {
        decode(&self.envelope)
    }

    /// XDR of [`TransactionRecord::envelope`].
    #[must_use]
    pub fn envelope_xdr(&self) -> &[u8] {
        &self.envelope
    }

    /// The result, with the fee really charged.
    #[must_use]
    pub fn result(&self) -> TransactionResult {
        decode(&self.result)
    }

    /// XDR of [`TransactionRecord::result`].
    #[must_use]
    pub fn result_xdr(&self) -> &[u8] {
        &self.result
    }

    /// What the transaction changed; `None` once it is too old (see [`Network`](super::Network)).
    #[must_use]
    pub fn meta(&self) -> Option<Arc<Meta>> {
        self.meta.upgrade()
    }

    /// The accounts each operation concerns, as Horizon lists operations under accounts.
    #[must_use]
    pub fn participants(&self) -> Vec<Vec<AccountId>> {
        participants::of_operations(&self.envelope())
    }

    /// The transaction's paging token.
    #[must_use]
    pub fn toid(&self) -> i64 {
        toid(self.ledger, self.index, 0)
    }

    /// The paging token (and id) of an operation, counted from 0.
    #[must_use]
    pub fn operation_toid(&self, operation: u32) -> i64 {
        toid(self.ledger, self.index, operation + 1)
    }
}

impl Meta {
    pub(crate) fn new(
        meta: &TransactionMeta,
        fee_changes: &LedgerEntryChanges,
    ) -> Result<Self, stellar_xdr::Error> {
        Ok(Self { meta: encode(meta)?, fee_changes: encode(fee_changes)? })
    }

    /// `TransactionMeta` (V4): what the transaction and each of its operations changed. A failed transaction has
    /// no operations here.
    #[must_use]
    pub fn transaction(&self) -> TransactionMeta {
        decode(&self.meta)
    }

    /// Bytes of both parts.
    pub(crate) fn size(&self) -> usize {
        self.meta.len() + self.fee_changes.len()
    }

    /// XDR of [`Meta::transaction`].
    #[must_use]
    pub fn transaction_xdr(&self) -> &[u8] {
        &self.meta
    }

    /// What taking the fee changed.
    #[must_use]
    pub fn fee_changes(&self) -> LedgerEntryChanges {
        decode(&self.fee_changes)
    }

    /// XDR of [`Meta::fee_changes`].
    #[must_use]
    pub fn fee_changes_xdr(&self) -> &[u8] {
        &self.fee_changes
    }

    /// What each operation changed, in operation order.
    #[must_use]
    pub fn operation_changes(&self) -> Vec<LedgerEntryChanges> {
        match self.transaction() {
            TransactionMeta::V4(meta) => {
                meta.operations.into_vec().into_iter().map(|operation| operation.changes).collect()
            }
            _ => Vec::new(),
        }
    }
}

pub(crate) fn encode(value: &impl WriteXdr) -> Result<Box<[u8]>, stellar_xdr::Error> {
    Ok(value.to_xdr(Limits::none())?.into_boxed_slice())
}

#[expect(
    clippy::expect_used,
    reason = "the bytes were encoded from this very type by `encode` in this process"
)]
fn decode<T: ReadXdr>(xdr: &[u8]) -> T {
    T::from_xdr(xdr, Limits::none()).expect("invariant: own encoding decodes")
}

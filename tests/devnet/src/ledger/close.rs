//! Making a ledger out of transactions: the one path by which state changes, live and in replay.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, Hash, LedgerHeader, LedgerHeaderExt, StellarValue, StellarValueExt, TimePoint,
    TransactionResultPair, TransactionResultSet, VecM,
};

use super::apply;
use super::config::LedgerConfig;
use super::frame::{Frame, list};
use super::record::{ClosedLedger, Meta, TransactionRecord, encode};
use super::signatures::Verification;
use super::state::State;

/// What a ledger is made of.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) closed_at: u64,
    /// Stroops per operation.
    pub(crate) fee_rate: i64,
    /// In the order to apply them.
    pub(crate) frames: Vec<Arc<Frame>>,
}

/// A new ledger and what its transactions changed.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) ledger: Arc<ClosedLedger>,
    pub(crate) metas: Vec<Arc<Meta>>,
}

/// The state a network starts from: all lumens on the root account.
pub(crate) fn genesis(state: &State, config: &LedgerConfig) -> Result<Closed, stellar_xdr::Error> {
    let mut digests = Digests::new(&[0; 32]);
    for (_, entry) in state.entries() {
        digests.state.update(encode(entry)?);
    }
    let contents = Contents {
        closed_at: state.header.closed_at,
        fee_rate: i64::from(config.base_fee),
        frames: Vec::new(),
    };
    seal(state, config, [0; 32], &contents, Vec::new(), digests)
}

/// Applies `contents` to the state. Fees of all transactions are taken first, then each is applied.
pub(crate) fn apply(
    state: &mut State,
    config: &LedgerConfig,
    previous: &ClosedLedger,
    contents: &Contents,
    verification: Verification,
) -> Result<Closed, stellar_xdr::Error> {
    state.header.sequence = previous.sequence + 1;
    state.header.closed_at = contents.closed_at;
    let mut digests = Digests::new(&previous.header().bucket_list_hash.0);
    let mut fees = Vec::with_capacity(contents.frames.len());
    let mut last_sequences: BTreeMap<AccountId, i64> = BTreeMap::new();
    for frame in &contents.frames {
        fees.push(apply::charge_fee(state, frame, contents.fee_rate));
        let last = last_sequences.entry(frame.source()).or_default();
        *last = frame.sequence().max(*last);
    }
    let mut transactions = Vec::with_capacity(contents.frames.len());
    for (index, (frame, (fee, fee_changes))) in (1..).zip(contents.frames.iter().zip(fees)) {
        let applied = apply::transaction(state, frame, fee, &last_sequences, verification);
        let meta = Arc::new(Meta::new(&applied.meta, &fee_changes)?);
        digests.add(frame, &applied, &meta)?;
        let place = (state.header.sequence, index, contents.closed_at);
        let record = TransactionRecord::new(frame, place, &applied.result, Arc::downgrade(&meta))?;
        transactions.push((Arc::new(record), meta));
    }
    seal(state, config, previous.hash, contents, transactions, digests)
}

struct Digests {
    /// Over every change of the state since the beginning, in place of the network's bucket list.
    state: Sha256,
    envelopes: Sha256,
    results: Vec<TransactionResultPair>,
}

impl Digests {
    fn new(previous_state: &[u8; 32]) -> Self {
        Self { state: Sha256::new_with_prefix(previous_state), envelopes: Sha256::new(), results: Vec::new() }
    }

    fn add(
        &mut self,
        frame: &Frame,
        applied: &apply::Applied,
        meta: &Meta,
    ) -> Result<(), stellar_xdr::Error> {
        self.envelopes.update(encode(frame.envelope())?);
        self.state.update(meta.fee_changes_xdr());
        self.state.update(meta.transaction_xdr());
        self.results.push(TransactionResultPair {
            transaction_hash: Hash(frame.hash),
            result: applied.result.clone(),
        });
        Ok(())
    }
}

fn seal(
    state: &State,
    config: &LedgerConfig,
    previous_hash: [u8; 32],
    contents: &Contents,
    transactions: Vec<(Arc<TransactionRecord>, Arc<Meta>)>,
    digests: Digests,
) -> Result<Closed, stellar_xdr::Error> {
    let results = encode(&TransactionResultSet { results: list(digests.results) })?;
    let header = LedgerHeader {
        ledger_version: config.protocol_version,
        previous_ledger_hash: Hash(previous_hash),
        scp_value: StellarValue {
            tx_set_hash: Hash(digests.envelopes.finalize().into()),
            close_time: TimePoint(contents.closed_at),
            upgrades: VecM::default(),
            ext: StellarValueExt::Basic,
        },
        tx_set_result_hash: Hash(Sha256::digest(results).into()),
        bucket_list_hash: Hash(digests.state.finalize().into()),
        ledger_seq: state.header.sequence,
        total_coins: state.header.total_coins,
        fee_pool: state.header.fee_pool,
        inflation_seq: 0,
        id_pool: u64::try_from(state.header.id_pool).unwrap_or(0),
        base_fee: config.base_fee,
        base_reserve: config.base_reserve,
        max_tx_set_size: config.capacity,
        skip_list: [const { Hash([0; 32]) }; 4],
        ext: LedgerHeaderExt::V0,
    };
    let header = encode(&header)?;
    let (transactions, metas): (Vec<_>, Vec<_>) = transactions.into_iter().unzip();
    let successful = || transactions.iter().filter(|record| record.successful);
    let ledger = ClosedLedger {
        sequence: state.header.sequence,
        hash: Sha256::digest(&header).into(),
        previous_hash,
        closed_at: contents.closed_at,
        base_fee: config.base_fee,
        base_reserve: config.base_reserve,
        fee_rate: contents.fee_rate,
        total_coins: state.header.total_coins,
        fee_pool: state.header.fee_pool,
        operation_count: transactions.iter().map(|record| record.operation_count).sum(),
        successful_operation_count: successful().map(|record| record.operation_count).sum(),
        successful_transaction_count: u32::try_from(successful().count()).unwrap_or(u32::MAX),
        capacity: config.capacity,
        transactions,
        header,
    };
    Ok(Closed { ledger: Arc::new(ledger), metas })
}

//! Closed ledgers and the ways to find a transaction in them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use stellar_xdr::AccountId;

use super::frame::Frame;
use super::participants;
use super::record::{ClosedLedger, Meta, TransactionRecord, toid};

/// Everything that was ever closed.
#[derive(Debug)]
pub(crate) struct History {
    ledgers: Vec<Arc<ClosedLedger>>,
    by_hash: BTreeMap<[u8; 32], Place>,
    by_account: BTreeMap<AccountId, Vec<Place>>,
    metas: VecDeque<Arc<Meta>>,
    metas_kept: usize,
    metas_bytes: usize,
    metas_bytes_kept: usize,
}

/// Where a transaction is: ledger, and order of application from 1.
type Place = (u32, u32);

impl History {
    /// A history that keeps the entry changes of the last `metas_kept` transactions, as far as they fit in
    /// `metas_bytes_kept`; those of the last ledger in any case.
    pub(crate) fn keeping(metas_kept: usize, metas_bytes_kept: usize) -> Self {
        Self {
            ledgers: Vec::new(),
            by_hash: BTreeMap::new(),
            by_account: BTreeMap::new(),
            metas: VecDeque::new(),
            metas_kept,
            metas_bytes: 0,
            metas_bytes_kept,
        }
    }

    /// `frames` are what the ledger's transactions were made from, in the same order.
    pub(crate) fn push(&mut self, ledger: Arc<ClosedLedger>, metas: Vec<Arc<Meta>>, frames: &[Arc<Frame>]) {
        for (record, frame) in ledger.transactions.iter().zip(frames) {
            let place = (record.ledger, record.index);
            self.by_hash.insert(record.hash, place);
            if let Some(inner) = record.inner_hash {
                self.by_hash.insert(inner, place);
            }
            for account in participants::of_transaction(frame.envelope()) {
                self.by_account.entry(account).or_default().push(place);
            }
        }
        let newest = metas.len();
        self.metas_bytes += metas.iter().map(|meta| meta.size()).sum::<usize>();
        self.metas.extend(metas);
        while self.metas.len() > newest
            && (self.metas.len() > self.metas_kept || self.metas_bytes > self.metas_bytes_kept)
            && let Some(oldest) = self.metas.pop_front()
        {
            self.metas_bytes -= oldest.size();
        }
        self.ledgers.push(ledger);
    }

    pub(crate) fn ledger(&self, sequence: u32) -> Option<&Arc<ClosedLedger>> {
        self.ledgers.get(usize::try_from(sequence.checked_sub(1)?).ok()?)
    }

    pub(crate) fn contains(&self, hash: &[u8; 32]) -> bool {
        self.by_hash.contains_key(hash)
    }

    pub(crate) fn transaction(&self, hash: &[u8; 32]) -> Option<Arc<TransactionRecord>> {
        self.at(*self.by_hash.get(hash)?)
    }

    /// The transactions of `account`, oldest first; from either end without walking the others.
    pub(crate) fn of_account(
        &self,
        account: &AccountId,
    ) -> impl DoubleEndedIterator<Item = Arc<TransactionRecord>> {
        let places = self.by_account.get(account).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.at(*place))
    }

    /// The transactions of `account` behind the paging token `after`, oldest first.
    pub(crate) fn of_account_after(
        &self,
        account: &AccountId,
        after: i64,
    ) -> impl DoubleEndedIterator<Item = Arc<TransactionRecord>> {
        let places = self.by_account.get(account).map_or(&[][..], Vec::as_slice);
        let start = places.partition_point(|(ledger, index)| toid(*ledger, *index, 0) <= after);
        places[start..].iter().filter_map(|place| self.at(*place))
    }

    fn at(&self, (ledger, index): Place) -> Option<Arc<TransactionRecord>> {
        self.ledger(ledger)?.transactions.get(usize::try_from(index.checked_sub(1)?).ok()?).cloned()
    }
}

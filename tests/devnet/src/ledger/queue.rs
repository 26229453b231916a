//! Transactions waiting for a ledger.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use stellar_xdr::AccountId;

use super::frame::Frame;

/// Ledgers a transaction waits before it is dropped.
const PENDING_LEDGERS: u32 = 4;
/// Ledgers a dropped transaction is refused for.
const BAN_LEDGERS: usize = 10;
/// A fee bump replaces a pending transaction only at this multiple of its fee rate.
const REPLACEMENT_FACTOR: i128 = 10;

/// At most one transaction per source account, as stellar-core keeps them.
#[derive(Debug)]
pub(crate) struct Queue {
    by_source: BTreeMap<AccountId, Pending>,
    by_hash: BTreeMap<[u8; 32], AccountId>,
    /// Fees that pending transactions may cost each fee source.
    fees: BTreeMap<AccountId, i64>,
    operations: u64,
    arrivals: u64,
    banned: VecDeque<BTreeSet<[u8; 32]>>,
}

#[derive(Debug)]
struct Pending {
    frame: Arc<Frame>,
    age: u32,
    arrival: u64,
}

/// What stands in the way of a new transaction.
#[derive(Debug)]
pub(crate) enum Conflict {
    /// It is pending already.
    Duplicate,
    /// A later one of the same source is pending.
    BadSequence,
    /// Another one of the same source is pending.
    TryAgainLater,
    /// It would replace a pending one but pays too little; so much would do.
    FeeTooLow(i64),
}

/// Why there is no room for a transaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// What waits pays as much; this fee would have been enough.
    FeeTooLow(i64),
    /// Even alone it would not fit.
    TooLarge,
}

/// Transactions for a ledger, and the fee each of their operations pays.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) frames: Vec<Arc<Frame>>,
    pub(crate) fee_rate: i64,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            by_source: BTreeMap::new(),
            by_hash: BTreeMap::new(),
            fees: BTreeMap::new(),
            operations: 0,
            arrivals: 0,
            banned: std::iter::repeat_with(BTreeSet::new).take(BAN_LEDGERS).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_source.len()
    }

    pub(crate) fn contains(&self, hash: &[u8; 32]) -> bool {
        self.by_hash.contains_key(hash)
    }

    pub(crate) fn is_banned(&self, hash: &[u8; 32]) -> bool {
        self.banned.iter().any(|hashes| hashes.contains(hash))
    }

    /// Whether `frame` could stand beside (or take the place of) what its source has pending.
    pub(crate) fn conflict(&self, frame: &Frame) -> Option<Conflict> {
        if self.contains(&frame.hash) {
            return Some(Conflict::Duplicate);
        }
        let current = &self.by_source.get(&frame.source())?.frame;
        if frame.sequence() < current.sequence() {
            return Some(Conflict::BadSequence);
        }
        if frame.fee_bump().is_none() || frame.sequence() != current.sequence() {
            return Some(Conflict::TryAgainLater);
        }
        let needed = i128::from(current.max_fee()) * i128::from(frame.operation_count()) * REPLACEMENT_FACTOR;
        let current_count = i128::from(current.operation_count().max(1));
        if i128::from(frame.max_fee()) * current_count >= needed {
            return None;
        }
        let least = (needed + current_count - 1) / current_count;
        Some(Conflict::FeeTooLow(i64::try_from(least).unwrap_or(i64::MAX)))
    }

    /// Fees that what is pending may cost `payer`, without what `frame` would replace.
    pub(crate) fn fees_pending(&self, payer: &AccountId, frame: &Frame) -> i64 {
        let total = self.fees.get(payer).copied().unwrap_or(0);
        match self.by_source.get(&frame.source()) {
            Some(replaced) if replaced.frame.fee_source() == *payer => total - replaced.frame.max_fee(),
            Some(_) | None => total,
        }
    }

    /// Makes room for `frame` among the better-paying ones in a queue of so many ledgers full of operations.
    pub(crate) fn make_room(
        &mut self,
        frame: &Frame,
        capacity: u32,
        ledgers_queued: u32,
    ) -> Result<(), Full> {
        let limit = u64::from(capacity) * u64::from(ledgers_queued);
        let replaced = self
            .by_source
            .get(&frame.source())
            .map_or(0, |pending| u64::from(pending.frame.operation_count()));
        let mut total = self.operations - replaced + u64::from(frame.operation_count());
        if total <= limit {
            return Ok(());
        }
        // a full queue refuses much more often than it makes room: that has to be cheap
        let others = self.by_source.values().filter(|pending| pending.frame.source() != frame.source());
        if let Some(lowest) = others.min_by(|left, right| compare_rates(&left.frame, &right.frame))
            && compare_rates(&lowest.frame, frame).is_ge()
        {
            return Err(outbid(lowest, frame));
        }
        let mut evicted = Vec::new();
        for pending in self.ranked().into_iter().rev() {
            if total <= limit {
                break;
            }
            if pending.frame.source() == frame.source() {
                continue;
            }
            if compare_rates(&pending.frame, frame).is_ge() {
                return Err(outbid(pending, frame));
            }
            total -= u64::from(pending.frame.operation_count());
            evicted.push(pending.frame.source());
        }
        if total > limit {
            return Err(Full::TooLarge);
        }
        for source in evicted {
            self.drop_and_ban(&source);
        }
        Ok(())
    }

    /// Adds a transaction that has passed every test, in place of the one its source had pending.
    pub(crate) fn insert(&mut self, frame: Frame) {
        let source = frame.source();
        self.remove(&source);
        self.by_hash.insert(frame.hash, source.clone());
        if let Some(inner) = frame.inner_hash {
            self.by_hash.insert(inner, source.clone());
        }
        *self.fees.entry(frame.fee_source()).or_default() += frame.max_fee();
        self.operations += u64::from(frame.operation_count());
        self.arrivals += 1;
        self.by_source.insert(source, Pending { frame: Arc::new(frame), age: 0, arrival: self.arrivals });
    }

    /// Drops (and bans) what `valid` refuses.
    pub(crate) fn retain(&mut self, mut valid: impl FnMut(&Frame) -> bool) {
        let refused: Vec<AccountId> = self
            .by_source
            .iter()
            .filter(|(_, pending)| !valid(&pending.frame))
            .map(|(source, _)| source.clone())
            .collect();
        for source in refused {
            self.drop_and_ban(&source);
        }
    }

    /// The best-paying transactions that fit; when others had to stay behind, all pay the lowest rate among those
    /// chosen.
    pub(crate) fn select(&self, capacity: u32, base_fee: u32) -> Selection {
        let mut frames = Vec::new();
        let mut left = capacity;
        let mut all_fit = true;
        for pending in self.ranked() {
            match left.checked_sub(pending.frame.operation_count()) {
                Some(rest) => {
                    left = rest;
                    frames.push(Arc::clone(&pending.frame));
                }
                None => all_fit = false,
            }
        }
        let base_fee = i64::from(base_fee);
        let lowest = frames.iter().map(|frame| rate(frame)).min().unwrap_or(base_fee);
        Selection { frames, fee_rate: if all_fit { base_fee } else { lowest.max(base_fee) } }
    }

    /// A ledger closed with `applied`: forgets those, ages the others, drops what has waited too long.
    pub(crate) fn ledger_closed(&mut self, applied: &[Arc<Frame>]) {
        self.banned.rotate_right(1);
        if let Some(newest) = self.banned.front_mut() {
            newest.clear();
        }
        for frame in applied {
            self.remove(&frame.source());
        }
        let mut expired = Vec::new();
        for (source, pending) in &mut self.by_source {
            pending.age += 1;
            if pending.age >= PENDING_LEDGERS {
                expired.push(source.clone());
            }
        }
        for source in expired {
            self.drop_and_ban(&source);
        }
    }

    fn ranked(&self) -> Vec<&Pending> {
        let mut pending: Vec<&Pending> = self.by_source.values().collect();
        pending.sort_by(|left, right| {
            compare_rates(&right.frame, &left.frame).then(left.arrival.cmp(&right.arrival))
        });
        pending
    }

    fn drop_and_ban(&mut self, source: &AccountId) {
        if let Some(pending) = self.remove(source)
            && let Some(newest) = self.banned.front_mut()
        {
            newest.insert(pending.frame.hash);
        }
    }

    fn remove(&mut self, source: &AccountId) -> Option<Pending> {
        let pending = self.by_source.remove(source)?;
        self.by_hash.remove(&pending.frame.hash);
        if let Some(inner) = pending.frame.inner_hash {
            self.by_hash.remove(&inner);
        }
        self.operations -= u64::from(pending.frame.operation_count());
        let payer = pending.frame.fee_source();
        if let Some(total) = self.fees.get_mut(&payer) {
            *total -= pending.frame.max_fee();
            if *total == 0 {
                self.fees.remove(&payer);
            }
        }
        Some(pending)
    }
}

/// The fee at which `frame` would have gone before `pending`.
fn outbid(pending: &Pending, frame: &Frame) -> Full {
    let fee = rate(&pending.frame).saturating_add(1);
    Full::FeeTooLow(fee.saturating_mul(i64::from(frame.operation_count())))
}

fn compare_rates(left: &Frame, right: &Frame) -> std::cmp::Ordering {
    let left_value = i128::from(left.max_fee()) * i128::from(right.operation_count());
    let right_value = i128::from(right.max_fee()) * i128::from(left.operation_count());
    left_value.cmp(&right_value)
}

fn rate(frame: &Frame) -> i64 {
    frame.max_fee() / i64::from(frame.operation_count().max(1))
}

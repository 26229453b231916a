//! What Horizon's database is to stellar-core: closed ledgers, indexed for reading.
//!
//! Reads never touch the ledger engine. Every ledger entry is kept in its recent versions, so that a
//! [`View`] answers from one closed ledger however many close meanwhile, and so that a stale replica can be
//! played ([`Replica::view_behind`]).

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    ops::{Bound, ControlFlow},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use stellar_xdr::{AccountId, ClaimableBalanceId, Hash, LedgerEntry, LedgerEntryData, LedgerKey};
use tokio::sync::watch;

use crate::{
    horizon::{
        landed::{Landed, position},
        operation::participants,
        query::Order,
        toid::Toid,
    },
    ledger::{ClosedLedger, Network, TransactionRecord},
};

/// Ledgers whose entry versions are kept for stale reads.
const VERSIONS_KEPT: u32 = 64;

/// The index over all closed ledgers.
#[derive(Debug)]
pub(crate) struct Replica {
    state: RwLock<State>,
    latest: watch::Sender<u32>,
}

#[derive(Debug, Default)]
struct State {
    first: u32,
    ledgers: Vec<Arc<ClosedLedger>>,
    by_hash: HashMap<[u8; 32], Toid>,
    by_account: HashMap<AccountId, Vec<Toid>>,
    by_balance: HashMap<ClaimableBalanceId, Vec<Toid>>,
    entries: BTreeMap<LedgerKey, Versions>,
    /// Keys whose older versions can be forgotten once the ledger is out of reach.
    touched: VecDeque<(u32, BTreeSet<LedgerKey>)>,
}

/// Ascending by ledger; `None` is "removed in this ledger".
type Versions = Vec<(u32, Option<Arc<LedgerEntry>>)>;

/// Which transactions a listing is about.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    All,
    Account(AccountId),
    Balance(ClaimableBalanceId),
    Ledger(u32),
    Transaction(Toid),
}

impl Replica {
    /// The index of a network as it stands. Entry versions are known from here on only; a stale view of an
    /// earlier ledger sees the entries as they are now.
    pub(crate) fn new(network: &Network) -> Self {
        let version = |entry: &LedgerEntry| vec![(0, Some(Arc::new(entry.clone())))];
        let entries = network.entries().map(|(key, entry)| (key.clone(), version(entry))).collect();
        let mut state = State { entries, ..State::default() };
        let latest = network.latest().sequence;
        for ledger in (1..=latest).filter_map(|sequence| network.ledger(sequence)) {
            state.index(&ledger);
        }
        Self { state: RwLock::new(state), latest: watch::Sender::new(latest) }
    }

    /// Takes in the ledger that the network has just closed, and wakes those who wait for it.
    pub(crate) fn ingest(&self, network: &Network) {
        let ledger = network.latest();
        self.write().ingest(&ledger, network);
        self.latest.send_replace(ledger.sequence);
    }

    /// Tells every newly closed ledger's sequence.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u32> {
        self.latest.subscribe()
    }

    /// The state after the latest ledger.
    pub(crate) fn view(self: &Arc<Self>) -> View {
        self.view_behind(0)
    }

    /// The state as a replica sees it that lags `ledgers` behind (at most [`VERSIONS_KEPT`]).
    pub(crate) fn view_behind(self: &Arc<Self>, ledgers: u32) -> View {
        let state = self.read();
        let newest = state.latest();
        let latest = newest.saturating_sub(ledgers.min(VERSIONS_KEPT)).max(state.first);
        View { latest, first: state.first, replica: Arc::clone(self) }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn latest(&self) -> u32 {
        self.ledgers.last().map_or(0, |ledger| ledger.sequence)
    }

    /// Of each entry, only the last of this ledger's versions can ever be seen: the one that the network has now.
    fn ingest(&mut self, ledger: &Arc<ClosedLedger>, network: &Network) {
        self.index(ledger);
        for key in network.touched() {
            let version = (ledger.sequence, network.entry(key).cloned().map(Arc::new));
            self.entries.entry(key.clone()).or_default().push(version);
        }
        let touched = network.touched().clone();
        self.touched.push_back((ledger.sequence, touched));
        while let Some((_, keys)) =
            self.touched.pop_front_if(|(sequence, _)| *sequence + VERSIONS_KEPT < ledger.sequence)
        {
            self.forget(&keys, ledger.sequence - VERSIONS_KEPT);
        }
    }

    fn index(&mut self, ledger: &Arc<ClosedLedger>) {
        if self.ledgers.is_empty() {
            self.first = ledger.sequence;
        }
        for record in &ledger.transactions {
            let toid = position(record);
            self.by_hash.insert(record.hash, toid);
            self.by_hash.extend(record.inner_hash.map(|inner| (inner, toid)));
            let landed = Landed::new(record);
            for account in participants::of_transaction(&landed) {
                self.by_account.entry(account).or_default().push(toid);
            }
            for balance in participants::balances_of_transaction(&landed) {
                self.by_balance.entry(balance).or_default().push(toid);
            }
        }
        self.ledgers.push(Arc::clone(ledger));
    }

    /// Drops the versions that no view from `horizon` on can see.
    fn forget(&mut self, keys: &BTreeSet<LedgerKey>, horizon: u32) {
        for key in keys {
            let Some(versions) = self.entries.get_mut(key) else { continue };
            let seen = versions.iter().rposition(|(sequence, _)| *sequence <= horizon).unwrap_or(0);
            versions.drain(..seen);
            if let [(sequence, None)] = versions.as_slice()
                && *sequence <= horizon
            {
                self.entries.remove(key);
            }
        }
    }

    fn ledger(&self, sequence: u32) -> Option<&Arc<ClosedLedger>> {
        let position = sequence.checked_sub(self.first)?;
        self.ledgers.get(usize::try_from(position).ok()?)
    }

    fn record(&self, toid: Toid) -> Option<&Arc<TransactionRecord>> {
        let position = usize::try_from(toid.transaction()).ok()?.checked_sub(1)?;
        self.ledger(toid.ledger())?.transactions.get(position)
    }
}

/// The network as of one closed ledger.
#[derive(Debug, Clone)]
pub(crate) struct View {
    replica: Arc<Replica>,
    first: u32,
    latest: u32,
}

impl View {
    /// Sequence of the first ledger there is.
    pub(crate) fn first(&self) -> u32 {
        self.first
    }

    /// Sequence of the ledger this view ends with.
    pub(crate) fn latest(&self) -> u32 {
        self.latest
    }

    pub(crate) fn ledger(&self, sequence: u32) -> Option<Arc<ClosedLedger>> {
        if sequence > self.latest {
            return None;
        }
        self.replica.read().ledger(sequence).cloned()
    }

    /// The latest ledgers, at most `count`, newest first.
    pub(crate) fn newest_ledgers(&self, count: u32) -> Vec<Arc<ClosedLedger>> {
        let oldest = self.latest.saturating_sub(count.saturating_sub(1)).max(self.first);
        (oldest..=self.latest).rev().filter_map(|sequence| self.ledger(sequence)).collect()
    }

    pub(crate) fn entry(&self, key: &LedgerKey) -> Option<Arc<LedgerEntry>> {
        let state = self.replica.read();
        self.seen(state.entries.get(key)?).cloned()
    }

    /// Entries from `start` on while `wanted` says so of their key, in key order.
    pub(crate) fn entries_while(
        &self,
        start: &LedgerKey,
        wanted: impl Fn(&LedgerKey) -> bool,
    ) -> Vec<Arc<LedgerEntry>> {
        let state = self.replica.read();
        state
            .entries
            .range((Bound::Included(start), Bound::Unbounded))
            .take_while(|(key, _)| wanted(key))
            .filter_map(|(_, versions)| self.seen(versions).cloned())
            .collect()
    }

    /// What `pick` makes of every entry.
    pub(crate) fn select<T>(
        &self,
        pick: impl Fn(&Arc<LedgerEntry>, &LedgerEntryData) -> Option<T>,
    ) -> Vec<T> {
        let state = self.replica.read();
        let entries = state.entries.values().filter_map(|versions| self.seen(versions));
        entries.filter_map(|entry| pick(entry, &entry.data)).collect()
    }

    /// The transaction with this hash, be it the outer or the inner one of a fee bump.
    pub(crate) fn transaction(&self, hash: &Hash) -> Option<Arc<TransactionRecord>> {
        let state = self.replica.read();
        let toid = *state.by_hash.get(&hash.0)?;
        if toid.ledger() > self.latest { None } else { state.record(toid).cloned() }
    }

    /// The transaction at a position.
    pub(crate) fn transaction_at(&self, toid: Toid) -> Option<Arc<TransactionRecord>> {
        if toid.ledger() > self.latest { None } else { self.replica.read().record(toid).cloned() }
    }

    /// Visits transactions in order, beginning with the one that `from` lies in (`None`: at the end the order
    /// begins at), until the visitor breaks.
    pub(crate) fn scan(
        &self,
        scope: &Scope,
        from: Option<Toid>,
        order: Order,
        mut visit: impl FnMut(&Arc<TransactionRecord>) -> ControlFlow<()>,
    ) {
        let state = self.replica.read();
        let reached = |toid: Toid| {
            from.is_none_or(|from| match order {
                Order::Ascending => toid.0 | 0xfff >= from.0,
                Order::Descending => toid <= from,
            })
        };
        let mut visit_at = |toid: Toid| match state.record(toid) {
            Some(record) if toid.ledger() <= self.latest && reached(toid) => visit(record),
            _ => ControlFlow::Continue(()),
        };
        let listed = match scope {
            Scope::Transaction(toid) => {
                let _ = visit_at(*toid);
                return;
            }
            Scope::Account(account) => state.by_account.get(account).map_or(&[][..], Vec::as_slice),
            Scope::Balance(balance) => state.by_balance.get(balance).map_or(&[][..], Vec::as_slice),
            Scope::All | Scope::Ledger(_) => {
                let _ = self.scan_ledgers(&state, scope, from, order, &mut visit_at);
                return;
            }
        };
        let start = match (order, from) {
            (Order::Ascending, Some(from)) => listed.partition_point(|toid| toid.0 | 0xfff < from.0),
            (Order::Descending, Some(from)) => listed.partition_point(|toid| *toid <= from),
            (Order::Ascending, None) => 0,
            (Order::Descending, None) => listed.len(),
        };
        let _ = match order {
            Order::Ascending => listed[start..].iter().copied().try_for_each(&mut visit_at),
            Order::Descending => listed[..start].iter().rev().copied().try_for_each(&mut visit_at),
        };
    }

    fn scan_ledgers(
        &self,
        state: &State,
        scope: &Scope,
        from: Option<Toid>,
        order: Order,
        visit_at: &mut impl FnMut(Toid) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (mut low, mut high) = match scope {
            Scope::Ledger(sequence) => (*sequence, *sequence),
            _ => (self.first, self.latest),
        };
        match (order, from) {
            (Order::Ascending, Some(from)) => low = low.max(from.ledger()),
            (Order::Descending, Some(from)) => high = high.min(from.ledger()),
            (_, None) => {}
        }
        let transactions = |sequence: u32| {
            let count = state.ledger(sequence).map_or(0, |ledger| ledger.transactions.len());
            (1..=u32::try_from(count).unwrap_or(u32::MAX)).map(move |index| Toid::new(sequence, index, 0))
        };
        match order {
            Order::Ascending => (low..=high).flat_map(transactions).try_for_each(visit_at),
            Order::Descending => {
                (low..=high).rev().flat_map(|sequence| transactions(sequence).rev()).try_for_each(visit_at)
            }
        }
    }

    fn seen<'a>(&self, versions: &'a Versions) -> Option<&'a Arc<LedgerEntry>> {
        let (_, entry) = versions.iter().rev().find(|(sequence, _)| *sequence <= self.latest)?;
        entry.as_ref()
    }
}

#[cfg(test)]
mod tests;

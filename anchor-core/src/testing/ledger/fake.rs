//! A ledger in memory that closes when it is told to, and fails where it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::Memo;
use crate::stellar::envelope::Operation;
use crate::stellar::{AccountSnapshot, LedgerPoint, Lookup, Movement, Network, TrustLine};
use crate::transaction::TransactionHash;

mod apply;
mod balances;
mod envelope;
mod fault;
mod server;
mod world;

pub use fault::Fault;

use world::{Entry, State, World, new_account};

/// Seconds from one ledger to the next.
const CLOSE_SECONDS: u64 = 5;

/// A ledger in memory. Clones share it.
///
/// It knows the operations that an anchor sends, checks sequence numbers, upper bounds, signatures by weight,
/// balances, trust lines and claimants, and takes 100 stroops per operation. It has no offers, no sponsorship and no minimum balance.
#[derive(Clone)]
pub struct FakeLedger {
    network: Network,
    state: Arc<Mutex<State>>,
    closed: watch::Sender<u32>,
    /// How many ledgers the answering server is behind.
    lag: usize,
}

impl FakeLedger {
    /// An empty ledger, number 2, closed at `now` (Unix seconds).
    pub fn new(network: Network, now: u64) -> Self {
        let world = World {
            point: LedgerPoint { sequence: 2, closed_at: now },
            accounts: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            history: Vec::new(),
            balances: BTreeMap::new(),
            tells_claims: false,
        };
        let state = State {
            world,
            frozen: None,
            past: VecDeque::new(),
            past_kept: 0,
            applied: Vec::new(),
            pending: VecDeque::new(),
            submissions: Vec::new(),
            faults: Vec::new(),
            jammed: BTreeSet::new(),
            jam_all: false,
            lookups: 0,
            is_forgetful: false,
            fee_bid: 100,
            fee_min: 0,
        };
        Self { network, state: Arc::new(Mutex::new(state)), closed: watch::Sender::new(2), lag: 0 }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates an account (its master key is its only signer) or adds lumens to it.
    pub fn fund(&self, id: AccountId, lumens: StellarAmount) {
        let mut state = self.state();
        let sequence = i64::from(state.world.point.sequence) << 32;
        let account = state.world.accounts.entry(id).or_insert_with(|| new_account(id, sequence));
        account.balance = account.balance.checked_add(lumens).unwrap_or(account.balance);
    }

    /// Gives an existing account an authorised trust line without limit, or sets the balance of the one it has.
    pub fn trust(&self, id: AccountId, asset: &StellarAsset, balance: StellarAmount) {
        self.edit(id, |account| {
            account.trust_lines.retain(|line| line.asset != *asset);
            account.trust_lines.push(TrustLine {
                asset: asset.clone(),
                balance,
                limit: max_amount(),
                buying_liabilities: StellarAmount::ZERO,
                selling_liabilities: StellarAmount::ZERO,
                authorized: true,
                limited: false,
            });
        });
    }

    /// Changes anything about an existing account.
    pub fn edit(&self, id: AccountId, change: impl FnOnce(&mut AccountSnapshot)) {
        if let Some(account) = self.state().world.accounts.get_mut(&id) {
            change(account);
        }
    }

    /// How many envelopes were looked up, ever.
    pub fn lookups(&self) -> u64 {
        self.state().lookups
    }

    /// Whether the server has forgotten all ledgers in which envelopes could be found.
    pub fn forget_history(&self, is_forgetful: bool) {
        self.state().is_forgetful = is_forgetful;
    }

    /// As if it had been merged away.
    pub fn remove(&self, id: &AccountId) {
        self.state().world.accounts.remove(id);
    }

    /// What the account holds; nothing if it does not exist or has no trust line.
    pub fn balance(&self, id: &AccountId, asset: &StellarAsset) -> StellarAmount {
        let state = self.state();
        let account = state.world.accounts.get(id);
        account.and_then(|account| apply::balance(account, asset)).unwrap_or(StellarAmount::ZERO)
    }

    /// Closes a ledger five seconds after the last one.
    pub fn close(&self) -> LedgerPoint {
        let next = self.state().world.point.closed_at.saturating_add(CLOSE_SECONDS);
        self.close_at(next)
    }

    /// Closes a ledger at this time (Unix seconds): applies what was submitted, drops what is too late.
    pub fn close_at(&self, closed_at: u64) -> LedgerPoint {
        let mut guard = self.state();
        let state = &mut *guard;
        if state.past_kept > 0 {
            state.past.push_back(state.world.clone());
            let kept = state.past_kept;
            state.past.drain(..state.past.len().saturating_sub(kept));
        }
        state.world.point.sequence = state.world.point.sequence.saturating_add(1);
        state.world.point.closed_at = closed_at;
        let pending = std::mem::take(&mut state.pending);
        for received in pending {
            if received.max_time < closed_at {
                continue;
            }
            let is_jammed = state.jam_all || state.jammed.contains(&received.hash);
            if is_jammed || received.fee < state.fee_min {
                state.pending.push_back(received);
                continue;
            }
            let fault = state.take(|fault| matches!(fault, Fault::Apply(_)));
            let failure = fault.and_then(|fault| match fault {
                Fault::Apply(failure) => Some(failure),
                _ => None,
            });
            apply::apply(&mut state.world, &received, failure);
            if let Some(Lookup::Succeeded { .. }) = state.world.outcomes.get(&received.hash) {
                let operations = received.operations.into_iter().map(|(_, operation)| operation);
                state.applied.push((received.hash, operations.collect()));
            }
        }
        let point = state.world.point;
        drop(guard);
        self.closed.send_replace(point.sequence);
        point
    }

    /// A payment by somebody else arrives in the next ledger, which closes at once. Returns it as it is reported.
    pub fn arrives(
        &self,
        from: Account,
        to: Account,
        asset: StellarAsset,
        amount: StellarAmount,
        memo: Memo,
    ) -> Movement {
        let point = self.close();
        let mut guard = self.state();
        let world = &mut guard.world;
        let number = world.history.len();
        if let Some(account) = to.ledger_account().and_then(|id| world.accounts.get_mut(&id)) {
            apply::credit(account, &asset, amount).ok();
        }
        let movement = Movement {
            id: (u64::from(point.sequence) << 32 | number as u64).to_string(),
            hash: TransactionHash::from_bytes(apply::digest(&[b"arrives", &number.to_be_bytes()])),
            ledger: point.sequence,
            at: apply::time(point.closed_at),
            from,
            to,
            asset,
            amount,
            memo,
        };
        world.history.push(Entry::Movement(Arc::new(movement.clone())));
        drop(guard);
        self.closed.send_modify(|_| ());
        movement
    }

    /// Something unreadable appears on the account's history.
    pub fn poison(&self, account: AccountId, raw: impl Into<String>) {
        self.state().world.history.push(Entry::Poison(account, raw.into()));
        self.closed.send_modify(|_| ());
    }

    /// Every envelope that anybody tried to submit, lost ones too, oldest first.
    pub fn submissions(&self) -> Vec<String> {
        self.state().submissions.clone()
    }

    /// The envelopes that succeeded, with their operations, oldest first and without the first `skipped` ones.
    pub fn applied(&self, skipped: usize) -> Vec<(TransactionHash, Vec<Operation>)> {
        self.state().applied.iter().skip(skipped).cloned().collect()
    }

    /// The same network through another server, one that is always so many ledgers behind (of those that closed
    /// after it was first asked for). What is submitted to it is submitted to the network.
    #[must_use]
    pub fn behind(&self, ledgers: usize) -> Self {
        let mut state = self.state();
        state.past_kept = state.past_kept.max(ledgers);
        drop(state);
        Self { lag: ledgers, ..self.clone() }
    }

    /// What was to go wrong and has not done so yet does not any more.
    pub fn forgive(&self) {
        self.state().faults.clear();
    }

    /// Something goes wrong, once. Faults of one kind happen in the order in which they were ordered.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// From now on nothing that was submitted is applied, or (`false`) it is again.
    pub fn jam(&self, jammed: bool) {
        self.state().jam_all = jammed;
    }

    /// This envelope is accepted, but never applied.
    pub fn jam_one(&self, hash: TransactionHash) {
        self.state().jammed.insert(hash);
    }

    /// The server stops reading the ledger: it goes on answering, with what it knows now.
    pub fn freeze(&self) {
        let mut state = self.state();
        state.frozen = Some(state.world.clone());
    }

    /// The server has caught up.
    pub fn thaw(&self) {
        self.state().frozen = None;
        self.closed.send_modify(|_| ());
    }

    /// What [`Ledger::fee_bid`](crate::stellar::Ledger::fee_bid) answers.
    pub fn set_fee_bid(&self, fee: u32) {
        self.state().fee_bid = fee;
    }

    /// From now on ledgers are full of others who bid so much for an operation: whoever bids less has to wait.
    pub fn surge(&self, fee: u32) {
        let mut state = self.state();
        state.fee_bid = fee;
        state.fee_min = i64::from(fee);
    }
}

impl fmt::Debug for FakeLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeLedger").field("point", &self.state().world.point).finish_non_exhaustive()
    }
}

fn max_amount() -> StellarAmount {
    StellarAmount::from_stroops(i64::MAX).unwrap_or_default()
}

#[cfg(test)]
mod tests;

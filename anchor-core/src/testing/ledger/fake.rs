//! A ledger in memory that closes when it is told to, and fails where it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;

use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::Memo;
use crate::stellar::envelope::Operation;
use crate::stellar::{
    AccountSnapshot, BalanceClaim, BalanceLookup, Cursor, Failure, FailureKind, Ledger, LedgerError,
    LedgerPoint, Lookup, Movement, MovementPage, Network, PoisonRecord, SignerKey, Submission, TrustLine,
};
use crate::transaction::TransactionHash;

use envelope::ReceivedEnvelope;

mod apply;
mod balances;
mod envelope;

/// Entries of one page of history.
const PAGE: usize = 200;

/// Seconds from one ledger to the next.
const CLOSE_SECONDS: u64 = 5;

/// What goes wrong, once, the next time that it can.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The next submission is lost on its way; the caller cannot know.
    SubmitLostBefore,
    /// The next submission is taken, but its answer is lost; the caller cannot know.
    SubmitLostAfter,
    /// The next submission is refused with this.
    SubmitRejected(Failure),
    /// The next submission meets a busy server.
    SubmitTryAgain,
    /// The next look-up of a claimable balance fails.
    Balance,
    /// The next look-up of a transaction fails.
    Lookup,
    /// The next look-up of a transaction is answered by another server than the question how far it had read: one
    /// that does not know the transaction yet.
    LookupLags,
    /// The next look-up of an account fails.
    Account,
    /// The next look-up of this account is answered by a server that has not read the account's last transaction, and
    /// that says so or does not.
    AccountLags(AccountId, bool),
    /// The next question for the latest ledger fails.
    Latest,
    /// The next page of history fails.
    Movements,
    /// The next page of history answers that older history is gone.
    HistoryGone,
    /// The next envelope to be applied fails on the ledger with this: fee and sequence number are gone.
    Apply(Failure),
}

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

#[derive(Debug, Clone)]
struct World {
    point: LedgerPoint,
    accounts: BTreeMap<AccountId, AccountSnapshot>,
    outcomes: BTreeMap<TransactionHash, Lookup>,
    history: Vec<Entry>,
    balances: BTreeMap<String, balances::Balance>,
    tells_claims: bool,
}

#[derive(Debug, Clone)]
enum Entry {
    Movement(Arc<Movement>),
    Claim(Arc<BalanceClaim>),
    Poison(AccountId, String),
}

#[derive(Debug)]
struct State {
    world: World,
    /// What a server that stopped reading still shows.
    frozen: Option<World>,
    /// What servers that lag behind show, the most recent one last; as many as anybody asked for.
    past: VecDeque<World>,
    past_kept: usize,
    /// Envelopes that succeeded, oldest first.
    applied: Vec<(TransactionHash, Vec<Operation>)>,
    pending: VecDeque<ReceivedEnvelope>,
    submissions: Vec<String>,
    faults: Vec<Fault>,
    jammed: BTreeSet<TransactionHash>,
    jam_all: bool,
    fee_bid: u32,
    /// Ledgers are full: who bids less than this for an operation is not applied.
    fee_min: i64,
}

impl State {
    fn seen(&self, lag: usize) -> &World {
        let past = self.past.len().checked_sub(lag).and_then(|place| self.past.get(place));
        self.frozen.as_ref().or(past).unwrap_or(&self.world)
    }

    fn take(&mut self, is_wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let index = self.faults.iter().position(is_wanted)?;
        Some(self.faults.remove(index))
    }
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

    /// What [`Ledger::fee_bid`] answers.
    pub fn set_fee_bid(&self, fee: u32) {
        self.state().fee_bid = fee;
    }

    /// From now on ledgers are full of others who bid so much for an operation: whoever bids less has to wait.
    pub fn surge(&self, fee: u32) {
        let mut state = self.state();
        state.fee_bid = fee;
        state.fee_min = i64::from(fee);
    }

    fn fails(&self, fault: &Fault) -> Result<(), LedgerError> {
        match self.state().take(|wanted| wanted == fault) {
            Some(_) => Err(LedgerError::Server { status: 500 }),
            None => Ok(()),
        }
    }

    fn page(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        let state = self.state();
        let unknown = |_| LedgerError::Malformed(format!("cursor {after}"));
        let start: usize = after.as_str().parse().map_err(unknown)?;
        let history = &state.seen(self.lag).history;
        let more = history.len().saturating_sub(start) > PAGE;
        let mut page = MovementPage { more, ..MovementPage::empty(after.clone()) };
        for (number, entry) in history.iter().enumerate().skip(start).take(PAGE) {
            page.next = Cursor::from((number + 1).to_string());
            match entry {
                Entry::Movement(movement) if movement.to.ledger_account() == Some(*account) => {
                    page.movements.push(Movement::clone(movement));
                }
                Entry::Poison(of, raw) if of == account => page.poison.push(PoisonRecord {
                    cursor: page.next.clone(),
                    raw: raw.clone(),
                    reason: "made unreadable by the test".into(),
                }),
                Entry::Claim(claim) if claim.by.ledger_account() == Some(*account) => {
                    page.claims.push(BalanceClaim::clone(claim));
                }
                Entry::Movement(_) | Entry::Claim(_) | Entry::Poison(..) => {}
            }
        }
        Ok(page)
    }
}

impl fmt::Debug for FakeLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeLedger").field("point", &self.state().world.point).finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for FakeLedger {
    fn network(&self) -> &Network {
        &self.network
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        self.fails(&Fault::Latest)?;
        Ok(self.state().seen(self.lag).point)
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        self.fails(&Fault::Account)?;
        let mut state = self.state();
        let lags = state.take(|fault| matches!(fault, Fault::AccountLags(account, _) if account == id));
        let world = state.seen(self.lag);
        let account = world.accounts.get(id).cloned();
        if let Some(Fault::AccountLags(_, says)) = lags {
            return Ok(account.map(|account| AccountSnapshot {
                as_of: says.then(|| world.point.sequence.saturating_sub(1)),
                sequence: account.sequence.saturating_sub(1),
                ..account
            }));
        }
        Ok(account.map(|account| AccountSnapshot { as_of: Some(world.point.sequence), ..account }))
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        Ok(self.state().fee_bid)
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        let mut state = self.state();
        state.submissions.push(envelope.to_owned());
        let fault = state.take(|fault| {
            matches!(
                fault,
                Fault::SubmitLostBefore
                    | Fault::SubmitLostAfter
                    | Fault::SubmitRejected(_)
                    | Fault::SubmitTryAgain
            )
        });
        match fault {
            Some(Fault::SubmitLostBefore) => return Err(LedgerError::Server { status: 504 }),
            Some(Fault::SubmitRejected(failure)) => return Ok(Submission::Rejected(failure)),
            Some(Fault::SubmitTryAgain) => return Ok(Submission::TryAgain),
            _ => {}
        }
        let answer = receive(&mut state, &self.network, envelope);
        if fault == Some(Fault::SubmitLostAfter) {
            return Err(LedgerError::Server { status: 504 });
        }
        Ok(answer)
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        self.fails(&Fault::Lookup)?;
        let mut state = self.state();
        if state.take(|fault| *fault == Fault::LookupLags).is_some() {
            return Ok(Lookup::NotFound { checked: state.world.point });
        }
        let world = state.seen(self.lag);
        Ok(world.outcomes.get(hash).cloned().unwrap_or(Lookup::NotFound { checked: world.point }))
    }

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        self.fails(&Fault::Balance)?;
        Ok(self.state().seen(self.lag).balance(id))
    }

    async fn arrivals(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        self.fails(&Fault::Lookup)?;
        let state = self.state();
        let world = state.seen(self.lag);
        if !world.outcomes.contains_key(hash) {
            return Ok(None);
        }
        let brought = world.history.iter().filter_map(|entry| match entry {
            Entry::Movement(movement)
                if movement.hash == *hash && movement.to.ledger_account() == Some(*account) =>
            {
                Some(Movement::clone(movement))
            }
            Entry::Movement(_) | Entry::Claim(_) | Entry::Poison(..) => None,
        });
        Ok(Some(brought.collect()))
    }

    async fn movements_start(&self, _account: &AccountId) -> Result<Cursor, LedgerError> {
        self.fails(&Fault::Movements)?;
        Ok(Cursor::from(self.state().seen(self.lag).history.len().to_string()))
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        self.fails(&Fault::Movements)?;
        if self.state().take(|fault| *fault == Fault::HistoryGone).is_some() {
            return Err(LedgerError::HistoryGone { cursor: after.to_string() });
        }
        self.page(account, after)
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        let closed = self.closed.subscribe();
        stream::unfold((after, closed), move |(mut after, mut closed)| async move {
            loop {
                closed.mark_unchanged();
                match self.movements(&account, &after).await {
                    Ok(page) => {
                        after = page.next.clone();
                        if !page.is_empty() {
                            return Some((Ok(page), (after, closed)));
                        }
                        if !page.more {
                            closed.changed().await.ok()?;
                        }
                    }
                    Err(error) => return Some((Err(error), (after, closed))),
                }
            }
        })
        .boxed()
    }
}

fn receive(state: &mut State, network: &Network, envelope: &str) -> Submission {
    let rejected = |kind, codes| Submission::Rejected(Failure::new(kind, codes));
    let Ok(received) = ReceivedEnvelope::read(envelope, network) else {
        return rejected(FailureKind::Other, "tx_malformed");
    };
    if let Some(Lookup::Succeeded { ledger, .. } | Lookup::Failed { ledger, .. }) =
        state.world.outcomes.get(&received.hash)
    {
        return Submission::Applied { ledger: *ledger };
    }
    if let Some(pending) = state.pending.iter_mut().find(|pending| pending.hash == received.hash) {
        // the same once more, or in another wrapping: who pays ten times as much takes its place
        let is_signed = received.check_signatures(&state.world.accounts).is_ok();
        if is_signed && received.fee >= pending.fee.saturating_mul(10) {
            *pending = received;
        }
        return Submission::Accepted;
    }
    if received.max_time < state.world.point.closed_at {
        return rejected(FailureKind::TooLate, "tx_too_late");
    }
    let Some(source) = state.world.accounts.get(&received.source) else {
        return rejected(FailureKind::Other, "tx_no_source_account");
    };
    if source.sequence.checked_add(1) != Some(received.sequence) {
        return rejected(FailureKind::BadSequence, "tx_bad_seq");
    }
    if let Err(codes) = received.check_signatures(&state.world.accounts) {
        return rejected(FailureKind::Signature, codes);
    }
    state.pending.push_back(received);
    Submission::Accepted
}

fn new_account(id: AccountId, sequence: i64) -> AccountSnapshot {
    AccountSnapshot {
        id,
        as_of: None,
        sequence,
        balance: StellarAmount::ZERO,
        selling_liabilities: StellarAmount::ZERO,
        subentries: 0,
        sponsoring: 0,
        sponsored: 0,
        signers: vec![(SignerKey::Ed25519(id), 1)],
        low_threshold: 0,
        medium_threshold: 0,
        trust_lines: Vec::new(),
        memo_required: false,
        auth_required: false,
        home_domain: None,
    }
}

fn max_amount() -> StellarAmount {
    StellarAmount::from_stroops(i64::MAX).unwrap_or_default()
}

#[cfg(test)]
mod tests;

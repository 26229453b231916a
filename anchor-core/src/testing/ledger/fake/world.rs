//! What the network and its servers know.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::Fault;
use super::balances::Balance;
use super::envelope::ReceivedEnvelope;
use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::stellar::envelope::Operation;
use crate::stellar::{AccountSnapshot, BalanceClaim, LedgerPoint, Lookup, Movement, SignerKey};
use crate::transaction::TransactionHash;

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) point: LedgerPoint,
    pub(super) accounts: BTreeMap<AccountId, AccountSnapshot>,
    pub(super) outcomes: BTreeMap<TransactionHash, Lookup>,
    pub(super) history: Vec<Entry>,
    pub(super) balances: BTreeMap<String, Balance>,
    /// History tells what a claim brought, too.
    pub(super) tells_claims: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Entry {
    Movement(Arc<Movement>),
    Claim(Arc<BalanceClaim>),
    Poison(AccountId, String),
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) world: World,
    /// What a server that stopped reading still shows.
    pub(super) frozen: Option<World>,
    /// What servers that lag behind show, the most recent one last; as many as anybody asked for.
    pub(super) past: VecDeque<World>,
    pub(super) past_kept: usize,
    /// Envelopes that succeeded, oldest first.
    pub(super) applied: Vec<(TransactionHash, Vec<Operation>)>,
    pub(super) pending: VecDeque<ReceivedEnvelope>,
    pub(super) submissions: Vec<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) jammed: BTreeSet<TransactionHash>,
    pub(super) jam_all: bool,
    /// Envelopes that were looked up, ever.
    pub(super) lookups: u64,
    /// What was applied is not told any more.
    pub(super) is_forgetful: bool,
    pub(super) fee_bid: u32,
    /// Ledgers are full: who bids less than this for an operation is not applied.
    pub(super) fee_min: i64,
}

impl State {
    pub(super) fn seen(&self, lag: usize) -> &World {
        let past = self.past.len().checked_sub(lag).and_then(|place| self.past.get(place));
        self.frozen.as_ref().or(past).unwrap_or(&self.world)
    }

    pub(super) fn take(&mut self, is_wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let index = self.faults.iter().position(is_wanted)?;
        Some(self.faults.remove(index))
    }
}

pub(super) fn new_account(id: AccountId, sequence: i64) -> AccountSnapshot {
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

//! How a server answers.

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use super::envelope::ReceivedEnvelope;
use super::world::{Entry, State};
use super::{FakeLedger, Fault};
use crate::account::AccountId;
use crate::stellar::{
    AccountSnapshot, BalanceClaim, BalanceLookup, Cursor, Failure, FailureKind, Ledger, LedgerError,
    LedgerPoint, Lookup, Movement, MovementPage, Network, PoisonRecord, Submission,
};
use crate::transaction::TransactionHash;

/// Entries of one page of history.
const PAGE: usize = 200;

impl FakeLedger {
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
        state.lookups += 1;
        if state.is_forgetful {
            return Err(LedgerError::HistoryGone { cursor: String::new() });
        }
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

//! Claimable balances that the anchor may take back.

use chrono::{DateTime, Utc};

use super::books::{Books, claim_limit, until};
use crate::account::AccountId;
use crate::id::{AttemptId, TransactionId};
use crate::store::{Claim, LastReclaim, SetAside, SetAsideState, StoreError, Stored};
use crate::transaction::{Attempt, AttemptStatus, Change, Effect, Fact, Reclaim};

/// Most that are listed.
const LIST_MAX: usize = 200;

/// By the attempt that makes it.
#[derive(Debug)]
pub(super) struct SetAsideRow {
    transaction: TransactionId,
    reclaim: Reclaim,
    /// Balance and ledger; `None` while it is made.
    made: Option<(String, u32)>,
    state: SetAsideState,
    last: Option<AttemptId>,
    due_at: DateTime<Utc>,
}

impl Books {
    pub(super) fn set_aside_make(&mut self, attempt: &Attempt, transaction: TransactionId) {
        let Some(reclaim) = attempt.reclaim.clone() else { return };
        let from = i64::try_from(reclaim.from).ok().and_then(|from| DateTime::from_timestamp(from, 0));
        let due_at = from.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let state = SetAsideState::Open;
        let row = SetAsideRow { transaction, reclaim, made: None, state, last: None, due_at };
        self.set_asides.insert(attempt.id, row);
    }

    pub(super) fn set_aside_made(&mut self, change: &Change) {
        if let Fact::AttemptApplied {
            attempt,
            ledger,
            effect: Effect::Delivered { claimable_balance: Some(balance) },
            ..
        } = &change.fact().fact
            && let Some(row) = self.set_asides.get_mut(attempt)
        {
            row.made = Some((balance.clone(), *ledger));
        }
    }

    pub(super) fn set_aside_reclaimed(&mut self, balance: &str) {
        if let Some(row) = self.set_aside(balance) {
            row.state = SetAsideState::Reclaimed;
        }
    }

    pub(super) fn set_aside_claim(&mut self, claim: &Claim, from: u64) -> Vec<SetAside> {
        let is_due = |row: &SetAsideRow| {
            row.made.is_some()
                && row.state == SetAsideState::Open
                && row.due_at <= claim.now
                && row.reclaim.from <= from
        };
        let due = self.set_asides.iter().filter(|(_, row)| is_due(row));
        let mut due: Vec<_> = due.map(|(id, row)| (row.due_at, *id)).collect();
        due.sort();
        due.truncate(claim_limit(claim));
        let until = until(claim.now, claim.lease);
        let mut claimed = Vec::with_capacity(due.len());
        for (_, id) in due {
            if let Some(row) = self.set_asides.get_mut(&id) {
                row.due_at = until;
            }
            claimed.extend(self.set_asides.get(&id).and_then(|row| self.read(row)));
        }
        claimed
    }

    pub(super) fn set_aside_wait(&mut self, balance: &str, due: DateTime<Utc>) {
        if let Some(row) = self.set_aside(balance) {
            row.due_at = due;
        }
    }

    pub(super) fn set_aside_reclaim(
        &mut self,
        balance: &str,
        before: Option<AttemptId>,
        attempt: &Attempt,
        at: DateTime<Utc>,
    ) -> Result<Stored, StoreError> {
        if self.still_open(balance, before).is_none() {
            return Ok(Stored::Stale);
        }
        let by = self.set_aside(balance).map(|row| row.reclaim.by);
        let is_open = |row: &SetAsideRow| {
            let last = row.last.and_then(|id| self.attempts.get(&id));
            Some(row.reclaim.by) == by && last.is_some_and(|row| row.status == AttemptStatus::Open)
        };
        if self.set_asides.values().any(is_open) {
            return Ok(Stored::SourceBusy);
        }
        let stored = self.attempt_open(attempt, at)?;
        if stored == Stored::Applied
            && let Some(row) = self.still_open(balance, before)
        {
            row.last = Some(attempt.id);
        }
        Ok(stored)
    }

    pub(super) fn set_aside_end(&mut self, balance: &str, before: Option<AttemptId>) -> bool {
        let row = self.still_open(balance, before);
        row.map(|row| row.state = SetAsideState::Claimed).is_some()
    }

    pub(super) fn set_aside_find(&self, balances: &[String]) -> Vec<SetAside> {
        let read = self.set_asides.values().filter_map(|row| self.read(row));
        read.filter(|one| balances.contains(&one.balance)).collect()
    }

    pub(super) fn set_aside_list(&self) -> Vec<SetAside> {
        let mut all: Vec<SetAside> = self.set_asides.values().filter_map(|row| self.read(row)).collect();
        all.sort_by(|one, other| (other.from, &other.balance).cmp(&(one.from, &one.balance)));
        all.truncate(LIST_MAX);
        all
    }

    pub(super) fn set_aside_is_pending(&self, by: &AccountId, until: u64) -> bool {
        let is_open = |id| self.attempts.get(id).is_some_and(|row| row.status == AttemptStatus::Open);
        self.set_asides.iter().any(|(id, row)| {
            row.made.is_none() && row.reclaim.by == *by && row.reclaim.from <= until && is_open(id)
        })
    }

    fn still_open(&mut self, balance: &str, before: Option<AttemptId>) -> Option<&mut SetAsideRow> {
        let row = self.set_aside(balance)?;
        (row.state == SetAsideState::Open && row.last == before).then_some(row)
    }

    fn set_aside(&mut self, balance: &str) -> Option<&mut SetAsideRow> {
        let is_it = |row: &&mut SetAsideRow| row.made.as_ref().is_some_and(|(id, _)| id == balance);
        self.set_asides.values_mut().find(is_it)
    }

    fn read(&self, row: &SetAsideRow) -> Option<SetAside> {
        let (balance, ledger) = row.made.clone()?;
        let last = row.last.and_then(|id| Some((id, self.attempts.get(&id)?)));
        Some(SetAside {
            balance,
            transaction: row.transaction,
            by: row.reclaim.by,
            asset: row.reclaim.asset.clone(),
            amount: row.reclaim.amount,
            from: row.reclaim.from,
            ledger,
            state: row.state,
            attempt: last.map(|(id, row)| LastReclaim {
                id,
                status: row.status,
                max_time: row.attempt.max_time,
                ledger: row.ledger,
            }),
        })
    }
}

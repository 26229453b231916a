//! Attempts: opened, worked on, closed. And orders, read.

use chrono::{DateTime, Utc};

use super::books::{AttemptRow, Books, Lease, claim_limit, refused, until};
use crate::account::AccountId;
use crate::id::{AttemptId, TransactionId};
use crate::store::{Bump, Claim, ClaimedAttempt, GivenUp, LeaseToken, StoreError, Stored};
use crate::transaction::{Attempt, AttemptStatus, Change, ChangeEffect, Order};

impl Books {
    /// A group opens or closes one attempt, with an operation for each of its changes, or none.
    pub(super) fn check_attempt(&self, group: &[Change]) -> Result<Stored, StoreError> {
        let Some(first) = group.first() else { return Ok(Stored::Applied) };
        let is_same = |change: &Change| match (first.effect(), change.effect()) {
            (ChangeEffect::OpenAttempt(one), ChangeEffect::OpenAttempt(other)) => one == other,
            (
                ChangeEffect::CloseAttempt { id, status, ledger, .. },
                ChangeEffect::CloseAttempt { id: other, status: end, ledger: within, .. },
            ) => id == other && status == end && ledger == within,
            (ChangeEffect::OpenAttempt(_) | ChangeEffect::CloseAttempt { .. }, _)
            | (_, ChangeEffect::OpenAttempt(_) | ChangeEffect::CloseAttempt { .. }) => false,
            _ => true,
        };
        if let Some(change) = group.iter().find(|change| !is_same(change)) {
            let id = change.transaction().id;
            return Err(StoreError::Corrupt(format!(
                "transactions {id}: not about the attempt of its group"
            )));
        }
        match first.effect() {
            ChangeEffect::OpenAttempt(attempt) => self.check_open(attempt, &ids(group)),
            ChangeEffect::CloseAttempt { id, .. } => self.check_close(*id, &ids(group)),
            ChangeEffect::None
            | ChangeEffect::OpenOrder(_)
            | ChangeEffect::UpdateOrder { .. }
            | ChangeEffect::OpenCustody(_)
            | ChangeEffect::CloseCustody { .. } => Ok(Stored::Applied),
        }
    }

    fn check_open(&self, attempt: &Attempt, transactions: &[TransactionId]) -> Result<Stored, StoreError> {
        if self.attempts.contains_key(&attempt.id) || self.hashes.contains(&attempt.hash) {
            return Err(refused("attempt_open", "the envelope is known"));
        }
        let is_busy = |row: &AttemptRow| {
            row.status == AttemptStatus::Open
                && (row.attempt.source == attempt.source
                    || transactions.iter().any(|id| row.transactions.contains(id)))
        };
        let busy = self.attempts.values().any(is_busy);
        Ok(if busy { Stored::SourceBusy } else { Stored::Applied })
    }

    fn check_close(&self, id: AttemptId, transactions: &[TransactionId]) -> Result<Stored, StoreError> {
        let corrupt = |what: &str| Err(StoreError::Corrupt(format!("attempts {id}: {what}")));
        let Some(row) = self.attempts.get(&id).filter(|row| row.status == AttemptStatus::Open) else {
            return corrupt("not open");
        };
        let is_all = row.transactions.len() == transactions.len()
            && transactions.iter().all(|id| row.transactions.contains(id));
        if is_all { Ok(Stored::Applied) } else { corrupt("closed for other transactions") }
    }

    /// Of a group that was checked.
    pub(super) fn write_attempt(&mut self, group: &[Change]) {
        let Some(first) = group.first() else { return };
        match first.effect() {
            ChangeEffect::OpenAttempt(attempt) => {
                self.open(attempt, ids(group), first.fact().at);
                self.set_aside_make(attempt, first.transaction().id);
            }
            ChangeEffect::CloseAttempt { id, status, ledger, .. } => {
                self.close(*id, *status, *ledger);
                self.set_aside_made(first);
            }
            ChangeEffect::None
            | ChangeEffect::OpenOrder(_)
            | ChangeEffect::UpdateOrder { .. }
            | ChangeEffect::OpenCustody(_)
            | ChangeEffect::CloseCustody { .. } => {}
        }
    }

    fn open(&mut self, attempt: &Attempt, transactions: Vec<TransactionId>, at: DateTime<Utc>) {
        self.hashes.insert(attempt.hash);
        if let Some(unsigned) = &attempt.unsigned {
            self.signing_open(attempt.hash, attempt.id, unsigned, at);
        }
        let row = AttemptRow {
            attempt: Attempt { unsigned: None, reclaim: None, ..attempt.clone() },
            status: AttemptStatus::Open,
            ledger: None,
            opened_at: at,
            due_at: at,
            lease: Lease::default(),
            transactions,
            bumps: Vec::new(),
        };
        self.attempts.insert(attempt.id, row);
        self.occupy(&attempt.source, attempt.id);
    }

    fn close(&mut self, id: AttemptId, status: AttemptStatus, ledger: Option<u32>) {
        let Some(row) = self.attempts.get_mut(&id) else { return };
        (row.status, row.ledger) = (status, ledger);
        row.lease.end();
        let proved = ledger.map(|_| row.attempt.sequence);
        let source = row.attempt.source;
        self.vacate(&source, id, proved);
    }

    pub(super) fn attempt_open(
        &mut self,
        attempt: &Attempt,
        at: DateTime<Utc>,
    ) -> Result<Stored, StoreError> {
        let stored = self.check_open(attempt, &[])?;
        if stored == Stored::Applied {
            self.open(attempt, Vec::new(), at);
        }
        Ok(stored)
    }

    pub(super) fn attempt_close(
        &mut self,
        id: AttemptId,
        status: AttemptStatus,
        ledger: Option<u32>,
    ) -> Result<(), StoreError> {
        let Some(row) = self.attempts.get(&id) else { return Ok(()) };
        if !row.transactions.is_empty() {
            return Err(StoreError::Corrupt(format!("attempts {id}: closed without its transactions")));
        }
        if row.status == AttemptStatus::Open {
            self.close(id, status, ledger);
        }
        Ok(())
    }

    pub(super) fn attempt_claim(&mut self, claim: &Claim) -> Vec<ClaimedAttempt> {
        let is_due = |row: &AttemptRow| {
            row.status == AttemptStatus::Open && row.due_at <= claim.now && row.lease.is_free(claim.now)
        };
        let mut found: Vec<&mut AttemptRow> = self.attempts.values_mut().filter(|row| is_due(row)).collect();
        found.sort_by_key(|row| (row.due_at, row.attempt.id));
        found.truncate(claim_limit(claim));
        let until = until(claim.now, claim.lease);
        let mut claimed = Vec::with_capacity(found.len());
        for row in found {
            let stands = |id| self.transactions.get(id).map(|row| row.transaction.clone());
            claimed.push(ClaimedAttempt {
                lease: row.lease.take(&claim.owner, until),
                attempt: row.attempt.clone(),
                bumps: row.bumps.clone(),
                opened_at: row.opened_at,
                transactions: row.transactions.iter().filter_map(stands).collect(),
            });
        }
        claimed
    }

    pub(super) fn attempt_release(&mut self, claims: &[(AttemptId, LeaseToken, DateTime<Utc>)]) {
        for (id, lease, due) in claims {
            let row = self.attempts.get_mut(id).filter(|row| row.lease.is_held_with(*lease));
            if let Some(row) = row {
                row.due_at = *due;
                row.lease.end();
            }
        }
    }

    pub(super) fn attempt_bump(&mut self, id: AttemptId, bump: &Bump) -> bool {
        let row = self.attempts.get_mut(&id).filter(|row| row.status == AttemptStatus::Open);
        let Some(row) = row else { return false };
        if row.bumps.iter().all(|known| known.hash != bump.hash) {
            row.bumps.push(Bump { unsigned: None, ..bump.clone() });
            row.bumps.sort_by_key(|bump| (bump.opened_at, bump.fee));
            if let Some(unsigned) = &bump.unsigned {
                self.signing_open(bump.hash, id, unsigned, bump.opened_at);
            }
        }
        true
    }

    pub(super) fn attempt_void_list(&self, ids: &[TransactionId]) -> Vec<GivenUp> {
        let mut rows: Vec<&AttemptRow> =
            self.attempts.values().filter(|row| row.status == AttemptStatus::Void).collect();
        rows.sort_by_key(|row| (row.opened_at, row.attempt.id));
        let of = |row: &AttemptRow| {
            let wanted = row.transactions.iter().filter(|id| ids.contains(id));
            let given_up = |id: &TransactionId| GivenUp {
                transaction: *id,
                attempt: row.attempt.clone(),
                wrappings: row.bumps.iter().map(|bump| bump.hash).collect(),
                ledger: row.ledger,
                is_superseded: self
                    .attempt_landed_at(&row.attempt.source, row.attempt.sequence)
                    .is_some_and(|other| other.id != row.attempt.id),
            };
            wanted.map(given_up).collect::<Vec<_>>()
        };
        rows.into_iter().flat_map(of).collect()
    }

    pub(super) fn attempt_fees_since(&self, since: DateTime<Utc>) -> i64 {
        let attempts = self.attempts.values().map(|row| (row.opened_at, row.attempt.fee));
        let bumps = self.attempts.values().flat_map(|row| &row.bumps);
        let all = attempts.chain(bumps.map(|bump| (bump.opened_at, bump.fee)));
        all.filter(|(at, _)| *at >= since).fold(0, |sum, (_, fee)| sum.saturating_add(fee))
    }

    pub(super) fn attempt_open_of(&self, source: &AccountId) -> Option<Attempt> {
        self.attempt_where(|row| row.attempt.source == *source && row.status == AttemptStatus::Open)
    }

    pub(super) fn attempt_landed_at(&self, source: &AccountId, sequence: i64) -> Option<Attempt> {
        self.attempt_where(|row| {
            row.attempt.source == *source && row.attempt.sequence == sequence && row.ledger.is_some()
        })
    }

    fn attempt_where(&self, is_wanted: impl Fn(&AttemptRow) -> bool) -> Option<Attempt> {
        self.attempts.values().find(|row| is_wanted(row)).map(|row| row.attempt.clone())
    }

    pub(super) fn order_open_of(&self, transaction: TransactionId) -> Option<(Order, Option<String>)> {
        self.open_order(transaction).map(|row| (row.order.clone(), row.reference.clone()))
    }
}

fn ids(group: &[Change]) -> Vec<TransactionId> {
    group.iter().map(|change| change.transaction().id).collect()
}

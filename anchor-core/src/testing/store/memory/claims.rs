//! Leases on transactions.

use chrono::{DateTime, Utc};

use super::books::{Books, Row, claim_limit, until};
use crate::id::TransactionId;
use crate::store::{Claim, Claimed, LeaseToken};
use crate::transaction::Queue;

impl Books {
    pub(super) fn claim(&mut self, queue: Queue, claim: &Claim) -> Vec<Claimed> {
        self.take(claim, |row| {
            let is_due = row.transaction.state.queue() == Some(queue) && row.due_at <= claim.now;
            is_due.then_some(row.due_at)
        })
    }

    pub(super) fn claim_overdue(&mut self, claim: &Claim) -> Vec<Claimed> {
        self.take(claim, |row| {
            let state = &row.transaction.state;
            let is_due = row.due_at <= claim.now || state.queue() == Some(Queue::Terms);
            let deadline = row.transaction.deadline.filter(|_| is_due && state.can_expire());
            deadline.filter(|deadline| *deadline <= claim.now)
        })
    }

    /// Those that nobody has, in the order of what `due` says and of their ids.
    fn take(&mut self, claim: &Claim, due: impl Fn(&Row) -> Option<DateTime<Utc>>) -> Vec<Claimed> {
        let free = self.transactions.iter_mut().filter(|(_, row)| row.lease.is_free(claim.now));
        let mut found: Vec<_> = free.filter_map(|(id, row)| Some((due(row)?, *id, row))).collect();
        found.sort_by_key(|(due, id, _)| (*due, *id));
        found.truncate(claim_limit(claim));
        let until = until(claim.now, claim.lease);
        let claimed = found.into_iter().map(|(_, _, row)| Claimed {
            lease: row.lease.take(&claim.owner, until),
            transaction: row.transaction.clone(),
        });
        claimed.collect()
    }

    pub(super) fn release(&mut self, id: TransactionId, lease: LeaseToken, due: DateTime<Utc>) {
        let row = self.transactions.get_mut(&id).filter(|row| row.lease.is_held_with(lease));
        if let Some(row) = row {
            row.due_at = due;
            row.lease.end();
        }
    }
}

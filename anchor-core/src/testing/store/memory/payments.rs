//! What arrived on watched accounts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::books::Books;
use crate::id::TransactionId;
use crate::store::{
    Disposition, Figures, Observation, Observed, PaymentRecord, Recorded, Settled, StoreError, Stored,
    SuspenseReason,
};
use crate::transaction::{Change, ChangeEffect, Fact};

/// Most movements in suspense that are listed.
const SUSPENSE_MAX: usize = 200;

impl Books {
    pub(super) fn figures(&self, since: DateTime<Utc>) -> Figures {
        let open = |reason: SuspenseReason| {
            let rows = self.payments.values().filter(|row| row.settled_by.is_none());
            let count = rows.filter(|row| row.suspense == Some(reason)).count();
            (reason, u64::try_from(count).unwrap_or_default())
        };
        let suspense = SuspenseReason::ALL.into_iter().map(open).filter(|(_, count)| *count > 0);
        let bumps = self.attempts.values().flat_map(|row| &row.bumps).filter(|bump| bump.opened_at >= since);
        let mut suspense: Vec<_> = suspense.collect();
        suspense.sort_by_key(|(reason, _)| reason.as_str());
        let number = |count: usize| u64::try_from(count).unwrap_or_default();
        Figures { suspense, poison: number(self.poison.len()), bumps: number(bumps.count()) }
    }

    pub(super) fn payments_record(&mut self, observation: &Observation) -> Result<Recorded, StoreError> {
        if !self.may_advance(&observation.lease) {
            return Ok(Recorded::Fenced);
        }
        let new = self.unknown(observation);
        if !self.all_fit(&new)? {
            return Ok(Recorded::Stale);
        }
        self.advance(&observation.lease, &observation.next);
        for observed in new {
            let (transaction, suspense, settled_by) = match &observed.disposition {
                Disposition::Matched(change) => {
                    self.write(change, false);
                    (Some(change.transaction().id), None, None)
                }
                Disposition::Suspense { reason, transaction } => (*transaction, Some(*reason), None),
                Disposition::Returned { reason, transaction, by } => {
                    self.take_payment(by);
                    (*transaction, Some(*reason), Some(by.transaction().id))
                }
                Disposition::Reclaimed { balance, transaction } => {
                    self.set_aside_reclaimed(balance);
                    (Some(*transaction), Some(SuspenseReason::Reclaimed), None)
                }
                Disposition::Own => (None, None, None),
            };
            let record = PaymentRecord {
                account: observation.lease.account,
                movement: observed.movement.clone(),
                transaction,
                suspense,
                settled_by,
                recorded_at: observation.at,
            };
            self.payments.insert(observed.movement.id.clone(), record);
        }
        for poison in &observation.poison {
            let record = (observation.lease.account, poison.clone());
            if !self.poison.iter().any(|known| known.0 == record.0 && known.1.raw == record.1.raw) {
                self.poison.push(record);
            }
        }
        Ok(Recorded::Recorded)
    }

    fn unknown<'a>(&self, observation: &'a Observation) -> Vec<&'a Observed> {
        let mut seen = BTreeSet::new();
        let observed = observation.observed.iter();
        let new = observed.filter(|observed| {
            let id = observed.movement.id.as_str();
            !self.payments.contains_key(id) && seen.insert(id)
        });
        new.collect()
    }

    /// Whether every change can be written, each after those before it.
    fn all_fit(&self, new: &[&Observed]) -> Result<bool, StoreError> {
        let mut moved: BTreeMap<TransactionId, i64> = BTreeMap::new();
        for observed in new {
            let (Disposition::Matched(change) | Disposition::Returned { by: change, .. }) =
                &observed.disposition
            else {
                continue;
            };
            if !only_takes_a_payment(change) {
                return Err(StoreError::Corrupt("a payment's change does more than take it".to_owned()));
            }
            let id = change.transaction().id;
            let fits = match moved.get(&id) {
                Some(version) => *version == change.expected_version(),
                None => self.can_take_payment(change)?,
            };
            if !fits {
                return Ok(false);
            }
            moved.insert(id, change.transaction().version);
        }
        Ok(true)
    }

    /// Whether the change that takes a payment can be written.
    fn can_take_payment(&self, change: &Change) -> Result<bool, StoreError> {
        if change.begins() {
            return Ok(!self.transactions.contains_key(&change.transaction().id));
        }
        Ok(self.check(std::slice::from_ref(change))? == Stored::Applied)
    }

    /// Writes the change that takes a payment, which was checked.
    fn take_payment(&mut self, change: &Change) {
        if change.begins() {
            self.begin(change.transaction());
        }
        self.write(change, false);
    }

    pub(super) fn suspense_settle(&mut self, payment: &str, by: &Change) -> Result<Settled, StoreError> {
        if !only_takes_a_payment(by) {
            return Err(StoreError::Corrupt("a payment's change does more than take it".to_owned()));
        }
        if !self.can_take_payment(by)? {
            return Ok(Settled::Stale);
        }
        match self.payments.get_mut(payment).filter(|payment| is_open(payment)) {
            Some(payment) => payment.settled_by = Some(by.transaction().id),
            None => return Ok(Settled::Taken),
        }
        self.take_payment(by);
        Ok(Settled::Settled)
    }

    pub(super) fn suspense(&self, reason: Option<SuspenseReason>) -> Vec<PaymentRecord> {
        let is_wanted = |payment: &&PaymentRecord| {
            is_open(payment) && reason.is_none_or(|reason| payment.suspense == Some(reason))
        };
        let mut found: Vec<&PaymentRecord> = self.payments.values().filter(is_wanted).collect();
        found.sort_by_key(|payment| (payment.recorded_at, &payment.movement.id));
        found.into_iter().rev().take(SUSPENSE_MAX).cloned().collect()
    }

    pub(super) fn payments_of(&self, transaction: TransactionId) -> Vec<PaymentRecord> {
        let is_of = |payment: &&PaymentRecord| {
            payment.transaction == Some(transaction) || payment.settled_by == Some(transaction)
        };
        let mut found: Vec<&PaymentRecord> = self.payments.values().filter(is_of).collect();
        found.sort_by_key(|payment| (payment.movement.ledger, &payment.movement.id));
        found.into_iter().cloned().collect()
    }
}

const fn is_open(payment: &PaymentRecord) -> bool {
    payment.suspense.is_some() && payment.settled_by.is_none()
}

fn only_takes_a_payment(change: &Change) -> bool {
    matches!(change.effect(), ChangeEffect::None) && matches!(change.fact().fact, Fact::PaymentSeen { .. })
}

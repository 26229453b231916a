//! What arrived on watched accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::books::Books;
use crate::id::TransactionId;
use crate::store::{Disposition, Observation, Observed, PaymentRecord, Recorded, StoreError, Stored};
use crate::transaction::{Change, ChangeEffect, Fact};

/// Most movements in suspense that are listed.
const SUSPENSE_MAX: usize = 200;

impl Books {
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
            let (transaction, suspense) = match &observed.disposition {
                Disposition::Matched(change) => {
                    self.write(change, false);
                    (Some(change.transaction().id), None)
                }
                Disposition::Suspense { reason, transaction } => (*transaction, Some(*reason)),
                Disposition::Own => (None, None),
            };
            let record = PaymentRecord {
                account: observation.lease.account,
                movement: observed.movement.clone(),
                transaction,
                suspense,
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
            let Disposition::Matched(change) = &observed.disposition else { continue };
            if !only_takes_a_payment(change) {
                return Err(StoreError::Corrupt("a payment's change does more than take it".to_owned()));
            }
            let id = change.transaction().id;
            let fits = match moved.get(&id) {
                Some(version) => *version == change.expected_version(),
                None => self.check(std::slice::from_ref(&**change))? == Stored::Applied,
            };
            if !fits {
                return Ok(false);
            }
            moved.insert(id, change.transaction().version);
        }
        Ok(true)
    }

    pub(super) fn suspense(&self) -> Vec<PaymentRecord> {
        let mut found: Vec<&PaymentRecord> =
            self.payments.values().filter(|payment| payment.suspense.is_some()).collect();
        found.sort_by_key(|payment| (payment.recorded_at, &payment.movement.id));
        found.into_iter().rev().take(SUSPENSE_MAX).cloned().collect()
    }

    pub(super) fn payments_of(&self, transaction: TransactionId) -> Vec<PaymentRecord> {
        let mut found: Vec<&PaymentRecord> =
            self.payments.values().filter(|payment| payment.transaction == Some(transaction)).collect();
        found.sort_by_key(|payment| (payment.movement.ledger, &payment.movement.id));
        found.into_iter().cloned().collect()
    }
}

fn only_takes_a_payment(change: &Change) -> bool {
    matches!(change.effect(), ChangeEffect::None) && matches!(change.fact().fact, Fact::PaymentSeen { .. })
}

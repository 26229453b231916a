//! Steps of transactions: first everything is looked at, then everything is written.

use std::collections::BTreeMap;

use super::books::{Books, EventRow, HistoryRow, Lease, OrderRow, Row, refused};
use crate::id::TransactionId;
use crate::store::{EventProgress, StoreError, Stored};
use crate::transaction::{Change, ChangeEffect, Fact, FactRecord, OrderStatus, Receipt, Receiving};

impl Books {
    /// All of them or none.
    pub(super) fn apply(&mut self, group: &[Change], keep_lease: bool) -> Result<Stored, StoreError> {
        let stored = self.check(group)?;
        if stored == Stored::Applied {
            for change in group {
                self.write(change, keep_lease);
            }
            self.write_attempt(group);
        }
        Ok(stored)
    }

    /// What the store would answer; nothing is written.
    pub(super) fn check(&self, group: &[Change]) -> Result<Stored, StoreError> {
        if !(self.ignores_versions || self.are_current(group)) {
            return Ok(Stored::Stale);
        }
        let mut memos = group.iter().filter_map(new_memo);
        if memos.any(|receiving| self.memo_is_taken(receiving)) {
            return Ok(Stored::MemoTaken);
        }
        let mut receipts = group.iter().filter_map(new_receipt);
        if receipts.any(|receipt| self.receipts.contains(&receipt_key(receipt))) {
            return Ok(Stored::ReceiptTaken);
        }
        match self.check_attempt(group)? {
            Stored::Applied => self.check_orders(group),
            busy => Ok(busy),
        }
    }

    /// Each on the version that is stored, or that one before it in the group leaves.
    fn are_current(&self, group: &[Change]) -> bool {
        let mut moved: BTreeMap<TransactionId, i64> = BTreeMap::new();
        group.iter().all(|change| {
            let next = change.transaction();
            let stored = self.transactions.get(&next.id).map(|row| row.transaction.version);
            let version = moved.insert(next.id, next.version).or(stored);
            version == Some(change.expected_version())
        })
    }

    fn check_orders(&self, group: &[Change]) -> Result<Stored, StoreError> {
        for change in group {
            let id = change.transaction().id;
            match change.effect() {
                ChangeEffect::OpenOrder(order) => {
                    if self.orders.contains_key(&order.id) {
                        return Err(refused("transaction_apply", "the order is known"));
                    }
                    if self.open_order(id).is_some() {
                        return Ok(Stored::SourceBusy);
                    }
                }
                ChangeEffect::UpdateOrder { id: order, .. } => {
                    let is_open =
                        |row: &&OrderRow| row.order.transaction == id && row.status == OrderStatus::Open;
                    if self.orders.get(order).filter(is_open).is_none() {
                        let what = format!("transactions {id}: the open order is not there");
                        return Err(StoreError::Corrupt(what));
                    }
                }
                ChangeEffect::OpenCustody(_) | ChangeEffect::CloseCustody { .. } => {
                    match self.check_custody(change)? {
                        Stored::Applied => {}
                        busy => return Ok(busy),
                    }
                }
                ChangeEffect::None | ChangeEffect::OpenAttempt(_) | ChangeEffect::CloseAttempt { .. } => {}
            }
        }
        Ok(Stored::Applied)
    }

    /// Of a change that was checked.
    pub(super) fn write(&mut self, change: &Change, keep_lease: bool) {
        let (next, record) = (change.transaction(), change.fact());
        let Some(row) = self.transactions.get_mut(&next.id) else { return };
        row.transaction = next.clone();
        row.due_at = record.at;
        if !keep_lease {
            row.lease.end();
        }
        row.history.push(HistoryRow { version: next.version, record: without_envelope(record) });
        if let Some(receiving) = new_memo(change) {
            self.memos.insert((receiving.account, receiving.memo.clone()), next.id);
        }
        if let Some(receipt) = new_receipt(change) {
            self.receipts.insert(receipt_key(receipt));
        }
        if let Some(told) = change.answers() {
            self.answers_write(next.id, told);
        }
        self.write_order(change);
        for (place, event) in change.events().iter().enumerate() {
            let key = (next.id, next.version, place);
            let row = EventRow {
                event: event.clone(),
                tries: 0,
                progress: EventProgress::default(),
                due_at: event.at,
                delivered: false,
                lease: Lease::default(),
            };
            self.event_keys.insert(event.id, key);
            self.events.insert(key, row);
        }
    }

    fn write_order(&mut self, change: &Change) {
        match change.effect() {
            ChangeEffect::OpenOrder(order) => {
                let row = OrderRow { order: order.clone(), status: OrderStatus::Open, reference: None };
                self.orders.insert(order.id, row);
            }
            ChangeEffect::UpdateOrder { id, status, reference } => {
                if let Some(row) = self.orders.get_mut(id) {
                    row.status = *status;
                    // a reference that is known already stays when the rails leave it out
                    row.reference = reference.clone().or(row.reference.take());
                }
            }
            ChangeEffect::OpenCustody(_) | ChangeEffect::CloseCustody { .. } => self.write_custody(change),
            ChangeEffect::None | ChangeEffect::OpenAttempt(_) | ChangeEffect::CloseAttempt { .. } => {}
        }
    }

    pub(super) fn open_order(&self, transaction: TransactionId) -> Option<&OrderRow> {
        let is_open =
            |row: &&OrderRow| row.order.transaction == transaction && row.status == OrderStatus::Open;
        self.orders.values().find(is_open)
    }

    /// Oldest first; at one version first what led to it, then what did not fit it.
    pub(super) fn history(&self, transaction: TransactionId) -> Vec<FactRecord> {
        let Some(row) = self.transactions.get(&transaction) else { return Vec::new() };
        let mut rows: Vec<&HistoryRow> = row.history.iter().collect();
        rows.sort_by_key(|row| (row.version, row.record.refused.is_some(), row.record.at, row.record.id));
        rows.into_iter().map(|row| row.record.clone()).collect()
    }

    pub(super) fn anomaly(&mut self, record: &FactRecord) -> Result<(), StoreError> {
        let row: Option<&mut Row> = self.transactions.get_mut(&record.transaction);
        let row = row.ok_or_else(|| refused("fact_anomaly", "there is no such transaction"))?;
        let subject = subject(&record.fact);
        let is_same = |known: &HistoryRow| {
            let known = &known.record;
            known.id == record.id
                || subject.is_some() && known.refused.is_some() && self::subject(&known.fact) == subject
        };
        if !row.history.iter().any(is_same) {
            let version = row.transaction.version;
            row.history.push(HistoryRow { version, record: record.clone() });
        }
        Ok(())
    }
}

/// The history does not repeat what the attempt's own row has.
fn without_envelope(record: &FactRecord) -> FactRecord {
    let mut record = record.clone();
    if let Fact::AttemptOpened { attempt } = &mut record.fact {
        (attempt.envelope, attempt.unsigned, attempt.reclaim) = ("".into(), None, None);
    }
    record
}

fn new_memo(change: &Change) -> Option<&Receiving> {
    match &change.fact().fact {
        Fact::TermsAgreed { terms } => terms.receiving.as_ref(),
        _ => None,
    }
}

/// What the ledger brings is unique by its operation; only the rails' word is not.
fn new_receipt(change: &Change) -> Option<&Receipt> {
    match &change.fact().fact {
        Fact::FundsReceived { receipt, .. } => Some(receipt),
        _ => None,
    }
}

fn receipt_key(receipt: &Receipt) -> (String, String) {
    (receipt.amount.asset.to_string(), receipt.reference.clone())
}

/// What makes two anomalies the same one: jobs report them again at every turn.
fn subject(fact: &Fact) -> Option<(&'static str, String)> {
    let subject = match fact {
        Fact::FundsReceived { receipt, .. } | Fact::PaymentSeen { receipt, .. } => {
            return Some(("receipt", receipt.reference.clone()));
        }
        Fact::PayoutInitiated { order, .. }
        | Fact::PayoutReadyForPickup { order, .. }
        | Fact::PayoutDelivered { order, .. }
        | Fact::PayoutRefused { order, .. }
        | Fact::PayoutNeedsInfo { order, .. } => order.to_string(),
        Fact::PayoutIntended { order } => order.id.to_string(),
        Fact::AttemptOpened { attempt } => attempt.id.to_string(),
        Fact::CustodyIntended { order } => order.id.to_string(),
        Fact::AttemptApplied { attempt, .. }
        | Fact::AttemptVoided { attempt, .. }
        | Fact::CustodyApplied { attempt, .. }
        | Fact::CustodyRejected { attempt, .. }
        | Fact::CustodyDisputed { attempt, .. } => attempt.to_string(),
        _ => return None,
    };
    Some((fact.name(), subject))
}

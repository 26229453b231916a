//! Orders to the custodian.

use super::books::{Books, CustodyRow, refused};
use crate::id::TransactionId;
use crate::store::{CustodyRecord, StoreError, Stored};
use crate::transaction::{Change, ChangeEffect, CustodyStatus, TransactionHash};

impl Books {
    pub(super) fn check_custody(&self, change: &Change) -> Result<Stored, StoreError> {
        let transaction = change.transaction().id;
        match change.effect() {
            ChangeEffect::OpenCustody(order) => {
                if self.custody.contains_key(&order.id) {
                    return Err(refused("transaction_apply", "the order to the custodian is known"));
                }
                let is_open = |row: &CustodyRow| {
                    row.order.transaction == transaction && row.status == CustodyStatus::Open
                };
                let busy = self.custody.values().any(is_open);
                Ok(if busy { Stored::SourceBusy } else { Stored::Applied })
            }
            ChangeEffect::CloseCustody { id, carried, .. } => {
                let is_open = |row: &&CustodyRow| {
                    row.order.transaction == transaction && row.status == CustodyStatus::Open
                };
                if self.custody.get(id).filter(is_open).is_none() {
                    let what = format!("transactions {transaction}: the open order is not there");
                    return Err(StoreError::Corrupt(what));
                }
                let movement = carried.as_ref().map(|(_, movement)| movement);
                let is_taken = movement.is_some_and(|movement| {
                    let carried = self.custody.values().filter_map(|row| row.carried.as_ref());
                    carried.into_iter().any(|(_, known)| known == movement)
                });
                Ok(if is_taken { Stored::SourceBusy } else { Stored::Applied })
            }
            _ => Ok(Stored::Applied),
        }
    }

    /// Of a change that was checked.
    pub(super) fn write_custody(&mut self, change: &Change) {
        match change.effect() {
            ChangeEffect::OpenCustody(order) => {
                let row = CustodyRow {
                    order: order.clone(),
                    status: CustodyStatus::Open,
                    opened_at: change.fact().at,
                    carried: None,
                };
                self.custody.insert(order.id, row);
            }
            ChangeEffect::CloseCustody { id, status, carried, .. } => {
                if let Some(row) = self.custody.get_mut(id) {
                    row.status = *status;
                    row.carried.clone_from(carried);
                }
            }
            _ => {}
        }
    }

    pub(super) fn custody_list(&self, transaction: TransactionId) -> Vec<CustodyRecord> {
        let mut rows: Vec<&CustodyRow> =
            self.custody.values().filter(|row| row.order.transaction == transaction).collect();
        rows.sort_by_key(|row| (row.opened_at, row.order.id));
        let record = |row: &CustodyRow| CustodyRecord {
            order: row.order.clone(),
            status: row.status,
            opened_at: row.opened_at,
        };
        rows.into_iter().map(record).collect()
    }

    pub(super) fn custody_movements(&self, hash: &TransactionHash) -> Vec<String> {
        let carried = self.custody.values().filter_map(|row| row.carried.as_ref());
        carried.filter(|(known, _)| known == hash).map(|(_, movement)| movement.clone()).collect()
    }
}

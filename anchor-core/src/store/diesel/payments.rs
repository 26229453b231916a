//! What arrived on watched accounts.

use std::collections::HashSet;

use diesel::prelude::*;

use super::bulk::insert_all;
use super::changes::apply;
use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::End;
use super::rows::payment::{PaymentRow, PoisonRow};
use super::schema::{payments, poison_records};
use super::watches::advance;
use crate::store::{Disposition, Observation, Observed, PaymentRecord, Recorded, Stored};

/// Most movements in suspense that are listed.
const SUSPENSE_MAX: i64 = 200;

/// Most ids asked for in one query.
const KNOWN_CHUNK: usize = 500;

pub(super) fn record(
    connection: &mut AnyConnection,
    observation: &Observation,
) -> Result<End<Recorded>, Fault> {
    if !advance(connection, &observation.lease, &observation.next)? {
        return Ok(End::Rollback(Recorded::Fenced));
    }
    let mut known = known(connection, &observation.observed)?;
    let mut rows = Vec::with_capacity(observation.observed.len());
    for observed in &observation.observed {
        if !known.insert(observed.movement.id.clone()) {
            continue;
        }
        if let Disposition::Matched(change) = &observed.disposition {
            match apply(connection, &[std::slice::from_ref(&**change)], false)? {
                Stored::Applied => {}
                Stored::Stale => return Ok(End::Rollback(Recorded::Stale)),
                Stored::SourceBusy | Stored::MemoTaken | Stored::ReceiptTaken => {
                    return Err(Fault::Corrupt("a payment's change does more than take it".to_owned()));
                }
            }
        }
        rows.push(row(observation, observed));
    }
    insert_all!(connection, payments::table, rows);
    for poison in &observation.poison {
        let row = PoisonRow::new(&observation.lease.account, poison, observation.at);
        let stored = poison_records::table.filter(poison_records::id.eq(&row.id)).count();
        if stored.get_result::<i64>(connection)? == 0 {
            diesel::insert_into(poison_records::table).values(row).execute(connection)?;
        }
    }
    Ok(End::Commit(Recorded::Recorded))
}

fn known(connection: &mut AnyConnection, observed: &[Observed]) -> Result<HashSet<String>, Fault> {
    let mut known = HashSet::new();
    for chunk in observed.chunks(KNOWN_CHUNK) {
        let ids = chunk.iter().map(|observed| observed.movement.id.as_str());
        let stored: Vec<String> = payments::table
            .filter(payments::operation_id.eq_any(ids))
            .select(payments::operation_id)
            .load(connection)?;
        known.extend(stored);
    }
    Ok(known)
}

fn row(observation: &Observation, observed: &Observed) -> PaymentRow {
    let (transaction, suspense) = match &observed.disposition {
        Disposition::Matched(change) => (Some(change.transaction().id), None),
        Disposition::Suspense { reason, transaction } => (*transaction, Some(*reason)),
        Disposition::Own => (None, None),
    };
    PaymentRow::new(&observation.lease.account, &observed.movement, transaction, suspense, observation.at)
}

pub(super) fn suspense(connection: &mut AnyConnection) -> Result<Vec<PaymentRecord>, Fault> {
    let rows: Vec<PaymentRow> = payments::table
        .filter(payments::suspense.is_not_null())
        .order((payments::recorded_at.desc(), payments::operation_id.desc()))
        .limit(SUSPENSE_MAX)
        .select(PaymentRow::columns())
        .load(connection)?;
    rows.into_iter().map(PaymentRow::read).collect()
}

pub(super) fn of_transaction(
    connection: &mut AnyConnection,
    transaction: &str,
) -> Result<Vec<PaymentRecord>, Fault> {
    let rows: Vec<PaymentRow> = payments::table
        .filter(payments::transaction_id.eq(transaction))
        .order((payments::ledger, payments::operation_id))
        .select(PaymentRow::columns())
        .load(connection)?;
    rows.into_iter().map(PaymentRow::read).collect()
}

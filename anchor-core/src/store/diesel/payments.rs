//! What arrived on watched accounts.

use std::collections::HashSet;

use diesel::prelude::*;

use super::bulk::insert_all;
use super::changes::{apply, begin};
use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::End;
use super::rows::codec::{free_text, stamp};
use super::rows::payment::{PaymentRow, PoisonRow};
use super::schema::{payments, poison_records};
use super::set_asides;
use super::watches::advance;
use crate::store::{
    Disposition, Observation, Observed, PaymentRecord, Recorded, Settled, Stored, SuspenseReason,
};
use crate::transaction::Change;

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
    let mut changes: Vec<&Change> = Vec::new();
    let mut reclaimed: Vec<&str> = Vec::new();
    for observed in &observation.observed {
        if let Disposition::Reclaimed { balance, .. } = &observed.disposition {
            // also where the payment is known: then somebody wrote it who knew nothing of balances
            reclaimed.push(balance);
        }
        if !known.insert(observed.movement.id.clone()) {
            continue;
        }
        match &observed.disposition {
            Disposition::Matched(change) | Disposition::Returned { by: change, .. } => changes.push(change),
            Disposition::Reclaimed { .. } | Disposition::Suspense { .. } | Disposition::Own => {}
        }
        rows.push(row(observation, observed));
    }
    if take(connection, &changes)? == Stored::Stale {
        return Ok(End::Rollback(Recorded::Stale));
    }
    insert_all!(connection, payments::table, rows);
    set_asides::reclaimed(connection, &reclaimed)?;
    for poison in &observation.poison {
        let row = PoisonRow::new(&observation.lease.account, poison, observation.at);
        let stored = poison_records::table.filter(poison_records::id.eq(&row.id)).count();
        if stored.get_result::<i64>(connection)? == 0 {
            diesel::insert_into(poison_records::table).values(row).execute(connection)?;
        }
    }
    Ok(End::Commit(Recorded::Recorded))
}

/// Writes the changes that take payments: [`Stored::Applied`] or [`Stored::Stale`].
fn take(connection: &mut AnyConnection, changes: &[&Change]) -> Result<Stored, Fault> {
    for step in steps(changes) {
        let (first, others): (Vec<&Change>, Vec<&Change>) = step.iter().partition(|change| change.begins());
        begin(connection, &first)?;
        if take_next(connection, &others)? == Stored::Stale {
            return Ok(Stored::Stale);
        }
    }
    Ok(Stored::Applied)
}

/// As many changes at once as are about different transactions: a second payment for one builds upon the first.
fn steps<'c>(changes: &'c [&'c Change]) -> Vec<&'c [&'c Change]> {
    let (mut steps, mut begin, mut seen) = (Vec::new(), 0, HashSet::new());
    for (place, change) in changes.iter().enumerate() {
        if !seen.insert(change.transaction().id) {
            steps.push(&changes[begin..place]);
            begin = place;
            seen = HashSet::from([change.transaction().id]);
        }
    }
    steps.push(&changes[begin..]);
    steps
}

fn take_next(connection: &mut AnyConnection, changes: &[&Change]) -> Result<Stored, Fault> {
    if changes.is_empty() {
        return Ok(Stored::Applied);
    }
    let groups: Vec<&[Change]> = changes.iter().map(|change| std::slice::from_ref(*change)).collect();
    match apply(connection, &groups, false)? {
        stored @ (Stored::Applied | Stored::Stale) => Ok(stored),
        Stored::SourceBusy | Stored::MemoTaken | Stored::ReceiptTaken => {
            Err(Fault::Corrupt("a payment's change does more than take it".to_owned()))
        }
    }
}

/// The change first, because the payment refers to its transaction; whoever comes second is rolled back with it.
pub(super) fn settle(
    connection: &mut AnyConnection,
    payment: &str,
    by: &Change,
) -> Result<End<Settled>, Fault> {
    if take(connection, &[by])? == Stored::Stale {
        return Ok(End::Rollback(Settled::Stale));
    }
    let open = payments::table
        .filter(payments::operation_id.eq(free_text(payment)))
        .filter(payments::suspense.is_not_null())
        .filter(payments::settled_by.is_null());
    let settled = diesel::update(open)
        .set((
            payments::settled_by.eq(by.transaction().id.to_string()),
            payments::settled_at.eq(stamp(by.fact().at)),
        ))
        .execute(connection)?;
    Ok(if settled == 1 { End::Commit(Settled::Settled) } else { End::Rollback(Settled::Taken) })
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
    let (transaction, suspense, settled_by) = match &observed.disposition {
        Disposition::Matched(change) => (Some(change.transaction().id), None, None),
        Disposition::Suspense { reason, transaction } => (*transaction, Some(*reason), None),
        Disposition::Returned { reason, transaction, by } => {
            (*transaction, Some(*reason), Some(by.transaction().id))
        }
        Disposition::Reclaimed { transaction, .. } => {
            (Some(*transaction), Some(SuspenseReason::Reclaimed), None)
        }
        Disposition::Own => (None, None, None),
    };
    let (account, movement) = (&observation.lease.account, &observed.movement);
    PaymentRow::new(account, movement, transaction, suspense, settled_by, observation.at)
}

pub(super) fn fetch(connection: &mut AnyConnection, id: &str) -> Result<Option<PaymentRecord>, Fault> {
    let row: Option<PaymentRow> = payments::table
        .filter(payments::operation_id.eq(free_text(id)))
        .select(PaymentRow::columns())
        .get_result(connection)
        .optional()?;
    row.map(PaymentRow::read).transpose()
}

pub(super) fn suspense(
    connection: &mut AnyConnection,
    reason: Option<SuspenseReason>,
) -> Result<Vec<PaymentRecord>, Fault> {
    let mut open = payments::table
        .filter(payments::suspense.is_not_null())
        .filter(payments::settled_by.is_null())
        .into_boxed();
    if let Some(reason) = reason {
        open = open.filter(payments::suspense.eq(reason.as_str()));
    }
    let rows: Vec<PaymentRow> = open
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
        .filter(payments::transaction_id.eq(transaction).or(payments::settled_by.eq(transaction)))
        .order((payments::ledger, payments::operation_id))
        .select(PaymentRow::columns())
        .load(connection)?;
    rows.into_iter().map(PaymentRow::read).collect()
}

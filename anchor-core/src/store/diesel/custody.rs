//! Orders to the custodian.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::{free_text, stamp};
use super::rows::custody::CustodyRow;
use super::schema::custody_orders;
use crate::id::{AttemptId, TransactionId};
use crate::store::CustodyRecord;
use crate::transaction::{CustodyOrder, CustodyStatus, TransactionHash};

/// How many rows were written: one.
pub(super) fn open(
    connection: &mut AnyConnection,
    order: &CustodyOrder,
    at: DateTime<Utc>,
) -> Result<usize, Fault> {
    let row = CustodyRow::open(order, at)?;
    Ok(diesel::insert_into(custody_orders::table).values(row).execute(connection)?)
}

/// How many rows were written: one, if the order is open.
pub(super) fn close(
    connection: &mut AnyConnection,
    transaction: &str,
    id: AttemptId,
    status: CustodyStatus,
    carried: Option<&(TransactionHash, String)>,
    note: Option<&str>,
    at: DateTime<Utc>,
) -> Result<usize, Fault> {
    let open = custody_orders::table
        .filter(custody_orders::id.eq(id.to_string()))
        .filter(custody_orders::transaction_id.eq(transaction))
        .filter(custody_orders::closed_at.is_null());
    let updated = diesel::update(open)
        .set((
            custody_orders::status.eq(status.as_str()),
            custody_orders::hash.eq(carried.map(|(hash, _)| hash.to_string())),
            custody_orders::movement.eq(carried.map(|(_, movement)| movement.as_str())),
            custody_orders::note.eq(note.map(free_text)),
            custody_orders::closed_at.eq(stamp(at)),
        ))
        .execute(connection)?;
    Ok(updated)
}

pub(super) fn list(
    connection: &mut AnyConnection,
    transaction: TransactionId,
) -> Result<Vec<CustodyRecord>, Fault> {
    let rows: Vec<CustodyRow> = custody_orders::table
        .filter(custody_orders::transaction_id.eq(transaction.to_string()))
        .order((custody_orders::opened_at, custody_orders::id))
        .select(CustodyRow::columns())
        .load(connection)?;
    rows.into_iter().map(CustodyRow::read).collect()
}

pub(super) fn movements(
    connection: &mut AnyConnection,
    hash: &TransactionHash,
) -> Result<Vec<String>, Fault> {
    let found: Vec<Option<String>> = custody_orders::table
        .filter(custody_orders::hash.eq(hash.to_string()))
        .select(custody_orders::movement)
        .load(connection)?;
    Ok(found.into_iter().flatten().collect())
}

//! Facts and orders, read.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::attempt::OrderRow;
use super::rows::fact::FactRow;
use super::schema::{facts, orders, transactions};
use crate::id::TransactionId;
use crate::transaction::{FactRecord, Order};

pub(super) fn facts(
    connection: &mut AnyConnection,
    transaction: TransactionId,
) -> Result<Vec<FactRecord>, Fault> {
    let rows: Vec<FactRow> = facts::table
        .filter(facts::transaction_id.eq(transaction.to_string()))
        // at one version: first what led to it, then what did not fit it
        .order((facts::version, facts::refused.is_not_null(), facts::at, facts::id))
        .select(FactRow::columns())
        .load(connection)?;
    rows.into_iter().map(FactRow::read).collect()
}

pub(super) fn anomaly(connection: &mut AnyConnection, record: &FactRecord) -> Result<(), Fault> {
    let version: i64 = transactions::table
        .filter(transactions::id.eq(record.transaction.to_string()))
        .select(transactions::version)
        .first(connection)?;
    let row = FactRow::new(record, version)?;
    if let Some(key) = &row.anomaly_key {
        let same = facts::table
            .filter(facts::transaction_id.eq(&row.transaction_id))
            .filter(facts::anomaly_key.eq(key))
            .count();
        if same.get_result::<i64>(connection)? > 0 {
            return Ok(());
        }
    }
    let again = facts::table.filter(facts::id.eq(&row.id)).count();
    if again.get_result::<i64>(connection)? == 0 {
        diesel::insert_into(facts::table).values(row).execute(connection)?;
    }
    Ok(())
}

pub(super) fn order_open_of(
    connection: &mut AnyConnection,
    transaction: TransactionId,
) -> Result<Option<(Order, Option<String>)>, Fault> {
    let row: Option<OrderRow> = orders::table
        .filter(orders::transaction_id.eq(transaction.to_string()))
        .filter(orders::closed_at.is_null())
        .select(OrderRow::columns())
        .first(connection)
        .optional()?;
    row.map(OrderRow::read).transpose()
}

//! The ends of attempts: written with their operations, and their channels are free again.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

#[cfg(feature = "postgres")]
use super::bulk::{AT_ONCE, Cell, Many};
#[cfg(feature = "sqlite")]
use super::bulk::{Bind, Fixed};
use super::channels::{self, Left};
use super::connection::AnyConnection;
use super::fault::Fault;

/// The end of an attempt, with the transactions of all its operations.
pub(super) struct Closing {
    pub(super) id: String,
    pub(super) status: String,
    /// The ledger that holds it, and has used its sequence number for it.
    pub(super) ledger: Option<i64>,
    pub(super) note: Option<String>,
    pub(super) at: NaiveDateTime,
    pub(super) transactions: Vec<String>,
}

/// An attempt that was open until now, and the account and sequence number that it used.
type Ended = (String, String, i64);

/// Closes open attempts, each with exactly these transactions, and sets their channels free.
pub(super) fn close(connection: &mut AnyConnection, closings: &[Closing]) -> Result<(), Fault> {
    if closings.is_empty() {
        return Ok(());
    }
    let ended = end(connection, closings)?;
    if let Some(closing) = closings.iter().find(|closing| !ended.contains(&closing.id)) {
        return Err(Fault::Corrupt(format!("attempts {}: not open", closing.id)));
    }
    let mut operations: HashMap<String, Vec<String>> = HashMap::new();
    for (attempt, transaction) in end_operations(connection, closings)? {
        operations.entry(attempt).or_default().push(transaction);
    }
    for closing in closings {
        let of_attempt = operations.get(&closing.id).map_or(&[][..], Vec::as_slice);
        let is_all = of_attempt.len() == closing.transactions.len()
            && closing.transactions.iter().all(|id| of_attempt.contains(id));
        if !is_all {
            return Err(Fault::Corrupt(format!("attempts {}: closed for other transactions", closing.id)));
        }
    }
    Ok(())
}

/// Which of them were open.
pub(super) fn end(connection: &mut AnyConnection, closings: &[Closing]) -> Result<Vec<String>, Fault> {
    let ended: HashMap<String, Ended> =
        write_end(connection, closings)?.into_iter().map(|ended| (ended.0.clone(), ended)).collect();
    let left = closings.iter().filter_map(|closing| {
        let (attempt, account, sequence) = ended.get(&closing.id)?.clone();
        // nobody but us uses the keys of the pool: its last number is known if a ledger holds the envelope
        Some(Left { account, attempt, sequence: closing.ledger.map(|_| sequence) })
    });
    let left: Vec<Left> = left.collect();
    channels::vacate(connection, &left)?;
    Ok(ended.into_keys().collect())
}

fn write_end(connection: &mut AnyConnection, closings: &[Closing]) -> QueryResult<Vec<Ended>> {
    let mut ended = Vec::with_capacity(closings.len());
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            for some in closings.chunks(AT_ONCE) {
                let columns = vec![
                    Cell::column(some.iter().map(|closing| &closing.id)),
                    Cell::column(some.iter().map(|closing| &closing.status)),
                    Cell::column(some.iter().map(|closing| &closing.ledger)),
                    Cell::column(some.iter().map(|closing| &closing.note)),
                    Cell::column(some.iter().map(|closing| &closing.at)),
                ];
                let end = Many::new(END, columns, END_OPEN).returning::<(Text, Text, BigInt)>();
                ended.extend(end.load::<Ended>(postgres)?);
            }
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            for closing in closings {
                let binds = vec![
                    Bind::from(&closing.status),
                    Bind::from(&closing.ledger),
                    Bind::from(&closing.note),
                    Bind::from(&closing.at),
                    Bind::from(&closing.id),
                ];
                let end = Fixed::new(END_ONE, binds).returning::<(Text, Text, BigInt)>();
                let one: Option<Ended> = end.get_result(sqlite).optional()?;
                ended.extend(one);
            }
        }
    }
    Ok(ended)
}

/// The transactions of all operations that were open until now, with their attempts.
fn end_operations(
    connection: &mut AnyConnection,
    closings: &[Closing],
) -> QueryResult<Vec<(String, String)>> {
    let mut ended = Vec::new();
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            for some in closings.chunks(AT_ONCE) {
                let columns = vec![
                    Cell::column(some.iter().map(|closing| &closing.id)),
                    Cell::column(some.iter().map(|closing| &closing.at)),
                ];
                let end = Many::new(END_ITEMS, columns, END_ITEMS_OPEN).returning::<(Text, Text)>();
                ended.extend(end.load::<(String, String)>(postgres)?);
            }
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            for closing in closings {
                let binds = vec![Bind::from(&closing.at), Bind::from(&closing.id)];
                let end = Fixed::new(END_ITEMS_ONE, binds).returning::<(Text, Text)>();
                ended.extend(end.load::<(String, String)>(sqlite)?);
            }
        }
    }
    Ok(ended)
}

#[cfg(feature = "postgres")]
const END: &str = "UPDATE attempts AS a SET status = u.status, ledger = u.ledger, note = u.note, \
     closed_at = u.closed_at, lease_owner = NULL, lease_until = NULL FROM ";
#[cfg(feature = "postgres")]
const END_OPEN: &str = " AS u (id, status, ledger, note, closed_at) \
     WHERE a.id = u.id AND a.closed_at IS NULL RETURNING a.id, a.source, a.sequence";

#[cfg(feature = "postgres")]
const END_ITEMS: &str = "UPDATE attempt_items AS i SET closed_at = u.closed_at FROM ";
/// `IS TRUE` keeps PostgreSQL from reading the whole index of open items for each attempt, which it takes for short as long as
/// it does not know better.
#[cfg(feature = "postgres")]
const END_ITEMS_OPEN: &str = " AS u (id, closed_at) WHERE i.attempt_id = u.id AND (i.closed_at IS NULL) IS TRUE \
     RETURNING i.attempt_id, i.transaction_id";

#[cfg(feature = "sqlite")]
const END_ONE: &str = "UPDATE attempts SET status = ?, ledger = ?, note = ?, closed_at = ?, lease_owner = NULL, \
     lease_until = NULL WHERE id = ? AND closed_at IS NULL RETURNING id, source, sequence";
#[cfg(feature = "sqlite")]
const END_ITEMS_ONE: &str = "UPDATE attempt_items SET closed_at = ? WHERE attempt_id = ? AND closed_at IS NULL \
     RETURNING attempt_id, transaction_id";

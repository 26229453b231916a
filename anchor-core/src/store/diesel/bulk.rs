//! Many rows at once. On PostgreSQL in one statement, because each one is a journey to the server; on SQLite, which
//! lives in this process, one by one with a statement that is prepared once.

use diesel::prelude::*;
#[cfg(feature = "postgres")]
use diesel::sql_types::Text;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::transaction::TransactionRow;
use super::schema::transactions;

/// So many rows of any table fit into one statement: PostgreSQL counts its parameters with 16 bits.
#[cfg(feature = "postgres")]
pub(super) const AT_ONCE: usize = 1_000;

/// Inserts all rows of a vector, in their order.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {
        match &mut *$connection {
            #[cfg(feature = "postgres")]
            $crate::store::diesel::connection::AnyConnection::Postgres(postgres) if $rows.len() > 1 => {
                let mut rows = $rows.into_iter().peekable();
                while rows.peek().is_some() {
                    let some: Vec<_> = rows.by_ref().take($crate::store::diesel::bulk::AT_ONCE).collect();
                    diesel::insert_into($table).values(some).execute(postgres)?;
                }
            }
            // prepared once
            any => {
                for row in $rows {
                    diesel::insert_into($table).values(row).execute(any)?;
                }
            }
        }
    };
}
pub(super) use insert_all;

/// Writes transactions whose stored version is the one before. How many were written.
pub(super) fn transactions_update(
    connection: &mut AnyConnection,
    rows: &[TransactionRow],
    keep_lease: bool,
) -> Result<usize, Fault> {
    match (connection, rows) {
        #[cfg(feature = "postgres")]
        (AnyConnection::Postgres(postgres), [_, _, ..]) if !keep_lease => {
            let mut updated = 0_usize;
            for rows in rows.chunks(AT_ONCE) {
                let rows = super::rows::codec::to_json(&rows)?;
                updated += diesel::sql_query(UPDATE_ALL).bind::<Text, _>(rows).execute(postgres)?;
            }
            Ok(updated)
        }
        (connection, rows) => {
            let mut updated = 0_usize;
            for row in rows {
                updated += transaction_update(connection, row, keep_lease)?;
            }
            Ok(updated)
        }
    }
}

fn transaction_update(
    connection: &mut AnyConnection,
    row: &TransactionRow,
    keep_lease: bool,
) -> QueryResult<usize> {
    let expected = transactions::table
        .filter(transactions::id.eq(&row.id))
        .filter(transactions::version.eq(row.version.saturating_sub(1)));
    if keep_lease {
        return diesel::update(expected).set(row).execute(connection);
    }
    let lease = (
        transactions::lease_owner.eq(None::<String>),
        transactions::lease_until.eq(None::<chrono::NaiveDateTime>),
    );
    diesel::update(expected).set((row, lease)).execute(connection)
}

/// Everything that can change; the rest of a transaction is what it was started with.
#[cfg(feature = "postgres")]
const UPDATE_ALL: &str = "UPDATE transactions AS t SET \
     version = u.version, state = u.state, state_data = u.state_data, queue = u.queue, due_at = u.due_at, \
     deadline = u.deadline, terms = u.terms, amounts = u.amounts, receipt = u.receipt, refunds = u.refunds, \
     stellar_transaction_id = u.stellar_transaction_id, external_transaction_id = u.external_transaction_id, \
     claimable_balance_id = u.claimable_balance_id, message = u.message, updated_at = u.updated_at, \
     completed_at = u.completed_at, lease_owner = NULL, lease_until = NULL \
     FROM json_populate_recordset(NULL::transactions, $1::json) AS u \
     WHERE t.id = u.id AND t.version = u.version - 1";

//! Many rows at once. On PostgreSQL in one statement, because each one is a journey to the server; on SQLite, which
//! lives in this process, one by one. Either way with a statement that is prepared once: for that its text must not depend on
//! values, and it must not be an UPDATE of diesel's own.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::transaction::TransactionRow;

#[cfg(feature = "postgres")]
mod columns;
#[cfg(feature = "sqlite")]
mod fixed;

#[cfg(feature = "postgres")]
pub(super) use columns::{Cell, Column, InColumns, Many};
#[cfg(feature = "sqlite")]
pub(super) use fixed::{Bind, Fixed};

/// So many rows are in one statement at most: what it holds is in memory twice, and SQLite takes 32,766 values.
pub(super) const AT_ONCE: usize = 1_000;

/// Inserts all rows of a vector, in their order.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {
        match &mut *$connection {
            #[cfg(feature = "postgres")]
            $crate::store::diesel::connection::AnyConnection::Postgres(postgres) => {
                for some in $rows.chunks($crate::store::diesel::bulk::AT_ONCE) {
                    $crate::store::diesel::bulk::Many::insert($table, some).execute(postgres)?;
                }
            }
            // prepared once
            #[cfg(feature = "sqlite")]
            $crate::store::diesel::connection::AnyConnection::Sqlite(sqlite) => {
                for row in $rows {
                    diesel::insert_into($table).values(row).execute(sqlite)?;
                }
            }
        }
    };
}
pub(super) use insert_all;

/// A row, as the arrays of its columns. All of its fields are named: none can be forgotten.
macro_rules! in_columns {
    ($row:ident of $table:literal: $first:ident $(, $field:ident)* $(,)?) => {
        #[cfg(feature = "postgres")]
        impl $crate::store::diesel::bulk::InColumns for $row {
            const INSERT: &'static str = concat!(
                "INSERT INTO ", $table, " (", stringify!($first), $(", ", stringify!($field),)* ") SELECT * FROM "
            );

            fn columns_of(rows: &[Self]) -> Vec<$crate::store::diesel::bulk::Column<'_>> {
                use $crate::store::diesel::bulk::Cell;
                let _all = |Self { $first: _, $($field: _),* }: &Self| {};
                vec![
                    Cell::column(rows.iter().map(|row| &row.$first)),
                    $(Cell::column(rows.iter().map(|row| &row.$field)),)*
                ]
            }
        }
    };
}
pub(super) use in_columns;

/// Writes transactions whose stored version is the one before. How many were written.
pub(super) fn transactions_update(
    connection: &mut AnyConnection,
    rows: &[TransactionRow],
    keep_lease: bool,
) -> Result<usize, Fault> {
    let mut updated = 0_usize;
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            let set = if keep_lease { UPDATE_ALL_KEEP } else { UPDATE_ALL };
            for rows in rows.chunks(AT_ONCE) {
                updated += Many::new(set, TransactionRow::changing(rows), UPDATE_WHERE).execute(postgres)?;
            }
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            let text = if keep_lease { UPDATE_ONE_KEEP } else { UPDATE_ONE };
            for row in rows {
                updated += Fixed::new(text, row.change()).execute(sqlite)?;
            }
        }
    }
    Ok(updated)
}

/// Everything that can change; the rest of a transaction is what it was started with. The columns are those of
/// [`TransactionRow::changing`].
#[cfg(feature = "postgres")]
macro_rules! update_all {
    ($also:literal) => {
        concat!(
            "UPDATE transactions AS t SET \
             version = u.version, state = u.state, state_data = u.state_data, queue = u.queue, due_at = u.due_at, \
             deadline = u.deadline, terms = u.terms, amounts = u.amounts, receipt = u.receipt, \
             refunds = u.refunds, stellar_transaction_id = u.stellar_transaction_id, \
             external_transaction_id = u.external_transaction_id, \
             claimable_balance_id = u.claimable_balance_id, message = u.message, updated_at = u.updated_at, \
             completed_at = u.completed_at",
            $also,
            " FROM "
        )
    };
}
#[cfg(feature = "postgres")]
const UPDATE_ALL: &str = update_all!(", lease_owner = NULL, lease_until = NULL");
#[cfg(feature = "postgres")]
const UPDATE_ALL_KEEP: &str = update_all!("");
#[cfg(feature = "postgres")]
const UPDATE_WHERE: &str = " AS u (id, version, state, state_data, queue, due_at, deadline, terms, amounts, receipt, \
     refunds, stellar_transaction_id, external_transaction_id, claimable_balance_id, message, updated_at, \
     completed_at) WHERE t.id = u.id AND t.version = u.version - 1";

/// The same for one row: the parameters are those of [`TransactionRow::change`].
#[cfg(feature = "sqlite")]
macro_rules! update_one {
    ($also:literal) => {
        concat!(
            "UPDATE transactions SET \
             version = ?, state = ?, state_data = ?, queue = ?, due_at = ?, deadline = ?, terms = ?, amounts = ?, \
             receipt = ?, refunds = ?, stellar_transaction_id = ?, external_transaction_id = ?, \
             claimable_balance_id = ?, message = ?, updated_at = ?, completed_at = ?",
            $also,
            " WHERE id = ? AND version = ? - 1"
        )
    };
}
#[cfg(feature = "sqlite")]
const UPDATE_ONE: &str = update_one!(", lease_owner = NULL, lease_until = NULL");
#[cfg(feature = "sqlite")]
const UPDATE_ONE_KEEP: &str = update_one!("");

//! What an operator should see, and what time it is.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
#[cfg(feature = "postgres")]
use super::rows::codec::time as utc;
use super::schema::{attempt_bumps, payments, poison_records};
use crate::store::{Figures, SuspenseReason};

#[cfg(feature = "postgres")]
#[derive(QueryableByName)]
struct Time {
    #[diesel(sql_type = diesel::sql_types::Timestamp)]
    now: NaiveDateTime,
}

/// SQLite's clock is the machine's, and all of its users are on that machine.
pub(super) fn time(connection: &mut AnyConnection) -> Result<Option<DateTime<Utc>>, Fault> {
    match connection {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => Ok(None),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            // not that of the transaction's begin
            let asked = diesel::sql_query("SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now");
            let told: Time = asked.get_result(postgres)?;
            Ok(Some(utc(told.now)))
        }
    }
}

pub(super) fn count(connection: &mut AnyConnection, since: NaiveDateTime) -> Result<Figures, Fault> {
    let rows: Vec<(Option<String>, i64)> = payments::table
        .filter(payments::suspense.is_not_null())
        .filter(payments::settled_by.is_null())
        .group_by(payments::suspense)
        .select((payments::suspense, count_star()))
        .order(payments::suspense)
        .load(connection)?;
    let reason = |(word, count): (Option<String>, i64)| {
        Some((SuspenseReason::from_word(&word?)?, u64::try_from(count).unwrap_or_default()))
    };
    let poison: i64 = poison_records::table.count().get_result(connection)?;
    let bumps: i64 =
        attempt_bumps::table.filter(attempt_bumps::opened_at.ge(since)).count().get_result(connection)?;
    Ok(Figures {
        suspense: rows.into_iter().filter_map(reason).collect(),
        poison: u64::try_from(poison).unwrap_or_default(),
        bumps: u64::try_from(bumps).unwrap_or_default(),
    })
}

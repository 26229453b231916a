//! The books, read with plain SQL: what is counted must not be counted by what is measured.

use std::time::Duration;

use anyhow::Result;
use diesel::connection::SimpleConnection as _;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection, sql_query};

use crate::load::process;

/// Deposits that are paid.
pub(super) const PAID: &str = "SELECT COUNT(*) AS count FROM transactions WHERE state = 'paid'";
/// Envelopes that may still land.
pub(super) const OPEN_ATTEMPTS: &str = "SELECT COUNT(*) AS count FROM attempts WHERE closed_at IS NULL";
/// Movements that were read, and those of them that nobody claims.
pub(super) const MOVEMENTS: &str = "SELECT COUNT(*) AS count FROM payments";
pub(super) const SUSPENSE: &str = "SELECT COUNT(*) AS count FROM payments WHERE suspense IS NOT NULL";
/// The ledger that the reader has come to.
pub(super) const LEDGER: &str = "SELECT CAST(cursor AS BIGINT) / 4294967296 AS count FROM watches";
/// What they brought together.
pub(super) const MOVED: &str = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS count FROM payments";
/// Withdrawals whose tokens have arrived.
pub(super) const FUNDED: &str = "SELECT COUNT(*) AS count FROM transactions WHERE state = 'ready_to_pay_out'";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Who was paid by which ledger transaction.
#[derive(QueryableByName, Debug)]
pub(super) struct Settled {
    #[diesel(sql_type = Text)]
    pub(super) subject: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) hash: Option<String>,
    #[diesel(sql_type = Text)]
    pub(super) request: String,
}

/// A path of a file, or the address of a server.
enum Opened {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

fn open(url: &str) -> Result<Opened> {
    Ok(match url.strip_prefix("sqlite://") {
        Some(path) => {
            let mut connection = SqliteConnection::establish(path)?;
            connection.batch_execute("PRAGMA busy_timeout = 10000")?;
            Opened::Sqlite(connection)
        }
        None => Opened::Postgres(PgConnection::establish(url)?),
    })
}

/// Whether this is a file.
pub(super) fn is_file(url: &str) -> bool {
    url.starts_with("sqlite://")
}

/// Executes statements in one transaction.
pub(super) fn execute(url: &str, sql: &str) -> Result<()> {
    match open(url)? {
        Opened::Sqlite(mut connection) => connection.batch_execute(&format!("BEGIN; {sql}; COMMIT"))?,
        // as its own housekeeping would after so many rows
        Opened::Postgres(mut connection) => connection.batch_execute(&format!("{sql}; ANALYZE"))?,
    }
    Ok(())
}

/// The one number that a query gives.
pub(super) fn count(url: &str, sql: &str) -> Result<i64> {
    let count: Count = match open(url)? {
        Opened::Sqlite(mut connection) => sql_query(sql).get_result(&mut connection)?,
        Opened::Postgres(mut connection) => sql_query(sql).get_result(&mut connection)?,
    };
    Ok(count.count)
}

/// The processor time that a database server's processes have used so far; `None` for a file, which has no server.
pub(super) fn server_cpu(url: &str) -> Result<Option<Duration>> {
    let Opened::Postgres(mut connection) = open(url)? else { return Ok(None) };
    let pids: Vec<Count> =
        sql_query("SELECT CAST(pid AS BIGINT) AS count FROM pg_stat_activity").load(&mut connection)?;
    let mut sum = Duration::ZERO;
    for pid in pids {
        // a process may end while the list is read
        sum += process::cpu_time(u32::try_from(pid.count)?).unwrap_or_default();
    }
    Ok(Some(sum))
}

/// All deposits.
pub(super) fn settled(url: &str) -> Result<Vec<Settled>> {
    let sql = "SELECT subject, stellar_transaction_id AS hash, request FROM transactions";
    Ok(match open(url)? {
        Opened::Sqlite(mut connection) => sql_query(sql).load(&mut connection)?,
        Opened::Postgres(mut connection) => sql_query(sql).load(&mut connection)?,
    })
}

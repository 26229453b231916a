//! One connection to either database, set up so that money is safe on it.

#[cfg(feature = "sqlite")]
use std::time::Duration;
use std::time::Instant;

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
#[cfg(feature = "postgres")]
use diesel::pg::PgConnection;
use diesel::prelude::*;
#[cfg(feature = "sqlite")]
use diesel::sqlite::SqliteConnection;

use super::url::DatabaseUrl;

mod any {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        unreachable_pub,
        unused_qualifications,
        irrefutable_let_patterns,
        unreachable_patterns,
        clippy::use_self,
        clippy::match_wildcard_for_single_variants,
        reason = "derived by diesel, never seen outside the store"
    )]
    #[cfg(feature = "postgres")]
    use super::PgConnection;
    #[cfg(feature = "sqlite")]
    use super::SqliteConnection;

    /// Either database. Queries are written once against this type.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        #[cfg(feature = "sqlite")]
        Sqlite(SqliteConnection),
        #[cfg(feature = "postgres")]
        Postgres(PgConnection),
    }
}

pub(super) use any::AnyConnection;

pub(super) type AnyBackend = <AnyConnection as Connection>::Backend;

/// How long a writer waits for another one before it gives up.
#[cfg(feature = "sqlite")]
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// Pages that a connection keeps for itself, in KiB: enough for the inner pages of the indexes. The rest is in the
/// operating system's memory, once for all connections.
#[cfg(feature = "sqlite")]
const SQLITE_CACHE_KIB: u32 = 1024;

/// A read-committed session in UTC in which no statement hangs for ever.
#[cfg(feature = "postgres")]
const POSTGRES_SETUP: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;\
     SET TIME ZONE 'UTC';\
     SET statement_timeout = '30s';\
     SET idle_in_transaction_session_timeout = '60s'";

/// A connection, and what the pool has to know of it.
pub(super) struct Session {
    pub(super) any: AnyConnection,
    /// When it last answered.
    pub(super) alive_at: Instant,
    /// It no longer answers.
    pub(super) broken: bool,
}

impl Session {
    /// Connects, and sets the session up.
    pub(super) fn connect(url: &DatabaseUrl) -> Result<Self, ConnectError> {
        let any = match url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => AnyConnection::Sqlite(sqlite(path)?),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => {
                let redacted = |error: &dyn ToString| ConnectError(url.redact(&error.to_string()));
                let mut connection =
                    PgConnection::establish(url.expose()).map_err(|error| redacted(&error))?;
                connection.batch_execute(POSTGRES_SETUP).map_err(|error| redacted(&error))?;
                AnyConnection::Postgres(connection)
            }
        };
        Ok(Self { any, alive_at: Instant::now(), broken: false })
    }

    /// Asks the server for a sign of life.
    pub(super) fn ping(&mut self) -> QueryResult<()> {
        let answer = self.any.batch_execute("SELECT 1");
        match answer {
            Ok(()) => self.alive_at = Instant::now(),
            Err(_) => self.broken = true,
        }
        answer
    }
}

/// The database could not be reached. Without the password.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ConnectError(String);

#[cfg(feature = "sqlite")]
fn sqlite(path: &str) -> Result<SqliteConnection, ConnectError> {
    let failed = |error: &dyn ToString| ConnectError(format!("{path}: {}", error.to_string()));
    let mut connection = SqliteConnection::establish(path).map_err(|error| failed(&error))?;
    let setup = format!(
        "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; \
         PRAGMA trusted_schema = OFF; PRAGMA cache_size = -{SQLITE_CACHE_KIB}",
        SQLITE_BUSY.as_millis()
    );
    connection.batch_execute(&setup).map_err(|error| failed(&error))?;
    Ok(connection)
}

/// Switches a file to write-ahead logging, once, before the pool opens: done by several connections at once it
/// fails as locked without waiting.
#[cfg(feature = "sqlite")]
pub(super) fn sqlite_use_wal(path: &str) -> Result<(), ConnectError> {
    let mut connection = sqlite(path)?;
    let until = Instant::now() + SQLITE_BUSY;
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Ok(()) => return Ok(()),
            // another process does the same at this moment
            Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            Err(error) => return Err(ConnectError(format!("{path}: {error}"))),
        }
    }
}

/// Begins a transaction that will write. On SQLite it takes the write lock at once: a transaction that reads
/// first and then wants it fails as locked whenever another one wrote in between.
pub(super) fn begin(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
        }
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            <AnsiTransactionManager as TransactionManager<PgConnection>>::begin_transaction(postgres)
        }
    }
}

pub(super) fn commit(connection: &mut AnyConnection) -> QueryResult<()> {
    <AnyConnection as TransactionManager<AnyConnection>>::commit_transaction(connection)
}

pub(super) fn rollback(connection: &mut AnyConnection) -> QueryResult<()> {
    <AnyConnection as TransactionManager<AnyConnection>>::rollback_transaction(connection)
}

//! The schema, embedded, brought up to date by whoever comes first.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, ConnectError, Session};
#[cfg(feature = "sqlite")]
use super::connection::{begin, commit, rollback};
use super::url::DatabaseUrl;

#[cfg(feature = "sqlite")]
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Whoever migrates a PostgreSQL database holds this advisory lock: the bytes of "anchor".
#[cfg(feature = "postgres")]
const ADVISORY_LOCK: i64 = 0x61_6e_63_68_6f_72;

/// The schema could not be brought up to date, or looked at. What is written is the state before.
#[derive(Debug, thiserror::Error)]
#[error("the schema of the database could not be migrated")]
pub struct MigrateError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl MigrateError {
    pub(super) fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl From<ConnectError> for MigrateError {
    fn from(error: ConnectError) -> Self {
        Self::new(error)
    }
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::new(error)
    }
}

/// Applies what is pending and names it. Several processes may do this at the same time: one works, the others
/// wait and find nothing to do.
pub(super) fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    // a connection of its own, because the lock belongs to the session and building an index takes its time
    let mut session = Session::connect(url)?;
    match &mut session.any {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => {
            begin(&mut session.any)?;
            let applied = run(&mut session.any);
            if applied.is_ok() {
                commit(&mut session.any)?;
            } else {
                rollback(&mut session.any)?;
            }
            applied
        }
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            use diesel::connection::SimpleConnection as _;
            postgres.batch_execute("SET statement_timeout = 0")?;
            postgres.batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))?;
            // released with the session
            run(&mut session.any)
        }
    }
}

fn run(connection: &mut AnyConnection) -> Result<Vec<String>, MigrateError> {
    let applied = match connection {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => sqlite.run_pending_migrations(SQLITE).map(names),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => postgres.run_pending_migrations(POSTGRES).map(names),
    };
    applied.map_err(MigrateError::new)
}

fn names(versions: Vec<diesel::migration::MigrationVersion<'_>>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// What `migrate` would apply.
pub(super) fn pending(url: &DatabaseUrl) -> Result<Vec<String>, MigrateError> {
    let mut session = Session::connect(url)?;
    macro_rules! pending {
        ($connection:expr, $migrations:expr) => {
            $connection.pending_migrations($migrations).map(|pending| {
                pending.iter().map(|migration| migration.name().to_string()).collect::<Vec<_>>()
            })
        };
    }
    let pending = match &mut session.any {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => pending!(sqlite, SQLITE),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => pending!(postgres, POSTGRES),
    };
    pending.map_err(MigrateError::new)
}

#[cfg(test)]
mod tests;

//! The store on SQLite and PostgreSQL: one copy of every query.
//!
//! Every verb is one database transaction, or shares one with others of its kind (`group`). It runs off the async
//! threads, and goes to its end even if nobody waits for it any more.

use crate::account::Sharing;

mod answers;
mod attempts;
mod begin;
mod bulk;
mod changes;
mod channel;
mod channels;
mod claims;
mod closing;
mod connection;
mod custody;
mod customer_callbacks;
mod customer_codes;
mod customer_files;
mod customers;
mod documents;
mod fault;
mod figures;
mod group;
mod groups;
mod heartbeats;
mod history;
mod migrate;
mod outbox;
mod payments;
mod pool;
mod quotes;
mod requests;
mod rows;
mod schema;
mod sessions;
mod set_asides;
mod signing;
mod start;
mod transactions;
mod url;
mod verbs;
mod watches;

pub use migrate::MigrateError;
pub use pool::{OpenError, PoolOptions};
pub use url::UrlError;

use group::Group;
use pool::Database;
use start::Start;

/// A [`Store`](crate::store::Store) in a SQLite file or a PostgreSQL database. Clones share the connections.
#[derive(Debug, Clone)]
pub struct DieselStore {
    database: Database,
    challenges: Group<sessions::UsedChallenge, bool>,
    starts: Group<Start, Option<Sharing>>,
}

impl DieselStore {
    /// Opens the database at `url`: `sqlite://FILE` (created if it is not there) or
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME`. Blocks for one connection.
    ///
    /// # Errors
    /// If the address is not one of these, or nobody answers there.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(url, PoolOptions::default())
    }

    /// As [`open`](Self::open), with other limits.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(url: &str, options: PoolOptions) -> Result<Self, OpenError> {
        let database = Database::open(url, options)?;
        Ok(Self {
            challenges: Group::new(&database, "challenge_use", sessions::challenges_use),
            starts: Group::new(&database, "transaction_insert", start::insert),
            database,
        })
    }

    /// Brings the schema up to date and names the migrations that were applied. Any number of processes may do
    /// this at the same time.
    ///
    /// # Errors
    /// The failed migration was rolled back; those before it were kept on PostgreSQL, none on SQLite.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        let database = self.database.clone();
        let migrated = tokio::task::spawn_blocking(move || migrate::migrate(database.url()));
        migrated.await.unwrap_or_else(|error| Err(MigrateError::new(error)))
    }

    /// Names the migrations that [`migrate`](Self::migrate) would apply. Empty: the schema is up to date.
    ///
    /// # Errors
    /// If the database could not be asked.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, MigrateError> {
        let database = self.database.clone();
        let pending = tokio::task::spawn_blocking(move || migrate::pending(database.url()));
        pending.await.unwrap_or_else(|error| Err(MigrateError::new(error)))
    }
}

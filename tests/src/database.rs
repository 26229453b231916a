//! The databases an anchor may run on, and one scenario text for both.

use std::path::PathBuf;
use std::sync::OnceLock;

use anchor_core::store::diesel::DieselStore;
use tempfile::TempDir;

use crate::postgres::{Copies, Database};
use crate::{found, scratch};

const FILE: &str = "anchor.sqlite3";

/// An empty database of one test, gone when the value is dropped.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "test support, not an API that is versioned")]
pub enum TestDatabase {
    /// A file in a folder of its own.
    Sqlite {
        /// `sqlite://` and the absolute path.
        url: String,
        /// Holds the file, its write-ahead log and its lock.
        folder: TempDir,
    },
    /// A database on the cluster that the tests of this process share.
    Postgres(Database),
}

impl TestDatabase {
    /// A file that does not exist yet, in a folder that does.
    ///
    /// # Panics
    /// When there is no room for a temporary folder.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = scratch::folder().unwrap_or_else(|error| panic!("a temporary folder: {error}"));
        let url = format!("sqlite://{}", folder.path().join(FILE).display());
        Self::Sqlite { url, folder }
    }

    /// As [`sqlite`](Self::sqlite), with the schema in it: a copy of one that was migrated once, which is much quicker.
    ///
    /// # Panics
    /// As [`sqlite`](Self::sqlite), and when it cannot be migrated.
    #[must_use]
    pub fn migrated_sqlite() -> Self {
        static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let database = Self::sqlite();
            migrate(database.url());
            std::fs::read(database.file()).unwrap_or_else(|error| panic!("the migrated file: {error}"))
        });
        let database = Self::sqlite();
        std::fs::write(database.file(), template).unwrap_or_else(|error| panic!("its copy: {error}"));
        database
    }

    /// As [`postgres`](Self::postgres), with the schema in it; on servers that are ours a copy, or one that another test has done with.
    ///
    /// # Panics
    /// As [`postgres`](Self::postgres), and when it cannot be migrated.
    #[must_use]
    #[track_caller]
    pub fn migrated_postgres() -> Option<Self> {
        static COPIES: OnceLock<Copies> = OnceLock::new();
        let cluster = found::postgres()?;
        let new = |database: anyhow::Result<Database>| database.unwrap_or_else(|error| panic!("{error:#}"));
        let migrated = || {
            let database = new(cluster.new_database());
            migrate(database.url());
            database
        };
        if !cluster.is_ours() {
            return Some(Self::Postgres(migrated()));
        }
        let copies = COPIES.get_or_init(|| {
            Copies::of(migrated(), cluster).unwrap_or_else(|error| panic!("the migrated database: {error:#}"))
        });
        Some(Self::Postgres(new(copies.get())))
    }

    /// A new database on PostgreSQL, or `None` (said loudly, see [`found`]) when there is no server to start.
    ///
    /// # Panics
    /// When the server is there but refuses.
    #[must_use]
    #[track_caller]
    pub fn postgres() -> Option<Self> {
        let database = found::postgres()?.new_database();
        Some(Self::Postgres(database.unwrap_or_else(|error| panic!("{error:#}"))))
    }

    fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite { folder, .. } => folder.path().join(FILE),
            Self::Postgres(database) => panic!("{} is no file", database.url()),
        }
    }

    /// What the anchor's configuration calls the database URL.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Self::Sqlite { url, .. } => url,
            Self::Postgres(database) => database.url(),
        }
    }
}

/// On a thread of its own: whoever asks may be at work on a runtime. All connections are closed when it is over.
fn migrate(url: &str) {
    let url = url.to_owned();
    let migrated = std::thread::spawn(move || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let store = DieselStore::open(&url)?;
        runtime.block_on(store.migrate())?;
        Ok(())
    });
    match migrated.join() {
        Ok(Ok(())) => {}
        Ok(Err(error)) => panic!("the schema: {error:#}"),
        Err(_) => panic!("the schema: the thread panicked"),
    }
}

/// Stamps each scenario twice, as `name::sqlite` and `name::postgres`, with an empty database of its own.
///
/// ```
/// # use anchor_tests::database::TestDatabase;
/// anchor_tests::on_each_database! {
///     /// Says what is held.
///     async fn empty_database_has_an_address(database: TestDatabase) {
///         assert!(database.url().contains("://"));
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_each_database {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident: TestDatabase) $(-> $result:ty)? $scenario:block)+) => {
        $(
            $(#[$attribute])*
            #[cfg(test)]
            mod $name {
                #[allow(unused_imports, reason = "a scenario may need nothing from around it")]
                use super::*;

                async fn scenario($database: $crate::database::TestDatabase) $(-> $result)? $scenario

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() $(-> $result)? {
                    scenario($crate::database::TestDatabase::sqlite()).await
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() $(-> $result)? {
                    match $crate::database::TestDatabase::postgres() {
                        Some(database) => scenario(database).await,
                        None => $crate::database::skipped(),
                    }
                }
            }
        )+
    };
}

/// What a skipped scenario returns: `()` or `Ok(())`.
#[doc(hidden)]
#[must_use]
pub fn skipped<T: Skipped>() -> T {
    T::skipped()
}

/// The results a scenario may have.
#[doc(hidden)]
pub trait Skipped {
    /// The result of a test that did not run.
    fn skipped() -> Self;
}

impl Skipped for () {
    fn skipped() -> Self {}
}

impl<E> Skipped for Result<(), E> {
    fn skipped() -> Self {
        Ok(())
    }
}

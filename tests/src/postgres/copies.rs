//! Copies of one database, many one after the other: emptying one that a test is done with is several times quicker
//! than copying the template anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::{Cluster, Database, new_name};

/// Nothing is vacuumed between two tests: a database that served so many is dropped.
const TESTS_MAX: u32 = 30;

/// Every table, but for the list of what was migrated.
const TABLES: &str = "SELECT format('%I', tablename) AS name FROM pg_tables \
                      WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations' ORDER BY 1";

/// What a copy could not be brought back to by deleting rows.
const KEEPS_MORE_THAN_ROWS: &str = "SELECT EXISTS (SELECT FROM pg_class WHERE relkind = 'S') AS is_so";

/// A database whose tables are all empty, and its copies.
#[derive(Debug)]
pub struct Copies {
    cluster: &'static Cluster,
    template: Database,
    /// Deletes every row.
    empty: String,
    used: Arc<Used>,
}

/// Databases that nobody uses any more.
#[derive(Debug, Default)]
pub(super) struct Used(Mutex<Vec<(String, u32)>>);

impl Used {
    pub(super) fn give_back(&self, name: &str, tests: u32) {
        self.list().push((name.to_owned(), tests));
    }

    fn list(&self) -> MutexGuard<'_, Vec<(String, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    is_so: bool,
}

impl Copies {
    /// Of this database of the cluster, to which nobody may be connected.
    ///
    /// # Errors
    /// If there is anything in it that deleting all rows would not bring back.
    pub fn of(template: Database, cluster: &'static Cluster) -> Result<Self> {
        let mut connection = PgConnection::establish(template.url())?;
        let tables: Vec<Named> = diesel::sql_query(TABLES).load(&mut connection)?;
        let is_so = |query: String, connection: &mut PgConnection| -> Result<bool> {
            Ok(diesel::sql_query(query).get_result::<Answer>(connection)?.is_so)
        };
        ensure!(!is_so(KEEPS_MORE_THAN_ROWS.to_owned(), &mut connection)?, "there are sequences");
        // without the triggers that hold foreign keys: their order does not matter
        let mut empty = "SET session_replication_role = replica; BEGIN;".to_owned();
        for Named { name } in tables {
            let query = format!("SELECT EXISTS (SELECT FROM {name}) AS is_so");
            ensure!(!is_so(query, &mut connection)?, "{name} is not empty");
            empty.push_str(&format!("DELETE FROM {name};"));
        }
        empty.push_str("COMMIT");
        Ok(Self { cluster, template, empty, used: Arc::default() })
    }

    /// A copy that nobody else has. When it is dropped, it waits here to be used again.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn get(&self) -> Result<Database> {
        let used = self.used.list().pop();
        if let Some((name, tests)) = used {
            // dropped, unless it can be used again
            let database = Database::new(&self.cluster.admin_url, name)?;
            if tests < TESTS_MAX
                && let Ok(database) = self.emptied(database)
            {
                return Ok(self.kept(database, tests + 1));
            }
        }
        Ok(self.kept(self.cluster.new_copy(&self.template)?, 1))
    }

    fn kept(&self, mut database: Database, tests: u32) -> Database {
        database.again = Some((Arc::clone(&self.used), tests));
        database
    }

    /// Whoever is still at work there is cut off, and cannot come back: the database has another name.
    fn emptied(&self, mut database: Database) -> Result<Database> {
        let mut admin = self.cluster.connect_as_admin()?;
        let (name, new) = (database.name.clone(), new_name());
        admin.batch_execute(&format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
        ))?;
        admin.batch_execute(&format!("ALTER DATABASE {name} RENAME TO {new}"))?;
        database.rename(new)?;
        PgConnection::establish(database.url())?.batch_execute(&self.empty)?;
        Ok(database)
    }
}

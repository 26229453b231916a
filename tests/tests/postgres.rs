//! The PostgreSQL harness itself: databases are apart, data survives a crash, no server is left behind.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anchor_tests::database::TestDatabase;
use anchor_tests::found;
use anchor_tests::on_each_database;
use anchor_tests::postgres::{Cluster, Durability};
use anyhow::{Context as _, Result};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(url: &str, query: &str) -> Result<i64> {
    let mut connection = PgConnection::establish(url)?;
    Ok(diesel::sql_query(query).get_result::<Count>(&mut connection)?.count)
}

#[test]
fn databases_of_two_tests_do_not_see_each_other() -> Result<()> {
    let Some(cluster) = found::postgres() else { return Ok(()) };
    let (one, other) = (cluster.new_database()?, cluster.new_database()?);
    PgConnection::establish(one.url())?.batch_execute("CREATE TABLE t AS SELECT 1 AS a")?;
    assert_eq!(count(one.url(), "SELECT count(*) FROM t")?, 1);
    assert!(count(other.url(), "SELECT count(*) FROM t").is_err());
    Ok(())
}

#[test]
fn dropped_database_is_gone_even_when_somebody_is_connected() -> Result<()> {
    let Some(cluster) = found::postgres() else { return Ok(()) };
    let database = cluster.new_database()?;
    let url = database.url().to_owned();
    let _connected = PgConnection::establish(&url)?;
    drop(database);
    assert!(PgConnection::establish(&url).is_err());
    Ok(())
}

#[test]
fn database_that_a_test_is_done_with_is_empty_for_the_next_one_and_closed_to_the_last() -> Result<()> {
    let Some(database) = TestDatabase::migrated_postgres() else { return Ok(()) };
    let url = database.url().to_owned();
    let mut last = PgConnection::establish(&url)?;
    last.batch_execute("INSERT INTO job_heartbeats (job, beaten_at) VALUES ('watch_transactions', now())")?;
    drop(database);
    let next = TestDatabase::migrated_postgres().context("there is a server")?;
    assert_eq!(count(next.url(), "SELECT count(*) FROM job_heartbeats")?, 0);
    assert!(last.batch_execute("SELECT 1").is_err());
    assert!(PgConnection::establish(&url).is_err(), "nobody comes back under the old name");
    assert_ne!(count(next.url(), "SELECT count(*) FROM __diesel_schema_migrations")?, 0);
    Ok(())
}

#[test]
fn committed_rows_survive_a_crash_of_the_server() -> Result<()> {
    // Asked first, so that a machine without a server skips loudly.
    if found::postgres().is_none() {
        return Ok(());
    }
    let cluster = Cluster::start_private(Durability::Full)?.context("a server was found a moment ago")?;
    let database = cluster.new_database()?;
    PgConnection::establish(database.url())?.batch_execute("CREATE TABLE t AS SELECT 1 AS a")?;
    cluster.crash()?;
    assert!(PgConnection::establish(database.url()).is_err(), "a crashed server must not answer");
    cluster.resume()?;
    assert_eq!(count(database.url(), "SELECT count(*) FROM t")?, 1);
    assert_eq!(
        count(database.url(), "SELECT count(*) FROM pg_settings WHERE name = 'fsync' AND setting = 'on'")?,
        1
    );
    Ok(())
}

/// Runs in a process of its own: see [`killed_process_leaves_no_server_behind`].
#[test]
fn cluster_that_waits_to_be_killed() -> Result<()> {
    let Some(report) = std::env::var_os("ANCHOR_TEST_KILL_ME") else { return Ok(()) };
    let cluster = Cluster::start_private(Durability::Fast)?.context("no server")?;
    let database = cluster.new_database()?;
    std::fs::write(&report, database.url())?;
    std::fs::rename(&report, Path::new(&report).with_extension("ready"))?;
    loop {
        std::thread::park();
    }
}

#[test]
fn killed_process_leaves_no_server_behind() -> Result<()> {
    if found::postgres().is_none() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "cluster_that_waits_to_be_killed", "--nocapture"])
        .env("ANCHOR_TEST_KILL_ME", folder.path().join("url"))
        .env_remove(anchor_tests::postgres::URL_VARIABLE)
        .env("TMPDIR", "/tmp")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let ready = folder.path().join("url.ready");
    let started = eventually(|| ready.exists());
    let url = std::fs::read_to_string(&ready).unwrap_or_default();
    let answered = PgConnection::establish(&url).is_ok();
    child.kill()?;
    child.wait()?;
    assert!(started && answered, "the child's server never ran: {url}");
    assert!(eventually(|| PgConnection::establish(&url).is_err()), "the server outlived its process");
    Ok(())
}

on_each_database! {
    /// The scenario macro gives each backend an address of its own kind.
    async fn every_scenario_gets_an_empty_database_of_its_own(database: TestDatabase) -> Result<()> {
        match &database {
            TestDatabase::Sqlite { folder, .. } => {
                assert!(database.url().starts_with("sqlite:///"));
                assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
            }
            TestDatabase::Postgres(_) => {
                let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
                assert_eq!(count(database.url(), tables)?, 0);
            }
        }
        Ok(())
    }

    /// A scenario may also return nothing.
    async fn address_names_its_backend(database: TestDatabase) {
        let (scheme, _) = database.url().split_once("://").unwrap();
        assert_eq!(scheme, if matches!(database, TestDatabase::Postgres(_)) { "postgres" } else { "sqlite" });
    }
}

/// Another process acts here, so there is nothing to wait on but the outcome itself; the bound is for a broken test.
fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > Duration::from_secs(60) {
            return false;
        }
        std::thread::yield_now();
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

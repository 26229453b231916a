//! What can happen to a database, and to the way to it.

use std::time::{Duration, Instant};

use anchor_core::Anchor;
use anchor_core::clock::{Clock as _, SystemClock};
use anchor_core::store::Store as _;
use anchor_core::store::diesel::{DieselStore, OpenError, PoolOptions};
use anchor_core::testing::fakes::{AmountForms, samples};
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::testing::rails::ScriptedRails;
use anchor_tests::database::TestDatabase;
use anchor_tests::found;
use anchor_tests::on_each_database;
use anchor_tests::postgres::{Cluster, Durability};
use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

on_each_database! {
    async fn four_processes_migrate_at_once(database: TestDatabase) -> Result<()> {
        // as four processes: each opens the database by itself, too
        let migrators: Vec<_> = (0..4)
            .map(|_| {
                let url = database.url().to_owned();
                tokio::spawn(async move {
                    let store = tokio::task::spawn_blocking(move || DieselStore::open(&url)).await??;
                    anyhow::Ok(store.migrate().await?.len())
                })
            })
            .collect();
        let mut applied = Vec::new();
        for migrator in migrators {
            applied.push(migrator.await??);
        }
        applied.sort_unstable();
        assert_eq!(applied[..3], [0, 0, 0], "{applied:?}");
        assert!(applied[3] > 0, "one of them did the work");
        Ok(())
    }

    async fn one_connection_serves_many(database: TestDatabase) -> Result<()> {
        let mut options = PoolOptions::default();
        options.size = 1;
        options.timeout = Duration::from_secs(20);
        let store = DieselStore::open_with(database.url(), options)?;
        store.migrate().await?;
        let asset = samples::asset();
        let puts = futures_util::future::join_all((0..32).map(|_| store.asset_put(&asset))).await;
        assert!(puts.iter().all(Result::is_ok), "one connection serves many, one after the other");
        Ok(())
    }
}

on_each_database! {
    /// Those who share a transaction share its failure, and the next ones are not held up by it.
    async fn failure_is_told_to_all_who_share_it(database: TestDatabase) -> Result<()> {
        let store = DieselStore::open(database.url())?;
        store.migrate().await?;
        let rename = |from: &str, to: &str| {
            let sql = format!("ALTER TABLE {from} RENAME TO {to}");
            match database.url().strip_prefix("sqlite://") {
                Some(path) => diesel::SqliteConnection::establish(path)?.batch_execute(&sql)?,
                None => PgConnection::establish(database.url())?.batch_execute(&sql)?,
            }
            anyhow::Ok(())
        };
        let hashes: Vec<_> = (0..12).map(|number| [number; 32]).collect();
        let use_all = || {
            let used = hashes.iter().map(|hash| store.challenge_use(hash, samples::start()));
            futures_util::future::join_all(used)
        };
        rename("used_challenges", "away")?;
        for refused in use_all().await {
            let error = refused.expect_err("there is no table");
            assert!(chain(&error).contains("challenge_use") && chain(&error).contains("used_challenges"), "{error:?}");
        }
        rename("away", "used_challenges")?;
        assert!(use_all().await.into_iter().all(|used| used.is_ok_and(|is_new| is_new)));
        assert!(use_all().await.into_iter().all(|used| used.is_ok_and(|is_new| !is_new)));
        Ok(())
    }
}

/// Nothing that is retried hides an error: every verb below succeeds at the first call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_connections_are_replaced_unnoticed() -> Result<()> {
    let Some(database) = TestDatabase::postgres() else { return Ok(()) };
    let store = DieselStore::open(database.url())?;
    store.migrate().await?;
    let asset = samples::asset();
    let mut killer = PgConnection::establish(database.url())?;
    for _ in 0..3 {
        // several connections, used a moment ago
        let used = futures_util::future::join_all((0..16).map(|_| store.asset_put(&asset))).await;
        assert!(used.iter().all(Result::is_ok));
        killer.batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )?;
        store.asset_put(&asset).await?;
        assert_eq!(store.asset_list().await?.len(), 1);
        let again = futures_util::future::join_all((0..16).map(|_| store.asset_list())).await;
        assert!(again.iter().all(Result::is_ok), "{again:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restart_of_the_server_needs_no_restart_of_ours() -> Result<()> {
    if found::postgres().is_none() {
        return Ok(());
    }
    let cluster = Cluster::start_private(Durability::Full)?.context("a server was found a moment ago")?;
    let database = cluster.new_database()?;
    let mut options = PoolOptions::default();
    options.timeout = Duration::from_millis(500);
    let store = DieselStore::open_with(database.url(), options)?;
    store.migrate().await?;
    store.asset_put(&samples::asset()).await?;
    cluster.crash()?;
    let asked = Instant::now();
    let error = store.asset_list().await.expect_err("there is no server");
    assert!(matches!(error, anchor_core::store::StoreError::Unavailable(_)), "{error:?}");
    assert!(asked.elapsed() < Duration::from_secs(10), "an answer, not a hang");
    assert!(store.ping().await.is_err());
    cluster.resume()?;
    assert_eq!(store.asset_list().await?, [samples::asset()]);
    store.asset_put(&samples::asset()).await?;
    store.ping().await?;
    Ok(())
}

/// The database's clock is ten minutes behind that of this machine, as if this machine's clock were fast.
#[tokio::test(flavor = "multi_thread")]
async fn clock_that_is_fast_ends_nobodys_lease() -> Result<()> {
    let Some(database) = TestDatabase::postgres() else { return Ok(()) };
    let name = database.url().rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default();
    PgConnection::establish(database.url())?.batch_execute(&format!(
        "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS \
             $$ SELECT pg_catalog.clock_timestamp() - interval '10 minutes' $$; \
         ALTER DATABASE \"{name}\" SET search_path = public, pg_catalog"
    ))?;
    let store = DieselStore::open(database.url())?;
    store.migrate().await?;
    let machine = async || {
        Anchor::builder(samples::config())
            .store(store.clone())
            .ledger(FakeLedger::new(samples::config().network, 0))
            .rails(ScriptedRails::new())
            .deposit(AmountForms)
            .withdrawal(AmountForms)
            .asset(samples::asset())
            .build()
            .await
    };
    let (one, two) = (machine().await?, machine().await?);
    let behind = SystemClock.now() - one.clock().now();
    assert!(behind > TimeDelta::minutes(9), "{behind}");
    let (account, lease) = (samples::distribution().account(), Duration::from_secs(15));
    assert!(store.watch_claim(&account, "one", one.clock().now(), lease).await?.is_some());
    assert!(store.watch_claim(&account, "two", two.clock().now(), lease).await?.is_none());
    // the right time comes back to the database, and to whoever asks it
    PgConnection::establish(database.url())?.batch_execute("DROP FUNCTION public.clock_timestamp()")?;
    two.set_clock().await?;
    assert!((SystemClock.now() - two.clock().now()).abs() < TimeDelta::minutes(1));
    assert!(
        store.watch_claim(&account, "two", two.clock().now(), lease).await?.is_some(),
        "such a clock would"
    );
    Ok(())
}

#[tokio::test]
async fn sqlite_has_no_clock_of_its_own() -> Result<()> {
    let database = TestDatabase::sqlite();
    assert_eq!(DieselStore::open(database.url())?.time().await?, None);
    Ok(())
}

#[tokio::test]
async fn unreachable_server_is_named_without_the_password() {
    let url = "postgres://anchor:hunter2-hunter2@127.0.0.1:1/anchor?connect_timeout=2";
    let error = DieselStore::open(url).expect_err("nobody listens on port 1");
    assert!(matches!(error, OpenError::Connect(_)));
    let text = chain(&error);
    assert!(text.contains("127.0.0.1"), "{text}");
    assert!(!text.contains("hunter2") && !format!("{error:?}").contains("hunter2"), "{text}");
}

#[tokio::test]
async fn mistyped_address_creates_no_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("pg.example.com");
    let address = file.display().to_string();
    for url in [address.clone(), format!("postgre://{address}"), format!("sqlite:{address}"), String::new()] {
        let error = DieselStore::open(&url).expect_err("not an address");
        assert!(matches!(error, OpenError::Url(_)), "{url}: {error}");
        assert!(!chain(&error).contains("pg.example.com"), "the address may hold a password: {error}");
        assert!(!file.exists(), "{url}");
    }
    let missing = format!("sqlite://{address}/folder/anchor.sqlite3");
    let error = DieselStore::open(&missing).expect_err("the folder is missing");
    assert!(chain(&error).contains("anchor.sqlite3"), "{}", chain(&error));
}

#[tokio::test]
async fn store_shows_no_password() -> Result<()> {
    let Some(database) = TestDatabase::postgres() else { return Ok(()) };
    let url = database.url().replacen('@', ":hunter2-hunter2@", 1);
    let Ok(store) = DieselStore::open(&url) else { return Ok(()) };
    assert!(!format!("{store:?}").contains("hunter2"));
    Ok(())
}

//! Measures how fast an anchor pays and catches up, and counts afterwards: see [`anchor_tests::pace`].
//!
//! ```sh
//! cargo build --release -p anchor-tests --bin pace
//! target/release/pace --count 20000 --ledger 5s --database both
//! target/release/pace --catch-up --way both
//! ```

use std::time::Duration;

use anchor_tests::pace::{self, CatchUp, Pace, Rhythm, Watch, Way};
use anchor_tests::postgres::{Cluster, Durability};
use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};

/// Payments per second, the share of the ledgers that they fill, and the workers' processor time.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where the anchor keeps its books.
    #[arg(long, value_enum, default_value_t = Database::Both)]
    database: Database,
    /// How often ledgers close: `instant`, or seconds as in `5s`.
    #[arg(long, value_parser = rhythm, default_value = "5s")]
    ledger: Rhythm,
    /// Deposits to be paid.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(2..))]
    count: u32,
    /// Users who get them, in turns.
    #[arg(long, default_value_t = 1_000)]
    users: u32,
    /// Each payment has a memo of its own, and so an envelope of its own.
    #[arg(long)]
    memos: bool,
    /// Accounts whose sequence numbers pay; the anchor's own account pays if there are none.
    #[arg(long, default_value_t = 20)]
    channels: u32,
    /// Workers, each with a database pool of its own.
    #[arg(long, default_value_t = 1)]
    workers: u32,
    /// The jobs that each worker runs; all of them if none is named.
    #[arg(long, value_delimiter = ',', default_value = "submit_payments,confirm_payments")]
    jobs: Vec<String>,
    /// Read a history instead: so many payments that nobody awaits, and `--matching` that somebody does.
    #[arg(long)]
    catch_up: bool,
    #[arg(long, default_value_t = 200_000)]
    foreign: u32,
    #[arg(long, default_value_t = 20_000)]
    matching: u32,
    /// How the history is read; both ways if absent.
    #[arg(long, value_enum)]
    way: Option<Way>,
    /// Gives up after so many seconds.
    #[arg(long, default_value_t = 1_800)]
    limit: u64,
}

#[derive(Subcommand)]
enum Command {
    /// How fast the network is by itself
    Network,
    /// Only the process that reads over HTTP (this program starts it by itself)
    #[command(hide = true)]
    Watch(Watch),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
    Both,
}

fn rhythm(text: &str) -> Result<Rhythm, String> {
    let seconds = || text.strip_suffix('s')?.parse().ok().filter(|seconds| *seconds > 0);
    match (text, seconds()) {
        ("instant", _) => Ok(Rhythm::Instant),
        (_, Some(seconds)) => Ok(Rhythm::Every(Duration::from_secs(seconds))),
        _ => Err("`instant`, or seconds as in `5s`".to_owned()),
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::ERROR).init();
    match &arguments.command {
        Some(Command::Watch(watch)) => return watch.run(),
        Some(Command::Network) => return tokio::runtime::Runtime::new()?.block_on(pace::network()),
        None => {}
    }
    if arguments.database != Database::Postgres {
        arguments.measure("SQLite", || {
            let folder = tempfile::tempdir()?;
            Ok((format!("sqlite://{}", folder.path().join("anchor.sqlite3").display()), folder))
        })?;
    }
    if arguments.database != Database::Sqlite {
        // every commit waits for the disk, as in production
        let cluster = Cluster::start_private(Durability::Full)?.context("PostgreSQL is not installed")?;
        arguments.measure("PostgreSQL", || {
            let database = cluster.new_database()?;
            Ok((database.url().to_owned(), database))
        })?;
    }
    Ok(())
}

impl Arguments {
    /// Each measurement on a database of its own, which lasts as long as what comes with its address.
    fn measure<D>(&self, name: &str, database: impl Fn() -> Result<(String, D)>) -> Result<()> {
        let limit = Duration::from_secs(self.limit);
        if self.catch_up {
            let ways = self.way.map_or_else(|| vec![Way::Horizon, Way::InProcess], |way| vec![way]);
            for way in ways {
                let (url, _kept) = database()?;
                let catch_up = CatchUp { foreign: self.foreign, matching: self.matching, way, limit };
                let through = match way {
                    Way::Horizon => "Horizon",
                    Way::InProcess => "in process",
                };
                println!("{name}, {through}\n\n{}\n", catch_up.run(&url)?);
            }
            return Ok(());
        }
        let pace = Pace {
            rhythm: self.ledger,
            count: self.count,
            users: self.users,
            memos: self.memos,
            channels: self.channels,
            workers: self.workers,
            jobs: self.jobs.clone(),
            limit,
        };
        let (url, _kept) = database()?;
        println!("{name}\n\n{}\n", pace.run(&url)?);
        Ok(())
    }
}

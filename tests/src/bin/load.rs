//! Loads an anchor and prints what it bore: see [`anchor_tests::load`].
//!
//! ```sh
//! cargo build --release -p anchor-tests --bin load -p testnet-anchor --bin testnet-anchor
//! target/release/load --database both
//! ```

use std::time::Duration;

use anchor_tests::load::{Ceilings, Load, Request};
use anchor_tests::postgres::{Cluster, Durability};
use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};

/// Requests per second, latency, processor time, memory and start-up of the example anchor on 100,000 transactions.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where the anchor keeps its books.
    #[arg(long, value_enum, default_value_t = Database::Both)]
    database: Database,
    /// Kept alive, each with one request at a time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// For each kind of request.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only these requests, separated by commas; all if absent.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Request>,
}

#[derive(Subcommand)]
enum Command {
    /// Only the server of the ceilings (this program starts it by itself)
    #[command(hide = true)]
    Ceilings(Ceilings),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
    Both,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(Command::Ceilings(ceilings)) = arguments.command {
        return ceilings.serve().await;
    }
    let all = Request::value_variants().to_vec();
    let load = Load {
        requests: if arguments.only.is_empty() { all } else { arguments.only },
        connections: arguments.connections.max(1),
        time: Duration::from_secs(arguments.seconds.max(1)),
    };
    if arguments.database != Database::Postgres {
        let folder = tempfile::tempdir()?;
        let url = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
        println!("SQLite\n\n{}", load.run(&url("anchor.sqlite3"), &url("ceilings.sqlite3")).await?);
    }
    if arguments.database != Database::Sqlite {
        // every commit waits for the disk, as in production
        let cluster = Cluster::start_private(Durability::Full)?.context("PostgreSQL is not installed")?;
        let (anchor, ceilings) = (cluster.new_database()?, cluster.new_database()?);
        println!("PostgreSQL\n\n{}", load.run(anchor.url(), ceilings.url()).await?);
    }
    Ok(())
}

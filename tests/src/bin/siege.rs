//! Lays siege to an anchor and prints the report: see [`anchor_tests::siege`].
//!
//! ```sh
//! cargo run -p anchor-tests --bin siege -- --deposits 200 --withdrawals 200 --kills --chaos 2
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anchor_tests::database::TestDatabase;
use anchor_tests::siege::Siege;
use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

/// Customers deposit and withdraw while processes are killed and the network misbehaves; then everything is counted.
#[derive(Parser)]
struct Arguments {
    /// Where the anchor keeps its books.
    #[arg(long, value_enum, default_value_t = Database::Both)]
    database: Database,
    #[arg(long, default_value_t = 200)]
    deposits: u32,
    #[arg(long, default_value_t = 200)]
    withdrawals: u32,
    /// How many act at the same time.
    #[arg(long, default_value_t = 16)]
    customers: u32,
    /// SIGKILL at random moments, and start again at once.
    #[arg(long)]
    kills: bool,
    /// How many requests of a hundred suffer each kind of network fault (there are a dozen kinds).
    #[arg(long, default_value_t = 0)]
    chaos: u8,
    /// Now and then the network goes silent: streams say nothing, requests hang, ledgers do not close.
    #[arg(long)]
    silence: bool,
    /// A process for the server and one for each job, instead of one for all.
    #[arg(long)]
    split: bool,
    /// The anchor reads the network through Stellar RPC instead of Horizon.
    #[arg(long)]
    rpc: bool,
    /// How many channel accounts carry the payments; without any, the distribution account does.
    #[arg(long, default_value_t = 0)]
    channels: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// In seconds.
    #[arg(long, default_value_t = 900)]
    limit: u64,
    /// The example anchor, already built; without it, it is built first.
    #[arg(long)]
    program: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
    Both,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let siege = Siege {
        deposits: arguments.deposits,
        withdrawals: arguments.withdrawals,
        customers: arguments.customers,
        kills: arguments.kills,
        chaos: arguments.chaos,
        silence: arguments.silence,
        split: arguments.split,
        rpc: arguments.rpc,
        channels: arguments.channels,
        seed: arguments.seed,
        limit: Duration::from_secs(arguments.limit),
        program: arguments.program,
    };
    let mut held = true;
    if arguments.database != Database::Postgres {
        held &= lay(&siege, "SQLite", TestDatabase::sqlite()).await?;
    }
    if arguments.database != Database::Sqlite {
        let database = TestDatabase::postgres().context("PostgreSQL is not installed")?;
        held &= lay(&siege, "PostgreSQL", database).await?;
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn lay(siege: &Siege, name: &str, database: TestDatabase) -> Result<bool> {
    println!("database               {name}");
    let report = siege.run(&database).await?;
    println!("{report}\n");
    Ok(report.violations.is_empty())
}

//! The process with the keys, and how people decide.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anchor_core::account::AccountId;
use anchor_core::stellar::Network;
use anchor_core::transaction::TransactionHash;
use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use remote_signer::server::Vault;

/// Signs an anchor's envelopes: small ones at once, others when a person has agreed.
#[derive(Parser)]
struct Cli {
    /// What people decided
    #[arg(long, env = "DECISIONS", default_value = "decisions.txt")]
    decisions: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer the anchor. Keys are in SIGNER_SEEDS, separated by commas; the anchor's token is in SIGNER_TOKEN.
    Serve(ServeArgs),
    /// Sign this envelope.
    Approve {
        /// As the process prints it
        hash: String,
    },
    /// Never sign this envelope.
    Refuse {
        /// As the process prints it
        hash: String,
        /// For the anchor's operator
        reason: String,
    },
}

#[derive(clap::Args)]
struct ServeArgs {
    /// Where to listen
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8002")]
    listen: String,
    /// The account that it signs for
    #[arg(long, env = "SIGNER_ACCOUNT")]
    account: String,
    /// The network that it signs for
    #[arg(long, env = "STELLAR_NETWORK_PASSPHRASE", default_value = Network::TESTNET)]
    network: String,
    /// Up to so many stroops an envelope is signed without asking anybody
    #[arg(long, env = "APPROVE_UP_TO", default_value_t = 0)]
    approve_up_to: i64,
}

#[actix_web::main]
async fn main() -> Result<()> {
    let Cli { decisions, command } = Cli::parse();
    match command {
        Command::Serve(args) => {
            let seeds = std::env::var("SIGNER_SEEDS").context("SIGNER_SEEDS is missing")?;
            let keys: Result<Vec<_>, _> = seeds.split(',').map(|seed| seed.trim().parse()).collect();
            let token = std::env::var("SIGNER_TOKEN").context("SIGNER_TOKEN is missing")?;
            ensure!(token.len() >= 32, "SIGNER_TOKEN: at least 32 characters");
            let account: AccountId = args.account.parse().context("SIGNER_ACCOUNT is no account")?;
            let vault = Vault {
                account,
                keys: keys.context("SIGNER_SEEDS: not seeds")?,
                network: Network::new(args.network),
                token,
                limit: args.approve_up_to.into(),
                decisions,
            };
            println!("signing for {account} at {}", args.listen);
            Ok(vault.serve(&args.listen)?.await?)
        }
        Command::Approve { hash } => decide(&decisions, "approve", &hash, ""),
        Command::Refuse { hash, reason } => decide(&decisions, "refuse", &hash, &reason),
    }
}

/// A whole line at once, and on disk before it is said to be.
fn decide(decisions: &Path, word: &str, hash: &str, reason: &str) -> Result<()> {
    let hash: TransactionHash = hash.parse()?;
    let reason = reason.replace(['\n', '\r'], " ");
    let line = format!("{word} {hash} {reason}");
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(decisions)?;
    file.write_all(format!("{}\n", line.trim_end()).as_bytes())?;
    file.sync_all()?;
    Ok(())
}

//! Subcommands for the integrator's own binary (clap, feature `cli`).
//!
//! ```no_run
//! use anchor_core::cli::{AdminCommand, Settings};
//! use clap::Parser;
//!
//! #[derive(Parser)]
//! enum Command {
//!     #[command(flatten)]
//!     Admin(AdminCommand),
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let Command::Admin(admin) = Command::parse();
//! admin.run(Settings::load(".env")?).await?;
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use clap::Subcommand;

use crate::config::Config;
use crate::stellar::Ledger;
use crate::store::diesel::DieselStore;

mod account;
mod asset;
mod channel;
mod customer;
mod doctor;
mod error;
mod flags;
mod keys;
mod known;
mod logging;
mod network;
mod output;
mod settings;
mod suspense;
mod testnet;
mod transaction;

pub use error::CliError;
pub use flags::Flags;
pub use keys::ensure_keys;
pub use known::SETTINGS;
pub use logging::init_logging;
pub use settings::Settings;
pub use testnet::{IssueArgs, ensure_asset, issue};

/// What an operator does from the command line.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum AdminCommand {
    /// Bring the database's tables up to date. Safe to run at any time, also by several machines at once.
    Migrate,
    /// Accounts and assets on a test network.
    #[command(subcommand)]
    Testnet(testnet::TestnetCommand),
    /// The assets on offer.
    #[command(subcommand)]
    Asset(asset::AssetCommand),
    /// Wallets' accounts.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// The pool of channel accounts, which carry as many envelopes at once as there are.
    #[command(subcommand)]
    Channels(channel::ChannelCommand),
    /// Deposits and withdrawals.
    #[command(subcommand)]
    Transaction(transaction::TransactionCommand),
    /// Customers, and what is decided about them.
    #[command(subcommand)]
    Customer(customer::CustomerCommand),
    /// Payments that nobody was credited for.
    #[command(subcommand)]
    Suspense(suspense::SuspenseCommand),
    /// Check settings, keys, accounts, balances and database, and say what is wrong.
    Doctor(doctor::DoctorArgs),
    /// Secrets for the settings.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
}

impl AdminCommand {
    /// Does it; the answer goes to standard output.
    ///
    /// # Errors
    /// What stood in the way; repeating the command is always safe.
    pub async fn run(self, settings: Settings) -> Result<(), CliError> {
        match self.answer(settings).await {
            Err(CliError::NobodyReads) => Ok(()),
            ended => ended,
        }
    }

    async fn answer(self, mut settings: Settings) -> Result<(), CliError> {
        match self {
            Self::Keys(command) => command.run(),
            Self::Migrate => {
                let store = settings.open_store()?;
                for migration in store.migrate().await? {
                    output::note(format_args!("applied {migration}"));
                }
                output::note("The database is up to date.");
                Ok(())
            }
            // who only looks into the database needs no keys
            Self::Asset(command) => command.run(&settings.open_store()?, settings.is_public()).await,
            Self::Account(command) => command.run(&settings.open_store()?).await,
            Self::Transaction(command) => command.run(&settings.open_store()?).await,
            Self::Suspense(command) => command.run(&settings.open_store()?).await,
            Self::Customer(command) => {
                let config = settings.config()?;
                command.run(&config, &settings.open_store()?).await
            }
            Self::Channels(command) => command.run(&settings).await,
            Self::Testnet(command) => command.run(&mut settings).await,
            Self::Doctor(doctor) => doctor.run(&settings).await,
        }
    }
}

/// What most commands need.
#[derive(Debug)]
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// The database.
    pub store: DieselStore,
    /// The network: by Stellar RPC if `STELLAR_RPC_URI` is set, by Horizon otherwise; through several servers if several
    /// are named.
    pub ledger: Arc<dyn Ledger>,
}

impl Parts {
    /// Opens database and network as the settings say. Contacts neither yet.
    ///
    /// # Errors
    /// Settings that are wrong or missing.
    pub fn open(settings: &Settings) -> Result<Self, CliError> {
        let config = settings.config()?;
        let store = DieselStore::open(config.database_url.expose())?;
        let ledger = network::open(&config)?;
        Ok(Self { config, store, ledger })
    }

    /// The database has all tables of this version. What serves or works asks before it starts, and never changes tables by
    /// itself: processes of the former version may still be at work on them.
    ///
    /// # Errors
    /// [`CliError::Outdated`], or the database did not answer.
    pub async fn require_migrated(&self) -> Result<(), CliError> {
        match self.store.pending_migrations().await?.len() {
            0 => Ok(()),
            missing => Err(CliError::Outdated { missing }),
        }
    }
}

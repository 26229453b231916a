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
mod keys;
mod logging;
mod network;
mod output;
mod settings;
mod suspense;
mod testnet;
mod transaction;

pub use error::CliError;
pub use keys::ensure_keys;
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
                let store = Parts::open_store(&settings.config()?)?;
                for migration in store.migrate().await? {
                    output::note(format_args!("applied {migration}"));
                }
                output::note("The database is up to date.");
                Ok(())
            }
            Self::Asset(command) => command.run(&Parts::open_store(&settings.config()?)?).await,
            Self::Account(command) => command.run(&Parts::open_store(&settings.config()?)?).await,
            Self::Transaction(command) => command.run(&Parts::open_store(&settings.config()?)?).await,
            Self::Suspense(command) => command.run(&Parts::open_store(&settings.config()?)?).await,
            Self::Customer(command) => {
                let config = settings.config()?;
                command.run(&config, &Parts::open_store(&config)?).await
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
        let store = Self::open_store(&config)?;
        let ledger = network::open(&config)?;
        Ok(Self { config, store, ledger })
    }

    fn open_store(config: &Config) -> Result<DieselStore, CliError> {
        Ok(DieselStore::open(config.database_url.expose())?)
    }
}

//! Why a command did not do it.

use crate::config::ConfigError;
use crate::ops::OpsError;
use crate::ops::suspense::SuspenseError;
use crate::stellar::LedgerError;
use crate::stellar::failover::FailoverError;
use crate::stellar::horizon::HorizonError;
use crate::stellar::rpc::RpcError;
use crate::store::StoreError;
use crate::store::diesel::{MigrateError, OpenError};

/// A command could not do what it was asked. Repeating it is safe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The `.env` file.
    #[error("{path} cannot be read")]
    EnvFile {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: dotenvy::Error,
    },
    /// A file.
    #[error("{path} cannot be written")]
    Write {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database's tables could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database is that of an earlier version.
    #[error("the database lacks {missing} migrations: stop the workers and run `migrate`")]
    Outdated {
        /// So many.
        missing: usize,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network's address.
    #[error(transparent)]
    Horizon(#[from] HorizonError),
    /// The network's address, by Stellar RPC.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The network's servers.
    #[error(transparent)]
    Failover(#[from] FailoverError),
    /// The network.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A use case.
    #[error(transparent)]
    Ops(#[from] OpsError),
    /// A decision about a payment in suspense.
    #[error(transparent)]
    Suspense(#[from] SuspenseError),
    /// Something about customers.
    #[error(transparent)]
    Customer(#[from] crate::ops::customer::CustomerError),
    /// Nobody has this id.
    #[error("there is no such customer")]
    UnknownCustomer,
    /// Standard output does not take what is written.
    #[error("standard output cannot be written")]
    Output(#[source] std::io::Error),
    /// Whoever read the output has read enough. Never the end of [`run`](super::AdminCommand::run).
    #[error("nobody reads the output any more")]
    NobodyReads,
    /// What was asked for does not exist, or cannot be done; in words.
    #[error("{0}")]
    Refused(String),
}

//! Why a use case did not come to its end. Nothing was lost: it is done again.

use std::time::Duration;

use crate::customer::VaultError;
use crate::integration::{IntegrationError, Retry, SignError};
use crate::stellar::LedgerError;
use crate::store::StoreError;

/// A use case could not find out or write something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpsError {
    /// The store.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    /// The ledger.
    #[error("the ledger did not answer")]
    Ledger(#[from] LedgerError),
    /// One of the business's integrations.
    #[error("an integration did not answer")]
    Integration(#[from] IntegrationError),
    /// There is no key.
    #[error("the envelope was not signed")]
    Sign(#[from] SignError),
    /// What somebody else signed cannot be used: nothing was stored or sent.
    #[error("the signatures cannot be used: {0}")]
    Signatures(String),
    /// The transaction's asset is no longer configured.
    #[error("the asset of the transaction is not configured")]
    UnknownAsset,
    /// What was told cannot be sealed, or does not open.
    #[error("what was told is not readable, or cannot be kept")]
    Vault(#[from] VaultError),
    /// Others kept changing what was to be changed.
    #[error("the transaction kept changing meanwhile")]
    Contended,
    /// Our own envelope is not what it should be: nothing was stored or sent.
    #[error("the envelope was built wrongly: {0}")]
    Envelope(String),
}

impl OpsError {
    /// How long to wait before it is tried again, if whoever failed said so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Ledger(error) => error.retry_after(),
            Self::Integration(error) => match error.retry() {
                Retry::After(pause) => Some(pause),
                Retry::Transient | Retry::Permanent => None,
            },
            Self::Store(_)
            | Self::Sign(_)
            | Self::Signatures(_)
            | Self::UnknownAsset
            | Self::Vault(_)
            | Self::Contended
            | Self::Envelope(_) => None,
        }
    }
}

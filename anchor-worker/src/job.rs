//! What a job is.

use anchor_core::ops::{OpsError, Progress};
use anchor_core::stellar::LedgerError;
use anchor_core::store::StoreError;
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::driver::{self, Rhythm};

/// A job did not come to its end. Nothing was lost: the next activation does what this one did not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// A use case.
    #[error("the job's step did not come to its end")]
    Ops(#[from] OpsError),
    /// The store, asked directly.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    /// The ledger, asked directly.
    #[error("the ledger did not answer")]
    Ledger(#[from] LedgerError),
}

/// A reconciler without input: it looks at what is stored, does what is due, and may be killed at any time.
///
/// Any number of processes may run the same job on one database.
#[async_trait]
pub trait Job: Send + Sync {
    /// How it is called in logs, metrics and on the command line.
    fn name(&self) -> &'static str;

    /// Does what is due now, once.
    ///
    /// # Errors
    /// See [`JobError`]; the driver tries again later.
    async fn activate_once(&self) -> Result<Progress, JobError>;

    /// Rings when there may be work; a job without one only looks periodically.
    fn bell(&self) -> Option<&Notify> {
        None
    }

    /// So many activations of it go on side by side in one process, so that a bank or wallet that answers slowly does
    /// not hold up what becomes due meanwhile. Each works on as many transactions side by side as the settings say.
    fn lanes(&self) -> usize {
        1
    }

    /// Works until told to stop, and finishes the work at hand then. The default activates the job periodically
    /// and when its bell rings.
    async fn run(&self, rhythm: &Rhythm) {
        driver::activate_until_stopped(self, rhythm).await;
    }
}

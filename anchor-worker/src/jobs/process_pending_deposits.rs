//! Asks the rails whether the money of deposits has come.

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, funds};
use anchor_core::transaction::Queue;
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::job::{Job, JobError};

/// Asks the rails whether the money of deposits has come.
#[derive(Debug, Clone)]
pub struct ProcessPendingDeposits {
    anchor: Anchor,
    settings: JobSettings,
}

impl ProcessPendingDeposits {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for ProcessPendingDeposits {
    fn name(&self) -> &'static str {
        "process_pending_deposits"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().queue(Queue::Funds))
    }

    fn lanes(&self) -> usize {
        super::LANES
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(funds::poll(&self.anchor, &self.settings).await?)
    }
}

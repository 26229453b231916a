//! Gives payouts to the rails, and finds out about those that were under way at a crash.

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, payout};
use anchor_core::transaction::Queue;
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::job::{Job, JobError};

/// Gives payouts to the rails, and finds out about those that were under way at a crash.
#[derive(Debug, Clone)]
pub struct ExecuteOutgoingTransactions {
    anchor: Anchor,
    settings: JobSettings,
}

impl ExecuteOutgoingTransactions {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for ExecuteOutgoingTransactions {
    fn name(&self) -> &'static str {
        "execute_outgoing_transactions"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().queue(Queue::Payouts))
    }

    fn lanes(&self) -> usize {
        super::LANES
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(payout::execute(&self.anchor, &self.settings).await?)
    }
}

//! Asks the rails what became of payouts that they have under way.

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, payout};
use anchor_core::transaction::Queue;
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::job::{Job, JobError};

/// Asks the rails what became of payouts that they have under way.
#[derive(Debug, Clone)]
pub struct PollOutgoingTransactions {
    anchor: Anchor,
    settings: JobSettings,
}

impl PollOutgoingTransactions {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for PollOutgoingTransactions {
    fn name(&self) -> &'static str {
        "poll_outgoing_transactions"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().queue(Queue::Orders))
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(payout::follow(&self.anchor, &self.settings).await?)
    }
}

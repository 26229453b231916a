//! Plans, signs and submits ledger payments: deposits that are due, tokens that go back.

use std::sync::Arc;

use anchor_core::Anchor;
use anchor_core::ops::submit::{Pace, submit};
use anchor_core::ops::{JobSettings, Progress};
use anchor_core::transaction::Queue;
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::job::{Job, JobError};

/// Plans, signs and submits ledger payments: deposits that are due, tokens that go back.
#[derive(Debug, Clone)]
pub struct SubmitPayments {
    anchor: Anchor,
    settings: JobSettings,
    pace: Arc<Pace>,
}

impl SubmitPayments {
    /// The job of this anchor.
    pub fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings, pace: Arc::default() }
    }
}

#[async_trait]
impl Job for SubmitPayments {
    fn name(&self) -> &'static str {
        "submit_payments"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().queue(Queue::Payments))
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(submit(&self.anchor, &self.settings, &self.pace).await?)
    }
}

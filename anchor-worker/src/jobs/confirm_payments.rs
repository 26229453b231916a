//! Finds out what became of submitted envelopes. Alone closes attempts.

use std::sync::Arc;

use anchor_core::Anchor;
use anchor_core::ops::confirm::{Sight, confirm};
use anchor_core::ops::{JobSettings, Progress};
use anchor_core::transaction::Queue;
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::job::{Job, JobError};

/// Finds out what became of submitted envelopes. Alone closes attempts.
#[derive(Debug, Clone)]
pub struct ConfirmPayments {
    anchor: Anchor,
    settings: JobSettings,
    sight: Arc<Sight>,
}

impl ConfirmPayments {
    /// The job of this anchor.
    pub fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings, sight: Arc::default() }
    }
}

#[async_trait]
impl Job for ConfirmPayments {
    fn name(&self) -> &'static str {
        "confirm_payments"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().queue(Queue::Attempts))
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(confirm(&self.anchor, &self.settings, &self.sight).await?)
    }
}

//! Asks the business about the terms of requests that came by API.

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, decide};
use anchor_core::transaction::Queue;
use async_trait::async_trait;
use tokio::sync::Notify;

use super::LANES;
use crate::job::{Job, JobError};

/// Asks the business about the terms of requests that came by API.
#[derive(Debug, Clone)]
pub struct DecideTerms {
    anchor: Anchor,
    settings: JobSettings,
}

impl DecideTerms {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for DecideTerms {
    fn name(&self) -> &'static str {
        "decide_terms"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().queue(Queue::Terms))
    }

    fn lanes(&self) -> usize {
        LANES
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(decide::decide(&self.anchor, &self.settings).await?)
    }
}

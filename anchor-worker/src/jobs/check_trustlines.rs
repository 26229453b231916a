//! Looks whether users who lacked a trust line have it by now.

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, trust};
use anchor_core::transaction::Queue;
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::job::{Job, JobError};

/// Looks whether users who lacked a trust line have it by now.
#[derive(Debug, Clone)]
pub struct CheckTrustlines {
    anchor: Anchor,
    settings: JobSettings,
}

impl CheckTrustlines {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for CheckTrustlines {
    fn name(&self) -> &'static str {
        "check_trustlines"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().queue(Queue::Trust))
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(trust::check(&self.anchor, &self.settings).await?)
    }
}

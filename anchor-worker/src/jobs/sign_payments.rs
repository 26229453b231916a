//! Asks whoever else has to sign for signatures, and sends what is signed.

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, signing};
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::job::{Job, JobError};

/// Asks whoever else has to sign for signatures, and sends what is signed.
#[derive(Debug, Clone)]
pub struct SignPayments {
    anchor: Anchor,
    settings: JobSettings,
}

impl SignPayments {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for SignPayments {
    fn name(&self) -> &'static str {
        "sign_payments"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().signings())
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(signing::sign(&self.anchor, &self.settings).await?)
    }
}

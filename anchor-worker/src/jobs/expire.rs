//! Ends transactions whose user never sent anything.

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, expire};
use async_trait::async_trait;

use crate::job::{Job, JobError};

/// Ends transactions whose user never sent anything.
#[derive(Debug, Clone)]
pub struct Expire {
    anchor: Anchor,
    settings: JobSettings,
}

impl Expire {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for Expire {
    fn name(&self) -> &'static str {
        "expire"
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(expire::expire(&self.anchor, &self.settings).await?)
    }
}

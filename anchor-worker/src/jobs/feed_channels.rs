//! Tops up channel accounts, which pay the fees of what they carry.

use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, channels};
use async_trait::async_trait;

use crate::driver::{self, Rhythm};
use crate::job::{Job, JobError};

/// A full channel pays thousands of fees: looking now and then is enough.
const PERIOD: Duration = Duration::from_secs(300);

/// Tops up channel accounts, which pay the fees of what they carry.
#[derive(Debug, Clone)]
pub struct FeedChannels {
    anchor: Anchor,
    settings: JobSettings,
}

impl FeedChannels {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for FeedChannels {
    fn name(&self) -> &'static str {
        "feed_channels"
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(channels::feed(&self.anchor, &self.settings).await?)
    }

    async fn run(&self, rhythm: &Rhythm) {
        driver::activate_until_stopped(self, &Rhythm { period: PERIOD, ..rhythm.clone() }).await;
    }
}

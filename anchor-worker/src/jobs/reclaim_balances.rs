//! Takes back what was set aside and nobody claimed, where the settings want that.

use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::ops::{JobSettings, Progress, reclaim};
use async_trait::async_trait;

use crate::driver::{self, Rhythm};
use crate::job::{Job, JobError};

/// It is a matter of days.
const PERIOD: Duration = Duration::from_secs(30);

/// Takes back what was set aside and nobody claimed, where the settings want that.
#[derive(Debug, Clone)]
pub struct ReclaimBalances {
    anchor: Anchor,
    settings: JobSettings,
}

impl ReclaimBalances {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }
}

#[async_trait]
impl Job for ReclaimBalances {
    fn name(&self) -> &'static str {
        "reclaim_balances"
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        Ok(reclaim::reclaim(&self.anchor, &self.settings).await?)
    }

    async fn run(&self, rhythm: &Rhythm) {
        driver::activate_until_stopped(self, &Rhythm { period: PERIOD, ..rhythm.clone() }).await;
    }
}

//! Tells the business's event sink and the wallets what happened.

use std::fmt;
use std::sync::Arc;

use anchor_core::Anchor;
use anchor_core::ops::callback::CallbackSender;
use anchor_core::ops::{JobSettings, Progress, customer, deliver};
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::job::{Job, JobError};

/// Tells the business's event sink and the wallets what happened.
#[derive(Clone)]
pub struct DeliverEvents {
    anchor: Anchor,
    settings: JobSettings,
    sender: Arc<dyn CallbackSender>,
}

impl DeliverEvents {
    /// The job of this anchor; `sender` reaches the wallets.
    pub fn new(anchor: Anchor, settings: JobSettings, sender: Arc<dyn CallbackSender>) -> Self {
        Self { anchor, settings, sender }
    }
}

impl fmt::Debug for DeliverEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliverEvents").field("anchor", &self.anchor).finish_non_exhaustive()
    }
}

#[async_trait]
impl Job for DeliverEvents {
    fn name(&self) -> &'static str {
        "deliver_events"
    }

    fn bell(&self) -> Option<&Notify> {
        Some(self.anchor.wake().events())
    }

    fn lanes(&self) -> usize {
        super::LANES
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        let (told, of_customers) = tokio::join!(
            deliver::deliver(&self.anchor, &self.settings, &*self.sender),
            customer::notify(&self.anchor, &self.settings, &*self.sender),
        );
        Ok(told?.and(of_customers?))
    }
}

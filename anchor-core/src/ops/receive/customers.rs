//! Senders and receivers, as far as customers are known.

use crate::account::Subject;
use crate::anchor::Anchor;
use crate::integration::{Party, ReceiveOutcome, ReceiveView};
use crate::ops::OpsError;

/// What this party may be as a customer, each type with its description; nothing where nothing is asked of it.
pub fn types(anchor: &Anchor, party: Party) -> Vec<(&str, &str)> {
    let _ = (anchor, party);
    Vec::new()
}

/// Whether this sending anchor has such a customer.
pub(super) async fn is_of(anchor: &Anchor, subject: &Subject, id: &str) -> Result<bool, OpsError> {
    let _ = (anchor, subject, id);
    Ok(false)
}

/// What the customers' standing decides; `None` if it is no obstacle.
pub(super) async fn outcome(anchor: &Anchor, view: &ReceiveView) -> Result<Option<ReceiveOutcome>, OpsError> {
    let _ = (anchor, view);
    Ok(None)
}

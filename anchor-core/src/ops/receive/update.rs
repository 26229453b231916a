//! What a sending anchor says later (SEP-31 `PATCH`, deprecated).

use std::collections::BTreeMap;

use super::DECISION_DEADLINE;
use super::decide::{asked, stored_view};
use crate::anchor::Anchor;
use crate::integration::UpdateOutcome;
use crate::ops::info::{self, InfoError};
use crate::ops::{OpsError, answers};
use crate::transaction::Transaction;

/// Why nothing was taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// As for other transactions.
    #[error(transparent)]
    Info(#[from] InfoError),
    /// In the business's words.
    #[error("{0}")]
    Business(String),
}

/// Takes what was missing about a transaction: all of it, and only if the business can use it.
///
/// Said twice, the second time finds that nothing is asked any more.
///
/// # Errors
/// See [`UpdateError`]; nothing was taken.
pub async fn update(
    anchor: &Anchor,
    transaction: &Transaction,
    told: &BTreeMap<String, String>,
) -> Result<Transaction, UpdateError> {
    info::is_asked(transaction, told)?;
    let failed = |error: OpsError| UpdateError::from(InfoError::from(error));
    let answers = answers::fetch(anchor, transaction.id).await.map_err(failed)?;
    let view = stored_view(anchor, transaction, answers).map_err(failed)?;
    match asked(DECISION_DEADLINE, anchor.receiver().update(&view, told)).await.map_err(failed)? {
        UpdateOutcome::Accepted => Ok(info::tell(anchor, transaction, told).await?),
        UpdateOutcome::Invalid { reason } => Err(UpdateError::Business(reason)),
    }
}

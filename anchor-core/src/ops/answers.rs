//! What users told, sealed on its way into the store and opened on its way out.

use zeroize::Zeroizing;

use super::OpsError;
use crate::anchor::Anchor;
use crate::customer::{Kept, Place};
use crate::id::TransactionId;
use crate::integration::Answers;
use crate::store::StoreError;

/// What the user told so far; nothing, once it was erased.
///
/// # Errors
/// The store's, or [`OpsError::Vault`] if it does not open: then it is not known what was told.
pub async fn fetch(anchor: &Anchor, transaction: TransactionId) -> Result<Answers, OpsError> {
    let Some(kept) = anchor.store().answers_fetch(transaction).await? else { return Ok(Answers::default()) };
    let plain = anchor.vault().read(&Place::Answers(transaction), &kept)?;
    // serde's message may repeat the content
    let corrupt = |_| StoreError::Corrupt(format!("answers {transaction}: not readable"));
    Ok(serde_json::from_slice(&plain).map_err(corrupt)?)
}

/// Stores what was told in the flow; without effect once the terms are agreed.
pub(super) async fn put(
    anchor: &Anchor,
    transaction: TransactionId,
    answers: &Answers,
) -> Result<(), OpsError> {
    let kept = keep(anchor, transaction, answers)?;
    Ok(anchor.store().answers_put(transaction, &kept).await?)
}

/// As it is stored.
pub(super) fn keep(anchor: &Anchor, transaction: TransactionId, answers: &Answers) -> Result<Kept, OpsError> {
    let corrupt = |_| StoreError::Corrupt(format!("answers {transaction}: not writable"));
    let plain = Zeroizing::new(serde_json::to_string(answers).map_err(corrupt)?);
    Ok(anchor.vault().keep(&Place::Answers(transaction), &plain)?)
}

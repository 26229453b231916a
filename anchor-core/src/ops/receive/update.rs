//! What a sending anchor says later (SEP-31 `PATCH`, deprecated).

use std::collections::BTreeMap;

use super::decide::{asked, stored_view};
use super::{DECISION_DEADLINE, answers_with, check, missing};
use crate::anchor::Anchor;
use crate::integration::UpdateOutcome;
use crate::ops::commit::commit_answers;
use crate::ops::{Committed, OpsError};
use crate::transaction::{Fact, InfoKind, InfoNeed, State, Transaction};

/// How often an answer is stored again after a concurrent change.
const TRIES: u32 = 5;

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Updated {
    /// It was stored, and goes on.
    Updated(Transaction),
    /// Nothing is asked at the moment.
    NotAsked,
    /// It is not what was asked for: the text is for the sending anchor. Nothing was stored.
    Invalid(String),
}

/// Takes what was missing about a transaction.
///
/// Said twice, the second time finds that nothing is asked any more.
///
/// # Errors
/// When store or integration do not answer. Saying it again is harmless.
pub async fn update(
    anchor: &Anchor,
    transaction: &Transaction,
    given: &BTreeMap<String, String>,
) -> Result<Updated, OpsError> {
    let mut transaction = transaction.clone();
    for _ in 0..TRIES {
        let State::AwaitingInfo { need: InfoNeed::Transaction { fields, .. }, .. } = &transaction.state
        else {
            return Ok(Updated::NotAsked);
        };
        if let Err(refusal) = check::fields(fields, given) {
            return Ok(Updated::Invalid(refusal.to_string()));
        }
        if let Some(field) = missing(fields, given).first() {
            return Ok(Updated::Invalid(format!("{} is required", field.name)));
        }
        let answers = anchor.store().answers_fetch(transaction.id).await?;
        let view = stored_view(anchor, &transaction, answers)?;
        match asked(DECISION_DEADLINE, anchor.receiver().update(&view, given)).await? {
            UpdateOutcome::Accepted => {}
            UpdateOutcome::Invalid { reason } => return Ok(Updated::Invalid(reason)),
        }
        let answers = answers_with(view.answers, given);
        let fact = Fact::InfoGiven { kind: InfoKind::Transaction };
        match commit_answers(anchor, &transaction, fact, &answers).await? {
            Committed::Moved(next) => return Ok(Updated::Updated(next)),
            Committed::Unchanged | Committed::Anomaly(_) => return Ok(Updated::NotAsked),
            Committed::Stale | Committed::SourceBusy | Committed::MemoTaken => {}
        }
        let read = anchor.store().transaction_fetch(transaction.id).await?;
        transaction = read.ok_or(OpsError::Contended)?;
    }
    Err(OpsError::Contended)
}

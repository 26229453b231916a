//! What is known of the customers, and then the business's word.

use std::time::Duration;

use super::{fact, view_of};
use crate::anchor::Anchor;
use crate::integration::{Answers, IntegrationError, ReceiveOutcome, ReceiveView};
use crate::ops::OpsError;
use crate::ops::ask::ask;
use crate::ops::decide::Decision;
use crate::ops::terms::watch;
use crate::transaction::Transaction;

/// Whether a payment is taken. A question: nothing is written.
pub(super) async fn outcome(
    anchor: &Anchor,
    view: &ReceiveView,
    limit: Duration,
) -> Result<ReceiveOutcome, OpsError> {
    if let Some(outcome) = super::customers::outcome(anchor, view).await? {
        return Ok(outcome);
    }
    let outcome = asked(limit, anchor.receiver().accept(view)).await?;
    match &outcome {
        ReceiveOutcome::NeedsTransactionInfo { fields } if fields.is_empty() => {
            Err(IntegrationError::permanent("ReceiveOutcome::NeedsTransactionInfo without any field").into())
        }
        ReceiveOutcome::Agreed { .. } => {
            watch(anchor, &view.asset.distribution).await?;
            Ok(outcome)
        }
        _ => Ok(outcome),
    }
}

/// The same for one that is stored, and is not decided on yet or waits for what is missing of a customer.
pub(in crate::ops) async fn decision(
    anchor: &Anchor,
    transaction: &Transaction,
    answers: &Answers,
    limit: Duration,
) -> Result<Decision, OpsError> {
    let view = stored_view(anchor, transaction, answers.clone())?;
    let outcome = outcome(anchor, &view, limit).await?;
    Ok(match (fact(anchor, &view, &outcome), outcome) {
        (Some(fact), _) => Decision::Fact(fact),
        (None, ReceiveOutcome::Refused { reason }) => Decision::Refused { reason },
        (None, _) => Decision::Later,
    })
}

/// As it is stored.
pub(super) fn stored_view(
    anchor: &Anchor,
    transaction: &Transaction,
    answers: Answers,
) -> Result<ReceiveView, OpsError> {
    let asset = anchor.asset(&transaction.asset).ok_or(OpsError::UnknownAsset)?;
    Ok(view_of(asset.clone(), transaction.clone(), answers))
}

/// "I do not know" is asked again.
pub(super) async fn asked<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, IntegrationError>>,
) -> Result<T, OpsError> {
    Ok(ask(limit, call).await.map_err(IntegrationError::from)?)
}

//! Users who never sent anything.

use futures_util::FutureExt as _;

use super::ask::ask;
use super::work::{JobSettings, Progress, Step, work_off};
use super::{OpsError, commit, funds};
use crate::anchor::Anchor;
use crate::integration::IntegrationError;
use crate::store::Claimed;
use crate::transaction::{Actor, Fact, State};

/// Ends transactions whose deadline has passed, and forgets tokens, sessions and challenges that have ended.
///
/// Before a deposit ends, the rails are asked once more: after a night without workers its money may have been
/// at the bank for hours. While they do not answer, the deposit stays open. A withdrawal needs no such question:
/// a late payment finds the ended transaction by its memo and is sent back.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn expire(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    anchor.store().expired_delete(anchor.clock().now()).await?;
    let claimed = anchor.store().transaction_claim_overdue(&settings.claim(anchor)).await?;
    let works = claimed.iter().map(|one| (one, expire_one(anchor, settings, one).boxed()));
    Ok(work_off(anchor, settings, settings.width, works).await)
}

async fn expire_one(anchor: &Anchor, settings: &JobSettings, claimed: &Claimed) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    let mut last_word = None;
    if transaction.state == State::AwaitingFunds {
        let deposit = funds::view(anchor, transaction).await?;
        let question = async { anchor.rails().poll_pending_deposit(&deposit).await };
        let answer = ask(settings.call_timeout(), question).await.map_err(IntegrationError::from)?;
        last_word = funds::fact(anchor, transaction, answer)?;
    }
    let fact = last_word.unwrap_or(Fact::DeadlinePassed);
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    Ok(Step::after(&committed, settings.pause(anchor, transaction)))
}

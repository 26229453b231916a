//! Users who never sent anything.

use std::time::Duration;

use futures_util::FutureExt as _;

use super::ask::ask;
use super::work::{JobSettings, Progress, Step, work_off};
use super::{OpsError, commit, funds, quote};
use crate::anchor::Anchor;
use crate::integration::IntegrationError;
use crate::store::Claimed;
use crate::transaction::{Actor, Fact, State, Transaction};

/// Ends transactions whose deadline has passed, forgets tokens, sessions and challenges that have ended, and frees what
/// was in reserve for quotes that have.
///
/// Before a deposit ends, the rails are asked once more: after a night without workers its money may have been
/// at the bank for hours. While they do not answer, the deposit stays open. A withdrawal needs no such question:
/// a late payment finds the ended transaction by its memo and is sent back.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn expire(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    anchor.store().expired_delete(anchor.clock().now()).await?;
    quote::release(anchor).await?;
    let claimed = anchor.store().transaction_claim_overdue(&settings.claim(anchor)).await?;
    let works = claimed.iter().map(|one| (one, expire_one(anchor, settings, one).boxed()));
    Ok(work_off(anchor, settings, settings.width, works).await)
}

/// How long after the end of a quote a payment may still be found on the ledger that came before it.
const UNREAD: Duration = Duration::from_secs(30);
/// The job that finds payments.
const WATCH: &str = "watch_transactions";

/// A quote is kept for a payment that the ledger closed before its end, and the watcher reads a little later. Where no watcher
/// has told yet that it works, the time alone has to do.
async fn may_be_paid_in_time(anchor: &Anchor, transaction: &Transaction) -> Result<bool, OpsError> {
    let (State::AwaitingPayment, Some(quote)) = (&transaction.state, &transaction.quote) else {
        return Ok(false);
    };
    let unread = chrono::Duration::from_std(UNREAD).unwrap_or_default();
    let read = quote.expires_at.checked_add_signed(unread).unwrap_or(quote.expires_at);
    if anchor.clock().now() < read {
        return Ok(true);
    }
    let beats = anchor.store().heartbeat_list().await?;
    Ok(beats.iter().any(|beat| beat.job == WATCH && beat.at < read))
}

async fn expire_one(anchor: &Anchor, settings: &JobSettings, claimed: &Claimed) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    if may_be_paid_in_time(anchor, transaction).await? {
        return Ok(Step::Wait(UNREAD));
    }
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

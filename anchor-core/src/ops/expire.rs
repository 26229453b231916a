//! Users who never sent anything.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;

use super::ask::ask;
use super::work::{JobSettings, Progress, Step, chain, work_off};
use super::{OpsError, commit, funds, quote};
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::integration::IntegrationError;
use crate::store::Claimed;
use crate::transaction::{Actor, Fact, State, Transaction};

/// Ends transactions whose deadline has passed, forgets tokens, sessions and challenges that have ended, and frees what
/// was in reserve for quotes that have.
///
/// Before a deposit ends, the rails are asked once more: after a night without workers its money may have been
/// at the bank for hours. While they do not answer, the deposit stays open. Where it was promised a price, it stays open, and
/// they are asked, for `QUOTE_GRACE_SECONDS` after the end of the quote: money that came in time counts, however late it is
/// shown. A withdrawal needs no such question:
/// a late payment finds the ended transaction by its memo and is sent back. Where it was promised a price, it ends only
/// when all that the ledger shows of before the end of the quote is on record.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn expire(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    anchor.store().expired_delete(anchor.clock().now()).await?;
    if let Err(error) = quote::release(anchor).await {
        // somebody is refused a quote for longer: no reason to keep transactions open
        let error = chain(&error);
        tracing::error!(error, "it is not known which quotes have ended");
    }
    let claimed = anchor.store().transaction_claim_overdue(&settings.claim(anchor)).await?;
    let recorded = recorded(anchor, &claimed).await;
    let works = claimed.iter().map(|one| (one, expire_one(anchor, settings, one, &recorded).boxed()));
    Ok(work_off(anchor, settings, settings.width, works).await)
}

/// How long after the end of a quote a payment may still be found on the ledger that came before it.
const UNREAD: TimeDelta = TimeDelta::seconds(30);
/// A ledger that closes nothing for so long after the end of a quote is waited for no longer.
const LAG_MAX: TimeDelta = TimeDelta::minutes(15);

/// Up to when everything that was paid to an account is on record; absent if nobody can tell.
type Recorded = HashMap<AccountId, DateTime<Utc>>;

/// Asks the ledger about the accounts that users with quotes were told to pay to.
async fn recorded(anchor: &Anchor, claimed: &[Claimed]) -> Recorded {
    let asked: BTreeSet<AccountId> =
        claimed.iter().filter_map(|one| quoted(&one.transaction).map(|(account, _)| account)).collect();
    let mut recorded = Recorded::new();
    for account in asked {
        match recorded_until(anchor, &account).await {
            Ok(until) => recorded.extend(until.map(|until| (account, until))),
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(%account, error, "it is not known what was paid before the end of quotes");
            }
        }
    }
    recorded
}

async fn recorded_until(anchor: &Anchor, account: &AccountId) -> Result<Option<DateTime<Utc>>, OpsError> {
    let now = anchor.clock().now();
    let Some(cursor) = anchor.store().watch_fetch(account).await? else {
        // nobody was told to pay here
        return Ok(Some(now));
    };
    let latest = anchor.ledger().latest().await?;
    let unread = anchor.ledger().movements(account, &cursor).await?;
    let is_all = unread.movements.is_empty() && unread.poison.is_empty() && !unread.more;
    let closed = i64::try_from(latest.closed_at).ok().and_then(|at| DateTime::from_timestamp(at, 0));
    Ok(closed.filter(|_| is_all).map(|closed| closed.max(now - LAG_MAX)))
}

/// Where a user was told to pay, and until when at this price.
fn quoted(transaction: &Transaction) -> Option<(AccountId, DateTime<Utc>)> {
    let quote = transaction.quote.as_ref().filter(|_| transaction.state == State::AwaitingPayment)?;
    Some((transaction.receiving()?.account, quote.expires_at))
}

/// A quote is kept for a payment that the ledger closed before its end, however late it is read.
fn may_be_paid_in_time(anchor: &Anchor, transaction: &Transaction, recorded: &Recorded) -> bool {
    let Some((account, end)) = quoted(transaction) else { return false };
    let is_soon = anchor.clock().now() < end.checked_add_signed(UNREAD).unwrap_or(end);
    is_soon || recorded.get(&account).is_none_or(|until| *until < end)
}

async fn expire_one(
    anchor: &Anchor,
    settings: &JobSettings,
    claimed: &Claimed,
    recorded: &Recorded,
) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    if may_be_paid_in_time(anchor, transaction, recorded) {
        return Ok(Step::Wait(UNREAD.to_std().unwrap_or_default()));
    }
    let mut last_word = None;
    if transaction.state == State::AwaitingFunds {
        let deposit = funds::view(anchor, transaction).await?;
        let question = async { anchor.rails().poll_pending_deposit(&deposit).await };
        let answer = ask(settings.call_timeout(), question).await.map_err(IntegrationError::from)?;
        last_word = funds::fact(anchor, transaction, answer)?;
    }
    let pause = settings.pause(anchor, transaction);
    if last_word.is_none() && funds::may_be_shown_later(anchor, transaction) {
        return Ok(Step::Wait(pause));
    }
    let fact = last_word.unwrap_or(Fact::DeadlinePassed);
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    Ok(Step::after(&committed, pause))
}

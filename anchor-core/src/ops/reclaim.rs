//! Takes back what was set aside and nobody claimed, from the time on that the balance itself says.
//!
//! ```text
//! open -- there? --  sign  --  attempt stored  -- submit -->  confirm,  and the watcher reads what came
//!            (1)         (2)                  (3)
//! ```
//! Killed at (1) or (2) nothing happened; at (3), before, during or after the submission, there is an open attempt, which
//! `confirm` closes like any other. No attempt is made while another one is open, and a balance can be claimed once: that is
//! the ledger's own rule. An attempt that was applied changes nothing here. What came back is written by the watcher, in the
//! commit of its cursor, whoever claimed it with the account's key; see `observe`.
//!
//! That a balance is gone proves only that. It is closed as the user's if none of the anchor's attempts can have taken it; if a
//! watcher reads a claim by the anchor's account later, that prevails.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::work::{JobSettings, Progress};
use super::{OpsError, chain, submit};
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::stellar::{BalanceLookup, LedgerError, LedgerPoint};
use crate::store::{LastReclaim, SetAside};
use crate::transaction::AttemptStatus;

mod back;
mod take;

pub(super) use back::taken_back;

/// What is under way, or waits for the account's other claim, is looked at again after this time.
const PAUSE: Duration = Duration::from_secs(15);

/// What a person has to change something for is looked at again after this time.
const PAUSE_LONG: Duration = Duration::from_secs(3600);

/// What to do about one balance.
enum Next {
    Wait(Duration),
    /// Its account's other envelope has to be closed first.
    Busy,
    /// Somebody has it, or it is on its way.
    Moved,
}

/// Looks at the balances that may be taken back by now: makes an attempt for those that are there, one at a time for each
/// account, and closes those that are gone. Does nothing unless the settings want it, and while less than half of the fee budget is left:
/// users' payments come first.
///
/// # Errors
/// The ledger's or the store's, before anything was claimed. Later trouble ends the round and gives the balances back.
pub async fn reclaim(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let mut progress = Progress::default();
    if anchor.config().claimable_reclaim_after.is_none() || anchor.custody().is_some() {
        return Ok(progress);
    }
    if let (Some(budget), Some(rest)) = (settings.fee_budget, submit::allowance(anchor, settings).await?)
        && rest <= budget / 2
    {
        return Ok(progress);
    }
    let latest = anchor.ledger().latest().await?;
    let claim = settings.claim(anchor);
    let half = chrono::Duration::from_std(claim.lease / 2).unwrap_or(chrono::Duration::days(1));
    let until = claim.now + half;
    let due = anchor.store().set_aside_claim(&claim, latest.closed_at).await?;
    progress.claimed = u32::try_from(due.len()).unwrap_or(u32::MAX);
    let mut round = Round { anchor, settings, latest, until, busy: HashSet::new(), ended: None };
    for one in &due {
        let pause = round.look(one, &mut progress).await;
        let due = anchor.clock().now() + pause;
        if let Err(error) = anchor.store().set_aside_wait(&one.balance, due).await {
            tracing::warn!(error = chain(&error), "a balance was not given back; its lease will run out");
        }
    }
    Ok(progress)
}

/// What balances that are looked at together have in common.
struct Round<'a> {
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    latest: LedgerPoint,
    /// Nothing is begun after it: the leases end soon.
    until: DateTime<Utc>,
    /// Accounts with a claim under way.
    busy: HashSet<AccountId>,
    /// A server or the store is in trouble: nobody is asked any more, and for so long.
    ended: Option<Duration>,
}

impl Round<'_> {
    /// When to look at it again.
    async fn look(&mut self, one: &SetAside, progress: &mut Progress) -> Duration {
        if let Some(pause) = self.ended {
            return pause;
        }
        if self.busy.contains(&one.by) || self.anchor.clock().now() > self.until {
            return PAUSE;
        }
        match self.next(one).await {
            Ok(Next::Wait(pause)) => pause,
            Ok(Next::Busy) => {
                self.busy.insert(one.by);
                PAUSE
            }
            Ok(Next::Moved) => {
                progress.moved = progress.moved.saturating_add(1);
                PAUSE
            }
            Err(error) => {
                progress.failed = progress.failed.saturating_add(1);
                let pause = error.retry_after().unwrap_or_default().max(PAUSE);
                let (balance, error) = (&one.balance, chain(&error));
                tracing::warn!(balance, error, "a balance could not be looked at; tried again");
                self.ended = Some(pause);
                pause
            }
        }
    }

    async fn next(&mut self, one: &SetAside) -> Result<Next, OpsError> {
        match one.attempt {
            Some(last) if last.status == AttemptStatus::Open => return Ok(Next::Busy),
            Some(last) if last.status == AttemptStatus::Applied => return Ok(self.unread(one, last)),
            _ => {}
        }
        match self.anchor.ledger().claimable_balance(&one.balance).await? {
            BalanceLookup::Absent { checked } => self.gone(one, checked).await,
            BalanceLookup::Held { asset, amount, .. } if (&asset, amount) != (&one.asset, one.amount) => {
                let error = format!("balance {} holds something else than it was made with", one.balance);
                Err(LedgerError::Malformed(error).into())
            }
            // a server that has not read the ledger in which the last attempt failed, perhaps because of a claim
            BalanceLookup::Held { as_of, .. }
                if one.attempt.and_then(|last| last.ledger).is_some_and(|failed| as_of < failed) =>
            {
                Ok(Next::Wait(PAUSE))
            }
            BalanceLookup::Held { .. } => match one.attempt {
                Some(last) if self.is_fresh(last) => Ok(self.given_up(one, last)),
                _ => {
                    let next = take::take(self.anchor, self.settings, one).await?;
                    if matches!(next, Next::Moved) {
                        self.busy.insert(one.by);
                    }
                    Ok(next)
                }
            },
        }
    }

    /// Its last attempt was applied: the watcher will read that.
    fn unread(&self, one: &SetAside, last: LastReclaim) -> Next {
        if self.is_fresh(last) {
            return Next::Wait(PAUSE);
        }
        tracing::error!(
            transaction.id = %one.transaction,
            balance = one.balance,
            "what was set aside was taken back an hour ago, and the watcher has not read that: look for a record that could \
             not be read, or a gap in what was read"
        );
        Next::Wait(PAUSE_LONG)
    }

    /// It is gone from a server that has read so far.
    async fn gone(&self, one: &SetAside, checked: LedgerPoint) -> Result<Next, OpsError> {
        let is_past = one.attempt.is_none_or(|last| checked.closed_at > last.max_time);
        if checked.sequence < one.ledger || !is_past {
            // a server that lags behind
            return Ok(Next::Wait(PAUSE));
        }
        let before = one.attempt.map(|last| last.id);
        if self.anchor.store().set_aside_end(&one.balance, before).await? {
            tracing::info!(
                transaction.id = %one.transaction,
                balance = one.balance,
                "what was set aside has been claimed, and not by the anchor"
            );
        }
        Ok(Next::Moved)
    }

    /// Each failure costs a fee, and each envelope that nobody signs or no ledger takes holds a sequence number.
    fn is_fresh(&self, last: LastReclaim) -> bool {
        self.latest.closed_at < again_after(last)
    }

    /// It is made again later.
    fn given_up(&self, one: &SetAside, last: LastReclaim) -> Next {
        let (id, balance) = (one.transaction, &one.balance);
        if last.ledger.is_some() {
            let what = "the ledger refused to give back what was set aside: the attempt's note says why";
            tracing::error!(transaction.id = %id, balance, "{what}");
        } else {
            let what =
                "an envelope that takes back what was set aside was not signed in time, or in no ledger";
            tracing::warn!(transaction.id = %id, balance, "{what}");
        }
        let rest = again_after(last).saturating_sub(self.latest.closed_at);
        Next::Wait(Duration::from_secs(rest).max(PAUSE))
    }
}

/// In seconds of ledger time.
const fn again_after(last: LastReclaim) -> u64 {
    last.max_time.saturating_add(PAUSE_LONG.as_secs())
}

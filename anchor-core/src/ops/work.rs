//! What all jobs have in common: a claimed transaction is worked on alone, and given back whatever happens.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::{Committed, OpsError};
use crate::anchor::Anchor;
use crate::store::{Claim, Claimed};
use crate::transaction::Transaction;

/// How the jobs work: who they are, how much they take at once, how long they wait.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobSettings {
    /// Names this process in leases. Two processes must never share a name; a restarted one may keep it.
    pub owner: String,
    /// At most this many transactions at once; 100. Of payments on the ledger, which wait for nobody's answer before they are
    /// stored, five times as many.
    pub batch: u32,
    /// This many of them side by side, where order does not matter; 8.
    pub width: usize,
    /// How long nobody else works on what was claimed; 2 minutes. A killed job's work waits this long.
    pub lease: Duration,
    /// How long an account stays without a reader when the process that watched it is killed; 15 seconds. Never more
    /// than `lease`. Renewed while it lasts.
    pub watch_lease: Duration,
    /// After this an integration's answer counts as unknown; 30 seconds. Never more than a quarter of the lease.
    pub call_timeout: Duration,
    /// For how much *ledger* time a signed envelope may land; 60 seconds, at most 15 minutes.
    pub attempt_lifetime: Duration,
    /// The same for an envelope that somebody else has to sign; 1 hour, at most 12.
    pub signer_lifetime: Duration,
    /// The most that is bid for one operation, in stroops; 100,000 (0.01 lumens).
    pub fee_cap: u32,
    /// The most that fees may cost in any 24 hours, in stroops, counted by bids; no limit if absent. Where it is reached,
    /// payments wait.
    pub fee_budget: Option<i64>,
    /// An envelope that was not seen on the ledger after this time is bid for again, dearer; 15 seconds.
    pub bump_after: Duration,
    /// At most this many payments share an envelope, 1 to 100; 100. Payments with a memo never do.
    pub operations_max: usize,
    /// A channel account that holds less than this is topped up, in stroops; 1.5 lumens.
    pub channel_balance_min: i64,
    /// The shortest pause before the same question is asked again; 1 second. Pauses grow with the time that a
    /// transaction has waited already.
    pub pause_min: Duration,
    /// The longest such pause; 5 minutes.
    pub pause_max: Duration,
    /// How often news is offered to a wallet that cannot be reached before it is given up; 32, about a day.
    pub callback_tries: u32,
}

impl JobSettings {
    /// The usual settings of the process `owner`.
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            batch: 100,
            width: 8,
            lease: Duration::from_secs(120),
            watch_lease: Duration::from_secs(15),
            call_timeout: Duration::from_secs(30),
            attempt_lifetime: Duration::from_secs(60),
            signer_lifetime: Duration::from_secs(3600),
            fee_cap: 100_000,
            fee_budget: None,
            bump_after: Duration::from_secs(15),
            operations_max: 100,
            channel_balance_min: 15_000_000,
            pause_min: Duration::from_secs(1),
            pause_max: Duration::from_secs(300),
            callback_tries: 32,
        }
    }

    /// A claim for one batch, from now.
    pub(crate) fn claim(&self, anchor: &Anchor) -> Claim {
        Claim { owner: self.owner.clone(), now: anchor.clock().now(), lease: self.lease, limit: self.batch }
    }

    /// At most this many payments on the ledger at once.
    pub(crate) const fn payments(&self) -> u32 {
        self.batch.saturating_mul(5)
    }

    /// The right to watch an account lasts this long.
    pub fn watch_lease(&self) -> Duration {
        self.watch_lease.min(self.lease)
    }

    /// The deadline of one question, short enough that the lease outlives the question and its answer's commit.
    pub(crate) fn call_timeout(&self) -> Duration {
        self.call_timeout.min(self.lease / 4)
    }

    /// A tenth of the time since the transaction reached its status, so that the pauses grow without a counter.
    pub(crate) fn pause(&self, anchor: &Anchor, transaction: &Transaction) -> Duration {
        let now = anchor.clock().now();
        let waited = now.signed_duration_since(transaction.updated_at);
        let pause = (waited.to_std().unwrap_or_default() / 10).clamp(self.pause_min, self.pause_max);
        // what has an end is looked at when it comes
        let rest = transaction.deadline.and_then(|deadline| (deadline - now).to_std().ok());
        rest.filter(|rest| !rest.is_zero()).map_or(pause, |rest| pause.min(rest))
    }
}

/// What one activation of a job did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Taken off the queue.
    pub claimed: u32,
    /// Changed by it.
    pub moved: u32,
    /// Given back because something could not be found out.
    pub failed: u32,
}

impl Progress {
    /// The sum of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            claimed: self.claimed.saturating_add(other.claimed),
            moved: self.moved.saturating_add(other.moved),
            failed: self.failed.saturating_add(other.failed),
        }
    }
}

/// Where the work on one claimed transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It moved; that ended the lease too.
    Moved,
    /// It has to wait this long.
    Wait(Duration),
}

impl Step {
    /// What a commit means for the claim: whatever did not move is looked at again after `pause`.
    pub(crate) const fn after(committed: &Committed, pause: Duration) -> Self {
        match committed {
            Committed::Moved(_) => Self::Moved,
            Committed::Unchanged
            | Committed::Anomaly(_)
            | Committed::Stale
            | Committed::SourceBusy
            | Committed::MemoTaken => Self::Wait(pause),
        }
    }
}

/// A claimed transaction and what is to be done with it.
pub(crate) type Work<'a> = (&'a Claimed, BoxFuture<'a, Result<Step, OpsError>>);

/// Does all of it, `width` at a time. An error or a panic touches one transaction: it is logged, and the
/// transaction is given back.
///
/// Crash: whatever was not given back comes off the queue again when its lease ends.
pub(crate) async fn work_off<'a>(
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    width: usize,
    works: impl IntoIterator<Item = Work<'a>>,
) -> Progress {
    let finished: Vec<_> =
        works.into_iter().map(|(claimed, work)| finish(anchor, settings, claimed, work)).collect();
    let outcomes = stream::iter(finished).buffer_unordered(width.max(1));
    outcomes.fold(Progress::default(), |sum, one| async move { sum.and(one) }).await
}

async fn finish(
    anchor: &Anchor,
    settings: &JobSettings,
    claimed: &Claimed,
    work: BoxFuture<'_, Result<Step, OpsError>>,
) -> Progress {
    let transaction = &claimed.transaction;
    let mut progress = Progress { claimed: 1, moved: 0, failed: 0 };
    let pause = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(Step::Moved)) => {
            progress.moved = 1;
            return progress;
        }
        Ok(Ok(Step::Wait(pause))) => pause,
        Ok(Err(error)) => {
            progress.failed = 1;
            tracing::warn!(
                transaction.id = %transaction.id,
                transaction.state = transaction.state.name(),
                error = chain(&error),
                "a step is not known to have happened; it is tried again"
            );
            let asked = error.retry_after().unwrap_or_default();
            asked.max(settings.pause(anchor, transaction))
        }
        Err(_panic) => {
            progress.failed = 1;
            tracing::error!(
                transaction.id = %transaction.id,
                transaction.state = transaction.state.name(),
                "a step panicked; it is tried again"
            );
            settings.pause(anchor, transaction)
        }
    };
    let due = anchor.clock().now() + chrono::Duration::from_std(pause).unwrap_or(chrono::Duration::days(1));
    if let Err(error) = anchor.store().transaction_release(transaction.id, claimed.lease, due).await {
        let error = chain(&error);
        tracing::warn!(transaction.id = %transaction.id, error, "the lease was not given back; it will run out");
    }
    progress
}

/// An error with all its causes, for one line of a log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

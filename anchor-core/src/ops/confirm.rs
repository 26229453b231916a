//! What became of signed envelopes. Nothing else ever closes an attempt.
//!
//! An attempt is closed by proof only: the ledger applied it, the ledger failed it, or a ledger closed after its
//! upper bound without it, and its sequence number agrees (see `ops::absence`). Whatever a server said
//! when it was submitted proves nothing. Until then the same envelope is sent again, which can land at most once.
//!
//! An attempt that pays for several transactions is closed with all of them, in one commit.
//!
//! Killed anywhere: the attempt is still open and the same question is asked again.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::absence::is_absent;
use super::accounts::Accounts;
use super::commit::{anomaly, moved};
use super::work::{JobSettings, Progress};
use super::{OpsError, bump, chain, custody, submit};
use crate::anchor::Anchor;
use crate::id::AttemptId;
use crate::stellar::{LedgerPoint, Lookup};
use crate::store::{Claim, ClaimedAttempt, LeaseToken, Stored};
use crate::transaction::{Actor, Applied, ApplyContext, Change, Queue};

mod end;
mod sight;

pub use sight::Sight;

use end::{End, end, uses_number};

/// Open attempts are looked up again after this time, or as soon as a ledger has closed.
const PAUSE: Duration = Duration::from_secs(2);

/// One that was not found is not asked for again before this, however many ledgers close. A young one sooner, because it may
/// have been stored a moment before it was sent, and test networks are quick.
const PAUSE_MIN: Duration = Duration::from_millis(250);

/// Rounds until the job is asked whether it should stop.
const ROUNDS_MAX: u32 = 10;
/// One that waits for somebody else's signature is looked up less often: only whoever signed it could have sent it.
const PAUSE_UNSIGNED: Duration = Duration::from_secs(15);

/// An envelope is sent again when it was not found for so long: about a ledger.
const SEND_AGAIN: Duration = Duration::from_secs(5);

/// Looks up open attempts and closes those whose end is proved; and follows what was ordered from the custodian.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched attempts back.
pub async fn confirm(anchor: &Anchor, settings: &JobSettings, sight: &Sight) -> Result<Progress, OpsError> {
    let progress = look_all(anchor, settings, sight).await?;
    Ok(progress.and(custody::follow(anchor, settings).await?))
}

async fn look_all(anchor: &Anchor, settings: &JobSettings, sight: &Sight) -> Result<Progress, OpsError> {
    if sight.is_up_to_date(anchor).await {
        return Ok(Progress::default());
    }
    let began = anchor.clock().now();
    sight.forget();
    let (mut progress, mut read) = (Progress::default(), None);
    for _ in 0..ROUNDS_MAX {
        let looked = look(anchor, settings, sight, began).await?;
        progress = progress.and(looked.progress);
        read = earlier_of(read, looked.read);
        if looked.is_all {
            sight.remember(began, read);
            break;
        }
    }
    Ok(progress)
}

/// What one round saw.
#[derive(Default)]
struct Looked {
    progress: Progress,
    /// The ledger up to which envelopes were not found, if any was not.
    read: Option<u32>,
    /// Nothing more is due.
    is_all: bool,
}

/// Looks at what was due at `began`, so that nothing is looked at twice.
async fn look(
    anchor: &Anchor,
    settings: &JobSettings,
    sight: &Sight,
    began: DateTime<Utc>,
) -> Result<Looked, OpsError> {
    let claim =
        Claim { now: began, limit: settings.payments().min(sight.envelopes()), ..settings.claim(anchor) };
    let claimed = anchor.store().attempt_claim(&claim).await?;
    if claimed.is_empty() {
        return Ok(Looked { is_all: true, ..Looked::default() });
    }
    sight.learn(&claimed);
    let mut round = Round { anchor, settings, back: Vec::new(), progress: Progress::default() };
    round.progress.claimed = u32::try_from(claimed.len()).unwrap_or(u32::MAX);
    let is_all = round.progress.claimed < claim.limit;
    let (mut ended, mut open, mut read) = (Vec::new(), Vec::new(), None);
    for (one, lookup) in claimed.iter().zip(look_up(anchor, &claimed).await) {
        match lookup {
            Ok(lookup) => {
                if let Lookup::NotFound { checked } = lookup {
                    read = earlier_of(read, Some(checked.sequence));
                }
                match end(&one.attempt, lookup) {
                    Some(end) => ended.push((one, end)),
                    None => open.push(one),
                }
            }
            Err(error) => round.failed(one, &OpsError::Ledger(error)),
        }
    }
    let ended = round.proved(ended).await;
    round.close(ended).await;
    round.send_again(&open).await;
    Ok(Looked { progress: round.finish().await, read, is_all })
}

fn earlier_of(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    one.into_iter().chain(other).min()
}

/// One answer for each attempt: by its own hash and, where it was wrapped again, by those of the wrappings, which some
/// servers do not find by the hash inside.
async fn look_up(
    anchor: &Anchor,
    claimed: &[ClaimedAttempt],
) -> Vec<Result<Lookup, crate::stellar::LedgerError>> {
    let hashes_of = |one: &ClaimedAttempt| 1 + one.bumps.len();
    let hashes: Vec<_> = claimed
        .iter()
        .flat_map(|one| std::iter::once(one.attempt.hash).chain(one.bumps.iter().map(|bump| bump.hash)))
        .collect();
    let mut answers = anchor.ledger().lookup_all(&hashes).await.into_iter();
    claimed.iter().map(|one| first_found(answers.by_ref().take(hashes_of(one)).collect())).collect()
}

/// What one of them says if it was found; not found only if none of them was, up to the earliest of their points.
fn first_found(
    answers: Vec<Result<Lookup, crate::stellar::LedgerError>>,
) -> Result<Lookup, crate::stellar::LedgerError> {
    let mut checked: Option<LedgerPoint> = None;
    let mut unknown = None;
    for answer in answers {
        match answer {
            Ok(Lookup::NotFound { checked: point }) => {
                checked = Some(checked.map_or(point, |before| before.min(point)));
            }
            Ok(found) => return Ok(found),
            Err(error) => unknown = Some(error),
        }
    }
    match (unknown, checked) {
        (None, Some(checked)) => Ok(Lookup::NotFound { checked }),
        (Some(error), _) => Err(error),
        (None, None) => Err(crate::stellar::LedgerError::Malformed("no answer to a look-up".to_owned())),
    }
}

/// The attempts of a round, and where each of them ended.
struct Round<'a> {
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    back: Vec<(AttemptId, LeaseToken, DateTime<Utc>)>,
    progress: Progress,
}

impl Round<'_> {
    fn wait(&mut self, one: &ClaimedAttempt, pause: Duration) {
        let pause = chrono::Duration::from_std(pause).unwrap_or(chrono::Duration::days(1));
        self.back.push((one.attempt.id, one.lease, self.anchor.clock().now() + pause));
    }

    fn failed(&mut self, one: &ClaimedAttempt, error: &OpsError) {
        self.progress.failed = self.progress.failed.saturating_add(1);
        tracing::warn!(
            attempt.id = %one.attempt.id,
            hash = %one.attempt.hash,
            error = chain(error),
            "it is not known what became of an envelope; asked again"
        );
        let waited =
            self.anchor.clock().now().signed_duration_since(one.opened_at).to_std().unwrap_or_default();
        let pause = (waited / 10).clamp(self.settings.pause_min, self.settings.pause_max);
        self.wait(one, error.retry_after().unwrap_or_default().max(pause));
    }

    /// Those whose end is proved: of an envelope that was not found, the sequence number has to agree.
    async fn proved<'c>(&mut self, ended: Vec<(&'c ClaimedAttempt, End)>) -> Vec<(&'c ClaimedAttempt, End)> {
        let dead = ended.iter().filter(|(_, end)| matches!(end, End::Dead { .. }));
        let sources = dead.map(|(one, _)| one.attempt.source).collect();
        let accounts = Accounts::read(self.anchor, sources).await;
        let mut proved = Vec::with_capacity(ended.len());
        for (one, mut end) in ended {
            if let End::Dead { checked, refused } = &mut end {
                let is_absent = match accounts.get(&one.attempt.source) {
                    Ok(account) => is_absent(self.anchor, &one.attempt, *checked, account).await,
                    Err(error) => Err(error.into()),
                };
                let why = match is_absent {
                    Ok(true) => self.refusal(one).await.map(Some),
                    Ok(false) => Ok(None),
                    Err(error) => Err(error),
                };
                match why {
                    Ok(Some(why)) => *refused = why,
                    Ok(None) => {
                        self.wait(one, PAUSE);
                        continue;
                    }
                    Err(error) => {
                        self.failed(one, &error);
                        continue;
                    }
                }
            }
            proved.push((one, end));
        }
        proved
    }

    /// Why somebody else did not sign an envelope, if that is why it is dead.
    async fn refusal(&self, one: &ClaimedAttempt) -> Result<Option<String>, OpsError> {
        if one.attempt.is_signed() {
            return Ok(None);
        }
        let signing = self.anchor.store().signing_fetch(&one.attempt.hash).await?;
        Ok(signing.and_then(|signing| signing.refused))
    }

    /// Closes attempts, each with all its transactions.
    async fn close(&mut self, ended: Vec<(&ClaimedAttempt, End)>) {
        let (mut groups, mut carried) = (Vec::new(), Vec::new());
        for (one, end) in ended {
            match self.changes(one, &end).await {
                Ok(changes) if changes.is_empty() => self.close_alone(one, &end).await,
                Ok(changes) => {
                    groups.push(changes);
                    carried.push(one);
                }
                Err(error) => self.failed(one, &error),
            }
        }
        if groups.is_empty() {
            return;
        }
        match self.anchor.store().transaction_apply_groups(&groups).await {
            Ok(stored) => {
                for ((changes, stored), one) in groups.into_iter().zip(stored).zip(carried) {
                    if stored != Stored::Applied {
                        self.wait(one, PAUSE);
                        continue;
                    }
                    self.progress.moved = self.progress.moved.saturating_add(1);
                    for change in changes {
                        moved(self.anchor, change.transaction(), change.fact().fact.name());
                    }
                }
                // the channels that signed are free again
                self.anchor.wake().queue(Queue::Payments).notify_one();
            }
            Err(error) => {
                let error = OpsError::Store(error);
                carried.into_iter().for_each(|one| self.failed(one, &error));
            }
        }
    }

    /// One change for each operation.
    async fn changes(&self, one: &ClaimedAttempt, end: &End) -> Result<Vec<Change>, OpsError> {
        let context =
            ApplyContext { ids: self.anchor.ids(), actor: Actor::Worker, at: self.anchor.clock().now() };
        let mut changes = Vec::with_capacity(one.transactions.len());
        let shares = one.transactions.len() > 1;
        for (operation, transaction) in one.transactions.iter().enumerate() {
            let operation = shares.then_some(operation);
            match transaction.apply(end.fact(&one.attempt, operation), &context) {
                Applied::Changed(change) => changes.push(change),
                Applied::Unchanged => return Err(OpsError::Contended),
                Applied::Anomaly(record, refusal) => {
                    anomaly(self.anchor, transaction, &record, refusal).await?;
                    return Err(OpsError::Contended);
                }
            }
        }
        Ok(changes)
    }

    /// An attempt that pays for no transaction.
    async fn close_alone(&mut self, one: &ClaimedAttempt, end: &End) {
        let (ledger, note) = match end {
            End::Applied { ledger, .. } => (Some(*ledger), format!("applied in ledger {ledger}")),
            End::Failed { ledger, failure } => (
                uses_number(failure).then_some(*ledger),
                format!("failed in ledger {ledger}: {}", failure.codes),
            ),
            End::Dead { checked, refused } => {
                let refused = refused.as_ref().map(|why| format!("not signed: {why}; ")).unwrap_or_default();
                (None, format!("{refused}not in the ledger up to {}", checked.sequence))
            }
        };
        let (id, at) = (one.attempt.id, self.anchor.clock().now());
        match self.anchor.store().attempt_close(id, end.status(), ledger, &note, at).await {
            Ok(()) => self.progress.moved = self.progress.moved.saturating_add(1),
            Err(error) => self.failed(one, &OpsError::Store(error)),
        }
    }

    /// Whatever may still land is sent again, dearer if it waits for long.
    async fn send_again(&mut self, open: &[&ClaimedAttempt]) {
        let now = self.anchor.clock().now();
        let mut sending = Vec::new();
        for one in open {
            let age = now.signed_duration_since(one.opened_at).to_std().unwrap_or_default();
            if !one.attempt.is_signed() {
                self.wait(one, PAUSE_UNSIGNED);
                continue;
            }
            self.wait(one, (age / 2).min(PAUSE_MIN));
            if age >= SEND_AGAIN {
                sending.push(bump::newest(self.anchor, self.settings, one, age).await);
            }
        }
        submit::send_all(self.anchor, &sending).await;
    }

    /// Gives back what is still open.
    async fn finish(self) -> Progress {
        if let Err(error) = self.anchor.store().attempt_release(&self.back).await {
            tracing::warn!(error = chain(&error), "leases were not given back; they will run out");
        }
        self.progress
    }
}

#[cfg(test)]
mod tests;

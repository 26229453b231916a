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
use crate::stellar::{Failure, FailureKind, LedgerPoint, Lookup};
use crate::store::{Claim, ClaimedAttempt, LeaseToken, Stored};
use crate::transaction::{
    Actor, AfterVoid, Applied, ApplyContext, Attempt, AttemptPurpose, AttemptStatus, Change, Effect, Fact,
    Queue,
};

mod sight;

pub use sight::Sight;

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

/// How an attempt ended, by proof.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Applied {
        ledger: u32,
        claimable_balances: Vec<String>,
    },
    Failed {
        ledger: u32,
        failure: Failure,
    },
    /// `refused`: why somebody else did not sign it.
    Dead {
        checked: LedgerPoint,
        refused: Option<String>,
    },
}

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

/// What a look-up proves; `None` if the envelope may still land.
fn end(attempt: &Attempt, lookup: Lookup) -> Option<End> {
    match lookup {
        Lookup::Succeeded { ledger, claimable_balances } => Some(End::Applied { ledger, claimable_balances }),
        Lookup::Failed { ledger, failure } => Some(End::Failed { ledger, failure }),
        // the bound is inclusive, and `checked` was read before the look-up
        Lookup::NotFound { checked } if checked.closed_at > attempt.max_time => {
            Some(End::Dead { checked, refused: None })
        }
        Lookup::NotFound { .. } => None,
    }
}

impl End {
    const fn status(&self) -> AttemptStatus {
        match self {
            Self::Applied { .. } => AttemptStatus::Applied,
            Self::Failed { .. } | Self::Dead { .. } => AttemptStatus::Void,
        }
    }

    /// What it means for the transaction of this operation, or (`None`) for the only one of the envelope.
    fn fact(&self, attempt: &Attempt, operation: Option<usize>) -> Fact {
        match self {
            Self::Applied { ledger, claimable_balances } => Fact::AttemptApplied {
                attempt: attempt.id,
                hash: attempt.hash,
                ledger: *ledger,
                effect: match attempt.purpose {
                    AttemptPurpose::CreateAccount => Effect::AccountCreated,
                    AttemptPurpose::Payment
                    | AttemptPurpose::Refund
                    | AttemptPurpose::Channels
                    | AttemptPurpose::Reclaim => {
                        // only an envelope with a single operation sets anything aside
                        Effect::Delivered { claimable_balance: claimable_balances.first().cloned() }
                    }
                },
            },
            Self::Failed { ledger, failure } => Fact::AttemptVoided {
                attempt: attempt.id,
                ledger: uses_number(failure).then_some(*ledger),
                reason: format!("failed in ledger {ledger}: {}", failure.codes),
                next: after(failure, operation),
            },
            Self::Dead { checked, refused } => {
                let signed = if attempt.is_signed() { "" } else { "not signed in time, and " };
                Fact::AttemptVoided {
                    attempt: attempt.id,
                    ledger: None,
                    reason: format!(
                        "{signed}not in the ledger up to {}, which closed after its upper bound",
                        checked.sequence
                    ),
                    next: match refused {
                        Some(reason) => AfterVoid::Hold { reason: format!("not signed: {reason}") },
                        None => AfterVoid::Retry,
                    },
                }
            }
        }
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
            End::Dead { checked, .. } => (None, format!("not in the ledger up to {}", checked.sequence)),
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

/// Whether a failed envelope used up its sequence number. It did if one of its operations failed; a transaction that the
/// ledger refuses as a whole may leave the number to another one (`tx_bad_seq`: another one had it).
fn uses_number(failure: &Failure) -> bool {
    !failure.operations.is_empty()
}

/// What to do after the ledger failed an envelope, for the transaction of one of its operations: the others are not to
/// blame for it. The only transaction of an envelope answers for all of its operations.
fn after(failure: &Failure, operation: Option<usize>) -> AfterVoid {
    let kind = match operation.and_then(|operation| failure.operations.get(operation)) {
        Some(None) => return AfterVoid::Retry,
        Some(Some(kind)) => *kind,
        None => failure.kind,
    };
    match kind {
        FailureKind::CannotReceive => AfterVoid::AwaitTrust,
        // planned anew from the ledger as it is by then: an account may have come or gone meanwhile
        FailureKind::BadSequence
        | FailureKind::TooLate
        | FailureKind::TooEarly
        | FailureKind::Fee
        | FailureKind::NoDestination
        | FailureKind::AlreadyExists => AfterVoid::Retry,
        FailureKind::Underfunded | FailureKind::Signature | FailureKind::Other => {
            AfterVoid::Hold { reason: failure.codes.clone() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::AttemptId;
    use crate::keys::SigningKey;
    use crate::stellar::LedgerPoint;
    use crate::transaction::TransactionHash;

    fn attempt(purpose: AttemptPurpose) -> Attempt {
        Attempt {
            id: AttemptId::new(uuid::Uuid::nil()),
            purpose,
            hash: TransactionHash::from_bytes([7; 32]),
            envelope: "".into(),
            source: SigningKey::from_seed([1; 32]).account(),
            sequence: 1,
            max_time: 1000,
            fee: 100,
            unsigned: None,
            reclaim: None,
        }
    }

    fn not_found_at(closed_at: u64) -> Lookup {
        Lookup::NotFound { checked: LedgerPoint { sequence: 9, closed_at } }
    }

    fn fact(attempt: &Attempt, lookup: Lookup) -> Option<Fact> {
        end(attempt, lookup).map(|end| end.fact(attempt, None))
    }

    #[test]
    fn peer_not_found_after_submit_is_not_a_failure() {
        let attempt = attempt(AttemptPurpose::Payment);
        assert_eq!(fact(&attempt, not_found_at(1)), None);
        assert_eq!(fact(&attempt, not_found_at(1000)), None, "the bound itself may still hold it");
        let Some(Fact::AttemptVoided { next, .. }) = fact(&attempt, not_found_at(1001)) else {
            panic!("a ledger after the bound is the proof")
        };
        assert_eq!(next, AfterVoid::Retry);
    }

    #[test]
    fn created_account_is_no_delivery() {
        let found = || Lookup::Succeeded { ledger: 5, claimable_balances: Vec::new() };
        let effect = |purpose| match fact(&attempt(purpose), found()) {
            Some(Fact::AttemptApplied { effect, .. }) => effect,
            other => panic!("{other:?}"),
        };
        assert_eq!(effect(AttemptPurpose::CreateAccount), Effect::AccountCreated);
        assert_eq!(effect(AttemptPurpose::Refund), Effect::Delivered { claimable_balance: None });
    }
    #[test]
    fn operation_that_failed_is_to_blame_and_the_others_are_not() {
        let operations = vec![None, Some(FailureKind::CannotReceive), None];
        let failure = Failure { operations, ..Failure::new(FailureKind::CannotReceive, "tx_failed: …") };
        assert_eq!(after(&failure, Some(0)), AfterVoid::Retry);
        assert_eq!(after(&failure, Some(1)), AfterVoid::AwaitTrust);
        assert_eq!(after(&failure, Some(2)), AfterVoid::Retry);
        let whole = Failure::new(FailureKind::Signature, "tx_bad_auth");
        assert!(matches!(after(&whole, Some(2)), AfterVoid::Hold { .. }), "nobody is excused");
    }

    #[test]
    fn only_transaction_of_an_envelope_answers_for_what_prepares_its_payment() {
        let failed = |kind| {
            let operations = vec![Some(kind), None];
            Failure { operations, ..Failure::new(kind, "tx_failed: …") }
        };
        assert_eq!(after(&failed(FailureKind::CannotReceive), None), AfterVoid::AwaitTrust);
        assert!(matches!(after(&failed(FailureKind::Other), None), AfterVoid::Hold { .. }));
    }

    #[test]
    fn envelope_is_found_by_any_of_its_forms_and_missing_only_by_all() {
        let point = |sequence| LedgerPoint { sequence, closed_at: u64::from(sequence) };
        let missing = |sequence| Ok(Lookup::NotFound { checked: point(sequence) });
        let found = || Ok(Lookup::Succeeded { ledger: 5, claimable_balances: Vec::new() });
        let error = || Err(crate::stellar::LedgerError::OtherNetwork);
        assert_eq!(first_found(vec![missing(9), found()]).unwrap(), found().unwrap());
        assert_eq!(first_found(vec![error(), found()]).unwrap(), found().unwrap());
        assert_eq!(first_found(vec![missing(9), missing(7)]).unwrap(), missing(7).unwrap());
        assert!(first_found(vec![missing(9), error()]).is_err());
        assert!(first_found(Vec::new()).is_err());
    }
}

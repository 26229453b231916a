//! What became of signed envelopes. Nothing else ever closes an attempt.
//!
//! An attempt is closed by proof only: the ledger applied it, the ledger failed it, or a ledger closed after its
//! upper bound without it, and its sequence number agrees (see `ops::absence`). Whatever a server said
//! when it was submitted proves nothing. Until then the same envelope is sent again, which can land at most once.
//!
//! Killed anywhere: the attempt is still open and the same question is asked again.

use std::time::Duration;

use futures_util::FutureExt as _;

use super::absence::is_absent;
use super::work::{JobSettings, Progress, Step, work_off};
use super::{OpsError, commit, submit};
use crate::anchor::Anchor;
use crate::stellar::{Failure, FailureKind, Lookup};
use crate::store::Claimed;
use crate::transaction::{Actor, AfterVoid, Attempt, AttemptPurpose, Effect, Fact, Queue, RefundStep, State};

/// An open attempt is looked up again after this time: ledgers close every five seconds or so.
const PAUSE: Duration = Duration::from_secs(2);

/// Looks up open attempts and closes those whose end is proved.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn confirm(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let claimed = anchor.store().transaction_claim(Queue::Attempts, &settings.claim(anchor)).await?;
    let works = claimed.iter().map(|one| (one, confirm_one(anchor, one).boxed()));
    Ok(work_off(anchor, settings, settings.width, works).await)
}

async fn confirm_one(anchor: &Anchor, claimed: &Claimed) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    let (State::Paying { attempt } | State::Refunding { step: RefundStep::Attempt(attempt) }) =
        transaction.state
    else {
        return Ok(Step::Wait(PAUSE));
    };
    let Some(attempt) = anchor.store().attempt_fetch(attempt).await? else {
        return Err(OpsError::Envelope("the open attempt is not stored".to_owned()));
    };
    let lookup = anchor.ledger().lookup(&attempt.hash).await?;
    let absent_at = match &lookup {
        Lookup::NotFound { checked } => Some(*checked),
        Lookup::Succeeded { .. } | Lookup::Failed { .. } => None,
    };
    let Some(fact) = fact(&attempt, lookup) else {
        submit::send(anchor, &attempt).await;
        return Ok(Step::Wait(PAUSE));
    };
    if let Some(checked) = absent_at {
        let account = anchor.ledger().account(&attempt.source).await?;
        if !is_absent(anchor, &attempt, checked, account.as_ref()).await? {
            return Ok(Step::Wait(PAUSE));
        }
    }
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    if matches!(committed, super::Committed::Moved(_)) {
        // the account that signed is free again
        anchor.wake().queue(Queue::Payments).notify_one();
    }
    Ok(Step::after(&committed, PAUSE))
}

/// What a look-up proves; `None` if the envelope may still land.
fn fact(attempt: &Attempt, lookup: Lookup) -> Option<Fact> {
    match lookup {
        Lookup::Succeeded { ledger, claimable_balances } => Some(Fact::AttemptApplied {
            attempt: attempt.id,
            hash: attempt.hash,
            ledger,
            effect: match attempt.purpose {
                AttemptPurpose::CreateAccount => Effect::AccountCreated,
                AttemptPurpose::Payment | AttemptPurpose::Refund => {
                    Effect::Delivered { claimable_balance: claimable_balances.into_iter().next() }
                }
            },
        }),
        Lookup::Failed { ledger, failure } => Some(Fact::AttemptVoided {
            attempt: attempt.id,
            reason: format!("failed in ledger {ledger}: {}", failure.codes),
            next: after(&failure),
        }),
        // the bound is inclusive, and `checked` was read before the look-up
        Lookup::NotFound { checked } if checked.closed_at > attempt.max_time => Some(Fact::AttemptVoided {
            attempt: attempt.id,
            reason: format!(
                "not in the ledger up to {}, which closed after its upper bound",
                checked.sequence
            ),
            next: AfterVoid::Retry,
        }),
        Lookup::NotFound { .. } => None,
    }
}

/// What to do after the ledger failed an envelope.
fn after(failure: &Failure) -> AfterVoid {
    match failure.kind {
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
    use crate::id::{AttemptId, TransactionId};
    use crate::keys::SigningKey;
    use crate::stellar::LedgerPoint;
    use crate::transaction::TransactionHash;

    fn attempt(purpose: AttemptPurpose) -> Attempt {
        Attempt {
            id: AttemptId::new(uuid::Uuid::nil()),
            transaction: TransactionId::new(uuid::Uuid::nil()),
            purpose,
            hash: TransactionHash::from_bytes([7; 32]),
            envelope: String::new(),
            source: SigningKey::from_seed([1; 32]).account(),
            sequence: 1,
            max_time: 1000,
        }
    }

    fn not_found_at(closed_at: u64) -> Lookup {
        Lookup::NotFound { checked: LedgerPoint { sequence: 9, closed_at } }
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
}

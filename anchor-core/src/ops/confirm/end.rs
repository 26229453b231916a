//! How attempts end: what proves it, and what that means for each transaction.

use crate::stellar::{Failure, FailureKind, LedgerPoint, Lookup};
use crate::transaction::{AfterVoid, Attempt, AttemptPurpose, AttemptStatus, Effect, Fact};

/// How an attempt ended, by proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
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

/// What a look-up proves; `None` if the envelope may still land.
pub(super) fn end(attempt: &Attempt, lookup: Lookup) -> Option<End> {
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
    pub(super) const fn status(&self) -> AttemptStatus {
        match self {
            Self::Applied { .. } => AttemptStatus::Applied,
            Self::Failed { .. } | Self::Dead { .. } => AttemptStatus::Void,
        }
    }

    /// What it means for the transaction of this operation, or (`None`) for the only one of the envelope.
    pub(super) fn fact(&self, attempt: &Attempt, operation: Option<usize>) -> Fact {
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

/// Whether a failed envelope used up its sequence number. It did if one of its operations failed; a transaction that the
/// ledger refuses as a whole may leave the number to another one (`tx_bad_seq`: another one had it).
pub(super) fn uses_number(failure: &Failure) -> bool {
    !failure.operations.is_empty()
}

/// What to do after the ledger failed an envelope, for the transaction of one of its operations: the others are not to
/// blame for it. The only transaction of an envelope answers for all of its operations.
pub(super) fn after(failure: &Failure, operation: Option<usize>) -> AfterVoid {
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

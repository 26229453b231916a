use super::end::after;
use super::*;
use crate::keys::SigningKey;
use crate::stellar::{Failure, FailureKind};
use crate::transaction::{AfterVoid, Attempt, AttemptPurpose, Effect, Fact, TransactionHash};

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

//! Sending envelopes and finding out what became of them.
#![expect(clippy::expect_used, reason = "the suite fails by panicking")]

use super::{Actor, TestNetwork, failure, is_taken, land, pay, rejection, stroops};
use crate::asset::StellarAsset;
use crate::memo::Memo;
use crate::stellar::envelope::{Claimant, Payment};
use crate::stellar::{FailureKind, LedgerPoint, Lookup};
use crate::transaction::TransactionHash;

async fn latest(network: &dyn TestNetwork) -> LedgerPoint {
    network.ledger().latest().await.expect("the latest ledger is known")
}

/// Sequence and close time.
pub async fn latest_advances_with_every_ledger(network: &dyn TestNetwork) {
    let before = latest(network).await;
    network.close(7).await;
    let after = latest(network).await;
    assert_eq!(after.sequence, before.sequence + 1);
    assert!(after.closed_at >= before.closed_at + 7);
}

/// 100 stroops per operation.
pub async fn fee_bid_is_at_least_the_base_fee(network: &dyn TestNetwork) {
    assert!(network.ledger().fee_bid().await.expect("a bid") >= 100);
}

/// And is found under the hash that it was built with.
pub async fn payment_lands_and_is_found(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 0).await;
    let envelope = issuer.sign([pay(user.id(), &issuer.usd(), 30)], Memo::Id(7)).await;
    let found = land(network, &envelope).await;
    let ledger = latest(network).await.sequence;
    assert_eq!(found, Lookup::Succeeded { ledger, claimable_balances: Vec::new() });
    assert_eq!(user.balance(&issuer.usd()).await, 30);
}

/// With the ledger that the answer is good for.
pub async fn unknown_transaction_is_not_found_up_to_the_latest_ledger(network: &dyn TestNetwork) {
    network.close(1).await;
    let hash = TransactionHash::from_bytes([0x5a; 32]);
    let found = network.ledger().lookup(&hash).await.expect("an answer");
    assert_eq!(found, Lookup::NotFound { checked: latest(network).await });
}

/// Before and after it was applied.
pub async fn envelope_that_is_sent_again_lands_once(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 0).await;
    let envelope = issuer.sign([pay(user.id(), &issuer.usd(), 30)], Memo::None).await;
    for _ in 0..2 {
        let said = network.ledger().submit(&envelope.xdr).await.expect("the envelope is taken");
        assert!(is_taken(&said), "{said:?}");
    }
    network.close(1).await;
    let found = network.ledger().lookup(&envelope.hash).await.expect("an answer");
    network.ledger().submit(&envelope.xdr).await.expect("any answer but an error");
    network.close(1).await;
    assert_eq!(user.balance(&issuer.usd()).await, 30);
    assert_eq!(network.ledger().lookup(&envelope.hash).await.expect("an answer"), found);
}

/// Fee and sequence number are gone, and the reason is known.
pub async fn payment_without_trust_line_fails_on_the_ledger(network: &dyn TestNetwork) {
    let (issuer, user) = (Actor::funded(network).await, Actor::funded(network).await);
    let before = issuer.snapshot().await;
    let envelope = issuer.sign([pay(user.id(), &issuer.usd(), 30)], Memo::None).await;
    let failure = failure(land(network, &envelope).await);
    assert_eq!(failure.kind, FailureKind::CannotReceive);
    assert_eq!(failure.codes, "tx_failed: op_no_trust");
    let after = issuer.snapshot().await;
    assert_eq!(after.sequence, before.sequence + 1);
    assert!(after.balance < before.balance);
}

/// The reason is known.
pub async fn payment_to_a_missing_account_fails_on_the_ledger(network: &dyn TestNetwork) {
    let (issuer, nobody) = (Actor::funded(network).await, Actor::new(network));
    let envelope = issuer.sign([pay(nobody.id(), &issuer.usd(), 30)], Memo::None).await;
    assert_eq!(failure(land(network, &envelope).await).kind, FailureKind::NoDestination);
}

/// It cannot have been applied.
pub async fn used_sequence_number_is_rejected(network: &dyn TestNetwork) {
    let (actor, user) = (Actor::funded(network).await, Actor::funded(network).await);
    let sequence = actor.snapshot().await.sequence;
    let max_time = actor.now().await + 1000;
    let operation = pay(user.id(), &StellarAsset::Native, 1);
    let envelope = actor.sign_with([operation], Memo::None, sequence, max_time);
    let said = network.ledger().submit(&envelope.xdr).await.expect("an answer");
    assert_eq!(rejection(said).kind, FailureKind::BadSequence);
}

/// By the time of the ledger.
pub async fn envelope_past_its_bound_is_rejected(network: &dyn TestNetwork) {
    let (actor, user) = (Actor::funded(network).await, Actor::funded(network).await);
    let sequence = actor.snapshot().await.sequence + 1;
    let max_time = actor.now().await - 1;
    let operation = pay(user.id(), &StellarAsset::Native, 1);
    let envelope = actor.sign_with([operation], Memo::None, sequence, max_time);
    let said = network.ledger().submit(&envelope.xdr).await.expect("an answer");
    assert_eq!(rejection(said).kind, FailureKind::TooLate);
}

/// What a dead attempt looks like: not found, checked on a ledger after its bound.
pub async fn envelope_that_expires_unapplied_is_never_found(network: &dyn TestNetwork) {
    let (actor, user) = (Actor::funded(network).await, Actor::funded(network).await);
    let sequence = actor.snapshot().await.sequence + 1;
    let max_time = actor.now().await + 100;
    let operation = pay(user.id(), &StellarAsset::Native, 1);
    let envelope = actor.sign_with([operation], Memo::None, sequence, max_time);
    network.close(200).await;
    let said = network.ledger().submit(&envelope.xdr).await.expect("an answer");
    assert!(!is_taken(&said), "{said:?}");
    network.close(1).await;
    let found = network.ledger().lookup(&envelope.hash).await.expect("an answer");
    assert!(matches!(found, Lookup::NotFound { checked } if checked.closed_at > max_time), "{found:?}");
    assert_eq!(actor.snapshot().await.sequence + 1, sequence);
}

/// By a key that is no signer of the account.
pub async fn unsigned_envelope_is_rejected(network: &dyn TestNetwork) {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    let (actor, user) = (Actor::funded(network).await, Actor::funded(network).await);
    let envelope = actor.sign([pay(user.id(), &StellarAsset::Native, 1)], Memo::None).await;
    let mut bytes = BASE64_STANDARD.decode(&envelope.xdr).expect("base64");
    *bytes.last_mut().expect("a signature") ^= 1;
    let said = network.ledger().submit(&BASE64_STANDARD.encode(bytes)).await.expect("an answer");
    assert_eq!(rejection(said).kind, FailureKind::Signature);
}

/// 72 hex characters.
pub async fn claimable_balance_tells_its_id(network: &dyn TestNetwork) {
    let (issuer, user) = (Actor::funded(network).await, Actor::new(network));
    let balance = |seconds| {
        let claimants = vec![
            Claimant { account: user.id(), from: None },
            Claimant { account: issuer.id(), from: Some(seconds) },
        ];
        Payment::ClaimableBalance { claimants, asset: issuer.usd(), amount: stroops(5) }
    };
    let now = issuer.now().await;
    let operations = [balance(now + 10).into(), balance(now + 20).into()];
    let envelope = issuer.sign(operations, Memo::None).await;
    let found = land(network, &envelope).await;
    let Lookup::Succeeded { claimable_balances, .. } = found else {
        assert_eq!(format!("{found:?}"), "success");
        return;
    };
    assert_eq!(claimable_balances.len(), 2);
    for id in &claimable_balances {
        assert!(id.len() == 72 && id.starts_with("00000000"), "{id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{id}");
    }
}

/// With the lumens that it was given.
pub async fn new_account_is_created(network: &dyn TestNetwork) {
    let (actor, user) = (Actor::funded(network).await, Actor::new(network));
    let create = Payment::CreateAccount { destination: user.id(), starting_balance: stroops(20_100_000) };
    actor.apply([create.clone().into()]).await;
    assert_eq!(user.snapshot().await.balance, stroops(20_100_000));
    let again = actor.sign([create.into()], Memo::None).await;
    assert_eq!(failure(land(network, &again).await).kind, FailureKind::AlreadyExists);
}

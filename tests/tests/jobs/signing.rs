//! Somebody else signs: late, with several keys, wrongly, never, or behind our back.

use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::id::TransactionId;
use anchor_core::integration::PayoutOutcome;
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::stellar::{Failure, FailureKind, Ledger as _, SignerKey, Submission};
use anchor_core::testing::fakes::samples;
use anchor_core::testing::signer::{ScriptedSigner, SignerFault};
use anchor_core::transaction::{Actor, Attempt, Fact, State, TransactionHash};

use crate::moments;
use crate::world::{World, lumens};

/// Longer than somebody else may take to sign.
const AFTER_THE_BOUND: u64 = 4000;

fn vault() -> ScriptedSigner {
    ScriptedSigner::of([samples::distribution()])
}

/// A deposit whose envelope waits for its signatures.
async fn waiting(world: &World) -> TransactionId {
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.work().await;
    assert_eq!(world.state(id).await, "paying");
    id
}

async fn attempt(world: &World, id: TransactionId) -> Attempt {
    let State::Paying { attempt } = world.fetch(id).await.state else { panic!("an open attempt") };
    world.anchor.store().attempt_fetch(attempt).await.unwrap().unwrap()
}

/// The ledger goes on until the bound of every envelope has passed.
fn close_after_the_bound(world: &World) {
    let now = world.ledger.close().closed_at;
    world.ledger.close_at(now + AFTER_THE_BOUND);
    world.clock.advance(Duration::from_secs(AFTER_THE_BOUND));
}

fn hashes(vault: &ScriptedSigner) -> Vec<TransactionHash> {
    let mut hashes: Vec<_> = vault.requests().into_iter().map(|request| request.hash).collect();
    hashes.dedup();
    hashes
}

#[tokio::test]
async fn deposit_is_paid_once_somebody_else_has_signed() {
    let vault = vault();
    vault.takes(3);
    let world = World::with_signer(&vault).await;
    let id = waiting(&world).await;
    for _ in 0..3 {
        world.settle().await;
    }
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1));
    assert_eq!(world.user_holds(), "99.75");
    let requests = vault.requests();
    assert_eq!((requests.len(), hashes(&vault).len()), (4, 1), "the same question each time");
    assert_eq!(requests[0].accounts, [samples::distribution().account()]);
    requests[0].check().unwrap();
}

#[tokio::test]
async fn envelope_is_stored_before_it_is_shown_and_not_sent_before_it_is_signed() {
    let vault = vault();
    vault.hold(true);
    let world = World::with_signer(&vault).await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    let stored = attempt(&world, id).await;
    assert!(vault.requests().is_empty() && !stored.is_signed());
    for _ in 0..5 {
        world.work().await;
        world.tick();
    }
    assert_eq!(hashes(&vault), [stored.hash]);
    assert!(world.ledger.submissions().is_empty());
    vault.approve(stored.hash);
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1));
}

#[tokio::test]
async fn account_with_several_signers_is_signed_for_by_as_many_as_its_threshold_wants() {
    let keys: Vec<_> = (41..44).map(|number| SigningKey::from_seed([number; 32])).collect();
    for channels in [0, 2] {
        let vault = ScriptedSigner::default().with(samples::distribution().account(), keys.clone());
        let world = World::with_signer(&vault).await;
        world.ledger.edit(samples::distribution().account(), |account| {
            account.signers = keys.iter().map(|key| (SignerKey::Ed25519(key.account()), 1)).collect();
            account.medium_threshold = 2;
        });
        world.channels(channels).await;
        let id = waiting(&world).await;
        world.settle().await;
        // three would be one too many: the network refuses what it does not need
        assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1), "{channels} channels");
        assert_eq!(world.user_holds(), "99.75");
    }
}

#[tokio::test]
async fn signatures_that_weigh_too_little_are_not_sent() {
    let vault = vault();
    let world = World::with_signer(&vault).await;
    world.ledger.edit(samples::distribution().account(), |account| account.medium_threshold = 2);
    let id = waiting(&world).await;
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paying", 0));
    world.ledger.edit(samples::distribution().account(), |account| account.medium_threshold = 1);
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1));
}

#[tokio::test]
async fn peer_envelope_that_nobody_signs_in_time_is_proved_dead_and_built_anew() {
    let vault = vault();
    vault.hold(true);
    let world = World::with_signer(&vault).await;
    let id = waiting(&world).await;
    let first = attempt(&world, id).await;
    // our own clock proves nothing
    world.clock.advance(Duration::from_secs(2 * AFTER_THE_BOUND));
    world.work().await;
    assert_eq!(attempt(&world, id).await.id, first.id);
    close_after_the_bound(&world);
    world.work().await;
    let second = attempt(&world, id).await;
    assert_ne!(second.hash, first.hash);
    // too late: nobody asks for it any more, and nobody sends it
    vault.approve(first.hash);
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paying", 0));
    vault.approve(second.hash);
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1));
    assert_eq!(world.user_holds(), "99.75");
}

#[tokio::test]
async fn refused_envelope_is_held_when_it_cannot_land_any_more() {
    let vault = vault();
    vault.refuse(Some("over the daily limit"));
    let world = World::with_signer(&vault).await;
    let id = waiting(&world).await;
    world.settle().await;
    assert_eq!(world.state(id).await, "paying", "somebody may have signed it all the same");
    assert_eq!(vault.requests().len(), 1, "nobody is asked again");
    close_after_the_bound(&world);
    world.work().await;
    assert_eq!(world.state(id).await, "on_hold");
    let history = world.anchor.store().fact_list(id).await.unwrap();
    let said = history.iter().any(|record| format!("{:?}", record.fact).contains("over the daily limit"));
    assert!(said, "the operator reads why");
    vault.refuse(None);
    world.tell(id, Fact::Released, Actor::Operator("Ana".to_owned())).await;
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1));
}

#[tokio::test]
async fn envelope_that_the_signer_sends_itself_is_found_and_not_made_again() {
    let vault = vault();
    vault.hold(true);
    let world = World::with_signer(&vault).await;
    let id = waiting(&world).await;
    let leaked = vault.leak(&vault.requests()[0]).unwrap();
    assert_eq!(world.ledger.submit(&leaked).await.unwrap(), Submission::Accepted);
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
    assert_eq!(world.ledger.submissions().len(), 1, "nobody else sent anything");
}

#[tokio::test]
async fn envelope_on_a_channel_cannot_be_sent_behind_our_back() {
    let vault = vault();
    vault.hold(true);
    let world = World::with_signer(&vault).await;
    world.channels(1).await;
    let id = waiting(&world).await;
    let leaked = vault.leak(&vault.requests()[0]).unwrap();
    let refused = Failure::new(FailureKind::Signature, "tx_bad_auth");
    assert_eq!(world.ledger.submit(&leaked).await.unwrap(), Submission::Rejected(refused));
    vault.approve(attempt(&world, id).await.hash);
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
}

#[tokio::test]
async fn signer_that_does_not_answer_for_one_holds_up_no_other() {
    let vault = vault();
    let world = World::with_signer(&vault).await;
    world.channels(3).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let user = world.another_user(100 + number);
        ids.push(world.deposit_of(user, Memo::Id(number.into()), "10").await);
    }
    vault.inject(SignerFault::Silent);
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    world.worker.activate_once("sign_payments").await.unwrap();
    assert_eq!(world.envelopes(), 2);
    world.settle().await;
    for id in ids {
        assert_eq!(world.state(id).await, "paid");
    }
    assert_eq!(world.envelopes(), 3);
}

#[tokio::test]
async fn whatever_goes_wrong_at_the_signer_pays_once() {
    for fault in [
        SignerFault::ErrorBefore,
        SignerFault::ErrorAfter,
        SignerFault::Silent,
        SignerFault::Panic,
        SignerFault::WrongSignature,
        SignerFault::NoSignature,
    ] {
        let vault = vault();
        let world = World::with_signer(&vault).await;
        vault.inject(fault);
        let id = waiting(&world).await;
        assert_eq!(world.envelopes(), 0, "{fault:?}");
        world.settle().await;
        assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1), "{fault:?}");
        assert_eq!(world.user_holds(), "99.75", "{fault:?}");
    }
    let vault = vault();
    let world = World::with_signer(&vault).await;
    vault.inject(SignerFault::Permanent);
    let id = waiting(&world).await;
    close_after_the_bound(&world);
    world.work().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("on_hold", 0));
}

#[tokio::test]
async fn wrapping_is_signed_by_whoever_has_the_key_of_the_fee_account() {
    let fees = SigningKey::from_seed([8; 32]);
    let vault = ScriptedSigner::of([fees.clone()]);
    vault.takes(1);
    let world = World::with_signer(&vault).await;
    world.ledger.fund(fees.account(), lumens(10));
    world.channels(1).await;
    world.ledger.surge(500);
    world.ledger.set_fee_bid(100);
    let id = waiting(&world).await;
    world.ledger.surge(1000);
    for _ in 0..6 {
        world.tick();
        world.work().await;
    }
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
    assert!(vault.requests().iter().all(|request| request.is_wrapping));
    assert_eq!(world.envelopes(), 2, "the envelope, and its wrapping once it was signed");
    let paid = world.ledger.balance(&fees.account(), &anchor_core::asset::StellarAsset::Native);
    assert!(paid < lumens(10));
}

#[tokio::test]
async fn channels_are_fed_with_what_somebody_else_signed() {
    let vault = vault();
    vault.takes(1);
    let world = World::with_signer(&vault).await;
    let pool: Vec<AccountId> = world.channels(1).await;
    world.ledger.edit(pool[0], |account| account.balance = lumens(1));
    world.worker.activate_once("feed_channels").await.unwrap();
    assert_eq!(world.envelopes(), 0);
    world.settle().await;
    assert_eq!(world.ledger.balance(&pool[0], &anchor_core::asset::StellarAsset::Native), lumens(2));
}

/// Kills at every moment of a road through a signer that takes its time.
async fn at_every_moment(channels: u32, state: &'static str, road: impl AsyncFn(&World) -> TransactionId) {
    let make = async || {
        let vault = vault();
        vault.takes(1);
        let world = World::with_signer(&vault).await;
        world.channels(channels).await;
        (world, ())
    };
    let check = async |world: &World, (): &(), _, when: &str| {
        assert_eq!(world.envelopes(), 1, "{when}");
        let holds = if state == "paid" { "99.75" } else { "100" };
        assert_eq!(world.user_holds(), holds, "{when}");
    };
    moments::at_every_moment(10, state, make, road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deposit_that_somebody_else_signs_survives_death_at_every_moment() {
    for channels in [0, 2] {
        let road = async |world: &World| {
            let id = world.deposit("100").await;
            world.credit(id, "100");
            id
        };
        at_every_moment(channels, "paid", road).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refund_that_somebody_else_signs_survives_death_at_every_moment() {
    let road = async |world: &World| {
        world.rails.decide(PayoutOutcome::Refused { reason: "no such account".into(), refund: true });
        let id = world.withdrawal("100", 7).await;
        world.pay("100", Memo::Id(7));
        id
    };
    at_every_moment(0, "refunded", road).await;
}

#[tokio::test]
async fn payments_whose_envelope_nobody_signed_share_the_next_one_again() {
    let vault = vault();
    vault.hold(true);
    let world = World::with_signer(&vault).await;
    world.channels(1).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let user = world.another_user(100 + number);
        ids.push(world.deposit_of(user, Memo::None, "10").await);
    }
    world.work().await;
    close_after_the_bound(&world);
    world.work().await;
    let second = attempt(&world, ids[0]).await;
    vault.approve(second.hash);
    world.settle().await;
    for id in ids {
        assert_eq!(world.state(id).await, "paid");
    }
    assert_eq!(world.envelopes(), 1, "people are asked once for all of them");
}

//! Payments whose earlier envelopes were given up, hours or weeks ago, by hundreds.

use std::time::Duration;

use anchor_core::id::TransactionId;
use anchor_core::memo::Memo;
use anchor_core::stellar::{Failure, FailureKind};
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_core::transaction::{Actor, Fact};

use crate::world::World;

const BATCH: u8 = 20;

/// Deposits that share an envelope, on an account that has a channel's place.
async fn batch(world: &World) -> Vec<TransactionId> {
    let mut ids = Vec::new();
    for number in 0..BATCH {
        let user = world.another_user(100 + number);
        ids.push(world.deposit_of(user, Memo::None, "10").await);
    }
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    ids
}

/// So many seconds after the start a ledger closes, and the clocks agree.
fn close_at(world: &World, seconds: u64) {
    world.ledger.close_at(u64::try_from(samples::start().timestamp()).unwrap() + seconds);
    world.clock.advance(Duration::from_secs(10));
}

/// Not found by servers that lag for as long as none may; then the payments' leases end.
async fn give_up(world: &World) {
    close_at(world, 60 + 15 * 60 + 10);
    for _ in 0..2 {
        world.ledger.inject(Fault::LookupLags);
    }
    world.worker.activate_once("confirm_payments").await.unwrap();
}

async fn tell(world: &World, id: TransactionId, fact: Fact) {
    world.tell(id, fact, Actor::Operator("Ana".to_owned())).await;
}

#[tokio::test]
async fn envelope_that_many_payments_gave_up_is_looked_up_once_in_a_round() {
    let world = World::new().await;
    let ids = batch(&world).await;
    world.ledger.close();
    give_up(&world).await;
    world.clock.advance(Duration::from_secs(300));
    let before = world.ledger.lookups();
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.ledger.lookups() - before, 1);
    for id in ids {
        assert_eq!(world.state(id).await, "on_hold", "it was applied: nothing more is paid");
    }
    assert_eq!(world.envelopes(), 1);
}

#[tokio::test]
async fn nobody_is_asked_about_envelopes_whose_number_nobody_has_used() {
    let world = World::new().await;
    world.ledger.inject(Fault::SubmitLostBefore);
    let ids = batch(&world).await;
    close_at(&world, 300);
    world.worker.activate_once("confirm_payments").await.unwrap();
    world.clock.advance(Duration::from_secs(300));
    let before = world.ledger.lookups();
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.ledger.lookups(), before);
    // each alone now, on the only account
    for _ in 0..3 {
        world.settle().await;
    }
    for id in ids {
        assert_eq!(world.state(id).await, "paid");
    }
}

#[tokio::test]
async fn payment_whose_earlier_envelope_is_not_known_keeps_no_other_from_being_paid() {
    let world = World::new().await;
    world.channels(3).await;
    let lost = world.deposit("100").await;
    world.credit(lost, "100");
    world.work().await;
    world.ledger.close();
    give_up(&world).await;
    assert_eq!(world.state(lost).await, "ready_to_pay", "given up, although it was applied");
    let other = world.deposit_of(world.another_user(100), Memo::None, "10").await;
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.clock.advance(Duration::from_secs(300));
    world.ledger.inject(Fault::Lookup);
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!((world.state(lost).await, world.state(other).await), ("ready_to_pay", "paying"));
    world.settle().await;
    assert_eq!((world.state(lost).await, world.state(other).await), ("on_hold", "paid"));
    assert_eq!(world.user_holds(), "99.75");
}

/// A deposit whose envelope was lost, and is on hold.
async fn lost_and_held(world: &World) -> TransactionId {
    let lost = world.deposit("100").await;
    world.credit(lost, "100");
    world.ledger.inject(Fault::SubmitLostBefore);
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    close_at(world, 300);
    world.worker.activate_once("confirm_payments").await.unwrap();
    tell(world, lost, Fact::Held { reason: "looked at".to_owned() }).await;
    lost
}

#[tokio::test]
async fn envelope_whose_number_another_one_of_ours_has_used_is_dead_although_all_history_is_gone() {
    let world = World::new().await;
    let lost = lost_and_held(&world).await;
    let other = world.deposit_of(world.another_user(100), Memo::None, "10").await;
    world.settle().await;
    assert_eq!(world.state(other).await, "paid");
    // a fortnight later
    close_at(&world, 14 * 24 * 3600);
    world.ledger.forget_history(true);
    tell(&world, lost, Fact::Released).await;
    world.clock.advance(Duration::from_secs(300));
    let before = world.ledger.lookups();
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.state(lost).await, "paying");
    assert_eq!(world.ledger.lookups(), before, "the books know it");
    world.ledger.forget_history(false);
    world.settle().await;
    assert_eq!((world.state(lost).await, world.user_holds().as_str()), ("paid", "99.75"));
}

#[tokio::test]
async fn envelope_that_a_ledger_failed_is_dead_although_all_history_is_gone() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    let mut failure = Failure::new(FailureKind::CannotReceive, "tx_failed: op_no_trust");
    failure.operations = vec![Some(FailureKind::CannotReceive)];
    world.ledger.inject(Fault::Apply(failure));
    world.tick();
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_eq!(world.state(id).await, "awaiting_trust");
    close_at(&world, 8 * 24 * 3600);
    world.ledger.forget_history(true);
    world.clock.advance(Duration::from_secs(8 * 24 * 3600));
    for job in ["check_trustlines", "submit_payments"] {
        world.worker.activate_once(job).await.unwrap();
    }
    assert_eq!(world.state(id).await, "paying");
    world.ledger.forget_history(false);
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
}

#[tokio::test]
async fn envelope_whose_number_is_unused_is_dead_although_all_history_is_gone() {
    let world = World::new().await;
    let lost = lost_and_held(&world).await;
    close_at(&world, 14 * 24 * 3600);
    world.ledger.forget_history(true);
    tell(&world, lost, Fact::Released).await;
    world.clock.advance(Duration::from_secs(300));
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.state(lost).await, "paying");
    world.ledger.forget_history(false);
    world.settle().await;
    assert_eq!((world.state(lost).await, world.user_holds().as_str()), ("paid", "99.75"));
}

/// It was given up because a server did not know it for a quarter of an hour. That is what the second wall is for.
#[tokio::test]
async fn envelope_whose_number_somebody_unknown_has_used_blocks_its_payment_where_history_is_gone() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.work().await;
    world.ledger.close();
    give_up(&world).await;
    assert_eq!(world.state(id).await, "ready_to_pay", "given up, although it was applied");
    world.ledger.forget_history(true);
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(3600));
        world.worker.activate_once("submit_payments").await.unwrap();
        assert_eq!((world.state(id).await, world.envelopes()), ("ready_to_pay", 1));
    }
    // a server that has the ledgers
    world.ledger.forget_history(false);
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("on_hold", 1));
    assert_eq!(world.user_holds(), "99.75");
}

/// No search is needed, however long ago its bound was: a search takes many questions, while nothing is paid.
#[tokio::test]
async fn envelope_whose_number_was_used_by_ours_is_given_up_an_hour_later_without_a_search() {
    let world = World::new().await;
    let pool = world.channels(1).await;
    let lost = lost_and_held(&world).await;
    let other = world.deposit_of(world.another_user(100), Memo::None, "10").await;
    world.settle().await;
    assert_eq!(world.state(other).await, "paid");
    assert_eq!(world.anchor.store().attempt_open_of(&pool[0]).await.unwrap(), None);
    close_at(&world, 2 * 3600);
    tell(&world, lost, Fact::Released).await;
    world.clock.advance(Duration::from_secs(300));
    let before = world.ledger.lookups();
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!((world.state(lost).await, world.ledger.lookups()), ("paying", before));
}

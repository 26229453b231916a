//! Several servers behind one address, of which one has not read as far as the others.

use std::time::Duration;

use anchor_core::stellar::{Failure, FailureKind};
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_core::transaction::{Actor, Fact};

use crate::world::World;

/// A ledger closes after the upper bound of every envelope that was signed at the start.
fn close_after_all_bounds(world: &World) {
    world.ledger.close_at(u64::try_from(samples::start().timestamp()).unwrap() + 300);
}

#[tokio::test]
async fn peer_payment_that_a_lagging_server_does_not_know_is_not_made_again() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.work().await;
    assert_eq!(world.state(id).await, "paying");
    world.ledger.close();
    assert_eq!(world.user_holds(), "99.75");
    // past the bound, the look-up reaches a server that has not read the payment
    close_after_all_bounds(&world);
    for _ in 0..3 {
        world.ledger.inject(Fault::LookupLags);
    }
    for _ in 0..3 {
        world.work().await;
        world.tick();
        assert_eq!(world.envelopes(), 1, "signed again although it may have been applied");
    }
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1));
    assert_eq!(world.user_holds(), "99.75");
}

#[tokio::test]
async fn server_that_does_not_say_how_far_it_has_read_proves_nothing() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.work().await;
    world.ledger.close();
    close_after_all_bounds(&world);
    world.clock.advance(Duration::from_secs(10));
    world.ledger.inject(Fault::LookupLags);
    world.ledger.inject(Fault::AccountLags(samples::distribution().account(), false));
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_eq!((world.state(id).await, world.envelopes()), ("paying", 1));
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1));
    assert_eq!(world.user_holds(), "99.75");
}

/// A quarter of an hour after its bound a server still knows nothing, and the envelope was given up.
#[tokio::test]
async fn payment_that_was_given_up_is_looked_for_before_it_is_made_again() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.work().await;
    world.ledger.close();
    let start = u64::try_from(samples::start().timestamp()).unwrap();
    world.ledger.close_at(start + 60 + 15 * 60 + 10);
    world.clock.advance(Duration::from_secs(10));
    // looked up, and searched for once more
    world.ledger.inject(Fault::LookupLags);
    world.ledger.inject(Fault::LookupLags);
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_eq!(world.state(id).await, "ready_to_pay", "given up, although it was applied");
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("on_hold", 1));
    assert_eq!(world.user_holds(), "99.75");
}

#[tokio::test]
async fn envelope_is_dead_for_ever_once_another_one_has_its_sequence_number() {
    let world = World::new().await;
    let lost = world.deposit("100").await;
    world.credit(lost, "100");
    world.ledger.inject(Fault::SubmitLostBefore);
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    close_after_all_bounds(&world);
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_eq!(world.state(lost).await, "ready_to_pay");
    // another deposit is paid with the number, because the first has to wait for a moment
    let other = world.deposit("50").await;
    world.credit(other, "50");
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    let held = Fact::Held { reason: "looked at".to_owned() };
    world.tell(lost, held, Actor::Operator("Ana".to_owned())).await;
    world.settle().await;
    assert_eq!(world.state(other).await, "paid");
    world.tell(lost, Fact::Released, Actor::Operator("Ana".to_owned())).await;
    world.settle().await;
    assert_eq!(world.state(lost).await, "paid", "nobody waits for a server that might lag");
}

/// The other one did nothing with the number but to use it up.
#[tokio::test]
async fn envelope_is_dead_for_ever_once_a_failed_one_has_its_sequence_number() {
    let world = World::new().await;
    let lost = world.deposit("100").await;
    world.credit(lost, "100");
    world.ledger.inject(Fault::SubmitLostBefore);
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    close_after_all_bounds(&world);
    world.worker.activate_once("confirm_payments").await.unwrap();
    let held = Fact::Held { reason: "looked at".to_owned() };
    world.tell(lost, held, Actor::Operator("Ana".to_owned())).await;
    let other = world.deposit("50").await;
    world.credit(other, "50");
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    let mut failure = Failure::new(FailureKind::CannotReceive, "tx_failed: op_no_trust");
    failure.operations = vec![Some(FailureKind::CannotReceive)];
    world.ledger.inject(Fault::Apply(failure));
    world.tick();
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_eq!(world.state(other).await, "awaiting_trust");
    world.tell(lost, Fact::Released, Actor::Operator("Ana".to_owned())).await;
    world.settle().await;
    assert_eq!(world.state(lost).await, "paid", "nobody waits for a server that might lag");
}

#[tokio::test]
async fn account_that_is_older_than_the_latest_ledger_signs_nothing() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.ledger.inject(Fault::AccountLags(samples::distribution().account(), true));
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!((world.state(id).await, world.envelopes()), ("ready_to_pay", 0));
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
}

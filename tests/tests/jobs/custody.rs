//! A custodian pays: late, wrongly, never, or not what it says.

use std::time::Duration;

use anchor_core::asset::StellarAsset;
use anchor_core::id::TransactionId;
use anchor_core::integration::{CustodyOutcome, PayoutOutcome};
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::testing::custody::{CustodyCall, CustodyFault, ScriptedCustody};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Actor, Fact, Kind, TransactionHash};

use crate::moments;
use crate::world::{World, lumens};

async fn deposit(world: &World) -> TransactionId {
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.work().await;
    id
}

/// How many different orders the custodian got.
fn orders(custody: &ScriptedCustody) -> usize {
    let mut ids: Vec<_> = custody.handed_over().into_iter().map(|order| order.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

async fn release(world: &World, id: TransactionId) {
    world.tell(id, Fact::Released, Actor::Operator("Ana".to_owned())).await;
}

#[tokio::test]
async fn deposit_is_paid_by_the_custodian_and_believed_when_the_ledger_shows_it() {
    let (world, custody) = World::with_custody().await;
    let id = deposit(&world).await;
    assert_eq!(world.state(id).await, "paying");
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
    let given = custody.handed_over();
    assert_eq!(given.len(), 1, "handed over once");
    let paid = world.fetch(id).await;
    assert_eq!(paid.stellar_transaction_id, custody.paid(given[0].id));
    let recorded =
        world.anchor.store().custody_movements(&paid.stellar_transaction_id.unwrap()).await.unwrap();
    assert_eq!(recorded.len(), 1);
}

#[tokio::test]
async fn several_deposits_are_paid_one_after_the_other() {
    let (world, custody) = World::with_custody().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let user = world.another_user(100 + number);
        ids.push(world.deposit_of(user, Memo::Id(number.into()), "10").await);
    }
    world.settle().await;
    world.settle().await;
    for id in ids {
        assert_eq!(world.state(id).await, "paid");
    }
    assert_eq!(orders(&custody), 5);
}

#[tokio::test]
async fn account_that_does_not_exist_is_created_by_the_custodian() {
    let (world, custody) = World::with_custody().await;
    let newcomer = SigningKey::from_seed([9; 32]).account();
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.account = newcomer.into();
    let id = world.agree(started, "100", 0).await;
    world.credit(id, "100");
    world.settle().await;
    assert_eq!(world.state(id).await, "awaiting_trust");
    assert_eq!(world.ledger.balance(&newcomer, &StellarAsset::Native).to_string(), "2.01");
    world.ledger.trust(newcomer, &samples::token(), lumens(0));
    world.settle().await;
    assert_eq!((world.state(id).await, orders(&custody)), ("paid", 2));
}

#[tokio::test]
async fn lumens_that_a_custodian_gave_are_not_given_again_to_who_merges_the_account_away() {
    let (world, custody) = World::with_custody().await;
    let newcomer = SigningKey::from_seed([9; 32]).account();
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.account = newcomer.into();
    let id = world.agree(started, "100", 0).await;
    world.credit(id, "100");
    world.settle().await;
    for _ in 0..2 {
        world.ledger.remove(&newcomer);
        world.settle().await;
        assert_eq!((world.state(id).await, orders(&custody)), ("awaiting_trust", 1));
    }
    world.ledger.fund(newcomer, lumens(0));
    world.settle().await;
    assert_eq!((world.state(id).await, orders(&custody)), ("awaiting_trust", 1), "nor for a trust line");
}

#[tokio::test]
async fn rejected_order_waits_for_the_operator_and_is_ordered_anew() {
    let (world, custody) = World::with_custody().await;
    custody.reject(Some("over the daily limit"));
    let id = deposit(&world).await;
    world.settle().await;
    assert_eq!(world.state(id).await, "on_hold");
    assert_eq!(world.user_holds(), "0");
    custody.reject(None);
    release(&world, id).await;
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str(), orders(&custody)), ("paid", "99.75", 2));
}

#[tokio::test]
async fn rejection_that_is_taken_back_pays_nothing_more() {
    let (world, custody) = World::with_custody().await;
    let rejected = CustodyOutcome::Rejected { reason: "no".to_owned() };
    custody.inject(CustodyCall::HandOver, CustodyFault::Lie(rejected));
    let id = deposit(&world).await;
    assert_eq!(world.state(id).await, "on_hold");
    for _ in 0..2 {
        world.tick();
        release(&world, id).await;
        world.settle().await;
        assert_eq!((world.state(id).await, orders(&custody)), ("on_hold", 1));
    }
    assert_eq!(world.user_holds(), "99.75", "it was paid all the same, once");
}

#[tokio::test]
async fn hash_that_the_ledger_does_not_know_is_waited_for() {
    let (world, custody) = World::with_custody().await;
    let lie = CustodyOutcome::Applied { hash: TransactionHash::from_bytes([1; 32]) };
    custody.inject(CustodyCall::HandOver, CustodyFault::Lie(lie));
    let id = deposit(&world).await;
    assert_eq!(world.state(id).await, "paying");
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str(), orders(&custody)), ("paid", "99.75", 1));
}

#[tokio::test]
async fn transaction_that_paid_something_else_is_not_believed() {
    let (world, custody) = World::with_custody().await;
    // another amount to the same user, in an earlier order
    let other = world.deposit_of(samples::user().account(), Memo::None, "10").await;
    world.settle().await;
    assert_eq!(world.state(other).await, "paid");
    let hash = world.fetch(other).await.stellar_transaction_id.unwrap();
    custody.inject(CustodyCall::HandOver, CustodyFault::Lie(CustodyOutcome::Applied { hash }));
    let id = deposit(&world).await;
    assert_eq!(world.state(id).await, "on_hold");
    release(&world, id).await;
    world.settle().await;
    assert_eq!((world.state(id).await, orders(&custody)), ("paid", 2), "the same order was asked for again");
    assert_eq!(world.user_holds(), "109.5");
}

#[tokio::test]
async fn one_payment_stands_for_one_order_only() {
    let (world, custody) = World::with_custody().await;
    let first = deposit(&world).await;
    world.settle().await;
    let hash = world.fetch(first).await.stellar_transaction_id.unwrap();
    // the same amount for the same user: the ledger alone could not tell
    custody.inject(CustodyCall::HandOver, CustodyFault::Lie(CustodyOutcome::Applied { hash }));
    let second = deposit(&world).await;
    assert_eq!(world.state(second).await, "on_hold");
    release(&world, second).await;
    world.settle().await;
    assert_eq!((world.state(second).await, world.user_holds().as_str()), ("paid", "199.5"));
}

#[tokio::test]
async fn payment_that_failed_on_the_ledger_is_no_payment() {
    let (world, custody) = World::with_custody().await;
    let id = deposit(&world).await;
    // the trust line goes between the order and the ledger
    world.ledger.edit(samples::user().account(), |account| account.trust_lines.clear());
    world.settle().await;
    assert_eq!((world.state(id).await, orders(&custody)), ("on_hold", 1));
}

#[tokio::test]
async fn whatever_goes_wrong_at_the_custodian_pays_once() {
    for call in [CustodyCall::HandOver, CustodyCall::Find] {
        for fault in [
            CustodyFault::ErrorBefore,
            CustodyFault::ErrorAfter,
            CustodyFault::SilentAfter,
            CustodyFault::PanicAfter,
        ] {
            let (world, custody) = World::with_custody().await;
            custody.inject(call, fault.clone());
            let id = deposit(&world).await;
            world.settle().await;
            let when = format!("{call:?} {fault:?}");
            assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"), "{when}");
            assert_eq!(orders(&custody), 1, "{when}");
        }
    }
}

#[tokio::test]
async fn custodian_that_cannot_tell_holds_the_payment_and_is_asked_about_the_same_one() {
    let (world, custody) = World::with_custody().await;
    custody.inject(CustodyCall::HandOver, CustodyFault::ErrorAfter);
    custody.inject(CustodyCall::Find, CustodyFault::Permanent);
    let id = deposit(&world).await;
    world.clock.advance(Duration::from_secs(60));
    world.work().await;
    assert_eq!(world.state(id).await, "on_hold");
    release(&world, id).await;
    assert_eq!(world.state(id).await, "paying");
    world.settle().await;
    assert_eq!((world.state(id).await, orders(&custody)), ("paid", 1));
    assert_eq!(world.user_holds(), "99.75");
}

async fn at_every_moment(state: &'static str, road: impl AsyncFn(&World) -> TransactionId) {
    let check = async |world: &World, custody: &ScriptedCustody, _, when: &str| {
        assert_eq!(orders(custody), 1, "{when}");
        let holds = if state == "paid" { "99.75" } else { "100" };
        assert_eq!(world.user_holds(), holds, "{when}");
    };
    moments::at_every_moment(8, state, World::with_custody, road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deposit_through_a_custodian_survives_death_at_every_moment() {
    let road = async |world: &World| {
        let id = world.deposit("100").await;
        world.credit(id, "100");
        id
    };
    at_every_moment("paid", road).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refund_through_a_custodian_survives_death_at_every_moment() {
    let road = async |world: &World| {
        world.rails.decide(PayoutOutcome::Refused { reason: "no such account".into(), refund: true });
        let id = world.withdrawal("100", 7).await;
        world.pay("100", Memo::Id(7));
        id
    };
    at_every_moment("refunded", road).await;
}

//! The crash matrix: the process is killed after every single call that writes to the store or sends to ledger, bank
//! or wallet. Whatever the moment, another process brings the transaction to its end, and every effect happens once.

use anchor_core::id::TransactionId;
use anchor_core::integration::PayoutOutcome;
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::store::Callbacks;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Actor, Fact, Kind};

use crate::moments;
use crate::world::{World, lumens};

/// Kills at every moment of `road`; `check` looks at the end.
async fn at_every_moment<R, C>(state: &'static str, road: R, check: C)
where
    R: AsyncFn(&World) -> TransactionId,
    C: AsyncFn(&World, TransactionId, &str),
{
    let make = async || (World::new().await, ());
    let check = async |world: &World, (): &(), id, when: &str| check(world, id, when).await;
    moments::at_every_moment(10, state, make, road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_r_24_135_deposit_survives_death_at_every_moment() {
    let road = async |world: &World| {
        let id = world.deposit("100").await;
        world.credit(id, "100");
        id
    };
    let check = async |world: &World, _id, when: &str| {
        assert_eq!(world.user_holds(), "99.75", "{when}");
    };
    at_every_moment("paid", road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_withdrawal_survives_death_at_every_moment() {
    let road = async |world: &World| {
        let id = world.withdrawal("100", 7).await;
        world.pay("100", Memo::Id(7));
        id
    };
    let check = async |world: &World, id, when: &str| {
        assert_eq!(world.transfers(id).len(), 1, "{when}");
        let payments = world.anchor.store().payment_list(id).await.unwrap();
        assert_eq!(payments.len(), 1, "{when}");
    };
    at_every_moment("paid_out", road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refund_on_the_ledger_survives_death_at_every_moment() {
    let road = async |world: &World| {
        world.rails.decide(PayoutOutcome::Refused { reason: "no such account".into(), refund: true });
        let id = world.withdrawal("100", 7).await;
        world.pay("100", Memo::Id(7));
        id
    };
    let check = async |world: &World, id, when: &str| {
        let refunded = world.fetch(id).await;
        assert_eq!((refunded.state.name(), refunded.refunds.len()), ("refunded", 1), "{when}");
        assert_eq!(world.user_holds(), "100", "{when}");
        assert!(world.transfers(id).is_empty(), "{when}");
    };
    at_every_moment("refunded", road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refund_through_the_rails_survives_death_at_every_moment() {
    let road = async |world: &World| {
        let id = world.deposit("100").await;
        world.credit(id, "5000");
        id
    };
    let check = async |world: &World, id, when: &str| {
        let refunded = world.fetch(id).await;
        assert_eq!((refunded.state.name(), refunded.refunds.len()), ("refunded", 1), "{when}");
        assert_eq!(world.transfers(id).len(), 1, "{when}");
        assert!(world.ledger.submissions().is_empty(), "{when}");
    };
    at_every_moment("refunded", road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn account_creation_survives_death_at_every_moment() {
    let newcomer = SigningKey::from_seed([9; 32]).account();
    let road = async |world: &World| {
        let mut started = samples::started(world.id(), Kind::Deposit);
        started.request.account = newcomer.into();
        let id = world.agree(started, "100", 0).await;
        world.credit(id, "100");
        id
    };
    let check = async |world: &World, id, when: &str| {
        let lumens_given = world.ledger.balance(&newcomer, &anchor_core::asset::StellarAsset::Native);
        assert_eq!(lumens_given.to_string(), "2.01", "{when}");
        world.ledger.trust(newcomer, &samples::token(), lumens(0));
        world.settle().await;
        assert_eq!(world.state(id).await, "paid", "{when}");
        assert_eq!(world.ledger.balance(&newcomer, &samples::token()).to_string(), "99.75", "{when}");
    };
    at_every_moment("awaiting_trust", road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_24_076_end_of_the_flow_is_posted_at_most_once_whenever_the_worker_dies() {
    let road = async |world: &World| {
        let mut started = samples::started(world.id(), Kind::Deposit);
        started.request.amount = None;
        let id = started.id;
        world.anchor.store().transaction_insert(&started, None).await.unwrap();
        let wanted = Callbacks { finished: Some("https://wallet.example/finished".into()), on_change: None };
        world.anchor.store().callbacks_put(id, &wanted).await.unwrap();
        world
            .tell(id, Fact::TermsAgreed { terms: samples::terms(Kind::Deposit, "100", 0) }, Actor::User)
            .await;
        world.credit(id, "100");
        id
    };
    let check = async |world: &World, _id, when: &str| {
        assert!(world.callbacks.taken().len() <= 1, "{when}");
    };
    at_every_moment("paid", road, check).await;
}

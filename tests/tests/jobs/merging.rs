//! Retired channels give their lumens back, once, and come back without their past.

use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::amount::StellarAmount;
use anchor_core::asset::{Asset, StellarAsset};
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::ops::channels::{self, ChannelsError, Merging};
use anchor_core::store::Channel;
use anchor_core::testing::fakes::samples;

use crate::world::{World, lumens};

fn distribution() -> AccountId {
    samples::distribution().account()
}

fn native(world: &World, account: &AccountId) -> StellarAmount {
    world.ledger.balance(account, &StellarAsset::Native)
}

/// In a later ledger than the one that they were made in, as the network wants it.
async fn pool(world: &World, count: u32) -> Vec<AccountId> {
    let pool = world.channels(count).await;
    world.tick();
    pool
}

async fn listed(world: &World, account: &AccountId) -> Channel {
    let found = world.anchor.store().channel_find(&[*account]).await.unwrap();
    found.into_iter().next().unwrap()
}

async fn retire(world: &World, account: &AccountId) {
    let channel = listed(world, account).await;
    assert!(channels::retire(&world.anchor, &channel).await.unwrap());
}

async fn merge(world: &World) -> Merging {
    channels::merge(&world.anchor, distribution()).await.unwrap()
}

/// Calls it as the command does, until nothing is left.
async fn merge_all(world: &World) {
    for _ in 0..8 {
        if merge(world).await.open == 0 {
            return;
        }
        world.tick();
        world.work().await;
    }
    panic!("they are still there");
}

async fn pay_one(world: &World, number: u8) {
    let user = world.another_user(100 + number);
    let id = world.deposit_of(user, Memo::Id(number.into()), "10").await;
    world.work().await;
    world.tick();
    world.work().await;
    world.tick();
    world.work().await;
    assert_eq!(world.state(id).await, "paid", "within two ledgers");
}

#[tokio::test]
async fn retired_channels_give_their_lumens_back_and_the_others_go_on() {
    let lumens_on_offer = Asset { id: StellarAsset::Native, ..samples::asset() };
    for asset in [samples::asset(), lumens_on_offer] {
        let world = World::with_asset(asset, |_| ()).await;
        let pool = pool(&world, 3).await;
        assert_eq!(merge(&world).await, Merging::default(), "none is retired");
        for account in &pool[1..] {
            retire(&world, account).await;
        }
        assert_eq!(merge(&world).await.open, 2);
        assert!(listed(&world, &pool[1]).await.attempt.is_some());
        merge_all(&world).await;
        assert_eq!(native(&world, &distribution()).to_string(), "1003.99998");
        for account in &pool[1..] {
            assert!(world.anchor.ledger().account(account).await.unwrap().is_none());
            let row = listed(&world, account).await;
            assert!(row.retired && row.attempt.is_none() && row.sequence.is_none(), "{row:?}");
        }
        assert_eq!(native(&world, &pool[0]), lumens(2));
        world.settle().await;
        // they arrive on a watched account, and are nobody's withdrawal
        assert!(world.anchor.store().suspense_list(None).await.unwrap().is_empty());
        assert_eq!(merge(&world).await, Merging::default());
    }
}

#[tokio::test]
async fn merged_channel_that_is_created_again_begins_with_a_number_of_its_own() {
    let world = World::new().await;
    let pool = pool(&world, 1).await;
    pay_one(&world, 0).await;
    let before = listed(&world, &pool[0]).await.sequence.unwrap();
    retire(&world, &pool[0]).await;
    merge_all(&world).await;

    assert_eq!(channels::grow(&world.anchor, distribution(), 1).await.unwrap(), 1);
    world.tick();
    world.work().await;
    assert_eq!(channels::grow(&world.anchor, distribution(), 1).await.unwrap(), 0);
    let row = listed(&world, &pool[0]).await;
    assert_eq!((row.retired, row.sequence), (false, None), "its old number is forgotten");
    pay_one(&world, 1).await;
    assert!(listed(&world, &pool[0]).await.sequence.unwrap() > before);
}

#[tokio::test]
async fn channel_that_is_being_merged_is_created_again_only_when_its_envelope_is_closed() {
    let world = World::new().await;
    let pool = pool(&world, 1).await;
    pay_one(&world, 0).await;
    retire(&world, &pool[0]).await;
    assert_eq!(merge(&world).await.open, 1);
    // the operator changes their mind at once
    let again = channels::grow(&world.anchor, distribution(), 1).await.unwrap();
    assert_eq!((again, listed(&world, &pool[0]).await.retired), (1, true));
    world.tick();
    let again = channels::grow(&world.anchor, distribution(), 1).await.unwrap();
    assert_eq!(
        (again, listed(&world, &pool[0]).await.retired),
        (1, true),
        "it is gone, and nobody has looked"
    );
    world.work().await;
    for _ in 0..4 {
        if channels::grow(&world.anchor, distribution(), 1).await.unwrap() == 0 {
            break;
        }
        world.tick();
        world.work().await;
    }
    assert!(!listed(&world, &pool[0]).await.retired);
    pay_one(&world, 1).await;
}

#[tokio::test]
async fn channel_that_carries_a_payment_is_not_merged() {
    let world = World::new().await;
    let pool = pool(&world, 1).await;
    let id = world.deposit_of(world.another_user(100), Memo::Id(1), "10").await;
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    let channel = listed(&world, &pool[0]).await;
    assert!(!channels::retire(&world.anchor, &channel).await.unwrap());
    assert_eq!(merge(&world).await, Merging::default());
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
}

#[tokio::test]
async fn merged_channel_is_given_to_no_payment() {
    let world = World::new().await;
    let pool = pool(&world, 1).await;
    retire(&world, &pool[0]).await;
    assert_eq!(merge(&world).await.open, 1);
    // put into use again by force, while its envelope is open
    world.anchor.store().channel_put(&[(pool[0], Some(0))]).await.unwrap();
    let id = world.deposit_of(world.another_user(100), Memo::Id(1), "10").await;
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.state(id).await, "ready_to_pay", "it waits");
    assert_eq!(world.envelopes(), 1);
}

#[tokio::test]
async fn merge_that_never_lands_is_made_again_and_entries_of_others_are_kept() {
    let world = World::new().await;
    let pool = pool(&world, 2).await;
    for account in &pool {
        retire(&world, account).await;
    }
    world.ledger.edit(pool[1], |account| account.subentries = 1);
    world.ledger.jam(true);
    let merging = merge(&world).await;
    assert_eq!((merging.open, &merging.kept[..]), (1, &pool[1..]));
    let closed_at = world.ledger.close().closed_at + 600;
    world.ledger.close_at(closed_at);
    world.clock.advance(Duration::from_secs(600));
    world.work().await;
    assert!(listed(&world, &pool[0]).await.attempt.is_none(), "it is dead");
    world.ledger.jam(false);
    world.tick();
    merge_all(&world).await;
    assert_eq!(native(&world, &distribution()).to_string(), "1001.99999");
    assert_eq!(native(&world, &pool[1]), lumens(2));
    let nobody = SigningKey::from_seed([77; 32]).account();
    let refused = channels::merge(&world.anchor, nobody).await;
    assert!(matches!(refused, Err(ChannelsError::NoPayer(account)) if account == nobody));
}

#[tokio::test(flavor = "multi_thread")]
async fn merging_survives_death_at_every_moment() {
    for moment in 0.. {
        let world = World::new().await;
        let pool = pool(&world, 2).await;
        for account in &pool {
            retire(&world, account).await;
        }
        world.switch.arm(moment);
        let mut died = false;
        for _ in 0..3 {
            let step = async {
                let merging = merge(&world).await;
                world.ledger.close();
                world.clock.advance(Duration::from_secs(5));
                world.work().await;
                merging
            };
            if world.switch.process(step).await.is_none() {
                died = true;
                break;
            }
        }
        world.switch.disarm();
        world.clock.advance(Duration::from_secs(600));
        merge_all(&world).await;
        assert_eq!(native(&world, &distribution()).to_string(), "1003.99998", "killed at moment {moment}");
        if !died {
            assert!(moment > 3, "there are more moments than {moment}");
            break;
        }
    }
}

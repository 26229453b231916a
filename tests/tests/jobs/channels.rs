//! Many payments at once: channel accounts, shared envelopes, and dearer ones.

use anchor_core::account::AccountId;
use anchor_core::asset::StellarAsset;
use anchor_core::clock::Clock as _;
use anchor_core::config::Config;
use anchor_core::id::TransactionId;
use anchor_core::integration::channel_key;
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::ops::channels::{self, ChannelsError};
use anchor_core::stellar::{Failure, FailureKind};
use anchor_core::store::ChannelCount;
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_core::transaction::{Actor, Fact};

use crate::world::{End, World, lumens};

/// Paid out of 10 to each of them.
const EACH: &str = "9.75";

fn holds(world: &World, account: &AccountId) -> String {
    world.ledger.balance(account, &samples::token()).to_string()
}

async fn deposits(
    world: &World,
    count: u8,
    memo: impl Fn(u8) -> Memo,
) -> (Vec<AccountId>, Vec<TransactionId>) {
    let (mut users, mut ids) = (Vec::new(), Vec::new());
    for number in 0..count {
        let user = world.another_user(100 + number);
        users.push(user);
        ids.push(world.deposit_of(user, memo(number), "10").await);
    }
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    (users, ids)
}

async fn assert_paid(world: &World, users: &[AccountId], ids: &[TransactionId]) {
    for (user, id) in users.iter().zip(ids) {
        assert_eq!((world.state(*id).await, holds(world, user).as_str()), ("paid", EACH));
    }
}

#[tokio::test]
async fn payments_without_a_memo_share_an_envelope() {
    let world = World::new().await;
    world.channels(1).await;
    let (users, ids) = deposits(&world, 7, |_| Memo::None).await;
    world.worker.activate_once("submit_payments").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    for id in &ids {
        assert_eq!(world.state(*id).await, "paying");
    }
    world.settle().await;
    // the first round does not know yet how many fit into one
    assert!(world.envelopes() <= 2, "{}", world.envelopes());
    assert_paid(&world, &users, &ids).await;
}

#[tokio::test]
async fn payments_with_memos_use_a_channel_each_in_one_ledger() {
    let world = World::new().await;
    let pool = world.channels(5).await;
    let (users, ids) = deposits(&world, 5, |number| Memo::Id(number.into())).await;
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.envelopes(), 5);
    for channel in &pool {
        assert!(world.anchor.store().attempt_open_of(channel).await.unwrap().is_some());
    }
    world.ledger.close();
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_paid(&world, &users, &ids).await;
    // the distribution account pays, the channels pay the fees and use their numbers
    let distribution = samples::distribution().account();
    assert_eq!(world.ledger.balance(&distribution, &StellarAsset::Native), lumens(1000));
    let count = world.anchor.store().channel_count(samples::start()).await.unwrap();
    assert_eq!(count, ChannelCount { free: 5, all: 5, has_pool: true });
    for channel in world.anchor.store().channel_list().await.unwrap() {
        assert_eq!(channel.position.is_some(), channel.sequence.is_some(), "known without asking");
    }
}

/// As the handbook once told operators to make a pool, beside workers that had no `CHANNEL_SEED` yet.
#[tokio::test]
async fn pool_whose_keys_a_worker_lacks_stops_no_payment() {
    let world = World::new().await;
    let pool = world.channels(3).await;
    let distribution = samples::distribution().account();
    let settings: [fn(&mut Config); 2] = [
        |config| config.channel_seed = None,
        |config| config.channel_seed = Some(SigningKey::from_seed([77; 32])),
    ];
    for (number, configure) in (0_u8..).zip(settings) {
        let user = world.another_user(100 + number);
        let id = world.deposit_of(user, Memo::Id(number.into()), "10").await;
        world.worker.activate_once("process_pending_deposits").await.unwrap();
        let worker = world.worker_with(configure).await;
        for _ in 0..2 {
            worker.activate_once("submit_payments").await.unwrap();
        }
        assert_eq!(world.state(id).await, "paying");
        let open = world.anchor.store().attempt_open_of(&distribution).await.unwrap();
        assert!(open.is_some(), "the distribution account uses its own number");
        // who has the keys uses the pool meanwhile; who has not makes no second envelope of the account
        let other = world.another_user(110 + number);
        let beside = world.deposit_of(other, Memo::Id(10 + u64::from(number)), "10").await;
        world.worker.activate_once("process_pending_deposits").await.unwrap();
        worker.activate_once("submit_payments").await.unwrap();
        assert_eq!(world.state(beside).await, "ready_to_pay", "one open envelope for each account");
        world.settle().await;
        assert_paid(&world, &[user, other], &[id, beside]).await;
    }
    let listed = world.anchor.store().channel_list().await.unwrap();
    let used = listed.iter().filter(|one| pool.contains(&one.account) && one.sequence.is_some());
    assert!(used.count() > 0, "the others' channels were given back");
}

/// A pool that was begun with another seed: what can be signed for is used, the rest is left to whoever can.
#[tokio::test]
async fn channels_of_another_seed_are_left_to_whoever_has_it() {
    let world = World::new().await;
    world.channels(2).await;
    let stranger = SigningKey::from_seed([78; 32]);
    let foreign: Vec<_> =
        (2..6).map(|place| (channel_key(&stranger, place).account(), Some(place))).collect();
    world.anchor.store().channel_put(&foreign).await.unwrap();
    let (users, ids) = deposits(&world, 4, |number| Memo::Id(number.into())).await;
    world.settle().await;
    assert_paid(&world, &users, &ids).await;
    for channel in world.anchor.store().channel_list().await.unwrap() {
        let is_foreign = foreign.iter().any(|(account, _)| *account == channel.account);
        assert!(!is_foreign || channel.sequence.is_none(), "{channel:?}");
    }
}

#[tokio::test]
async fn more_payments_than_channels_wait_for_the_next_ledger() {
    let world = World::new().await;
    world.channels(2).await;
    let (users, ids) = deposits(&world, 5, |number| Memo::Id(number.into())).await;
    for _ in 0..2 {
        world.worker.activate_once("submit_payments").await.unwrap();
    }
    assert_eq!(world.envelopes(), 2, "a channel has one open envelope");
    world.settle().await;
    assert_eq!(world.envelopes(), 5);
    assert_paid(&world, &users, &ids).await;
}

#[tokio::test]
async fn operation_that_fails_takes_the_others_down_only_once() {
    let world = World::new().await;
    world.channels(4).await;
    let (users, ids) = deposits(&world, 4, |_| Memo::None).await;
    for _ in 0..2 {
        world.worker.activate_once("submit_payments").await.unwrap();
    }
    // the account goes between the plan and the ledger
    world.ledger.remove(&users[2]);
    world.ledger.close();
    world.worker.activate_once("confirm_payments").await.unwrap();
    world.settle().await;
    for (number, (user, id)) in users.iter().zip(&ids).enumerate() {
        let expected = if number == 2 { ("awaiting_trust", "0") } else { ("paid", EACH) };
        assert_eq!((world.state(*id).await, holds(&world, user).as_str()), expected);
    }
}

#[tokio::test]
async fn what_was_changed_meanwhile_leaves_the_rest_of_its_envelope_for_the_next_round() {
    let world = World::new().await;
    world.channels(2).await;
    let (users, ids) = deposits(&world, 3, |_| Memo::None).await;
    world.tell(ids[1], Fact::Held { reason: "look".to_owned() }, Actor::Operator("Ana".to_owned())).await;
    world.settle().await;
    assert_eq!(world.state(ids[1]).await, "on_hold");
    assert_paid(&world, &[users[0], users[2]], &[ids[0], ids[2]]).await;
}

#[tokio::test]
async fn distribution_that_cannot_pay_all_pays_the_oldest() {
    let world = World::new().await;
    world.channels(4).await;
    let distribution = samples::distribution().account();
    world.ledger.edit(distribution, |account| {
        for line in &mut account.trust_lines {
            line.balance = "20".parse().unwrap();
        }
    });
    let (users, ids) = deposits(&world, 4, |_| Memo::None).await;
    world.settle().await;
    assert_paid(&world, &users[..2], &ids[..2]).await;
    for id in &ids[2..] {
        assert_eq!(world.state(*id).await, "on_hold");
    }
}

#[tokio::test]
async fn two_deposits_to_an_account_that_does_not_exist_create_it_once() {
    let world = World::new().await;
    world.channels(4).await;
    let newcomer = SigningKey::from_seed([99; 32]).account();
    for memo in [1, 2] {
        world.deposit_of(newcomer, Memo::Id(memo), "10").await;
    }
    world.settle().await;
    assert_eq!(world.ledger.balance(&newcomer, &StellarAsset::Native).to_string(), "2.01");
    world.ledger.trust(newcomer, &samples::token(), lumens(0));
    world.settle().await;
    assert_eq!(holds(&world, &newcomer), "19.5");
}

#[tokio::test]
async fn channel_that_cannot_be_read_carries_nothing() {
    let world = World::new().await;
    let pool = world.channels(2).await;
    world.ledger.inject(Fault::AccountLags(pool[0], true));
    world.ledger.remove(&pool[1]);
    let (users, ids) = deposits(&world, 1, |_| Memo::None).await;
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.envelopes(), 0);
    world.settle().await;
    assert_paid(&world, &users, &ids).await;
}

/// Its number is known without asking: the server that would be asked lags.
#[tokio::test]
async fn channel_of_a_failed_envelope_is_used_again_at_once() {
    let world = World::new().await;
    let pool = world.channels(1).await;
    let (users, ids) = deposits(&world, 1, |_| Memo::Id(1)).await;
    world.worker.activate_once("submit_payments").await.unwrap();
    let mut failure = Failure::new(FailureKind::NoDestination, "tx_failed: op_no_destination");
    failure.operations = vec![Some(FailureKind::NoDestination)];
    world.ledger.inject(Fault::Apply(failure));
    world.ledger.close();
    world.ledger.inject(Fault::AccountLags(pool[0], true));
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_eq!(world.state(ids[0]).await, "ready_to_pay");
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!((world.state(ids[0]).await, world.envelopes()), ("paying", 2));
    world.settle().await;
    assert_paid(&world, &users, &ids).await;
}

/// The ledger may have refused it without using its number: another envelope had it.
#[tokio::test]
async fn number_of_an_envelope_that_was_refused_as_a_whole_is_asked_for() {
    let world = World::new().await;
    world.channels(1).await;
    let (users, ids) = deposits(&world, 1, |_| Memo::Id(1)).await;
    world.worker.activate_once("submit_payments").await.unwrap();
    world.ledger.inject(Fault::Apply(Failure::new(FailureKind::BadSequence, "tx_bad_seq")));
    world.ledger.close();
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_eq!(world.state(ids[0]).await, "ready_to_pay");
    assert_eq!(world.anchor.store().channel_list().await.unwrap()[0].sequence, None);
    world.settle().await;
    assert_paid(&world, &users, &ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_the_pool() {
    let world = World::new().await;
    world.channels(6).await;
    let (users, ids) =
        deposits(&world, 12, |number| if number % 2 == 0 { Memo::None } else { Memo::Id(number.into()) })
            .await;
    let (one, two) = (world.another_worker(), world.another_worker());
    for _ in 0..12 {
        let (first, second) = tokio::join!(one.run_until_idle(), two.run_until_idle());
        first.unwrap();
        second.unwrap();
        world.tick();
    }
    assert_paid(&world, &users, &ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_envelope_survives_death_at_every_moment() {
    for ledger_goes_on in [false, true] {
        for moment in 0.. {
            let world = World::new().await;
            world.channels(2).await;
            let (users, ids) = deposits(&world, 3, |_| Memo::None).await;
            let end = End { transaction: ids[2], state: "paid" };
            let died = world.settle_through_death(&end, moment, ledger_goes_on).await;
            world.settle().await;
            assert_paid(&world, &users, &ids).await;
            if !died {
                assert!(moment > 5, "the road has more moments than {moment}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn envelope_that_the_network_leaves_behind_is_made_dearer_and_lands_once() {
    let world = World::new().await;
    world.channels(1).await;
    let payer = SigningKey::from_seed([8; 32]).account();
    world.ledger.fund(payer, lumens(10));
    let (users, ids) = deposits(&world, 1, |_| Memo::Id(1)).await;
    world.worker.activate_once("submit_payments").await.unwrap();
    world.ledger.surge(5_000);
    for _ in 0..5 {
        world.tick();
        world.worker.activate_once("confirm_payments").await.unwrap();
    }
    world.tick();
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_paid(&world, &users, &ids).await;
    assert_eq!(world.envelopes(), 2, "the envelope and its wrapping");
    assert_ne!(world.ledger.balance(&payer, &StellarAsset::Native), lumens(10), "the fee account paid");
}

#[tokio::test]
async fn no_envelope_is_made_dearer_than_the_cap() {
    let world = World::new().await;
    world.channels(1).await;
    let (users, ids) = deposits(&world, 1, |_| Memo::Id(1)).await;
    world.worker.activate_once("submit_payments").await.unwrap();
    world.ledger.surge(1_000_000);
    for _ in 0..6 {
        world.tick();
        world.worker.activate_once("confirm_payments").await.unwrap();
    }
    assert_eq!((world.state(ids[0]).await, world.envelopes()), ("paying", 1));
    world.ledger.surge(100);
    world.settle().await;
    assert_paid(&world, &users, &ids).await;
}

#[tokio::test]
async fn payments_wait_where_the_fees_of_a_day_are_used_up() {
    let world = World::new().await;
    world.channels(3).await;
    let mut settings = anchor_core::ops::JobSettings::new("thrifty");
    settings.fee_budget = Some(200);
    let pace = anchor_core::ops::submit::Pace::default();
    let (_, ids) = deposits(&world, 3, |number| Memo::Id(number.into())).await;
    for _ in 0..4 {
        anchor_core::ops::submit::submit(&world.anchor, &settings, &pace).await.unwrap();
    }
    let mut states = Vec::new();
    for id in ids {
        states.push(world.state(id).await);
    }
    states.sort_unstable();
    assert_eq!(states.iter().filter(|state| **state == "paying").count(), 2, "{states:?}");
    world.clock.advance(std::time::Duration::from_secs(25 * 3600));
    anchor_core::ops::submit::submit(&world.anchor, &settings, &pace).await.unwrap();
    assert_eq!(world.envelopes(), 3);
}

#[tokio::test]
async fn payment_that_is_dearer_than_the_rest_of_the_budget_is_not_taken_up_every_second() {
    let world = World::new().await;
    world.channels(3).await;
    let mut settings = anchor_core::ops::JobSettings::new("thrifty");
    settings.fee_budget = Some(150);
    let pace = anchor_core::ops::submit::Pace::default();
    deposits(&world, 2, |number| Memo::Id(number.into())).await;
    let submit = || anchor_core::ops::submit::submit(&world.anchor, &settings, &pace);
    submit().await.unwrap();
    assert_eq!(world.envelopes(), 1, "a second one would cost more than is left");
    for _ in 0..5 {
        world.clock.advance(std::time::Duration::from_secs(2));
        assert_eq!(submit().await.unwrap().claimed, 0);
    }
    world.clock.advance(std::time::Duration::from_secs(25 * 3600));
    submit().await.unwrap();
    assert_eq!(world.envelopes(), 2);
}

#[tokio::test]
async fn fees_that_channels_pay_are_not_booked_on_the_distribution_account() {
    let world = World::new().await;
    world.channels(5).await;
    let (users, ids) = deposits(&world, 5, |number| Memo::Id(number.into())).await;
    world.ledger.surge(100_000);
    // its minimum balance, and one bid
    world.ledger.edit(samples::distribution().account(), |account| {
        account.balance = "1.51".parse().unwrap();
    });
    for _ in 0..2 {
        world.worker.activate_once("submit_payments").await.unwrap();
    }
    assert_eq!(world.envelopes(), 5);
    world.ledger.close();
    world.worker.activate_once("confirm_payments").await.unwrap();
    assert_paid(&world, &users, &ids).await;
}

#[tokio::test]
async fn pool_is_created_fed_and_retired_by_the_software() {
    let world = World::new().await;
    let distribution = samples::distribution().account();
    assert_eq!(channels::grow(&world.anchor, distribution, 3).await.unwrap(), 3);
    let again = channels::grow(&world.anchor, distribution, 3).await;
    assert!(matches!(again, Err(ChannelsError::Busy(_))), "{again:?}");
    world.settle().await;
    assert_eq!(channels::grow(&world.anchor, distribution, 3).await.unwrap(), 0);
    let store = world.anchor.store();
    assert_eq!(
        store.channel_count(world.anchor.clock().now()).await.unwrap(),
        ChannelCount { free: 3, all: 3, has_pool: true }
    );

    let pool = channels::pool(&world.anchor, 3).unwrap();
    world.ledger.edit(pool[1], |account| account.balance = lumens(1));
    world.worker.activate_once("feed_channels").await.unwrap();
    world.settle().await;
    assert_eq!(world.ledger.balance(&pool[1], &StellarAsset::Native), lumens(2));
    world.worker.activate_once("feed_channels").await.unwrap();
    assert_eq!(world.envelopes(), 2, "whoever has enough gets nothing");

    let listed = store.channel_list().await.unwrap();
    let first = listed.iter().find(|channel| channel.account == pool[0]).unwrap();
    assert!(channels::retire(&world.anchor, first).await.unwrap());
    let (users, ids) = deposits(&world, 3, |number| Memo::Id(number.into())).await;
    world.settle().await;
    assert_paid(&world, &users, &ids).await;
    assert_eq!(store.channel_list().await.unwrap()[0].sequence, None, "the retired one carried nothing");
}

#[tokio::test]
async fn wrong_pools_are_refused() {
    let world = World::new().await;
    let too_many = channels::pool(&world.anchor, 10_001);
    assert!(matches!(too_many, Err(ChannelsError::TooMany)));
    let nobody = SigningKey::from_seed([77; 32]).account();
    let refused = channels::grow(&world.anchor, nobody, 1).await;
    assert!(matches!(refused, Err(ChannelsError::NoPayer(account)) if account == nobody));
}

/// Places are never given twice, also when their channels are retired.
#[tokio::test]
async fn pool_that_was_made_with_another_seed_does_not_grow_and_says_why() {
    let world = World::new().await;
    let distribution = samples::distribution().account();
    let theirs = channel_key(&SigningKey::from_seed([78; 32]), 1).account();
    let store = world.anchor.store();
    store.channel_put(&[(theirs, Some(1))]).await.unwrap();
    for retired in [false, true] {
        if retired {
            assert!(store.channel_retire(&theirs, world.anchor.clock().now()).await.unwrap());
        }
        let refused = channels::grow(&world.anchor, distribution, 3).await.unwrap_err();
        let said = refused.to_string();
        assert!(matches!(refused, ChannelsError::OtherSeed { position: 1, account } if account == theirs));
        for told in ["another CHANNEL_SEED", &theirs.to_string(), "Go on with that seed", "retire --count 0"]
        {
            assert!(said.contains(told), "{said}");
        }
    }
    assert_eq!(world.envelopes(), 0, "nothing was paid for");
    // what is not theirs can be had
    assert_eq!(channels::grow(&world.anchor, distribution, 1).await.unwrap(), 1);
}

#[tokio::test]
async fn stand_in_that_pays_nothing_does_not_keep_another_one_from_paying() {
    let world = World::new().await;
    let distribution = samples::distribution().account();
    // the distribution account of another asset, which comes first in their order
    let others = (20..).map(|number| SigningKey::from_seed([number; 32]).account());
    let other = others.into_iter().find(|other| other.to_string() < distribution.to_string()).unwrap();
    world.ledger.fund(other, lumens(10));
    world.anchor.store().channel_put(&[(other, None)]).await.unwrap();
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.state(id).await, "paying");
    let channels = world.anchor.store().channel_list().await.unwrap();
    assert!(channels.iter().any(|one| one.account == other && one.attempt.is_none()));
    let count = world.anchor.store().channel_count(world.clock.now()).await.unwrap();
    assert_eq!(count, ChannelCount { free: 1, all: 2, has_pool: false }, "the other one was given back");
}

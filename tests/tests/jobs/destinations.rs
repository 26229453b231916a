//! Whom a deposit can be paid to, and what becomes of it where that is not possible: it waits or is held, in sight.

use std::time::Duration;

use anchor_core::account::{Account, AccountId, ContractId};
use anchor_core::amount::StellarAmount;
use anchor_core::asset::{Asset, StellarAsset};
use anchor_core::id::TransactionId;
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Actor, Fact, Kind, Status};

use crate::sep24::only_payment;
use crate::world::{World, lumens};

fn newcomer() -> AccountId {
    SigningKey::from_seed([9; 32]).account()
}

fn operator() -> Actor {
    Actor::Operator("Ana".to_owned())
}

/// A deposit of 100 for this account, whose money is at the bank.
async fn deposit_to(world: &World, account: impl Into<Account>) -> TransactionId {
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.account = account.into();
    started.asset = world.anchor.assets()[0].id.clone();
    let id = world.agree(started, "100", 0).await;
    world.credit(id, "100");
    id
}

/// What the operator is told about a transaction on hold.
async fn why_held(world: &World, id: TransactionId) -> String {
    assert_eq!(world.fetch(id).await.status(), Status::OnHold);
    let history = world.anchor.store().fact_list(id).await.unwrap();
    let reasons = history.into_iter().filter_map(|record| match record.fact {
        Fact::Held { reason } => Some(reason),
        _ => None,
    });
    reasons.last().unwrap()
}

async fn release(world: &World, id: TransactionId) {
    world.tell(id, Fact::Released, operator()).await;
    world.settle().await;
}

fn native(world: &World, account: &AccountId) -> StellarAmount {
    world.ledger.balance(account, &StellarAsset::Native)
}

fn lumens_on_offer() -> Asset {
    Asset { id: StellarAsset::Native, ..samples::asset() }
}

#[tokio::test]
async fn muxed_destination_is_paid_with_its_number_and_without_a_memo() {
    let world = World::new().await;
    let muxed = Account::Muxed { account: samples::user().account(), id: u64::MAX };
    let id = deposit_to(&world, muxed).await;
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
    assert_eq!(only_payment(&world), (stellar_xdr::Memo::None, muxed.to_string()));
}

#[tokio::test]
async fn contract_that_was_named_to_an_earlier_version_is_held_and_can_be_given_back() {
    let world = World::new().await;
    let id = deposit_to(&world, ContractId::from_bytes([7; 32])).await;
    world.settle().await;
    assert!(why_held(&world, id).await.contains("contract"));
    assert!(world.ledger.submissions().is_empty());
    let via = anchor_core::transaction::RefundVia::Rails;
    world.tell(id, Fact::RefundDecided { via, reason: "not to contracts".into() }, operator()).await;
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::Refunded);
}

#[tokio::test]
async fn own_account_that_was_named_to_an_earlier_version_is_held() {
    let world = World::new().await;
    let muxed = Account::Muxed { account: samples::distribution().account(), id: 7 };
    let fee_account = world.anchor.config().fee_key.as_ref().unwrap().account();
    let own = [samples::distribution().account().into(), samples::issuer().account().into(), muxed];
    for account in own.into_iter().chain([fee_account.into()]) {
        let id = deposit_to(&world, account).await;
        world.settle().await;
        assert!(why_held(&world, id).await.contains("own account"), "{account}");
    }
    assert!(world.ledger.submissions().is_empty());
}

#[tokio::test]
async fn issuer_that_pays_itself_has_no_balance_that_could_be_too_low() {
    let issuer = samples::issuer();
    let asset = Asset { distribution: issuer.account(), ..samples::asset() };
    let key = issuer.clone();
    let world = World::with_asset(asset, |config| config.distribution_keys = vec![key]).await;
    world.ledger.fund(issuer.account(), lumens(10));
    assert_eq!(world.ledger.balance(&issuer.account(), &samples::token()), StellarAmount::ZERO);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(deposit_to(&world, samples::user().account()).await);
    }
    world.settle().await;
    for id in ids {
        assert_eq!(world.state(id).await, "paid");
    }
    assert_eq!(world.user_holds(), "299.25");
    // nothing but lumens for fees can run out
    world.ledger.edit(issuer.account(), |account| account.balance = lumens(1));
    let id = deposit_to(&world, samples::user().account()).await;
    world.settle().await;
    assert!(why_held(&world, id).await.contains("not enough lumens"));
}

#[tokio::test]
async fn lumens_pay_what_is_above_the_minimum_balance_and_create_accounts() {
    let world = World::with_asset(lumens_on_offer(), |_| ()).await;
    let user = samples::user().account();
    let id = deposit_to(&world, user).await;
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
    assert_eq!(native(&world, &user).to_string(), "109.75");

    let id = deposit_to(&world, newcomer()).await;
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
    assert_eq!(native(&world, &newcomer()).to_string(), "99.75", "the lumens are the deposit");

    // two reserves, one for the trust line that the sample has, and the fee
    let distribution = samples::distribution().account();
    world.ledger.edit(distribution, |account| {
        account.subentries = 1;
        account.balance = "101.25".parse().unwrap();
    });
    let id = deposit_to(&world, user).await;
    world.settle().await;
    assert!(why_held(&world, id).await.contains("not enough lumens"));
    world.ledger.edit(distribution, |account| account.balance = "101.26".parse().unwrap());
    release(&world, id).await;
    assert_eq!(world.state(id).await, "paid");
    assert_eq!(native(&world, &user).to_string(), "209.5");
}

#[tokio::test]
async fn too_few_lumens_to_create_an_account_are_held() {
    let world = World::with_asset(lumens_on_offer(), |_| ()).await;
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.account = newcomer().into();
    started.asset = StellarAsset::Native;
    let id = world.agree(started, "1", 0).await;
    world.credit(id, "1");
    world.settle().await;
    assert!(why_held(&world, id).await.contains("minimum balance"));
    world.ledger.fund(newcomer(), lumens(1));
    release(&world, id).await;
    assert_eq!(native(&world, &newcomer()).to_string(), "1.75");
}

#[tokio::test]
async fn distribution_that_is_short_holds_in_sight_and_pays_when_it_is_filled() {
    let world = World::new().await;
    let distribution = samples::distribution().account();
    world.ledger.trust(distribution, &samples::token(), "99.7499999".parse().unwrap());
    let id = deposit_to(&world, samples::user().account()).await;
    world.settle().await;
    assert!(why_held(&world, id).await.contains("not enough of the asset"));
    world.ledger.trust(distribution, &samples::token(), lumens(100));
    world.ledger.edit(distribution, |account| account.balance = lumens(1));
    release(&world, id).await;
    assert!(why_held(&world, id).await.contains("not enough lumens"));
    world.ledger.edit(distribution, |account| account.trust_lines.clear());
    release(&world, id).await;
    assert!(why_held(&world, id).await.contains("no authorized trust line"));
    assert!(world.ledger.submissions().is_empty(), "nothing that would fail was sent");
    world.ledger.edit(distribution, |account| account.balance = lumens(10));
    world.ledger.trust(distribution, &samples::token(), lumens(100));
    release(&world, id).await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
    let held = world.events.all().into_iter().filter(|event| event.transaction.status() == Status::OnHold);
    assert_eq!(held.count(), 3, "everybody who listens hears of it");
}

#[tokio::test]
async fn full_trust_line_is_awaited_until_there_is_room_beside_the_users_own_offers() {
    let world = World::new().await;
    let user = samples::user().account();
    let edit = |change: fn(&mut anchor_core::stellar::TrustLine)| {
        world.ledger.edit(user, |account| change(&mut account.trust_lines[0]));
    };
    edit(|line| line.limit = "99.7499999".parse().unwrap());
    let id = deposit_to(&world, user).await;
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
    edit(|line| {
        line.limit = lumens(200);
        line.buying_liabilities = "100.2500001".parse().unwrap();
    });
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
    assert!(world.ledger.submissions().is_empty());
    edit(|line| line.buying_liabilities = "100.25".parse().unwrap());
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
}

#[tokio::test]
async fn destination_that_is_merged_between_plan_and_ledger_is_planned_anew() {
    for creates in [true, false] {
        let world = World::with_asset(samples::asset(), |config| config.account_creation = creates).await;
        let id = deposit_to(&world, samples::user().account()).await;
        world.worker.activate_once("process_pending_deposits").await.unwrap();
        world.worker.activate_once("submit_payments").await.unwrap();
        assert_eq!(world.state(id).await, "paying");
        world.ledger.remove(&samples::user().account());
        world.settle().await;
        if creates {
            assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
            assert_eq!(native(&world, &samples::user().account()).to_string(), "2.01");
        } else {
            assert!(why_held(&world, id).await.contains("does not exist"));
            world.ledger.fund(samples::user().account(), lumens(5));
            release(&world, id).await;
            assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
        }
        world.ledger.trust(samples::user().account(), &samples::token(), lumens(0));
        world.settle().await;
        assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
    }
}

#[tokio::test]
async fn trust_line_that_is_closed_between_plan_and_ledger_is_awaited() {
    let world = World::new().await;
    let user = samples::user().account();
    let id = deposit_to(&world, user).await;
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    world.ledger.edit(user, |account| account.trust_lines.clear());
    world.clock.advance(Duration::from_secs(1));
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
    world.ledger.trust(user, &samples::token(), lumens(0));
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
}

#[tokio::test]
async fn lumens_that_come_back_from_a_channel_are_the_anchors_own() {
    let world = World::with_asset(lumens_on_offer(), |_| ()).await;
    let [channel] = world.channels(1).await[..] else { panic!("one channel") };
    let ours = samples::distribution().account().into();
    world.ledger.arrives(channel.into(), ours, StellarAsset::Native, lumens(2), Memo::None);
    let foreign = newcomer().into();
    let foreign = world.ledger.arrives(foreign, ours, StellarAsset::Native, lumens(2), Memo::None);
    world.settle().await;
    let in_suspense = world.anchor.store().suspense_list(None).await.unwrap();
    let ids: Vec<_> = in_suspense.into_iter().map(|payment| payment.movement.id).collect();
    assert_eq!(ids, [foreign.id]);
}

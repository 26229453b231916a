//! Deposits and withdrawals at a quoted price: kept for money that is here in time, whenever anybody hears of it.

use std::time::Duration;

use anchor_core::account::Account;
use anchor_core::amount::Amount;
use anchor_core::clock::Clock as _;
use anchor_core::id::TransactionId;
use anchor_core::integration::{Agreement, FundsOutcome};
use anchor_core::memo::Memo;
use anchor_core::ops::form::{Closed, agree};
use anchor_core::ops::quote::{Wish, create};
use anchor_core::ops::start::{StartRequest, start};
use anchor_core::quote::Quote;
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_core::transaction::{Kind, Status, Transaction};
use chrono::{DateTime, Utc};

use crate::world::{End, World, lumens};

/// How long after the end of its quote the money of a deposit is still asked about.
const LATER: chrono::Duration = chrono::Duration::minutes(15);

/// 543 reals for 100 tokens, a real of which is the fee; or 101 tokens for what 100 of them are in reals.
async fn quoted(world: &World, kind: Kind) -> Quote {
    let (reals, token) = (samples::money("BRL").to_string(), format!("stellar:{}", samples::token()));
    let (sell, buy, amount, sell_by, buy_by) = match kind {
        Kind::Deposit => (reals, token, "543", Some("PIX"), None),
        Kind::Withdrawal => (token, reals, "101", None, Some("PIX")),
    };
    let wish = Wish {
        sell_asset: Some(sell),
        buy_asset: Some(buy),
        sell_amount: Some(amount.to_owned()),
        sell_delivery_method: sell_by.map(str::to_owned),
        buy_delivery_method: buy_by.map(str::to_owned),
        context: Some("sep24".to_owned()),
        ..Wish::default()
    };
    create(&world.anchor, Account::from(samples::user().account()).into(), &wish).await.unwrap()
}

/// Made with the quote, agreed on, and the money awaited.
async fn awaiting(world: &World, kind: Kind, quote: &Quote) -> Transaction {
    let request = StartRequest {
        asset_code: Some("USDC".to_owned()),
        quote_id: Some(quote.id.to_string()),
        ..StartRequest::default()
    };
    let subject = Account::from(samples::user().account()).into();
    let started = start(&world.anchor, kind, subject, None, &request).await.unwrap();
    let agreement = Agreement::new(quote.figures.sell);
    match agree(&world.anchor, &started.transaction, agreement).await.unwrap() {
        Closed::Finished(transaction) => transaction,
        other => panic!("not agreed: {other:?}"),
    }
}

fn memo(transaction: &Transaction) -> Memo {
    transaction.receiving().unwrap().memo.clone()
}

fn credit(world: &World, id: TransactionId, amount: &str, at: DateTime<Utc>) {
    let amount: Amount = amount.parse().unwrap();
    let reference = format!("credit-{id}");
    world.rails.report(id, FundsOutcome::ReceivedAt { amount, reference, from: None, at });
}

fn before(quote: &Quote) -> DateTime<Utc> {
    quote.expires_at - chrono::Duration::seconds(1)
}

/// Until just after this moment, on the ledger too.
fn pass(world: &World, until: DateTime<Utc>) {
    let time = (until - world.clock.now()).to_std().unwrap();
    world.clock.advance(time);
    world.ledger.close_at(u64::try_from(until.timestamp()).unwrap());
}

#[tokio::test]
async fn r_38_075_r_24_033_quoted_price_is_kept_in_both_directions() {
    let world = World::quoting().await;
    let quote = quoted(&world, Kind::Deposit).await;
    let deposit = awaiting(&world, Kind::Deposit, &quote).await;
    assert_eq!(deposit.off_chain_asset, samples::money("BRL"));
    credit(&world, deposit.id, "543", world.clock.now());
    world.settle().await;
    let paid = world.fetch(deposit.id).await;
    assert_eq!((paid.state.name(), world.user_holds().as_str()), ("paid", "100"));

    let quote = quoted(&world, Kind::Withdrawal).await;
    let withdrawal = awaiting(&world, Kind::Withdrawal, &quote).await;
    world.pay("101", memo(&withdrawal));
    world.work().await;
    world.settle().await;
    let [transfer] = &world.transfers(withdrawal.id)[..] else { panic!() };
    assert_eq!(transfer.amount, quote.buy());
    assert_eq!(transfer.amount.asset, samples::money("BRL"));
    assert_eq!(world.state(withdrawal.id).await, "paid_out");
}

#[tokio::test]
async fn r_38_084_money_that_came_in_time_counts_although_nobody_looked() {
    let world = World::quoting().await;
    let quote = quoted(&world, Kind::Deposit).await;
    let deposit = awaiting(&world, Kind::Deposit, &quote).await;
    let quote = quoted(&world, Kind::Withdrawal).await;
    let withdrawal = awaiting(&world, Kind::Withdrawal, &quote).await;
    // a watcher is known to work
    world.work().await;
    world.ledger.close_at(u64::try_from(quote.expires_at.timestamp()).unwrap() - 6);
    let paid = world.pay("101", memo(&withdrawal));
    assert!(paid.at < quote.expires_at);
    credit(&world, deposit.id, "543", before(&quote));
    // a night without workers; the first thing that the next one does is to end what is overdue
    pass(&world, quote.expires_at + chrono::Duration::seconds(1));
    world.worker.activate_once("expire").await.unwrap();
    world.settle().await;
    assert_eq!(world.state(deposit.id).await, "paid");
    assert_eq!(world.state(withdrawal.id).await, "paid_out");
}

#[tokio::test]
async fn peer_r_38_084_money_after_the_end_of_a_quote_goes_back_at_no_other_price() {
    let world = World::quoting().await;
    let quote = quoted(&world, Kind::Deposit).await;
    let deposit = awaiting(&world, Kind::Deposit, &quote).await;
    let quote = quoted(&world, Kind::Withdrawal).await;
    let withdrawal = awaiting(&world, Kind::Withdrawal, &quote).await;
    pass(&world, quote.expires_at);
    world.pay("101", memo(&withdrawal));
    credit(&world, deposit.id, "543", quote.expires_at);
    world.settle().await;
    let deposit = world.fetch(deposit.id).await;
    assert_eq!(deposit.status(), Status::Refunded);
    let [transfer] = &world.transfers(deposit.id)[..] else { panic!() };
    assert_eq!(transfer.amount, deposit.receipt.unwrap().amount, "reals, all of them");
    assert_eq!(world.fetch(withdrawal.id).await.status(), Status::Refunded);
    assert_eq!(world.user_holds(), "101");
}

#[tokio::test]
async fn money_whose_day_the_bank_does_not_say_counts_from_when_it_is_reported() {
    let world = World::quoting().await;
    let quote = quoted(&world, Kind::Deposit).await;
    let (in_time, late) =
        (awaiting(&world, Kind::Deposit, &quote).await, quoted(&world, Kind::Deposit).await);
    let late = awaiting(&world, Kind::Deposit, &late).await;
    world.credit(in_time.id, "543");
    world.work().await;
    pass(&world, quote.expires_at);
    world.credit(late.id, "543");
    world.settle().await;
    assert_eq!((world.state(in_time.id).await, world.state(late.id).await), ("paid", "refunded"));
}

#[tokio::test]
async fn r_24_132_another_amount_than_the_quoted_one_goes_back() {
    let world = World::quoting().await;
    for amount in ["542.99", "543.01", "100"] {
        let quote = quoted(&world, Kind::Deposit).await;
        let deposit = awaiting(&world, Kind::Deposit, &quote).await;
        credit(&world, deposit.id, amount, world.clock.now());
        world.work().await;
        assert_eq!(world.state(deposit.id).await, "refunded", "{amount}");
    }
    world.ledger.fund(samples::user().account(), lumens(10));
    for amount in ["100.9999999", "202"] {
        let quote = quoted(&world, Kind::Withdrawal).await;
        let withdrawal = awaiting(&world, Kind::Withdrawal, &quote).await;
        world.pay(amount, memo(&withdrawal));
        world.work().await;
        world.settle().await;
        let withdrawal = world.fetch(withdrawal.id).await;
        assert_eq!(withdrawal.status(), Status::Refunded, "{amount}");
        assert!(world.transfers(withdrawal.id).is_empty());
    }
}

#[tokio::test]
async fn r_38_085_r_24_119_unfunded_transactions_end_with_their_quotes() {
    let world = World::quoting().await;
    let quote = quoted(&world, Kind::Deposit).await;
    let deposit = awaiting(&world, Kind::Deposit, &quote).await;
    assert_eq!(deposit.deadline, Some(quote.expires_at));
    let quote = quoted(&world, Kind::Withdrawal).await;
    let withdrawal = awaiting(&world, Kind::Withdrawal, &quote).await;
    world.clock.advance(Duration::from_secs(59));
    world.work().await;
    assert_eq!(world.state(deposit.id).await, "awaiting_funds");
    world.clock.advance(Duration::from_secs(1));
    world.work().await;
    // the bank may still show money that came before
    assert_eq!(world.state(deposit.id).await, "awaiting_funds");
    // until everything that the ledger closed before is read
    assert_eq!(world.state(withdrawal.id).await, "awaiting_payment");
    world.clock.advance(Duration::from_secs(30));
    world.work().await;
    assert_eq!(
        world.state(withdrawal.id).await,
        "awaiting_payment",
        "the ledger may still close an earlier one"
    );
    pass(&world, world.clock.now() + chrono::Duration::seconds(30));
    world.work().await;
    assert_eq!(world.fetch(withdrawal.id).await.status(), Status::Expired);
    pass(&world, quote.expires_at + LATER - chrono::Duration::seconds(1));
    world.work().await;
    assert_eq!(world.state(deposit.id).await, "awaiting_funds");
    pass(&world, quote.expires_at + LATER);
    world.clock.advance(Duration::from_secs(300));
    world.work().await;
    assert_eq!(world.state(deposit.id).await, "expired");
}

#[tokio::test]
async fn r_38_084_money_in_time_that_the_bank_shows_later_counts_and_late_money_goes_back_by_itself() {
    let world = World::quoting().await;
    let mut deposits = Vec::new();
    let mut last = None;
    for _ in 0..3 {
        let quote = quoted(&world, Kind::Deposit).await;
        deposits.push(awaiting(&world, Kind::Deposit, &quote).await);
        last = Some(quote);
    }
    let quote = last.unwrap();
    // a worker looks at all of them right after the end
    pass(&world, quote.expires_at + chrono::Duration::seconds(1));
    world.worker.activate_once("expire").await.unwrap();
    world.work().await;
    pass(&world, quote.expires_at + chrono::Duration::minutes(5));
    let [in_time, late, undated] = &deposits[..] else { panic!() };
    assert_eq!(in_time.deadline, Some(quote.expires_at), "the user is told so");
    credit(&world, in_time.id, "543", before(&quote));
    credit(&world, late.id, "543", quote.expires_at);
    world.credit(undated.id, "543");
    world.work().await;
    world.settle().await;
    assert_eq!((world.state(in_time.id).await, world.user_holds().as_str()), ("paid", "100"));
    for back in [late, undated] {
        assert_eq!(world.fetch(back.id).await.status(), Status::Refunded);
        let [transfer] = &world.transfers(back.id)[..] else { panic!() };
        assert_eq!(transfer.amount.amount, quote.figures.sell, "all of it");
    }
}

#[tokio::test]
async fn reserve_is_freed_by_a_worker_that_quotes_nothing_itself() {
    let world = World::quoting().await;
    quoted(&world, Kind::Deposit).await;
    let token = samples::token().into();
    world.clock.advance(Duration::from_secs(60));
    world.worker_with(|_| ()).await.activate_once("expire").await.unwrap();
    assert_eq!(world.anchor.store().quote_reserved(&token).await.unwrap(), 0);
}

#[tokio::test]
async fn quote_that_cannot_be_released_stops_nothing_else() {
    let world = World::quoting().await;
    let token = samples::token().into();
    let broken = quoted(&world, Kind::Deposit).await;
    world.clock.advance(Duration::from_secs(1));
    let used = quoted(&world, Kind::Deposit).await;
    let deposit = awaiting(&world, Kind::Deposit, &used).await;
    world.execute("UPDATE quote_sums SET quotes = 0 WHERE asset = ''");
    pass(&world, used.expires_at + LATER);
    world.worker.activate_once("expire").await.unwrap();
    assert_eq!(world.state(deposit.id).await, "expired");
    assert_eq!(world.anchor.store().quote_reserved(&token).await.unwrap(), 1_000_000_000);
    assert!(broken.expires_at < used.expires_at, "it was the first in the row");
}

#[tokio::test]
async fn quoted_payment_that_nobody_could_read_in_time_is_not_expired_while_the_ledger_is_silent() {
    let world = World::quoting().await;
    let quote = quoted(&world, Kind::Withdrawal).await;
    let withdrawal = awaiting(&world, Kind::Withdrawal, &quote).await;
    world.work().await;
    world.ledger.close_at(u64::try_from(quote.expires_at.timestamp()).unwrap() - 6);
    world.pay("101", memo(&withdrawal));
    // every look at the history fails, for longer than any server could lag behind
    for _ in 0..5 {
        pass(&world, world.clock.now() + chrono::Duration::minutes(5));
        world.ledger.inject(Fault::Movements);
        world.worker.activate_once("watch_transactions").await.unwrap_err();
        world.ledger.inject(Fault::Movements);
        world.worker.activate_once("expire").await.unwrap();
        assert_eq!(world.state(withdrawal.id).await, "awaiting_payment");
    }
    world.settle().await;
    assert_eq!(world.state(withdrawal.id).await, "paid_out");
}

#[tokio::test]
async fn r_38_072_reserve_is_free_again_after_the_end_of_a_quote() {
    let world = World::quoting().await;
    let token = samples::token().into();
    let reserved = async || world.anchor.store().quote_reserved(&token).await.unwrap();
    let (used, unused) = (quoted(&world, Kind::Deposit).await, quoted(&world, Kind::Deposit).await);
    awaiting(&world, Kind::Deposit, &used).await;
    assert_eq!(reserved().await, 2 * 1_000_000_000);
    world.clock.advance(Duration::from_secs(59));
    world.work().await;
    assert_eq!(reserved().await, 2 * 1_000_000_000, "a promise is a promise");
    world.clock.advance(Duration::from_secs(1));
    world.work().await;
    assert_eq!(reserved().await, 0);
    assert_eq!(world.anchor.store().quote_fetch(unused.id).await.unwrap(), Some(unused));
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_quoted_deposit_survives_death_at_every_moment() {
    for moment in 0.. {
        let world = World::quoting().await;
        let quote = quoted(&world, Kind::Deposit).await;
        let deposit = awaiting(&world, Kind::Deposit, &quote).await;
        credit(&world, deposit.id, "543", world.clock.now());
        let end = End { transaction: deposit.id, state: "paid" };
        let died = world.settle_through_death(&end, moment, true).await;
        assert_eq!((world.state(deposit.id).await, world.user_holds().as_str()), ("paid", "100"), "{moment}");
        if !died {
            assert!(moment > 5, "the road has more moments than {moment}");
            break;
        }
    }
}

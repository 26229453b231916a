//! Defects that other anchors had, each as a test that would find it here.

use std::time::Duration;

use anchor_core::account::Account;
use anchor_core::asset::StellarAsset;
use anchor_core::keys::SigningKey;
use anchor_core::memo::{Memo, MemoText};
use anchor_core::stellar::{Failure, FailureKind};
use anchor_core::store::SuspenseReason;
use anchor_core::testing::fakes::{CallbackAnswer, samples};
use anchor_core::testing::ledger::Fault;
use anchor_core::testing::rails::{RailsCall, RailsFault};
use anchor_core::transaction::{Actor, Fact, Kind, Status};

use crate::world::{World, lumens};

async fn suspense(world: &World) -> Vec<SuspenseReason> {
    let records = world.anchor.store().suspense_list(None).await.unwrap();
    records.into_iter().filter_map(|record| record.suspense).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_two_workers_pay_a_deposit_once() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let id = world.deposit("10").await;
        world.credit(id, "10");
        ids.push(id);
    }
    let (one, two) = (world.another_worker(), world.another_worker());
    for _ in 0..12 {
        let (first, second) = tokio::join!(one.run_until_idle(), two.run_until_idle());
        first.unwrap();
        second.unwrap();
        world.tick();
    }
    for id in ids {
        assert_eq!(world.state(id).await, "paid");
    }
    assert_eq!(world.user_holds(), "39");
}

#[tokio::test]
async fn peer_stolen_lease_pays_once() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    world.pay("100", Memo::Id(7));
    world.worker.activate_once("watch_transactions").await.unwrap();
    // the first worker's bank takes the order and is silent; meanwhile its lease ends and another takes over
    world.rails.inject(RailsCall::Execute, RailsFault::SilentAfter);
    let (one, two) = (world.another_worker(), world.another_worker());
    let slow = one.activate_once("execute_outgoing_transactions");
    let fast = async {
        while world.rails.calls(RailsCall::Execute) == 0 {
            tokio::task::yield_now().await;
        }
        world.clock.advance(Duration::from_secs(600));
        two.activate_once("execute_outgoing_transactions").await
    };
    let (slow, fast) = tokio::join!(slow, fast);
    slow.unwrap();
    fast.unwrap();
    world.settle().await;
    assert_eq!(world.state(id).await, "paid_out");
    assert_eq!(world.transfers(id).len(), 1);
    assert_eq!(world.rails.calls(RailsCall::Execute), 1, "found, not sent again");
}

#[tokio::test]
async fn peer_hook_returning_a_deposit_twice_pays_once() {
    let world = World::new().await;
    world.rails.answer_twice();
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.settle().await;
    assert_eq!(world.user_holds(), "99.75");
    // and again after its end
    let paid = world.fetch(id).await;
    let again = Fact::FundsReceived {
        receipt: paid.receipt.clone().unwrap(),
        settlement: anchor_core::transaction::Settlement::Accept(paid.amounts.clone().unwrap()),
    };
    let committed =
        anchor_core::ops::commit(&world.anchor, &paid, again, Actor::Worker, false).await.unwrap();
    assert_eq!(committed, anchor_core::ops::Committed::Unchanged);
    world.settle().await;
    assert_eq!(world.user_holds(), "99.75");
}

/// A bank that answers "whose is this credit?" by the name of the sender, say.
#[tokio::test]
async fn one_credit_that_is_reported_for_two_deposits_pays_one() {
    let world = World::new().await;
    let (one, other) = (world.deposit("100").await, world.deposit("100").await);
    for id in [one, other] {
        world.rails.credit(id, "100".parse().unwrap(), "one and the same");
    }
    world.settle().await;
    assert_eq!(world.user_holds(), "99.75");
    let mut states = [world.state(one).await, world.state(other).await];
    states.sort_unstable();
    assert_eq!(states, ["awaiting_funds", "paid"]);
    let waiting = if world.state(one).await == "paid" { other } else { one };
    let history = world.anchor.store().fact_list(waiting).await.unwrap();
    let refused: Vec<_> = history.iter().filter_map(|record| record.refused.as_deref()).collect();
    assert_eq!(refused, ["this receipt has funded another transaction"], "kept once");
    // with a credit of its own it goes on
    world.rails.credit(waiting, "100".parse().unwrap(), "another one");
    world.settle().await;
    assert_eq!(world.user_holds(), "199.5");
}

#[tokio::test]
async fn peer_one_bad_deposit_stops_no_other() {
    let world = World::new().await;
    // to a muxed account, and to one that is merged away between two steps
    let mut muxed = samples::started(world.id(), Kind::Deposit);
    muxed.request.account = Account::Muxed { account: samples::user().account(), id: 7 };
    let muxed = world.agree(muxed, "10", 0).await;
    let leaver = SigningKey::from_seed([9; 32]).account();
    let mut merged = samples::started(world.id(), Kind::Deposit);
    merged.request.account = leaver.into();
    let merged = world.agree(merged, "20", 0).await;
    let plain = world.deposit("40").await;
    for (id, amount) in [(muxed, "10"), (merged, "20"), (plain, "40")] {
        world.credit(id, amount);
    }
    // and a server that is busy, out of order, and silent about an account
    for fault in
        [Fault::SubmitTryAgain, Fault::SubmitLostBefore, Fault::Account, Fault::Latest, Fault::Lookup]
    {
        world.ledger.inject(fault);
    }
    world.settle().await;
    world.ledger.remove(&leaver);
    world.settle().await;
    assert_eq!(world.state(plain).await, "paid");
    assert_eq!(world.state(muxed).await, "paid");
    assert_eq!(world.fetch(merged).await.status(), Status::PendingTrust);
}

#[tokio::test]
async fn credit_without_a_usable_reference_pays_nothing() {
    let world = World::new().await;
    for reference in [String::new(), "x".repeat(256)] {
        let id = world.deposit("100").await;
        world.rails.credit(id, "100".parse().unwrap(), reference);
        world.settle().await;
        assert_eq!(world.state(id).await, "awaiting_funds");
    }
    assert_eq!(world.user_holds(), "0");
}

#[tokio::test]
async fn peer_not_found_after_submit_is_not_a_failure() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    // the server that answers look-ups lags behind the network
    world.work().await;
    world.ledger.freeze();
    for _ in 0..20 {
        world.tick();
        world.work().await;
    }
    assert_eq!(world.state(id).await, "paying", "its bound has not passed for that server");
    world.ledger.thaw();
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
    assert_eq!(world.user_holds(), "99.75");
}

/// Too low a fee is a matter of time and of the next bid: nothing is sent again and again at once, and nobody else
/// waits behind it.
#[tokio::test]
async fn peer_too_low_a_fee_is_no_reason_to_hammer_the_network() {
    let world = World::new().await;
    let first = world.deposit("100").await;
    world.credit(first, "100");
    for _ in 0..50 {
        let failure = Failure::new(FailureKind::Fee, "tx_insufficient_fee");
        world.ledger.inject(Fault::SubmitRejected(failure));
    }
    world.work().await;
    let sent = world.ledger.submissions().len();
    assert!((1..=2).contains(&sent), "{sent} submissions without a moment between them");
    // as long as the network is busy, at most once in every step of the work
    for _ in 0..11 {
        world.tick();
        world.work().await;
    }
    let sent = world.ledger.submissions().len();
    assert!(sent <= 24, "{sent} submissions within a minute");
    assert_eq!(world.user_holds(), "0");
    let second = world.withdrawal("50", 7).await;
    world.pay("50", Memo::Id(7));
    world.ledger.close();
    world.work().await;
    assert_eq!(world.state(second).await, "paid_out", "it does not wait behind the first");

    world.ledger.set_fee_bid(10_000);
    world.ledger.close_at(u64::try_from(samples::start().timestamp()).unwrap() + 7200);
    for _ in 0..8 {
        world.settle().await;
    }
    assert_eq!(world.state(first).await, "paid");
}

#[tokio::test]
async fn peer_dead_callback_changes_nothing() {
    let world = World::new().await;
    let started = samples::started(world.id(), Kind::Deposit);
    let id = started.id;
    let wanted = anchor_core::store::Callbacks {
        finished: Some("https://dead.example.com/".into()),
        on_change: Some("https://dead.example.com/".into()),
    };
    for _ in 0..200 {
        world.callbacks.answer(CallbackAnswer::Unreachable);
    }
    world.agree(started, "100", 0).await;
    world.anchor.store().callbacks_put(id, &wanted).await.unwrap();
    world.credit(id, "100");
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::Completed);
    assert_eq!(world.user_holds(), "99.75");

    // after a day nobody tries any more
    for _ in 0..60 {
        world.clock.advance(Duration::from_secs(3600));
        world.work().await;
    }
    let tries = world.callbacks.tries();
    assert!((2..200).contains(&tries), "{tries}");
    world.clock.advance(Duration::from_secs(48 * 3600));
    world.work().await;
    assert_eq!(world.callbacks.tries(), tries);
}

#[tokio::test]
async fn peer_poison_record_does_not_stop_the_watcher() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    world.ledger.poison(samples::distribution().account(), "{\"type\":\"never seen\"}");
    world.pay("100", Memo::Id(7));
    world.settle().await;
    assert_eq!(world.state(id).await, "paid_out");
}

#[tokio::test]
async fn peer_second_payment_with_the_same_memo_is_kept() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    world.pay("100", Memo::Id(7));
    world.settle().await;
    world.pay("20", Memo::Id(7));
    world.settle().await;
    assert_eq!(world.transfers(id).len(), 1);
    let payments = world.anchor.store().payment_list(id).await.unwrap();
    assert_eq!(payments.len(), 2);
    assert_eq!(suspense(&world).await, [SuspenseReason::Duplicate]);
}

#[tokio::test]
async fn peer_two_payments_in_one_transaction_are_both_kept() {
    let world = World::new().await;
    let id = world.withdrawal("10", 7).await;
    // one page holds both
    world.pay("10", Memo::Id(7));
    world.pay("20", Memo::Id(7));
    world.settle().await;
    let paid = world.fetch(id).await;
    assert_eq!(paid.receipt.unwrap().amount.amount.to_string(), "10");
    let payments = world.anchor.store().payment_list(id).await.unwrap();
    let mut amounts: Vec<_> = payments.iter().map(|record| record.movement.amount).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [lumens(10), lumens(20)]);
    assert_eq!(suspense(&world).await, [SuspenseReason::Duplicate]);
}

#[tokio::test]
async fn peer_r_24_131_memo_types_are_compared() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    world.pay("100", Memo::Text(MemoText::new("7").unwrap()));
    world.settle().await;
    assert_eq!(world.state(id).await, "awaiting_payment");
    assert_eq!(suspense(&world).await, [SuspenseReason::Unmatched]);
}

#[tokio::test]
async fn peer_watcher_downtime_skips_nothing() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for memo in 1..=3 {
        ids.push(world.withdrawal("10", memo).await);
    }
    world.ledger.inject(Fault::Movements);
    world.worker.activate_once("watch_transactions").await.unwrap_err();
    // nobody watches while these arrive
    for memo in 1..=3 {
        world.pay("10", Memo::Id(memo));
    }
    world.clock.advance(Duration::from_secs(3600));
    let next = world.another_worker();
    next.activate_once("watch_transactions").await.unwrap();
    for id in ids {
        assert_eq!(world.state(id).await, "ready_to_pay_out");
    }
}

#[tokio::test]
async fn peer_withdrawal_on_hold_without_payment_is_never_paid_out() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    let transaction = world.fetch(id).await;
    let held = Fact::Held { reason: "review".into() };
    let actor = Actor::Operator("ana".into());
    let committed = anchor_core::ops::commit(&world.anchor, &transaction, held, actor, false).await.unwrap();
    assert!(matches!(committed, anchor_core::ops::Committed::Anomaly(_)), "only funded work is held");
    world.settle().await;
    assert_eq!(world.state(id).await, "awaiting_payment");
    assert!(world.rails.transfers().is_empty());
}

#[tokio::test]
async fn peer_hook_raising_after_paying_pays_once() {
    for fault in [
        RailsFault::ErrorAfter,
        RailsFault::PanicAfter,
        RailsFault::SilentAfter,
        RailsFault::ErrorBefore,
        RailsFault::PanicBefore,
        RailsFault::SilentBefore,
    ] {
        let world = World::new().await;
        let id = world.withdrawal("100", 7).await;
        world.pay("100", Memo::Id(7));
        world.rails.inject(RailsCall::Execute, fault);
        world.rails.inject(RailsCall::Find, RailsFault::ErrorBefore);
        world.settle().await;
        assert_eq!(world.state(id).await, "paid_out", "{fault:?}");
        assert_eq!(world.transfers(id).len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn peer_exception_in_a_hook_stops_only_its_own_deposit() {
    let world = World::new().await;
    let (one, two) = (world.deposit("10").await, world.deposit("10").await);
    world.credit(one, "10");
    world.credit(two, "10");
    world.rails.inject(RailsCall::PollDeposits, RailsFault::PanicBefore);
    world.rails.inject(RailsCall::PollDeposit, RailsFault::PanicBefore);
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    let mut states = [world.state(one).await, world.state(two).await];
    states.sort_unstable();
    assert_eq!(states, ["awaiting_funds", "ready_to_pay"]);
    world.settle().await;
    assert_eq!(world.user_holds(), "19.5");
}

#[tokio::test]
async fn peer_wrong_asset_is_not_credited() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    let code = samples::token().code().parse().unwrap();
    let imitation = StellarAsset::Credit { code, issuer: samples::user().account() };
    for asset in [imitation, StellarAsset::Native] {
        world.pay_asset("100", asset, Memo::Id(7));
    }
    world.settle().await;
    assert_eq!(world.state(id).await, "awaiting_payment");
    assert_eq!(suspense(&world).await, [SuspenseReason::WrongAsset, SuspenseReason::WrongAsset]);
}

//! The roads that a transaction may take, each to its end.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anchor_core::account::Account;
use anchor_core::amount::StellarAmount;
use anchor_core::clock::ManualClock;
use anchor_core::integration::{
    FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome, PendingDeposit, RailsIntegration,
};
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::testing::fakes::{CallbackAnswer, samples};
use anchor_core::testing::rails::{RailsCall, RailsFault, ScriptedRails};
use anchor_core::transaction::{Actor, EventKind, Fact, Kind, OrderPurpose, RefundVia, Status};
use async_trait::async_trait;

use crate::world::{World, lumens};

#[tokio::test]
async fn r_24_134_deposit_is_paid_at_once_less_the_fee() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.settle().await;
    assert_eq!(world.state(id).await, "awaiting_funds");

    world.credit(id, "100");
    world.settle().await;
    let paid = world.fetch(id).await;
    assert_eq!((paid.state.name(), paid.status()), ("paid", Status::Completed));
    assert_eq!(world.user_holds(), "99.75");
    assert_eq!(paid.external_transaction_id, Some(format!("credit-{id}")));
    assert!(paid.stellar_transaction_id.is_some() && paid.completed_at.is_some());
}

#[tokio::test]
async fn deposit_on_its_way_is_shown_and_then_paid() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.rails.report(id, FundsOutcome::InTransit { reference: None });
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingExternal);
    world.credit(id, "100");
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
}

#[tokio::test]
async fn peer_fee_is_recomputed_from_what_arrived() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "40");
    world.settle().await;
    assert_eq!(world.user_holds(), "39.75");
    let amounts = world.fetch(id).await.amounts.unwrap();
    assert_eq!(amounts.amount_in.amount.to_string(), "40");
}

#[tokio::test]
async fn deposit_outside_the_limits_goes_back_through_the_rails() {
    for amount in ["0.20", "5000"] {
        let world = World::new().await;
        let id = world.deposit("100").await;
        world.credit(id, amount);
        world.settle().await;
        let refunded = world.fetch(id).await;
        assert_eq!(refunded.status(), Status::Refunded, "{amount}");
        let [transfer] = &world.transfers(id)[..] else { panic!("{:?}", world.transfers(id)) };
        assert_eq!(transfer.purpose, OrderPurpose::Refund);
        assert_eq!(transfer.amount, samples::usd(amount));
        assert_eq!(refunded.refunds.len(), 1);
        assert_eq!(world.user_holds(), "0");
    }
}

#[tokio::test]
async fn rejected_deposit_fails_and_moves_nothing() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.rails.report(id, FundsOutcome::Rejected { reason: "account closed".into() });
    world.settle().await;
    let failed = world.fetch(id).await;
    assert_eq!((failed.status(), failed.message.as_deref()), (Status::Error, Some("account closed")));
    assert!(world.ledger.submissions().is_empty());
}

#[tokio::test]
async fn r_24_042_r_06_065_account_is_created_then_trusted_then_paid() {
    let world = World::new().await;
    let newcomer = SigningKey::from_seed([9; 32]).account();
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.account = newcomer.into();
    let id = world.agree(started, "100", 0).await;
    world.credit(id, "100");
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
    let created = world.ledger.balance(&newcomer, &anchor_core::asset::StellarAsset::Native);
    assert_eq!(created.to_string(), "2.01");

    world.ledger.trust(newcomer, &samples::token(), lumens(0));
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
    assert_eq!(world.ledger.balance(&newcomer, &samples::token()).to_string(), "99.75");
}

#[tokio::test]
async fn merged_account_is_not_created_again() {
    let world = World::new().await;
    let newcomer = SigningKey::from_seed([9; 32]).account();
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.account = newcomer.into();
    let id = world.agree(started, "100", 0).await;
    world.credit(id, "100");
    world.settle().await;
    world.ledger.remove(&newcomer);
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
    assert_eq!(world.envelopes(), 1, "the lumens are given once");
}

#[tokio::test]
async fn r_cb_001_r_06_075_r_06_077_missing_trust_line_waits_or_becomes_a_claimable_balance() {
    let world = World::new().await;
    world.ledger.edit(samples::user().account(), |account| account.trust_lines.clear());
    let waiting = world.deposit("100").await;
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.claimable_balances = true;
    let claimable = world.agree(started, "50", 0).await;
    world.credit(waiting, "100");
    world.credit(claimable, "50");
    world.settle().await;
    assert_eq!(world.fetch(waiting).await.status(), Status::PendingTrust);
    let delivered = world.fetch(claimable).await;
    assert_eq!(delivered.status(), Status::Completed);
    assert!(delivered.claimable_balance_id.is_some());
}

#[tokio::test]
async fn withdrawal_is_paid_out_less_the_fee() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    let payment = world.pay("100", Memo::Id(7));
    world.settle().await;
    let paid = world.fetch(id).await;
    assert_eq!(paid.status(), Status::Completed);
    assert_eq!(paid.stellar_transaction_id, Some(payment.hash));
    let [transfer] = &world.transfers(id)[..] else { panic!("{:?}", world.transfers(id)) };
    assert_eq!((transfer.purpose, &transfer.amount), (OrderPurpose::Payout, &samples::usd("99.75")));
}

#[tokio::test]
async fn r_24_131_payment_to_the_muxed_account_is_matched_by_its_number() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    let to = Account::Muxed { account: samples::distribution().account(), id: 7 };
    let from = samples::user().account().into();
    // the number goes before the memo
    world.ledger.arrives(from, to, samples::token(), lumens(100), Memo::Id(8));
    world.settle().await;
    assert_eq!(world.state(id).await, "paid_out");
}

#[tokio::test]
async fn payout_is_followed_until_it_is_delivered() {
    let world = World::new().await;
    world.rails.decide(PayoutOutcome::Initiated { reference: Some("wire-1".into()) });
    let id = world.withdrawal("100", 7).await;
    world.pay("100", Memo::Id(7));
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingExternal);
    world.rails.decide(PayoutOutcome::ReadyForPickup { reference: None });
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingUserTransferComplete);
    world.rails.decide(PayoutOutcome::Delivered { reference: None });
    world.settle().await;
    let paid = world.fetch(id).await;
    assert_eq!(paid.status(), Status::Completed);
    assert_eq!(paid.external_transaction_id.as_deref(), Some("wire-1"));
    assert_eq!(world.rails.calls(RailsCall::Execute), 1);
}

#[tokio::test]
async fn withdrawal_that_is_too_small_goes_back_to_its_sender() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    world.pay("0.3", Memo::Id(7));
    world.settle().await;
    let refunded = world.fetch(id).await;
    assert_eq!(refunded.status(), Status::Refunded);
    assert_eq!(world.user_holds(), "0.3", "in full");
    let [refund] = &refunded.refunds[..] else { panic!("{:?}", refunded.refunds) };
    assert_eq!(refund.via, RefundVia::Ledger);
    assert!(world.transfers(id).is_empty());
}

#[tokio::test]
async fn refused_payout_is_refunded_or_held() {
    for (refund, state) in [(true, "refunded"), (false, "on_hold")] {
        let world = World::new().await;
        world.rails.decide(PayoutOutcome::Refused { reason: "no such account".into(), refund });
        let id = world.withdrawal("100", 7).await;
        world.pay("100", Memo::Id(7));
        world.settle().await;
        assert_eq!(world.state(id).await, state);
        assert_eq!(world.user_holds(), if refund { "100" } else { "0" });
        assert!(world.transfers(id).is_empty());
    }
}

#[tokio::test]
async fn refund_to_a_muxed_sender_carries_no_memo() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    let from = Account::Muxed { account: samples::user().account(), id: 4 };
    let to = samples::distribution().account().into();
    let amount: StellarAmount = "0.3".parse().unwrap();
    world.ledger.arrives(from, to, samples::token(), amount, Memo::Id(7));
    world.settle().await;
    assert_eq!(world.state(id).await, "refunded");
    assert_eq!(world.user_holds(), "0.3");
}

#[tokio::test]
async fn r_24_123_late_payment_of_an_expired_withdrawal_goes_back() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    world.clock.advance(Duration::from_secs(2 * 24 * 3600));
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::Expired);
    world.pay("100", Memo::Id(7));
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::Refunded);
    assert_eq!(world.user_holds(), "100");
}

#[tokio::test]
async fn deposit_whose_money_came_in_time_does_not_expire_unasked() {
    let world = World::new().await;
    let paid = world.deposit("100").await;
    let unpaid = world.deposit("100").await;
    world.credit(paid, "100");
    // a long night without workers
    world.clock.advance(Duration::from_secs(2 * 24 * 3600));
    world.worker.activate_once("expire").await.unwrap();
    assert_eq!(world.state(paid).await, "ready_to_pay");
    assert_eq!(world.state(unpaid).await, "expired");
}

#[tokio::test]
async fn deposit_does_not_expire_while_the_bank_is_silent() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.clock.advance(Duration::from_secs(2 * 24 * 3600));
    world.rails.inject(RailsCall::PollDeposit, RailsFault::ErrorBefore);
    world.worker.activate_once("expire").await.unwrap();
    assert_eq!(world.state(id).await, "awaiting_funds");
}

#[tokio::test]
async fn held_transaction_goes_on_when_it_is_released() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.tell(id, Fact::Held { reason: "review".into() }, Actor::Operator("ana".into())).await;
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::OnHold);
    assert_eq!(world.user_holds(), "0");
    world.tell(id, Fact::Released, Actor::Operator("ana".into())).await;
    world.settle().await;
    assert_eq!(world.user_holds(), "99.75");
}

#[tokio::test]
async fn permanent_silence_of_the_bank_holds_the_payout() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    world.pay("100", Memo::Id(7));
    world.rails.inject(RailsCall::Execute, RailsFault::ErrorAfter);
    world.rails.inject(RailsCall::Find, RailsFault::Permanent);
    world.settle().await;
    assert_eq!(world.state(id).await, "on_hold");
    assert_eq!(world.transfers(id).len(), 1);
    // released, the same order is asked about again
    world.tell(id, Fact::Released, Actor::Operator("ana".into())).await;
    world.settle().await;
    assert_eq!(world.state(id).await, "paid_out");
    assert_eq!(world.transfers(id).len(), 1);
}

#[tokio::test]
async fn r_24_081_news_is_told_once_each_and_in_order() {
    let world = World::new().await;
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.amount = None;
    let id = started.id;
    world.anchor.store().transaction_insert(&started, None).await.unwrap();
    let wanted = anchor_core::store::Callbacks {
        finished: Some("https://wallet.example.com/finished".into()),
        on_change: Some("https://wallet.example.com/changed".into()),
    };
    world.anchor.store().callbacks_put(id, &wanted).await.unwrap();
    let terms = samples::terms(Kind::Deposit, "100", 0);
    world.tell(id, Fact::TermsAgreed { terms }, Actor::User).await;
    // busy, unreachable, silent: offered again until it was taken
    world.callbacks.answer(CallbackAnswer::Status(503));
    world.callbacks.answer(CallbackAnswer::Unreachable);
    world.credit(id, "100");
    world.settle().await;

    let told = world.events.all();
    let versions: Vec<_> = told.iter().map(|event| event.transaction.version).collect();
    assert!(versions.is_sorted(), "{versions:?}");
    let finished = told.iter().filter(|event| event.kind == EventKind::FlowFinished).count();
    assert_eq!(finished, 1);
    let statuses: Vec<_> = told
        .iter()
        .filter(|event| event.kind == EventKind::StatusChanged)
        .map(|event| event.transaction.status().as_str())
        .collect();
    assert_eq!(statuses, ["pending_user_transfer_start", "pending_anchor", "pending_stellar", "completed"]);
    let taken: Vec<_> = world.callbacks.taken();
    let finished = taken.iter().filter(|request| request.url.path() == "/finished").count();
    assert_eq!(finished, 1, "r_24_076: any answer ends the tries");
    let changed: Vec<_> = taken.iter().filter(|request| request.url.path() == "/changed").collect();
    assert_eq!(changed.len(), 4, "one for each change");
    let last: serde_json::Value = serde_json::from_slice(&changed[3].body).unwrap();
    assert_eq!(last["transaction"]["status"], "completed");
}

#[tokio::test]
async fn failing_sink_delays_news_and_nothing_else() {
    let world = World::new().await;
    world.events.refuse(3);
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.settle().await;
    assert_eq!(world.user_holds(), "99.75");
    let ids: Vec<_> = world.events.all().into_iter().map(|event| event.id).collect();
    let mut once = ids.clone();
    once.dedup();
    assert_eq!(ids, once);
    assert_eq!(world.events.all().last().map(|event| event.transaction.status()), Some(Status::Completed));
}

#[tokio::test]
async fn many_deposits_are_paid_one_envelope_at_a_time() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let id = world.deposit("10").await;
        world.credit(id, "10");
        ids.push(id);
    }
    world.settle().await;
    for id in ids {
        assert_eq!(world.state(id).await, "paid");
    }
    assert_eq!(world.user_holds(), "48.75");
}

#[tokio::test]
async fn lost_and_refused_submissions_are_sent_again() {
    use anchor_core::stellar::{Failure, FailureKind};
    use anchor_core::testing::ledger::Fault;
    let refused = Failure::new(FailureKind::Fee, "tx_insufficient_fee");
    for fault in [
        Fault::SubmitLostBefore,
        Fault::SubmitLostAfter,
        Fault::SubmitTryAgain,
        Fault::SubmitRejected(refused),
        Fault::Lookup,
        Fault::Account,
        Fault::Latest,
    ] {
        let world = World::new().await;
        let id = world.deposit("100").await;
        world.credit(id, "100");
        world.ledger.inject(fault.clone());
        world.settle().await;
        assert_eq!(world.state(id).await, "paid", "{fault:?}");
        assert_eq!(world.user_holds(), "99.75", "{fault:?}");
    }
}

#[tokio::test]
async fn peer_envelope_that_never_lands_is_replaced_only_after_its_bound() {
    let world = World::new().await;
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.ledger.jam(true);
    for _ in 0..11 {
        world.work().await;
        world.tick();
    }
    assert_eq!((world.state(id).await, world.envelopes()), ("paying", 1));
    world.ledger.jam(false);
    world.ledger.close_at(u64::try_from(samples::start().timestamp()).unwrap() + 3600);
    world.settle().await;
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 2));
    assert_eq!(world.user_holds(), "99.75");
}

#[tokio::test]
async fn payment_to_an_account_that_its_asset_no_longer_has_is_found() {
    let world = World::new().await;
    let former = SigningKey::from_seed([8; 32]).account();
    world.ledger.fund(former, lumens(10));
    world.ledger.trust(former, &samples::token(), lumens(0));
    let started = samples::started(world.id(), Kind::Withdrawal);
    let (id, store) = (started.id, world.anchor.store());
    store.transaction_insert(&started, None).await.unwrap();
    let start = world.anchor.ledger().movements_start(&former).await.unwrap();
    store.watch_start(&former, &start).await.unwrap();
    let mut terms = samples::terms(Kind::Withdrawal, "100", 7);
    terms.receiving.as_mut().unwrap().account = former;
    world.tell(id, Fact::TermsAgreed { terms }, Actor::User).await;
    let user = samples::user().account().into();
    world.ledger.arrives(user, former.into(), samples::token(), "100".parse().unwrap(), Memo::Id(7));
    world.settle().await;
    assert_eq!(world.state(id).await, "paid_out");
}

#[tokio::test]
async fn failure_on_the_ledger_is_classified() {
    use anchor_core::stellar::{Failure, FailureKind};
    use anchor_core::testing::ledger::Fault;
    for (kind, state) in [
        (FailureKind::CannotReceive, "paid"),
        (FailureKind::NoDestination, "paid"),
        (FailureKind::Underfunded, "on_hold"),
        (FailureKind::Other, "on_hold"),
    ] {
        let world = World::new().await;
        let id = world.deposit("100").await;
        world.credit(id, "100");
        world.ledger.inject(Fault::Apply(Failure::new(kind, "tx_failed")));
        world.settle().await;
        assert_eq!(world.state(id).await, state, "{kind:?}");
    }
}

/// Every payout takes more than half a lease.
struct SlowBank {
    bank: ScriptedRails,
    clock: Arc<OnceLock<ManualClock>>,
}

#[async_trait]
impl RailsIntegration for SlowBank {
    async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        self.bank.poll_pending_deposit(deposit).await
    }

    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        self.clock.get().unwrap().advance(Duration::from_secs(70));
        self.bank.execute_outgoing_transaction(order).await
    }

    async fn find_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        self.bank.find_outgoing_transaction(order).await
    }
}

#[tokio::test]
async fn no_payout_is_begun_when_half_of_its_lease_is_over() {
    let (bank, clock) = (ScriptedRails::new(), Arc::new(OnceLock::new()));
    let world = World::with_rails(bank.clone(), SlowBank { bank, clock: Arc::clone(&clock) }).await;
    clock.set(world.clock.clone()).unwrap();
    // one more than are worked on side by side
    let mut ids = Vec::new();
    for memo in 1..=9 {
        ids.push(world.withdrawal("10", memo).await);
        world.pay("10", Memo::Id(memo));
    }
    world.worker.activate_once("watch_transactions").await.unwrap();
    world.worker.activate_once("execute_outgoing_transactions").await.unwrap();
    let sent = ids.iter().filter(|id| world.transfers(**id).len() == 1).count();
    // the clock went on while the others' orders were stored: they are asked for before they are sent
    assert_eq!(sent, 1, "all others would end after their leases");
    assert_eq!(world.rails.calls(RailsCall::Find), 0);
    world.settle().await;
    assert!(world.rails.calls(RailsCall::Find) >= 7);
    for id in ids {
        assert_eq!((world.state(id).await, world.transfers(id).len()), ("paid_out", 1));
    }
}

#[tokio::test]
async fn wallet_that_lets_us_wait_is_not_waited_for_by_each_of_its_news() {
    let world = World::new().await;
    let wanted = anchor_core::store::Callbacks {
        finished: None,
        on_change: Some("https://tarpit.example.com/changed".into()),
    };
    for _ in 0..40 {
        let mut started = samples::started(world.id(), Kind::Deposit);
        started.request.amount = None;
        world.anchor.store().transaction_insert(&started, None).await.unwrap();
        world.anchor.store().callbacks_put(started.id, &wanted).await.unwrap();
        let terms = samples::terms(Kind::Deposit, "100", 0);
        world.tell(started.id, Fact::TermsAgreed { terms }, Actor::User).await;
        world.callbacks.answer(CallbackAnswer::Silent);
    }
    // first that the flow has ended, which no wallet wants to hear here
    world.worker.activate_once("deliver_events").await.unwrap();
    assert_eq!((world.events.all().len(), world.callbacks.tries()), (40, 0));
    world.worker.activate_once("deliver_events").await.unwrap();
    let tries = world.callbacks.tries();
    assert!((1..=8).contains(&tries), "{tries}: as many as were under way when the first one failed");
    assert_eq!(world.events.all().len(), 80, "the business hears of all of them at once");
}

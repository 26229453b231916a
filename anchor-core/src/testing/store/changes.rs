//! A change is written whole, once, and only on the version it was made from.

use super::bench::{Bench, account, at, opened, terms, terms_with, voided};
use crate::memo::Memo;
use crate::store::{Claim, Store, Stored};
use crate::testing::fakes::samples;
use crate::transaction::{AfterRefusal, Effect, Fact, Kind, OrderPurpose, Queue, State};

/// Transaction, history, attempt and news.
pub async fn applied_change_is_there_with_all_that_belongs_to_it(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay().await;
    assert_eq!(bench.fetch(ready.id).await, ready);
    let attempt = bench.attempt(account(1));
    let paying = bench.moved(&ready, opened(&attempt)).await;
    assert_eq!(bench.fetch(ready.id).await, paying);
    assert_eq!(paying.state, State::Paying { attempt: attempt.id });
    assert_eq!(bench.facts(ready.id).await, ["terms_agreed", "funds_received", "attempt_opened"]);
    assert_eq!(store.attempt_fetch(attempt.id).await.unwrap(), Some(attempt.clone()));
    assert_eq!(store.attempt_landed_at(&account(1), attempt.sequence).await.unwrap(), None);
    assert_eq!(store.attempt_open_of(&account(1)).await.unwrap(), Some(attempt.clone()));
    let applied = Fact::AttemptApplied {
        attempt: attempt.id,
        hash: attempt.hash,
        ledger: 7,
        effect: Effect::Delivered { claimable_balance: Some("00".repeat(36)) },
    };
    let paid = bench.moved_at(&paying, applied, 9).await;
    assert_eq!(bench.fetch(ready.id).await, paid);
    assert_eq!(paid.completed_at, Some(at(9)));
    assert_eq!(store.attempt_open_of(&account(1)).await.unwrap(), None);
    assert_eq!(store.attempt_fetch(attempt.id).await.unwrap(), Some(attempt.clone()));
    assert_eq!(store.attempt_landed_at(&account(1), attempt.sequence - 1).await.unwrap(), None);
    assert_eq!(store.attempt_landed_at(&account(2), attempt.sequence).await.unwrap(), None);
    let user = store.attempt_landed_at(&account(1), attempt.sequence).await.unwrap();
    assert_eq!(user, Some(attempt));
}

/// Somebody else was faster.
pub async fn peer_lost_update_is_refused(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let awaiting = bench.awaiting_funds().await;
    let one = bench.change(&awaiting, bench.funds(&awaiting, "one"));
    let other = bench.change(&awaiting, Fact::DeadlinePassed);
    assert_eq!(bench.apply(&one).await, Stored::Applied);
    assert_eq!(bench.apply(&other).await, Stored::Stale);
    assert_eq!(bench.apply(&one).await, Stored::Stale, "not even the same change twice");
    assert_eq!(bench.fetch(awaiting.id).await, *one.transaction());
    assert_eq!(bench.facts(awaiting.id).await, ["terms_agreed", "funds_received"]);
}

/// Eight writers of one transaction.
pub async fn of_two_writers_at_once_one_is_stale(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let awaiting = bench.awaiting_funds().await;
    let changes: Vec<_> = (0..8)
        .map(|number| bench.change(&awaiting, bench.funds(&awaiting, &format!("bank-{number}"))))
        .collect();
    let stored = futures_util::future::join_all(changes.iter().map(|change| bench.apply(change))).await;
    assert_eq!(stored.iter().filter(|stored| **stored == Stored::Applied).count(), 1, "{stored:?}");
    assert_eq!(stored.iter().filter(|stored| **stored == Stored::Stale).count(), 7, "{stored:?}");
    assert_eq!(bench.facts(awaiting.id).await.len(), 2);
}

/// Also from a record that says otherwise: the schema stands in the way, not only the machine.
pub async fn second_open_attempt_of_a_transaction_is_refused(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay().await;
    let first = bench.attempt(account(1));
    let paying = bench.moved(&ready, opened(&first)).await;
    let mut forged = paying.clone();
    forged.state = State::ReadyToPay;
    let second = bench.attempt(account(2));
    let change = bench.change(&forged, opened(&second));
    assert_eq!(bench.apply(&change).await, Stored::SourceBusy);
    assert_eq!(bench.fetch(ready.id).await, paying);
    assert_eq!(store.attempt_fetch(second.id).await.unwrap(), None);
}

/// Two transactions, one sequence number.
pub async fn second_open_attempt_of_a_source_account_is_refused(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.ready_to_pay().await, bench.ready_to_pay().await);
    bench.moved(&one, opened(&bench.attempt(account(1)))).await;
    let change = bench.change(&other, opened(&bench.attempt(account(1))));
    assert_eq!(bench.apply(&change).await, Stored::SourceBusy);
    assert_eq!(bench.fetch(other.id).await, other);
    assert_eq!(bench.facts(other.id).await, ["terms_agreed", "funds_received"]);
    let elsewhere = bench.change(&other, opened(&bench.attempt(account(2))));
    assert_eq!(bench.apply(&elsewhere).await, Stored::Applied);
}

/// Proved dead: the next one may go.
pub async fn source_account_is_free_again_after_its_attempt(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.ready_to_pay().await, bench.ready_to_pay().await);
    let first = bench.attempt(account(1));
    let paying = bench.moved(&one, opened(&first)).await;
    bench.moved(&paying, voided(&first)).await;
    bench.moved(&other, opened(&bench.attempt(account(1)))).await;
}

/// Under concurrency too.
pub async fn of_two_attempts_at_once_on_a_source_account_one_is_busy(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut changes = Vec::new();
    for _ in 0..8 {
        let ready = bench.ready_to_pay().await;
        changes.push(bench.change(&ready, opened(&bench.attempt(account(1)))));
    }
    let stored = futures_util::future::join_all(changes.iter().map(|change| bench.apply(change))).await;
    assert_eq!(stored.iter().filter(|stored| **stored == Stored::Applied).count(), 1, "{stored:?}");
    assert_eq!(stored.iter().filter(|stored| **stored == Stored::SourceBusy).count(), 7, "{stored:?}");
}

/// (receiving account, memo type, memo) is unique.
pub async fn peer_r_me_006_memo_collision_is_refused(store: &dyn Store) {
    let bench = Bench::new(store).await;
    bench.awaiting_payment(7).await;
    let second = bench.collecting(Kind::Withdrawal).await;
    let change = bench.change(&second, terms(Kind::Withdrawal, 7));
    assert_eq!(bench.apply(&change).await, Stored::MemoTaken);
    assert_eq!(bench.fetch(second.id).await, second);
    assert!(bench.facts(second.id).await.is_empty());
    let elsewhere = bench.change(&second, terms_with(account(9), Memo::Id(7)));
    assert_eq!(bench.apply(&elsewhere).await, Stored::Applied, "another account has memos of its own");
}

/// So that a late payment still finds its own transaction.
pub async fn memo_of_an_ended_transaction_is_never_given_again(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let awaiting = bench.awaiting_payment(7).await;
    let expired = bench.moved(&awaiting, Fact::DeadlinePassed).await;
    assert_eq!(expired.state, State::Expired);
    let second = bench.collecting(Kind::Withdrawal).await;
    let change = bench.change(&second, terms(Kind::Withdrawal, 7));
    assert_eq!(bench.apply(&change).await, Stored::MemoTaken);
    let found = store.transaction_by_memo(&samples::distribution().account(), &Memo::Id(7)).await;
    assert_eq!(found.unwrap(), Some(expired));
}

/// A bank that reports one credit for two deposits pays one of them.
pub async fn receipt_of_the_rails_funds_one_transaction(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.awaiting_funds().await, bench.awaiting_funds().await);
    bench.moved(&one, bench.funds(&one, "credit")).await;
    let change = bench.change(&other, bench.funds(&other, "credit"));
    assert_eq!(bench.apply(&change).await, Stored::ReceiptTaken);
    assert_eq!(bench.fetch(other.id).await, other);
    assert_eq!(bench.facts(other.id).await, ["terms_agreed"]);
    let own = bench.change(&other, bench.funds(&other, "other credit"));
    assert_eq!(bench.apply(&own).await, Stored::Applied);
}

/// Under concurrency too.
pub async fn of_two_transactions_at_once_one_gets_the_receipt(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut changes = Vec::new();
    for _ in 0..8 {
        let awaiting = bench.awaiting_funds().await;
        changes.push(bench.change(&awaiting, bench.funds(&awaiting, "credit")));
    }
    let stored = futures_util::future::join_all(changes.iter().map(|change| bench.apply(change))).await;
    assert_eq!(stored.iter().filter(|stored| **stored == Stored::Applied).count(), 1, "{stored:?}");
    assert_eq!(stored.iter().filter(|stored| **stored == Stored::ReceiptTaken).count(), 7, "{stored:?}");
}

/// A reference once given stays when a later report leaves it out.
pub async fn order_follows_its_reports(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay_out(1).await;
    assert_eq!(store.order_open_of(ready.id).await.unwrap(), None);
    let order = bench.order(&ready);
    let intended = bench.moved(&ready, Fact::PayoutIntended { order: order.clone() }).await;
    assert_eq!(store.order_open_of(ready.id).await.unwrap(), Some((order.clone(), None)));
    let reference = Some("T-1".to_owned());
    let sent = Fact::PayoutInitiated { order: order.id, reference: reference.clone() };
    let under_way = bench.moved(&intended, sent).await;
    let pickup = Fact::PayoutReadyForPickup { order: order.id, reference: None };
    let waiting = bench.moved(&under_way, pickup).await;
    assert_eq!(store.order_open_of(ready.id).await.unwrap(), Some((order.clone(), reference)));
    bench.moved(&waiting, Fact::PayoutDelivered { order: order.id, reference: None }).await;
    assert_eq!(store.order_open_of(ready.id).await.unwrap(), None);

    let refused = bench.ready_to_pay_out(2).await;
    let order = bench.order(&refused);
    let intended = bench.moved(&refused, Fact::PayoutIntended { order: order.clone() }).await;
    let no = Fact::PayoutRefused { order: order.id, reason: "closed".to_owned(), then: AfterRefusal::Refund };
    bench.moved(&intended, no).await;
    assert_eq!(store.order_open_of(refused.id).await.unwrap(), None);
    assert_eq!(order.purpose, OrderPurpose::Payout);
}

/// An attempt that is not open cannot be closed: an error, and not a trace.
pub async fn change_whose_effect_is_impossible_leaves_nothing_behind(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay().await;
    let mut forged = ready.clone();
    let attempt = bench.attempt(account(1));
    forged.state = State::Paying { attempt: attempt.id };
    let change = bench.change(&forged, voided(&attempt));
    store.transaction_apply(&change, false).await.expect_err("there is no such attempt");
    assert_eq!(bench.fetch(ready.id).await, ready);
    assert_eq!(bench.facts(ready.id).await, ["terms_agreed", "funds_received"]);
}

/// No history, no news, the same place in the queue.
pub async fn refused_change_leaves_nothing_behind(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.ready_to_pay().await, bench.ready_to_pay().await);
    bench.moved(&one, opened(&bench.attempt(account(1)))).await;
    let everything = Claim {
        owner: "before".to_owned(),
        now: at(100),
        lease: std::time::Duration::from_secs(1),
        limit: 100,
    };
    while let claimed = store.event_claim(&everything).await.unwrap()
        && !claimed.is_empty()
    {
        for news in claimed {
            store.event_ack(news.event.id, news.lease, at(100)).await.unwrap();
        }
    }
    let change = bench.change(&other, opened(&bench.attempt(account(1))));
    assert_eq!(bench.apply(&change).await, Stored::SourceBusy);
    assert_eq!(store.event_claim(&everything).await.unwrap().len(), 0);
    let claimed = store.transaction_claim(Queue::Payments, &everything).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].transaction, other);
}

/// Two attempts with one hash would be one effect counted twice.
pub async fn hash_of_an_envelope_is_stored_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.ready_to_pay().await, bench.ready_to_pay().await);
    let first = bench.attempt(account(1));
    bench.moved(&one, opened(&first)).await;
    let mut second = bench.attempt(account(2));
    second.hash = first.hash;
    let change = bench.change(&other, opened(&second));
    store.transaction_apply(&change, false).await.expect_err("the hash is known");
    assert_eq!(bench.fetch(other.id).await, other);
}

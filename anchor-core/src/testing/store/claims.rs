//! A claimed transaction belongs to one worker until its lease ends.

use std::collections::HashSet;

use super::bench::{Bench, at, claim, terms};
use crate::store::{LeaseToken, Store};
use crate::testing::fakes::samples;
use crate::transaction::{Fact, Kind, Queue};

/// And not before they are due.
pub async fn due_transactions_are_claimed_oldest_first(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut expected = Vec::new();
    for seconds in [30, 10, 20] {
        let collecting = bench.collecting(Kind::Deposit).await;
        expected.push((seconds, bench.moved_at(&collecting, terms(Kind::Deposit, 0), seconds).await));
    }
    expected.sort_by_key(|(seconds, _)| *seconds);
    assert!(store.transaction_claim(Queue::Funds, &claim("a", 9, 9)).await.unwrap().is_empty());
    assert!(store.transaction_claim(Queue::Payments, &claim("a", 99, 9)).await.unwrap().is_empty());
    let first = store.transaction_claim(Queue::Funds, &claim("a", 10, 9)).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].transaction, expected[0].1);
    let rest = store.transaction_claim(Queue::Funds, &claim("a", 30, 9)).await.unwrap();
    let rest: Vec<_> = rest.into_iter().map(|claimed| claimed.transaction).collect();
    assert_eq!(rest, [expected[1].1.clone(), expected[2].1.clone()]);
}

/// 400 transactions, 8 claimers at once: each is handed out exactly once.
pub async fn claims_never_share_a_transaction(store: &dyn Store) {
    const TRANSACTIONS: usize = 400;
    let bench = Bench::new(store).await;
    for _ in 0..TRANSACTIONS {
        bench.insert(samples::deposit(bench.id(), "10")).await;
    }
    let claimer = async |number: usize| {
        let claim = claim(&format!("worker-{number}"), 1, 20);
        let mut mine = Vec::new();
        loop {
            let claimed = store.transaction_claim(Queue::Funds, &claim).await.unwrap();
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.into_iter().map(|claimed| claimed.transaction.id));
        }
    };
    let mut handed_out: Vec<_> =
        futures_util::future::join_all((0..8).map(&claimer)).await.into_iter().flatten().collect();
    // a claimer may find nothing while others hold what it looked at
    handed_out.extend(claimer(8).await);
    assert_eq!(handed_out.len(), TRANSACTIONS);
    assert_eq!(handed_out.iter().collect::<HashSet<_>>().len(), TRANSACTIONS);
}

/// The first worker died.
pub async fn lapsed_lease_is_claimed_again_with_a_higher_token(store: &dyn Store) {
    let bench = Bench::new(store).await;
    bench.awaiting_funds().await;
    let first = store.transaction_claim(Queue::Funds, &claim("a", 0, 9)).await.unwrap();
    assert_eq!(first.len(), 1);
    assert!(store.transaction_claim(Queue::Funds, &claim("b", 59, 9)).await.unwrap().is_empty());
    let second = store.transaction_claim(Queue::Funds, &claim("b", 60, 9)).await.unwrap();
    assert_eq!(second.len(), 1);
    assert!(second[0].lease > first[0].lease);
    assert_eq!(second[0].transaction, first[0].transaction);
}

/// Neither earlier nor only when the lease would have ended.
pub async fn released_transaction_is_due_when_told(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let awaiting = bench.awaiting_funds().await;
    let claimed = store.transaction_claim(Queue::Funds, &claim("a", 0, 9)).await.unwrap();
    store.transaction_release(awaiting.id, claimed[0].lease, at(30)).await.unwrap();
    assert!(store.transaction_claim(Queue::Funds, &claim("b", 29, 9)).await.unwrap().is_empty());
    assert_eq!(store.transaction_claim(Queue::Funds, &claim("b", 30, 9)).await.unwrap().len(), 1);
    assert_eq!(bench.fetch(awaiting.id).await, awaiting, "a claim is no change");
}

/// The second worker's claim outlives the first one's clean-up.
pub async fn lost_lease_releases_nothing(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let awaiting = bench.awaiting_funds().await;
    let first = store.transaction_claim(Queue::Funds, &claim("a", 0, 9)).await.unwrap();
    let second = store.transaction_claim(Queue::Funds, &claim("b", 60, 9)).await.unwrap();
    store.transaction_release(awaiting.id, first[0].lease, at(0)).await.unwrap();
    store.transaction_release(awaiting.id, LeaseToken(99), at(0)).await.unwrap();
    assert!(store.transaction_claim(Queue::Funds, &claim("c", 61, 9)).await.unwrap().is_empty());
    store.transaction_release(awaiting.id, second[0].lease, at(62)).await.unwrap();
    let third = store.transaction_claim(Queue::Funds, &claim("c", 62, 9)).await.unwrap();
    assert_eq!(third.len(), 1);
    store.transaction_release(awaiting.id, second[0].lease, at(0)).await.unwrap();
    assert!(store.transaction_claim(Queue::Funds, &claim("d", 63, 9)).await.unwrap().is_empty());
}

/// Kept for the moment between a stored intent and its effect.
pub async fn change_ends_the_lease_unless_it_is_kept(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay_out(1).await;
    let claimed = store.transaction_claim(Queue::Payouts, &claim("a", 0, 9)).await.unwrap();
    let order = bench.order(&ready);
    let change = bench.change(&ready, Fact::PayoutIntended { order: order.clone() });
    store.transaction_apply(&change, true).await.unwrap();
    assert!(store.transaction_claim(Queue::Payouts, &claim("b", 1, 9)).await.unwrap().is_empty());
    let intended = change.into_transaction();
    assert_eq!(bench.fetch(ready.id).await, intended);
    let lapsed = store.transaction_claim(Queue::Payouts, &claim("b", 60, 9)).await.unwrap();
    assert_eq!(lapsed.len(), 1, "still due when the lease lapses");
    assert!(lapsed[0].lease > claimed[0].lease);
    let sent = Fact::PayoutInitiated { order: order.id, reference: None };
    bench.moved_at(&intended, sent, 61).await;
    assert_eq!(store.transaction_claim(Queue::Orders, &claim("c", 61, 9)).await.unwrap().len(), 1);
}

/// Whatever the number.
pub async fn claim_takes_no_more_than_asked(store: &dyn Store) {
    let bench = Bench::new(store).await;
    for _ in 0..5 {
        bench.awaiting_funds().await;
    }
    assert!(store.transaction_claim(Queue::Funds, &claim("a", 1, 0)).await.unwrap().is_empty());
    assert_eq!(store.transaction_claim(Queue::Funds, &claim("a", 1, 2)).await.unwrap().len(), 2);
    assert_eq!(store.transaction_claim(Queue::Funds, &claim("a", 1, u32::MAX)).await.unwrap().len(), 3);
}

/// Money that arrived ends the deadline.
pub async fn overdue_transactions_are_claimed_while_they_can_expire(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let collecting = bench.collecting(Kind::Withdrawal).await;
    let awaiting = bench.awaiting_payment(1).await;
    bench.ready_to_pay_out(2).await;
    let hour = 3600;
    assert!(store.transaction_claim_overdue(&claim("a", hour - 1, 9)).await.unwrap().is_empty());
    let first = store.transaction_claim_overdue(&claim("a", hour, 9)).await.unwrap();
    assert_eq!(first.iter().map(|claimed| claimed.transaction.id).collect::<Vec<_>>(), [collecting.id]);
    assert!(store.transaction_claim_overdue(&claim("b", hour, 9)).await.unwrap().is_empty());
    let later = store.transaction_claim_overdue(&claim("b", 24 * hour, 9)).await.unwrap();
    let later: Vec<_> = later.into_iter().map(|claimed| claimed.transaction.id).collect();
    assert_eq!(later, [collecting.id, awaiting.id]);
    bench.moved_at(&collecting, Fact::DeadlinePassed, 24 * hour).await;
    bench.moved_at(&awaiting, Fact::DeadlinePassed, 24 * hour).await;
    assert!(store.transaction_claim_overdue(&claim("c", 99 * hour, 9)).await.unwrap().is_empty());
}

/// Who waits for an answer is not asked for at every look, and is passed by others meanwhile.
pub async fn overdue_transaction_that_was_given_back_is_claimed_again_when_it_is_due(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = bench.awaiting_payment(1).await;
    let second = bench.awaiting_payment(2).await;
    let day = 24 * 3600;
    let [claimed] = &store.transaction_claim_overdue(&claim("a", day, 1)).await.unwrap()[..] else {
        panic!("one was asked for")
    };
    let (given_back, other) =
        if claimed.transaction.id == first.id { (first.id, second.id) } else { (second.id, first.id) };
    store.transaction_release(given_back, claimed.lease, at(day + 30)).await.unwrap();
    let ids = async |from: i64| {
        let claimed = store.transaction_claim_overdue(&claim("b", from, 9)).await.unwrap();
        claimed.into_iter().map(|claimed| claimed.transaction.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(day + 29).await, [other]);
    assert_eq!(ids(day + 30).await, [given_back]);
}

/// The user's turn is nobody's work.
pub async fn states_nobody_works_on_are_in_no_queue(store: &dyn Store) {
    let bench = Bench::new(store).await;
    bench.collecting(Kind::Deposit).await;
    bench.awaiting_payment(1).await;
    let ready = bench.ready_to_pay().await;
    bench.moved(&ready, Fact::Held { reason: "a look".to_owned() }).await;
    for queue in Queue::ALL {
        assert!(store.transaction_claim(queue, &claim("a", 9, 9)).await.unwrap().is_empty(), "{queue:?}");
    }
}

//! What was set aside is known from the attempt on that makes it, is taken back by one attempt at a time, and comes into the
//! books in the commit of the cursor.

use super::bench::{Bench, account, at, claim, opened, voided};
use super::payments::{movement, observation, watch};
use crate::store::{Disposition, Observed, Recorded, SetAside, SetAsideState, Store, Stored, SuspenseReason};
use crate::testing::fakes::samples;
use crate::transaction::{Attempt, AttemptPurpose, AttemptStatus, Effect, Fact, Reclaim, Transaction};

/// From when on, in Unix seconds: a minute before everything here.
const FROM: u64 = 1_767_225_540;

fn balance(number: u8) -> String {
    format!("00000000{}", hex::encode([number; 32]))
}

/// An open attempt that sets a deposit aside, by a channel of this number.
async fn making(bench: &Bench<'_>, number: u8, from: u64) -> (Transaction, Attempt) {
    let ready = bench.ready_to_pay().await;
    let reclaim = Reclaim {
        by: samples::distribution().account(),
        asset: samples::token(),
        amount: "9.75".parse().unwrap(),
        from,
    };
    let attempt = Attempt { reclaim: Some(reclaim), ..bench.attempt(account(number)) };
    (bench.moved(&ready, opened(&attempt)).await, attempt)
}

fn applied(attempt: &Attempt, number: u8) -> Fact {
    let effect = Effect::Delivered { claimable_balance: Some(balance(number)) };
    Fact::AttemptApplied { attempt: attempt.id, hash: attempt.hash, ledger: 7, effect }
}

async fn made(bench: &Bench<'_>, number: u8, from: u64) -> (Transaction, SetAside) {
    let (paying, attempt) = making(bench, number, from).await;
    let paid = bench.moved(&paying, applied(&attempt, number)).await;
    (paid, find(bench, number).await)
}

async fn find(bench: &Bench<'_>, number: u8) -> SetAside {
    let mut found = bench.store.set_aside_find(&[balance(number)]).await.unwrap();
    assert_eq!(found.len(), 1, "balance {number}");
    found.remove(0)
}

async fn due(bench: &Bench<'_>, seconds: i64, until: u64) -> Vec<String> {
    let claimed = bench.store.set_aside_claim(&claim("a", seconds, 10), until).await.unwrap();
    claimed.into_iter().map(|one| one.balance).collect()
}

fn reclaiming(bench: &Bench<'_>) -> Attempt {
    Attempt { purpose: AttemptPurpose::Reclaim, ..bench.attempt(samples::distribution().account()) }
}

async fn void(bench: &Bench<'_>, attempt: &Attempt) {
    let close = bench.store.attempt_close(attempt.id, AttemptStatus::Void, None, "too late", at(1));
    close.await.unwrap();
}

/// And not before, although it is known that it may be.
pub async fn balance_is_there_once_its_attempt_is_applied(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (paying, attempt) = making(&bench, 1, FROM).await;
    let by = samples::distribution().account();
    assert_eq!(store.set_aside_list().await.unwrap(), []);
    assert!(store.set_aside_is_pending(&by, FROM).await.unwrap());
    assert!(
        !store.set_aside_is_pending(&by, FROM - 1).await.unwrap(),
        "nobody of the anchor can claim it yet"
    );
    assert!(!store.set_aside_is_pending(&account(1), FROM).await.unwrap(), "nor another account");
    let paid = bench.moved(&paying, applied(&attempt, 1)).await;
    assert!(!store.set_aside_is_pending(&by, FROM).await.unwrap());
    let one = find(&bench, 1).await;
    let wanted = SetAside {
        balance: balance(1),
        transaction: paid.id,
        by,
        asset: samples::token(),
        amount: "9.75".parse().unwrap(),
        from: FROM,
        ledger: 7,
        state: SetAsideState::Open,
        attempt: None,
    };
    assert_eq!(one, wanted);
    assert_eq!(store.set_aside_list().await.unwrap(), [wanted]);
    let kept = store.attempt_fetch(attempt.id).await.unwrap().unwrap();
    assert_eq!(kept, Attempt { reclaim: None, ..attempt });
}

/// What only the user may claim, and what was never made.
pub async fn nothing_else_has_a_record(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay().await;
    let attempt = bench.attempt(account(1));
    let paying = bench.moved(&ready, opened(&attempt)).await;
    bench.moved(&paying, applied(&attempt, 1)).await;
    let (paying, attempt) = making(&bench, 2, FROM).await;
    bench.moved(&paying, voided(&attempt)).await;
    assert!(!store.set_aside_is_pending(&samples::distribution().account(), u64::MAX).await.unwrap());
    assert_eq!(store.set_aside_find(&[balance(1), balance(2)]).await.unwrap(), []);
    assert_eq!(due(&bench, 0, u64::MAX).await, Vec::<String>::new());
}

/// Not by two at once.
pub async fn balance_is_claimed_when_it_may_be_taken_back(store: &dyn Store) {
    let bench = Bench::new(store).await;
    made(&bench, 1, FROM).await;
    made(&bench, 2, FROM + 5).await;
    assert!(due(&bench, 0, FROM - 1).await.is_empty());
    assert_eq!(due(&bench, 0, FROM).await, [balance(1)]);
    assert_eq!(due(&bench, 59, FROM + 5).await, [balance(2)], "the first one is taken");
    assert_eq!(due(&bench, 60, FROM + 5).await, [balance(1)], "the lease is over");
    store.set_aside_wait(&balance(1), at(300)).await.unwrap();
    assert_eq!(due(&bench, 299, FROM + 5).await, [balance(2)]);
    assert_eq!(due(&bench, 300, FROM).await, [balance(1)]);
}

/// And another one only instead of the one that its maker knows.
pub async fn one_attempt_at_a_time_takes_a_balance_back(store: &dyn Store) {
    let bench = Bench::new(store).await;
    made(&bench, 1, FROM).await;
    let (first, second) = (reclaiming(&bench), reclaiming(&bench));
    let take = async |before, attempt: &Attempt| {
        store.set_aside_reclaim(&balance(1), before, attempt, at(0)).await.unwrap()
    };
    assert_eq!(take(Some(first.id), &first).await, Stored::Stale, "it had none before");
    assert_eq!(store.attempt_fetch(first.id).await.unwrap(), None, "nothing was written");
    assert_eq!(take(None, &first).await, Stored::Applied);
    assert!(store.attempt_fetch(first.id).await.unwrap().is_some());
    assert_ne!(take(None, &second).await, Stored::Applied);
    let last = find(&bench, 1).await.attempt.unwrap();
    assert_eq!((last.id, last.status, last.max_time), (first.id, AttemptStatus::Open, first.max_time));
    assert_eq!(last.ledger, None);
    void(&bench, &first).await;
    assert_eq!(find(&bench, 1).await.attempt.unwrap().status, AttemptStatus::Void);
    assert_eq!(take(None, &second).await, Stored::Stale, "it has one");
    assert_eq!(take(Some(first.id), &second).await, Stored::Applied);
    void(&bench, &second).await;
    let source = account(5);
    let attempt = Attempt { source, ..reclaiming(&bench) };
    made(&bench, 2, FROM).await;
    let other = async || store.set_aside_reclaim(&balance(2), None, &attempt, at(0)).await.unwrap();
    let third = reclaiming(&bench);
    assert_eq!(take(Some(second.id), &third).await, Stored::Applied);
    assert_eq!(
        other().await,
        Stored::SourceBusy,
        "the account has a claim that is open, whoever signs for it"
    );
    void(&bench, &third).await;
    assert_eq!(other().await, Stored::Applied);
    void(&bench, &attempt).await;
    let of_nobody = store.set_aside_reclaim(&balance(9), None, &reclaiming(&bench), at(0)).await.unwrap();
    assert_eq!(of_nobody, Stored::Stale);
}

/// Unless there was another attempt meanwhile; and then there is none any more.
pub async fn balance_that_is_gone_is_closed_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    made(&bench, 1, FROM).await;
    let attempt = reclaiming(&bench);
    let taken = store.set_aside_reclaim(&balance(1), None, &attempt, at(0)).await.unwrap();
    assert_eq!(taken, Stored::Applied);
    void(&bench, &attempt).await;
    assert!(!store.set_aside_end(&balance(1), None).await.unwrap());
    assert_eq!(find(&bench, 1).await.state, SetAsideState::Open);
    assert!(store.set_aside_end(&balance(1), Some(attempt.id)).await.unwrap());
    assert!(!store.set_aside_end(&balance(1), Some(attempt.id)).await.unwrap());
    assert_eq!(find(&bench, 1).await.state, SetAsideState::Claimed);
    let again = store.set_aside_reclaim(&balance(1), Some(attempt.id), &reclaiming(&bench), at(0)).await;
    assert_eq!(again.unwrap(), Stored::Stale);
    assert!(due(&bench, 600, u64::MAX).await.is_empty());
}

/// As a payment in suspense, whatever was thought of the balance before.
pub async fn what_came_back_is_written_with_the_cursor(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (paid, _) = made(&bench, 1, FROM).await;
    let (_, other) = made(&bench, 2, FROM).await;
    assert!(store.set_aside_end(&balance(1), None).await.unwrap());
    let lease = watch(store, "a", 0).await;
    let disposition = Disposition::Reclaimed { balance: balance(1), transaction: paid.id };
    let read = observation(&lease, "1", vec![Observed { movement: movement(&bench, "1", 0), disposition }]);
    let stale = crate::store::WatchLease { token: crate::store::LeaseToken(99), ..lease.clone() };
    let fenced = crate::store::Observation { lease: stale, ..read.clone() };
    assert_eq!(store.payments_record(&fenced).await.unwrap(), Recorded::Fenced);
    assert_eq!(find(&bench, 1).await.state, SetAsideState::Claimed);
    assert_eq!(store.payments_record(&read).await.unwrap(), Recorded::Recorded);
    assert_eq!(find(&bench, 1).await.state, SetAsideState::Reclaimed);
    assert_eq!(find(&bench, 2).await, other);
    let listed = store.suspense_list(Some(SuspenseReason::Reclaimed)).await.unwrap();
    assert_eq!((listed.len(), listed[0].transaction), (1, Some(paid.id)));
    assert_eq!(bench.fetch(paid.id).await, paid, "the deposit stays as it is");
}

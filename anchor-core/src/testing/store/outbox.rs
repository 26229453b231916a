//! News goes out at least once, in order, by one worker at a time.

use std::collections::HashSet;

use super::bench::{Bench, at, claim, terms};
use crate::store::{EventProgress, Store};
use crate::testing::fakes::samples;
use crate::transaction::{EventKind, Fact, Kind};

/// Only the oldest of each transaction that was not delivered.
pub async fn news_is_delivered_in_order(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let collecting = bench.collecting(Kind::Deposit).await;
    let awaiting = bench.moved(&collecting, terms(Kind::Deposit, 0)).await;
    let ready = bench.moved(&awaiting, bench.funds(&awaiting, "1")).await;
    let mut delivered = Vec::new();
    for turn in 0..3 {
        let claimed = store.event_claim(&claim("a", 1, 9)).await.unwrap();
        assert_eq!(claimed.len(), 1, "turn {turn}");
        let news = claimed[0].clone();
        assert!(store.event_claim(&claim("b", 1, 9)).await.unwrap().is_empty(), "the next one waits");
        store.event_ack(news.event.id, news.lease, at(1)).await.unwrap();
        delivered.push((news.event.kind, news.event.transaction));
    }
    let expected = [
        (EventKind::FlowFinished, awaiting.clone()),
        (EventKind::StatusChanged, awaiting),
        (EventKind::StatusChanged, ready),
    ];
    assert_eq!(delivered, expected);
    assert!(store.event_claim(&claim("a", 999, 9)).await.unwrap().is_empty());
}

/// Eight workers, sixty transactions with two pieces of news each.
pub async fn news_is_claimed_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    for _ in 0..60 {
        bench.awaiting_funds().await;
    }
    let worker = async |number: usize| {
        let mut mine = Vec::new();
        loop {
            let claimed = store.event_claim(&claim(&format!("w{number}"), 1, 7)).await.unwrap();
            if claimed.is_empty() {
                return mine;
            }
            for news in claimed {
                store.event_ack(news.event.id, news.lease, at(1)).await.unwrap();
                mine.push(news.event.id);
            }
        }
    };
    let mut delivered: Vec<_> =
        futures_util::future::join_all((0..8).map(&worker)).await.into_iter().flatten().collect();
    delivered.extend(worker(8).await);
    assert_eq!(delivered.len(), 120);
    assert_eq!(delivered.iter().collect::<HashSet<_>>().len(), 120);
}

/// The wallet was away, the business's own sink was not.
pub async fn deferred_news_keeps_its_progress(store: &dyn Store) {
    let bench = Bench::new(store).await;
    bench.awaiting_funds().await;
    let first = store.event_claim(&claim("a", 0, 9)).await.unwrap().remove(0);
    assert_eq!((first.tries, first.progress), (0, EventProgress::default()));
    let progress = EventProgress { sink: true, callback: false };
    store.event_defer(first.event.id, first.lease, progress, at(30)).await.unwrap();
    assert!(store.event_claim(&claim("a", 29, 9)).await.unwrap().is_empty(), "nor what comes after it");
    let again = store.event_claim(&claim("a", 30, 9)).await.unwrap().remove(0);
    assert_eq!((again.tries, again.progress), (1, progress));
    assert_eq!(again.event, first.event);
    // a worker that died has tried too
    let lapsed = store.event_claim(&claim("b", 90, 9)).await.unwrap().remove(0);
    assert_eq!((lapsed.tries, lapsed.event.id), (2, first.event.id));
    assert!(lapsed.lease > again.lease);
}

/// From a worker that lost its lease.
pub async fn late_acknowledgement_has_no_effect(store: &dyn Store) {
    let bench = Bench::new(store).await;
    bench.awaiting_funds().await;
    let first = store.event_claim(&claim("a", 0, 9)).await.unwrap().remove(0);
    let second = store.event_claim(&claim("b", 60, 9)).await.unwrap().remove(0);
    store.event_ack(first.event.id, first.lease, at(61)).await.unwrap();
    store.event_defer(first.event.id, first.lease, EventProgress::default(), at(0)).await.unwrap();
    let all = EventProgress { sink: true, callback: true };
    assert!(!store.event_mark(first.event.id, first.lease, all).await.unwrap(), "nor may it post");
    assert!(store.event_claim(&claim("c", 61, 9)).await.unwrap().is_empty(), "still the second one's");
    store.event_defer(second.event.id, second.lease, second.progress, at(62)).await.unwrap();
    let third = store.event_claim(&claim("c", 62, 9)).await.unwrap().remove(0);
    assert_eq!(third.event.id, first.event.id, "not delivered");
    assert_eq!(third.progress, EventProgress::default());
}

/// A worker that dies after the mark has not given its lease back.
pub async fn marked_news_keeps_lease_and_mark(store: &dyn Store) {
    let bench = Bench::new(store).await;
    bench.awaiting_funds().await;
    let first = store.event_claim(&claim("a", 0, 9)).await.unwrap().remove(0);
    let progress = EventProgress { sink: false, callback: true };
    assert!(store.event_mark(first.event.id, first.lease, progress).await.unwrap());
    assert!(store.event_claim(&claim("b", 1, 9)).await.unwrap().is_empty(), "still claimed");
    let lapsed = store.event_claim(&claim("b", 60, 9)).await.unwrap().remove(0);
    assert_eq!((lapsed.event.id, lapsed.progress), (first.event.id, progress));
}

/// A dead wallet holds up nobody but itself.
pub async fn news_of_one_transaction_does_not_wait_for_another(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let stuck = bench.awaiting_funds().await;
    let first = store.event_claim(&claim("a", 0, 9)).await.unwrap().remove(0);
    store.event_defer(first.event.id, first.lease, first.progress, at(9999)).await.unwrap();
    let other = bench.insert(samples::started(bench.id(), Kind::Deposit)).await;
    bench.moved_at(&other, Fact::DeadlinePassed, 1).await;
    let claimed = store.event_claim(&claim("a", 1, 9)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].event.transaction.id, other.id);
    assert_ne!(stuck.id, other.id);
}

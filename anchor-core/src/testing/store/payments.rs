//! Everything that arrives is written down, once, together with what it did and how far was read.

use std::time::Duration;

use super::bench::{Bench, account, at};
use crate::account::Account;
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::{Memo, MemoText};
use crate::stellar::{Cursor, Movement, PoisonRecord};
use crate::store::{Disposition, Observation, Observed, Recorded, Store, SuspenseReason, WatchLease};
use crate::testing::fakes::samples;
use crate::transaction::{Fact, Transaction};

pub(super) async fn watch(store: &dyn Store, owner: &str, seconds: i64) -> WatchLease {
    let lease = Duration::from_secs(60);
    let claimed = store.watch_claim(&samples::distribution().account(), owner, at(seconds), lease).await;
    claimed.unwrap().expect("nobody else watches")
}

pub(super) fn movement(bench: &Bench<'_>, id: &str, memo: u64) -> Movement {
    Movement {
        id: id.to_owned(),
        hash: bench.hash(),
        ledger: u32::MAX,
        at: at(-5),
        from: account(7).into(),
        to: samples::distribution().account().into(),
        asset: samples::token(),
        amount: StellarAmount::from_stroops(100_000_000).unwrap(),
        memo: Memo::Id(memo),
    }
}

pub(super) fn suspense(
    movement: Movement,
    reason: SuspenseReason,
    transaction: Option<&Transaction>,
) -> Observed {
    let transaction = transaction.map(|transaction| transaction.id);
    Observed { movement, disposition: Disposition::Suspense { reason, transaction } }
}

pub(super) fn matched(bench: &Bench<'_>, movement: Movement, transaction: &Transaction) -> Observed {
    let change = bench.change(transaction, bench.payment(transaction, &movement.id));
    Observed { movement, disposition: Disposition::Matched(Box::new(change)) }
}

pub(super) fn observation(lease: &WatchLease, next: &str, observed: Vec<Observed>) -> Observation {
    Observation {
        lease: lease.clone(),
        next: Cursor::from(next.to_owned()),
        observed,
        poison: Vec::new(),
        at: at(1),
    }
}

/// The lease as it is once `next` was written.
fn moved_on(lease: &WatchLease, next: &str) -> WatchLease {
    WatchLease { cursor: Some(Cursor::from(next.to_owned())), ..lease.clone() }
}

/// For refund; it credits nobody.
pub async fn peer_second_payment_with_the_same_memo_is_kept(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let awaiting = bench.awaiting_payment(1).await;
    let lease = watch(store, "a", 0).await;
    let first = matched(&bench, movement(&bench, "1", 1), &awaiting);
    let second = suspense(movement(&bench, "2", 1), SuspenseReason::Duplicate, Some(&awaiting));
    let recorded = store.payments_record(&observation(&lease, "2", vec![first, second.clone()])).await;
    assert_eq!(recorded.unwrap(), Recorded::Recorded);
    assert_eq!(bench.fetch(awaiting.id).await.state.name(), "ready_to_pay_out");
    let payments = store.payment_list(awaiting.id).await.unwrap();
    assert_eq!(
        payments.iter().map(|payment| payment.suspense).collect::<Vec<_>>(),
        [None, Some(SuspenseReason::Duplicate)]
    );
    let listed = store.suspense_list(None).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].movement, second.movement);
    assert_eq!(listed[0].transaction, Some(awaiting.id));
    assert_eq!(listed[0].account, samples::distribution().account());
    assert_eq!(listed[0].recorded_at, at(1));
}

/// 10 + 20 in one ledger transaction are two rows.
pub async fn peer_two_operations_of_one_transaction_are_two_payments(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let lease = watch(store, "a", 0).await;
    let first = movement(&bench, "1", 1);
    let second = Movement {
        id: "2".to_owned(),
        amount: StellarAmount::from_stroops(200_000_000).unwrap(),
        ..first.clone()
    };
    let observed = [first, second].map(|movement| suspense(movement, SuspenseReason::Unmatched, None));
    store.payments_record(&observation(&lease, "2", observed.into())).await.unwrap();
    let mut amounts: Vec<_> = store.suspense_list(None).await.unwrap();
    amounts.sort_by(|one, other| one.movement.id.cmp(&other.movement.id));
    let amounts: Vec<_> = amounts.iter().map(|payment| payment.movement.amount.stroops()).collect();
    assert_eq!(amounts, [100_000_000, 200_000_000]);
}

/// Read twice, credited once.
pub async fn known_movement_is_skipped_with_its_change(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.awaiting_payment(1).await, bench.awaiting_payment(2).await);
    let lease = watch(store, "a", 0).await;
    let first = matched(&bench, movement(&bench, "1", 1), &one);
    let read = observation(&lease, "1", vec![first.clone()]);
    assert_eq!(store.payments_record(&read).await.unwrap(), Recorded::Recorded);
    // the same stretch again, and one more; its old change would be stale
    let again = matched(&bench, first.movement.clone(), &other);
    let second = suspense(movement(&bench, "2", 9), SuspenseReason::Unmatched, None);
    let twice = vec![first, again, second.clone(), second];
    let read = observation(&moved_on(&lease, "1"), "2", twice);
    assert_eq!(store.payments_record(&read).await.unwrap(), Recorded::Recorded);
    assert_eq!(bench.fetch(other.id).await, other);
    assert_eq!(store.payment_list(one.id).await.unwrap().len(), 1);
    assert_eq!(store.suspense_list(None).await.unwrap().len(), 1);
    assert_eq!(bench.facts(one.id).await, ["terms_agreed", "payment_seen"]);
}

/// One stale change: no payment, no other change, no new cursor.
pub async fn movements_changes_and_cursor_are_one_commit(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (fresh, raced) = (bench.awaiting_payment(1).await, bench.awaiting_payment(2).await);
    let lease = watch(store, "a", 0).await;
    let good = matched(&bench, movement(&bench, "1", 1), &fresh);
    let stale = matched(&bench, movement(&bench, "2", 2), &raced);
    let expired = bench.moved(&raced, Fact::DeadlinePassed).await;
    let mut read = observation(&lease, "2", vec![good.clone(), stale.clone()]);
    read.poison.push(PoisonRecord {
        cursor: Cursor::from("2".to_owned()),
        raw: "?".to_owned(),
        reason: "?".to_owned(),
    });
    assert_eq!(store.payments_record(&read).await.unwrap(), Recorded::Stale);
    assert_eq!(bench.fetch(fresh.id).await, fresh);
    assert!(store.payment_list(fresh.id).await.unwrap().is_empty());
    assert_eq!(watch(store, "a", 1).await.cursor, None);
    // decided again, from a fresh read
    let late = matched(&bench, stale.movement, &expired);
    let read = observation(&lease, "2", vec![good, late]);
    assert_eq!(store.payments_record(&read).await.unwrap(), Recorded::Recorded);
    assert_eq!(bench.fetch(fresh.id).await.state.name(), "ready_to_pay_out");
    assert_eq!(bench.fetch(raced.id).await.state.name(), "refund_due");
    assert_eq!(watch(store, "a", 2).await.cursor, Some(Cursor::from("2".to_owned())));
}

/// It slept, and somebody else took over.
pub async fn stale_reader_is_fenced(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let lease = watch(store, "a", 0).await;
    let next = watch(store, "b", 60).await;
    let observed = || vec![suspense(movement(&bench, "1", 1), SuspenseReason::Unmatched, None)];
    assert_eq!(store.payments_record(&observation(&lease, "1", observed())).await.unwrap(), Recorded::Fenced);
    assert!(store.suspense_list(None).await.unwrap().is_empty());
    assert_eq!(
        store.payments_record(&observation(&next, "1", observed())).await.unwrap(),
        Recorded::Recorded
    );
    store.watch_release(&next).await.unwrap();
    let released = observation(&moved_on(&next, "1"), "2", Vec::new());
    assert_eq!(store.payments_record(&released).await.unwrap(), Recorded::Fenced);
}

/// Two threads of one reader.
pub async fn cursor_is_compared_before_it_is_moved(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let lease = watch(store, "a", 0).await;
    let reads: Vec<_> = (0..8)
        .map(|number: u8| {
            let movement = movement(&bench, &number.to_string(), 1);
            observation(&lease, "9", vec![suspense(movement, SuspenseReason::Unmatched, None)])
        })
        .collect();
    let recorded = futures_util::future::join_all(reads.iter().map(|read| store.payments_record(read))).await;
    let recorded: Vec<_> = recorded.into_iter().map(Result::unwrap).collect();
    assert_eq!(recorded.iter().filter(|one| **one == Recorded::Recorded).count(), 1, "{recorded:?}");
    assert_eq!(recorded.iter().filter(|one| **one == Recorded::Fenced).count(), 7, "{recorded:?}");
    assert_eq!(store.suspense_list(None).await.unwrap().len(), 1);
    let behind = observation(&moved_on(&lease, "8"), "10", Vec::new());
    assert_eq!(store.payments_record(&behind).await.unwrap(), Recorded::Fenced);
    let level = observation(&moved_on(&lease, "9"), "9", Vec::new());
    assert_eq!(store.payments_record(&level).await.unwrap(), Recorded::Recorded);
}

/// In one commit.
pub async fn two_movements_match_two_transactions(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.awaiting_payment(1).await, bench.awaiting_payment(2).await);
    let lease = watch(store, "a", 0).await;
    let own = Observed { movement: movement(&bench, "3", 0), disposition: Disposition::Own };
    let observed = vec![
        matched(&bench, movement(&bench, "1", 1), &one),
        matched(&bench, movement(&bench, "2", 2), &other),
        own,
    ];
    let read = observation(&lease, "3", observed);
    assert_eq!(store.payments_record(&read).await.unwrap(), Recorded::Recorded);
    for transaction in [one, other] {
        assert_eq!(bench.fetch(transaction.id).await.state.name(), "ready_to_pay_out");
        assert_eq!(store.payment_list(transaction.id).await.unwrap().len(), 1);
    }
    assert!(store.suspense_list(None).await.unwrap().is_empty(), "our own payments are nobody's");
}

/// And the stream goes on.
pub async fn unreadable_record_is_kept_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let lease = watch(store, "a", 0).await;
    let poison = |raw: &str| PoisonRecord {
        cursor: Cursor::from("1".to_owned()),
        raw: raw.to_owned(),
        reason: "no such type".to_owned(),
    };
    let mut read = observation(&lease, "1", Vec::new());
    read.poison = vec![poison("{\"a\": 1}"), poison("{\"a\": 2}"), poison("\0")];
    assert_eq!(store.payments_record(&read).await.unwrap(), Recorded::Recorded);
    let mut again = observation(&moved_on(&lease, "1"), "2", Vec::new());
    again.poison = vec![poison("{\"a\": 1}")];
    again.observed = vec![suspense(movement(&bench, "2", 1), SuspenseReason::Unmatched, None)];
    assert_eq!(store.payments_record(&again).await.unwrap(), Recorded::Recorded);
    assert_eq!(store.suspense_list(None).await.unwrap().len(), 1);
}

/// At most 200.
pub async fn suspense_is_listed_newest_first(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut lease = watch(store, "a", 0).await;
    for (seconds, ids) in [(1, 0..100), (3, 200..210), (2, 100..200)] {
        let observed = ids.map(|number| movement(&bench, &number.to_string(), 1));
        let observed = observed.map(|movement| suspense(movement, SuspenseReason::WrongAsset, None));
        let next = seconds.to_string();
        let mut read = observation(&lease, &next, observed.collect());
        read.at = at(seconds);
        assert_eq!(store.payments_record(&read).await.unwrap(), Recorded::Recorded);
        lease = moved_on(&lease, &next);
    }
    let listed = store.suspense_list(None).await.unwrap();
    assert_eq!(listed.len(), 200);
    assert!(listed.is_sorted_by(|one, other| one.recorded_at >= other.recorded_at));
    assert_eq!(listed.iter().filter(|payment| payment.recorded_at == at(3)).count(), 10);
    assert_eq!(listed.iter().filter(|payment| payment.recorded_at == at(2)).count(), 100);
}

/// Muxed and contract accounts, lumens, text that is not UTF-8, 2^63 - 1 stroops.
pub async fn every_kind_of_memo_and_account_is_kept_exactly(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let lease = watch(store, "a", 0).await;
    let memos = [
        Memo::None,
        Memo::Text(MemoText::new([0xff, 0x00, b'a']).unwrap()),
        Memo::Text(MemoText::new([]).unwrap()),
        Memo::Id(u64::MAX),
        Memo::Hash([0; 32]),
        Memo::Return([255; 32]),
    ];
    let movements: Vec<Movement> = (0..)
        .zip(memos)
        .map(|(number, memo)| Movement {
            memo,
            from: Account::Contract(crate::account::ContractId::from_bytes([9; 32])),
            to: Account::Muxed { account: samples::distribution().account(), id: u64::MAX },
            asset: StellarAsset::Native,
            amount: StellarAmount::from_stroops(i64::MAX).unwrap(),
            at: at(0) + chrono::Duration::microseconds(1),
            ..movement(&bench, &format!("10{number}"), 0)
        })
        .collect();
    let observed = movements.iter().map(|one| suspense(one.clone(), SuspenseReason::Unexpected, None));
    store.payments_record(&observation(&lease, "1", observed.collect())).await.unwrap();
    let mut listed: Vec<_> =
        store.suspense_list(None).await.unwrap().into_iter().map(|payment| payment.movement).collect();
    listed.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(listed, movements);
}

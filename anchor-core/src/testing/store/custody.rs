//! Orders to a custodian.

use super::bench::{Bench, account, at};
use crate::id::{AttemptId, IdSource as _};
use crate::memo::Memo;
use crate::store::{CustodyRecord, Store, Stored};
use crate::testing::fakes::samples;
use crate::transaction::{
    AttemptPurpose, CustodyOrder, CustodyStatus, Effect, Fact, State, Transaction, TransactionHash,
};

fn order(bench: &Bench<'_>, transaction: &Transaction) -> CustodyOrder {
    CustodyOrder {
        id: AttemptId::new(bench.ids.next()),
        transaction: transaction.id,
        purpose: AttemptPurpose::Payment,
        source: account(1),
        destination: account(2).into(),
        asset: samples::token(),
        amount: "9.75".parse().unwrap(),
        memo: Memo::Id(u64::MAX),
        creates_account: false,
        since: 7,
    }
}

fn intended(order: &CustodyOrder) -> Fact {
    Fact::CustodyIntended { order: order.clone() }
}

fn applied(order: &CustodyOrder, hash: TransactionHash, movement: &str) -> Fact {
    let effect = Effect::Delivered { claimable_balance: None };
    Fact::CustodyApplied { attempt: order.id, hash, ledger: 8, movement: movement.to_owned(), effect }
}

/// And shows what was ordered before, and how that ended.
pub async fn order_to_the_custodian_is_kept_with_its_end(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay().await;
    assert!(store.custody_list(ready.id).await.unwrap().is_empty());
    let first = order(&bench, &ready);
    let paying = bench.moved_at(&ready, intended(&first), 1).await;
    assert_eq!(paying.state, State::Paying { attempt: first.id });
    let record = |order: &CustodyOrder, status, seconds| CustodyRecord {
        order: order.clone(),
        status,
        opened_at: at(seconds),
    };
    assert_eq!(store.custody_list(ready.id).await.unwrap(), [record(&first, CustodyStatus::Open, 1)]);
    let rejected = Fact::CustodyRejected { attempt: first.id, reason: "no".to_owned() };
    let held = bench.moved_at(&paying, rejected, 2).await;
    let ready = bench.moved_at(&held, Fact::Released, 3).await;
    let second = order(&bench, &ready);
    let paying = bench.moved_at(&ready, intended(&second), 4).await;
    let hash = bench.hash();
    bench.moved_at(&paying, applied(&second, hash, "op-1"), 5).await;
    let all = store.custody_list(ready.id).await.unwrap();
    let expected = [record(&first, CustodyStatus::Rejected, 1), record(&second, CustodyStatus::Applied, 4)];
    assert_eq!(all, expected);
    assert_eq!(store.custody_movements(&hash).await.unwrap(), ["op-1"]);
    assert!(store.custody_movements(&bench.hash()).await.unwrap().is_empty());
}

/// Whatever the jobs believe.
pub async fn one_operation_stands_for_one_order(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let hash = bench.hash();
    let mut paying = Vec::new();
    for _ in 0..2 {
        let ready = bench.ready_to_pay().await;
        let order = order(&bench, &ready);
        paying.push((bench.moved(&ready, intended(&order)).await, order));
    }
    bench.moved(&paying[0].0, applied(&paying[0].1, hash, "op-1")).await;
    let (second, order) = &paying[1];
    let change = bench.change(second, applied(order, hash, "op-1"));
    assert_eq!(bench.apply(&change).await, Stored::SourceBusy);
    assert_eq!(bench.fetch(second.id).await, *second, "nothing was written");
    bench.moved(second, applied(order, hash, "op-2")).await;
    let mut used = store.custody_movements(&hash).await.unwrap();
    used.sort();
    assert_eq!(used, ["op-1", "op-2"]);
}

/// It stays open when a person has to look, and is closed once.
pub async fn disputed_order_stays_open_and_is_closed_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay().await;
    let order = order(&bench, &ready);
    let paying = bench.moved(&ready, intended(&order)).await;
    let disputed = Fact::CustodyDisputed { attempt: order.id, reason: "look".to_owned() };
    let held = bench.moved(&paying, disputed).await;
    let listed = store.custody_list(ready.id).await.unwrap();
    assert_eq!((listed.len(), listed[0].status), (1, CustodyStatus::Open));
    let again = bench.moved(&held, Fact::Released).await;
    assert_eq!(again.state, paying.state);
    bench.moved(&again, applied(&order, bench.hash(), "op-1")).await;
    // as a process that stood still would write it
    let stale = bench.change(&again, applied(&order, bench.hash(), "op-9"));
    assert_eq!(bench.apply(&stale).await, Stored::Stale);
}

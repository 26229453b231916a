//! A payment leaves suspense once, with the change of the transaction that takes it, or not at all.

use std::slice;

use super::bench::{Bench, account, at};
use super::payments::{matched, movement, observation, suspense, watch};
use crate::account::Subject;
use crate::amount::Money;
use crate::stellar::Movement;
use crate::store::{
    Disposition, Figures, Observed, Recorded, Settled, Store, SuspenseReason, TransactionLookup,
};
use crate::testing::fakes::samples;
use crate::transaction::{
    Change, Fact, Kind, LedgerReceipt, NewTransaction, Protocol, Receipt, Request, Settlement, Transaction,
};

/// The first change of a transaction that returns `movement`.
fn returning(bench: &Bench<'_>, movement: &Movement) -> Change {
    let asset = samples::asset();
    let transaction = Transaction::returning(NewTransaction {
        id: bench.id(),
        kind: Kind::Withdrawal,
        protocol: Protocol::Suspense,
        asset: asset.id,
        off_chain_asset: asset.off_chain,
        subject: movement.from.into(),
        client_domain: None,
        request: Request::new(movement.from),
        at: at(2),
        deadline: at(2),
    });
    let receipt = Receipt {
        reference: movement.id.clone(),
        amount: Money { amount: movement.amount.into(), asset: movement.asset.clone().into() },
        from: Some(movement.from.to_string()),
        ledger: Some(LedgerReceipt { hash: movement.hash, from: movement.from, memo: movement.memo.clone() }),
        return_fee: Some("0.5".parse().unwrap()),
    };
    let settlement = Settlement::Return { reason: "nobody's".to_owned() };
    bench.change_at(&transaction, Fact::PaymentSeen { receipt, settlement }, 3)
}

async fn recorded(bench: &Bench<'_>, observed: Vec<Observed>) {
    let lease = watch(bench.store, "a", 0).await;
    let written = bench.store.payments_record(&observation(&lease, "9", observed)).await;
    assert_eq!(written.unwrap(), Recorded::Recorded);
}

async fn in_suspense(bench: &Bench<'_>, id: &str, reason: SuspenseReason) -> Movement {
    let movement = movement(bench, id, 1);
    recorded(bench, vec![suspense(movement.clone(), reason, None)]).await;
    movement
}

/// The transaction that returns it, its history and the payment's own row are one commit.
pub async fn returned_payment_leaves_suspense_with_its_transaction(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let paid = in_suspense(&bench, "1", SuspenseReason::Unmatched).await;
    let back = returning(&bench, &paid);
    assert_eq!(store.suspense_settle("1", &back).await.unwrap(), Settled::Settled);

    assert!(store.suspense_list(None).await.unwrap().is_empty());
    let id = back.transaction().id;
    assert_eq!(&bench.fetch(id).await, back.transaction());
    assert_eq!(store.fact_list(id).await.unwrap(), slice::from_ref(back.fact()));
    let settled = store.payment_fetch("1").await.unwrap().unwrap();
    assert_eq!((settled.settled_by, settled.suspense), (Some(id), Some(SuspenseReason::Unmatched)));
    let payments = store.payment_list(id).await.unwrap();
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0].movement, paid);
    assert!(store.payment_fetch("2").await.unwrap().is_none());
}

/// Whoever comes second leaves no transaction behind.
pub async fn payment_leaves_suspense_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let paid = in_suspense(&bench, "1", SuspenseReason::Duplicate).await;
    let (first, second) = (returning(&bench, &paid), returning(&bench, &paid));
    assert_eq!(store.suspense_settle("1", &first).await.unwrap(), Settled::Settled);
    assert_eq!(store.suspense_settle("1", &second).await.unwrap(), Settled::Taken);
    assert!(store.transaction_fetch(second.transaction().id).await.unwrap().is_none());
    let awaiting = bench.awaiting_payment(1).await;
    let credit = bench.change(&awaiting, bench.payment(&awaiting, "1"));
    assert_eq!(store.suspense_settle("1", &credit).await.unwrap(), Settled::Taken);
    assert_eq!(bench.fetch(awaiting.id).await, awaiting);
    // what never was there leaves nothing behind either
    assert_eq!(store.suspense_settle("2", &second).await.unwrap(), Settled::Taken);
    assert!(store.transaction_fetch(second.transaction().id).await.unwrap().is_none());
}

/// An operator and another one, or the same one with two clicks.
pub async fn of_two_decisions_at_once_one_is_written(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let paid = in_suspense(&bench, "1", SuspenseReason::Unmatched).await;
    let awaiting = bench.awaiting_payment(1).await;
    let (one, two) = (returning(&bench, &paid), returning(&bench, &paid));
    let credit = bench.change(&awaiting, bench.payment(&awaiting, "1"));
    let (first, second, third) = tokio::join!(
        store.suspense_settle("1", &one),
        store.suspense_settle("1", &two),
        store.suspense_settle("1", &credit),
    );
    let outcomes = [first.unwrap(), second.unwrap(), third.unwrap()];
    let settled = outcomes.iter().filter(|outcome| **outcome == Settled::Settled).count();
    assert_eq!(settled, 1, "{outcomes:?}");
    let by = store.payment_fetch("1").await.unwrap().unwrap().settled_by;
    for (outcome, back) in outcomes.iter().zip([&one, &two]) {
        let stored = store.transaction_fetch(back.transaction().id).await.unwrap();
        assert_eq!(stored.is_some(), *outcome == Settled::Settled);
        assert_eq!(by == Some(back.transaction().id), *outcome == Settled::Settled);
    }
    let is_credited = bench.fetch(awaiting.id).await.version > awaiting.version;
    assert_eq!(is_credited, outcomes[2] == Settled::Settled);
}

/// A credit on an old version leaves the payment in suspense.
pub async fn stale_credit_leaves_the_payment_in_suspense(store: &dyn Store) {
    let bench = Bench::new(store).await;
    in_suspense(&bench, "1", SuspenseReason::Unmatched).await;
    let awaiting = bench.awaiting_payment(1).await;
    let credit = bench.change(&awaiting, bench.payment(&awaiting, "1"));
    bench.moved(&awaiting, Fact::DeadlinePassed).await;
    assert_eq!(store.suspense_settle("1", &credit).await.unwrap(), Settled::Stale);
    assert_eq!(store.suspense_list(None).await.unwrap().len(), 1);
    assert_eq!(bench.fetch(awaiting.id).await.state.name(), "expired");
}

/// What was credited when it came is nobody's to decide about.
pub async fn credited_payment_is_not_settled_again(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let awaiting = bench.awaiting_payment(1).await;
    let paid = movement(&bench, "1", 1);
    recorded(&bench, vec![matched(&bench, paid.clone(), &awaiting)]).await;
    let back = returning(&bench, &paid);
    assert_eq!(store.suspense_settle("1", &back).await.unwrap(), Settled::Taken);
    assert!(store.transaction_fetch(back.transaction().id).await.unwrap().is_none());
}

/// Where the policy sends it back at once; read again, it goes back once all the same.
pub async fn payment_may_go_back_from_the_commit_in_which_it_is_recorded(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let paid = movement(&bench, "1", 1);
    let reason = SuspenseReason::Unmatched;
    let observed = |by: &Change| Observed {
        movement: paid.clone(),
        disposition: Disposition::Returned { reason, transaction: None, by: Box::new(by.clone()) },
    };
    let (first, again) = (returning(&bench, &paid), returning(&bench, &paid));
    recorded(&bench, vec![observed(&first)]).await;
    assert!(store.suspense_list(None).await.unwrap().is_empty());
    let settled = store.payment_fetch("1").await.unwrap().unwrap();
    assert_eq!((settled.suspense, settled.settled_by), (Some(reason), Some(first.transaction().id)));
    assert_eq!(&bench.fetch(first.transaction().id).await, first.transaction());

    recorded(&bench, vec![observed(&again)]).await;
    assert!(store.transaction_fetch(again.transaction().id).await.unwrap().is_none());
}

/// Not even its sender finds it as a transaction of a protocol.
pub async fn returning_transaction_is_of_no_protocol(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let paid = in_suspense(&bench, "1", SuspenseReason::Unmatched).await;
    let back = returning(&bench, &paid);
    store.suspense_settle("1", &back).await.unwrap();
    let sender = Subject::from(paid.from).key();
    for lookup in [
        TransactionLookup { id: Some(back.transaction().id), ..TransactionLookup::default() },
        TransactionLookup { stellar: Some(paid.hash), ..TransactionLookup::default() },
    ] {
        assert!(store.transaction_find(&sender, Protocol::Sep24, &lookup).await.unwrap().is_none());
        assert!(store.transaction_find(&sender, Protocol::Suspense, &lookup).await.unwrap().is_some());
    }
}

/// Every reason can be stored and asked for.
pub async fn suspense_is_listed_by_reason(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut observed = Vec::new();
    for (number, reason) in (1_u64..).zip(SuspenseReason::ALL) {
        let mut paid = movement(&bench, &number.to_string(), number);
        paid.from = account(9).into();
        observed.push(suspense(paid, reason, None));
    }
    recorded(&bench, observed).await;
    for (number, reason) in (1_u64..).zip(SuspenseReason::ALL) {
        let listed = store.suspense_list(Some(reason)).await.unwrap();
        assert_eq!(listed.len(), 1, "{reason:?}");
        assert_eq!(listed[0].movement.id, number.to_string());
        assert_eq!(listed[0].suspense, Some(reason));
    }
    assert_eq!(store.suspense_list(None).await.unwrap().len(), SuspenseReason::ALL.len());
}

/// What was settled is counted no more.
pub async fn suspense_is_counted_by_reason(store: &dyn Store) {
    let bench = Bench::new(store).await;
    assert_eq!(store.figures(samples::start()).await.unwrap(), Figures::default());
    let paid = in_suspense(&bench, "1", SuspenseReason::Unmatched).await;
    in_suspense(&bench, "2", SuspenseReason::Unmatched).await;
    in_suspense(&bench, "3", SuspenseReason::Late).await;
    let counted = async || store.figures(samples::start()).await.unwrap().suspense;
    assert_eq!(counted().await, [(SuspenseReason::Late, 1), (SuspenseReason::Unmatched, 2)]);
    store.suspense_settle("1", &returning(&bench, &paid)).await.unwrap();
    assert_eq!(counted().await, [(SuspenseReason::Late, 1), (SuspenseReason::Unmatched, 1)]);
}

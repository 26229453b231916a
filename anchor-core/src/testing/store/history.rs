//! What happened stays written.

use super::bench::{Bench, terms};
use crate::store::Store;
use crate::transaction::{Actor, Fact, Kind};

/// Also what did not fit, with the reason.
pub async fn history_is_in_order_with_anomalies(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay().await;
    let second = bench.funds(&ready, "bank-2");
    let mut anomaly = bench.anomaly(&ready, second.clone());
    anomaly.actor = Actor::Operator("Ana".to_owned());
    store.fact_anomaly(&anomaly).await.unwrap();
    bench.moved(&ready, Fact::TrustMissing).await;
    let facts = store.fact_list(ready.id).await.unwrap();
    let names: Vec<_> = facts.iter().map(|record| record.fact.name()).collect();
    assert_eq!(names, ["terms_agreed", "funds_received", "funds_received", "trust_missing"]);
    assert_eq!(facts[2], anomaly);
    assert!(facts[2].refused.is_some());
    assert!([0, 1, 3].iter().all(|index: &usize| facts[*index].refused.is_none()));
    assert_eq!(facts[1].fact, bench.funds(&ready, &format!("bank-{}", ready.id)));
    assert_eq!(bench.fetch(ready.id).await.state.name(), "awaiting_trust");
    assert!(store.fact_list(bench.id()).await.unwrap().is_empty());
}

/// Jobs report it at every turn.
pub async fn same_anomaly_is_kept_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay_out(1).await;
    for reference in ["2", "3", "2"] {
        let record = bench.anomaly(&ready, bench.payment(&ready, reference));
        store.fact_anomaly(&record).await.unwrap();
        store.fact_anomaly(&record).await.unwrap();
    }
    let order = bench.order(&ready);
    let delivered = || Fact::PayoutDelivered { order: order.id, reference: None };
    store.fact_anomaly(&bench.anomaly(&ready, delivered())).await.unwrap();
    store.fact_anomaly(&bench.anomaly(&ready, delivered())).await.unwrap();
    let other = bench.order(&ready);
    let delivered = Fact::PayoutDelivered { order: other.id, reference: None };
    store.fact_anomaly(&bench.anomaly(&ready, delivered)).await.unwrap();
    let names = bench.facts(ready.id).await;
    assert_eq!(names[2..], ["payment_seen", "payment_seen", "payout_delivered", "payout_delivered"]);
    // the next transaction's anomalies are its own
    let next = bench.ready_to_pay_out(2).await;
    store.fact_anomaly(&bench.anomaly(&next, bench.payment(&next, "3"))).await.unwrap();
    assert_eq!(bench.facts(next.id).await.len(), 3);
}

/// From eight workers.
pub async fn anomalies_at_once_are_kept_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let ready = bench.ready_to_pay().await;
    let records: Vec<_> = (0..8).map(|_| bench.anomaly(&ready, bench.funds(&ready, "bank-2"))).collect();
    let stored =
        futures_util::future::join_all(records.iter().map(|record| store.fact_anomaly(record))).await;
    assert!(stored.iter().all(Result::is_ok), "{stored:?}");
    assert_eq!(bench.facts(ready.id).await.len(), 3);
    let late = bench.anomaly(&ready, terms(Kind::Deposit, 0));
    store.fact_anomaly(&late).await.unwrap();
    assert_eq!(bench.facts(ready.id).await.len(), 4);
}

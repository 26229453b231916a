//! Assets, answers and callbacks.

use super::bench::Bench;
use crate::asset::StellarAsset;
use crate::integration::Answers;
use crate::store::{Callbacks, Store};
use crate::testing::fakes::samples;
use crate::transaction::Kind;

/// It is there.
pub async fn store_answers(store: &dyn Store) {
    store.ping().await.unwrap();
}

/// All of them, by identifier.
pub async fn asset_is_replaced_under_its_identifier(store: &dyn Store) {
    assert!(store.asset_list().await.unwrap().is_empty());
    let mut asset = samples::asset();
    store.asset_put(&asset).await.unwrap();
    asset.deposit = None;
    asset.funding_window = std::time::Duration::new(5, 7);
    store.asset_put(&asset).await.unwrap();
    let mut lumens = samples::asset();
    lumens.id = StellarAsset::Native;
    store.asset_put(&lumens).await.unwrap();
    let mut expected = vec![asset, lumens];
    expected.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(store.asset_list().await.unwrap(), expected);
}

/// What was typed last counts.
pub async fn answers_are_replaced(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.collecting(Kind::Deposit).await, bench.collecting(Kind::Deposit).await);
    assert_eq!(store.answers_fetch(one.id).await.unwrap(), Answers::default());
    for amount in ["1", "2"] {
        let answers: Answers =
            serde_json::from_value(serde_json::json!({ "amount": { "amount": amount } })).unwrap();
        store.answers_put(one.id, &answers).await.unwrap();
        assert_eq!(store.answers_fetch(one.id).await.unwrap(), answers);
    }
    assert_eq!(store.answers_fetch(other.id).await.unwrap(), Answers::default());
    store.answers_put(bench.id(), &Answers::default()).await.expect_err("nobody's answers");
}

/// A second page view must not redirect the news.
pub async fn callbacks_are_remembered_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transaction = bench.collecting(Kind::Deposit).await;
    assert_eq!(store.callbacks_fetch(transaction.id).await.unwrap(), Callbacks::default());
    let first = Callbacks { finished: Some("https://wallet.example/a".to_owned()), on_change: None };
    let second = Callbacks { on_change: Some("https://evil.example/b".to_owned()), ..first.clone() };
    store.callbacks_insert(transaction.id, &first).await.unwrap();
    store.callbacks_insert(transaction.id, &second).await.unwrap();
    assert_eq!(store.callbacks_fetch(transaction.id).await.unwrap(), first);
}

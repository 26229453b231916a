//! Assets, callbacks, how accounts are used.

use super::bench::{Bench, at};
use crate::account::Sharing;
use crate::asset::StellarAsset;
use crate::store::{Callbacks, Heartbeat, Store};
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

/// Until the operator decides otherwise. What does not agree is not inserted.
pub async fn whoever_uses_an_account_first_decides_how(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (samples::user().account(), samples::issuer().account());
    assert_eq!(store.sharing_fetch(&one).await.unwrap(), None);
    let start = async |account, wanted: Sharing, token: u8| {
        let started = samples::started(bench.id(), Kind::Deposit);
        let url_token = (&[token; 32], at(60));
        let decided = store.transaction_start(&started, url_token, account, wanted).await.unwrap();
        let is_stored = store.transaction_fetch(started.id).await.unwrap().is_some();
        let opened = store
            .session_open(&[token; 32], &[token; 32], "x", &Callbacks::default(), at(0), at(99))
            .await
            .unwrap();
        assert_eq!((is_stored, opened.is_some()), (decided.admits(wanted), decided.admits(wanted)));
        decided
    };
    for (token, wanted) in [(1, Sharing::Shared), (2, Sharing::Single), (3, Sharing::Shared)] {
        assert_eq!(start(&one, wanted, token).await, Sharing::Shared);
    }
    assert_eq!(start(&other, Sharing::Single, 4).await, Sharing::Single);
    for (token, decided) in [(5, Sharing::Both), (6, Sharing::Single)] {
        store.sharing_put(&one, decided).await.unwrap();
        assert_eq!(store.sharing_fetch(&one).await.unwrap(), Some(decided));
        assert_eq!(start(&one, Sharing::Single, token).await, decided);
    }
    assert_eq!(store.sharing_fetch(&other).await.unwrap(), Some(Sharing::Single));
}

/// All of them are told the same.
pub async fn of_many_first_users_at_once_one_decides(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let account = samples::user().account();
    let wanted = |place: usize| if place.is_multiple_of(2) { Sharing::Single } else { Sharing::Shared };
    let started: Vec<_> =
        (0..8).map(|place| (samples::started(bench.id(), Kind::Deposit), [place; 32])).collect();
    let decisions = started.iter().enumerate().map(|(place, (transaction, token))| {
        store.transaction_start(transaction, (token, at(60)), &account, wanted(place))
    });
    let decisions = futures_util::future::join_all(decisions).await;
    let known = store.sharing_fetch(&account).await.unwrap().expect("it is decided");
    for (place, (decided, (transaction, _))) in decisions.into_iter().zip(&started).enumerate() {
        assert_eq!(decided.unwrap(), known);
        let is_stored = store.transaction_fetch(transaction.id).await.unwrap().is_some();
        assert_eq!(is_stored, known == wanted(place));
    }
}

/// Also when several machines write at once, or one writes late.
pub async fn latest_heartbeat_of_each_job_stays(store: &dyn Store) {
    assert_eq!(store.heartbeat_list().await.unwrap(), []);
    let beats = [5, 9, 7, 2].map(|seconds| store.heartbeat_put("watch", at(seconds)));
    assert!(futures_util::future::join_all(beats).await.into_iter().all(|beaten| beaten.is_ok()));
    store.heartbeat_put("expire", at(3)).await.unwrap();
    store.heartbeat_put("watch", at(8)).await.unwrap();
    let beat = |job: &str, seconds| Heartbeat { job: job.to_owned(), at: at(seconds) };
    assert_eq!(store.heartbeat_list().await.unwrap(), [beat("expire", 3), beat("watch", 9)]);
}

/// Where a wallet says so again: the last word counts, and nothing of the one before is left.
pub async fn callbacks_take_the_place_of_others(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transaction = bench.collecting(Kind::Deposit).await;
    let one = Callbacks { finished: None, on_change: Some("https://wallet.example/a".to_owned()) };
    let other = Callbacks { finished: Some("https://wallet.example/b".to_owned()), on_change: None };
    for callbacks in [&one, &other, &one] {
        store.callbacks_put(transaction.id, callbacks).await.unwrap();
        assert_eq!(store.callbacks_fetch(transaction.id).await.unwrap(), *callbacks);
    }
}

//! One reader for each watched account.

use std::time::Duration;

use futures_util::future::join_all;

use super::bench::{account, at};
use crate::stellar::Cursor;
use crate::store::{Store, WatchLease};

const MINUTE: Duration = Duration::from_secs(60);

async fn claim(store: &dyn Store, owner: &str, seconds: i64) -> Option<WatchLease> {
    store.watch_claim(&account(1), owner, at(seconds), MINUTE).await.unwrap()
}

/// Each account for itself.
pub async fn watch_has_one_reader(store: &dyn Store) {
    let first = claim(store, "a", 0).await.unwrap();
    assert_eq!((first.account, first.cursor), (account(1), None));
    assert_eq!(claim(store, "b", 59).await, None);
    assert!(store.watch_claim(&account(2), "b", at(0), MINUTE).await.unwrap().is_some());
}

/// Of an account that nobody watched before.
pub async fn of_many_readers_at_once_one_gets_the_watch(store: &dyn Store) {
    let owners: Vec<String> = (0..8).map(|number| format!("reader-{number}")).collect();
    let claimed = join_all(owners.iter().map(|owner| claim(store, owner, 0))).await;
    assert_eq!(claimed.iter().flatten().count(), 1, "{claimed:?}");
}

/// It would fence itself otherwise.
pub async fn same_reader_renews_its_lease(store: &dyn Store) {
    let first = claim(store, "a", 0).await.unwrap();
    assert_eq!(claim(store, "a", 50).await, Some(first.clone()));
    assert_eq!(claim(store, "b", 100).await, None, "renewed until 110");
    assert_eq!(claim(store, "a", 105).await, Some(first));
}

/// At once, and its old reader is fenced.
pub async fn released_watch_goes_to_the_next_reader(store: &dyn Store) {
    let first = claim(store, "a", 0).await.unwrap();
    store.watch_release(&first).await.unwrap();
    let second = claim(store, "b", 1).await.unwrap();
    assert!(second.token > first.token);
    store.watch_release(&first).await.unwrap();
    assert_eq!(claim(store, "c", 2).await, None, "a late release has no effect");
}

/// With a new token.
pub async fn lapsed_watch_goes_to_the_next_reader(store: &dyn Store) {
    let first = claim(store, "a", 0).await.unwrap();
    let second = claim(store, "b", 60).await.unwrap();
    assert!(second.token > first.token);
    assert_eq!(claim(store, "a", 61).await, None);
}

/// Before anybody is told to pay; the first one counts.
pub async fn watch_begins_where_it_was_first_told_to(store: &dyn Store) {
    let cursor = |text: &str| Cursor::from(text.to_owned());
    assert_eq!(store.watch_fetch(&account(1)).await.unwrap(), None);
    store.watch_start(&account(1), &cursor("5")).await.unwrap();
    store.watch_start(&account(1), &cursor("7")).await.unwrap();
    assert_eq!(store.watch_fetch(&account(1)).await.unwrap(), Some(cursor("5")));
    assert_eq!(store.watch_fetch(&account(2)).await.unwrap(), None);
    assert_eq!(claim(store, "a", 0).await.unwrap().cursor, Some(cursor("5")));
    // eight processes that start at once
    let started = join_all(
        (0..8).map(async |number: u8| store.watch_start(&account(3), &cursor(&number.to_string())).await),
    );
    assert!(started.await.iter().all(Result::is_ok));
    assert!(store.watch_fetch(&account(3)).await.unwrap().is_some());
    let mut watched = [account(1), account(3)];
    watched.sort_by_key(ToString::to_string);
    assert_eq!(store.watch_list().await.unwrap(), watched);
}

/// And whoever reads it now has lost it.
pub async fn forgotten_watch_begins_anew(store: &dyn Store) {
    store.watch_start(&account(1), &Cursor::from("5".to_owned())).await.unwrap();
    let first = claim(store, "a", 0).await.unwrap();
    store.watch_forget(&account(1)).await.unwrap();
    assert_eq!(store.watch_fetch(&account(1)).await.unwrap(), None);
    let second = claim(store, "b", 1).await.unwrap();
    assert_eq!(second.cursor, None);
    assert!(second.token > first.token);
}

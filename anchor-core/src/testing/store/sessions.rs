//! What can be used once is used once.

use std::task::Poll;

use futures_util::future::join_all;

use super::bench::{Bench, at};
use crate::store::{Callbacks, Session, Store};
use crate::testing::fakes::samples;
use crate::transaction::{Kind, Transaction};

const TOKEN: [u8; 32] = [1; 32];
static NONE: Callbacks = Callbacks { finished: None, on_change: None };

async fn with_token(bench: &Bench<'_>) -> Transaction {
    let transaction = samples::started(bench.id(), Kind::Deposit);
    let inserted = bench.store.transaction_insert(&transaction, Some((&TOKEN, at(60)))).await;
    inserted.expect("a transaction is inserted");
    transaction
}

/// And its cookie is good for its one transaction.
pub async fn url_token_opens_one_session(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transaction = with_token(&bench).await;
    let cookie = [2; 32];
    assert_eq!(store.session_open(&[9; 32], &cookie, "x", &NONE, at(0), at(99)).await.unwrap(), None);
    let opened = store.session_open(&TOKEN, &cookie, "csrf", &NONE, at(0), at(99)).await.unwrap();
    let session = Session { transaction: transaction.id, csrf: "csrf".to_owned(), expires_at: at(99) };
    assert_eq!(opened, Some(session.clone()));
    assert_eq!(store.session_open(&TOKEN, &[3; 32], "other", &NONE, at(1), at(99)).await.unwrap(), None);
    assert_eq!(store.session_fetch(&cookie, at(1)).await.unwrap(), Some(session));
    assert_eq!(store.session_fetch(&[3; 32], at(1)).await.unwrap(), None);
    assert_eq!(store.session_fetch(&TOKEN, at(1)).await.unwrap(), None, "the token is no cookie");
}

/// Token, session and callbacks are one commit: nobody finds a used link without them, and no second visit redirects the news.
pub async fn session_opens_with_its_callbacks(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let with = |token: u8| {
        let transaction = samples::started(bench.id(), Kind::Deposit);
        async move {
            store.transaction_insert(&transaction, Some((&[token; 32], at(60)))).await.unwrap();
            transaction.id
        }
    };
    let (one, other) = (with(1).await, with(2).await);
    let theirs = Callbacks { finished: Some("https://wallet.example/a".to_owned()), on_change: None };
    let evil = Callbacks { on_change: Some("https://evil.example/b".to_owned()), ..theirs.clone() };
    assert_eq!(store.session_open(&[9; 32], &[9; 32], "x", &evil, at(0), at(99)).await.unwrap(), None);
    assert!(store.session_open(&[1; 32], &[3; 32], "x", &theirs, at(0), at(99)).await.unwrap().is_some());
    assert_eq!(store.session_open(&[1; 32], &[4; 32], "x", &evil, at(0), at(99)).await.unwrap(), None);
    assert_eq!(store.callbacks_fetch(one).await.unwrap(), theirs);
    // the cookie is taken: nothing of it stays, and the link is as good as before
    assert!(store.session_open(&[2; 32], &[3; 32], "x", &evil, at(0), at(99)).await.is_err());
    assert_eq!(store.callbacks_fetch(other).await.unwrap(), NONE);
    let opened = store.session_open(&[2; 32], &[4; 32], "x", &theirs, at(0), at(99)).await.unwrap();
    assert_eq!(opened.map(|session| session.transaction), Some(other));
    assert_eq!(store.callbacks_fetch(other).await.unwrap(), theirs);
}

/// What stands there stays, also where this visit names none.
pub async fn session_keeps_callbacks_that_are_known(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transaction = with_token(&bench).await;
    let known = Callbacks { finished: None, on_change: Some("https://wallet.example/a".to_owned()) };
    let second = Callbacks { on_change: Some("https://evil.example/b".to_owned()), ..NONE.clone() };
    store.callbacks_put(transaction.id, &known).await.unwrap();
    assert!(store.session_open(&TOKEN, &[2; 32], "x", &second, at(0), at(99)).await.unwrap().is_some());
    assert_eq!(store.callbacks_fetch(transaction.id).await.unwrap(), known);
}

/// Eight browsers at once.
pub async fn url_token_opens_one_session_under_concurrency(store: &dyn Store) {
    let bench = Bench::new(store).await;
    with_token(&bench).await;
    let cookies: Vec<_> = (10..18).map(|number| [number; 32]).collect();
    let opened =
        join_all(cookies.iter().map(|cookie| store.session_open(&TOKEN, cookie, "x", &NONE, at(0), at(99))))
            .await;
    let opened = opened.into_iter().filter(|session| session.as_ref().unwrap().is_some()).count();
    assert_eq!(opened, 1);
    let mut alive = 0;
    for cookie in &cookies {
        alive += usize::from(store.session_fetch(cookie, at(0)).await.unwrap().is_some());
    }
    assert_eq!(alive, 1);
}

/// At the moment that was said, not after it.
pub async fn url_token_ends(store: &dyn Store) {
    let bench = Bench::new(store).await;
    with_token(&bench).await;
    assert_eq!(store.session_open(&TOKEN, &[2; 32], "x", &NONE, at(60), at(99)).await.unwrap(), None);
    assert!(store.session_open(&TOKEN, &[2; 32], "x", &NONE, at(59), at(99)).await.unwrap().is_some());
}

/// As do cookies.
pub async fn session_ends(store: &dyn Store) {
    let bench = Bench::new(store).await;
    with_token(&bench).await;
    store.session_open(&TOKEN, &[2; 32], "x", &NONE, at(0), at(99)).await.unwrap();
    assert!(store.session_fetch(&[2; 32], at(98)).await.unwrap().is_some());
    assert_eq!(store.session_fetch(&[2; 32], at(99)).await.unwrap(), None);
}

/// A replayed challenge is refused.
pub async fn challenge_is_used_once(store: &dyn Store) {
    assert!(store.challenge_use(&[1; 32], at(60)).await.unwrap());
    assert!(!store.challenge_use(&[1; 32], at(60)).await.unwrap());
    assert!(!store.challenge_use(&[1; 32], at(99)).await.unwrap());
    assert!(store.challenge_use(&[2; 32], at(60)).await.unwrap());
}

/// Eight log-ins with one answer.
pub async fn challenge_is_used_once_under_concurrency(store: &dyn Store) {
    let used = join_all((0..8).map(|_| store.challenge_use(&[1; 32], at(60)))).await;
    let used: Vec<bool> = used.into_iter().map(Result::unwrap).collect();
    assert_eq!(used.iter().filter(|first| **first).count(), 1, "{used:?}");
}

/// Forty log-ins at once, each answer twice, and one that was used before.
pub async fn replay_among_many_log_ins_is_refused(store: &dyn Store) {
    assert!(store.challenge_use(&[0; 32], at(60)).await.unwrap());
    let hashes: Vec<[u8; 32]> = (0..20).chain(0..20).map(|number| [number; 32]).collect();
    let used = join_all(hashes.iter().map(|hash| store.challenge_use(hash, at(60)))).await;
    let used: Vec<bool> = used.into_iter().map(Result::unwrap).collect();
    for number in 0..20 {
        let firsts = usize::from(used[number]) + usize::from(used[number + 20]);
        assert_eq!(firsts, usize::from(number > 0), "challenge {number}: {used:?}");
    }
    for number in 0..20 {
        assert!(
            !store.challenge_use(&[number; 32], at(60)).await.unwrap(),
            "it was answered after it was kept"
        );
    }
}

/// Whoever hangs up in the middle holds up nobody, and what they used is used for good, or not at all.
pub async fn log_in_that_is_given_up_holds_up_nobody(store: &dyn Store) {
    let hashes: Vec<_> = (0..4).map(|number| [number; 32]).collect();
    let mut given_up: Vec<_> = hashes.iter().map(|hash| store.challenge_use(hash, at(60))).collect();
    for log_in in &mut given_up {
        let _ = futures_util::poll!(log_in);
    }
    let others: Vec<_> = (10..14).map(|number| [number; 32]).collect();
    let mut used = Box::pin(join_all(others.iter().map(|hash| store.challenge_use(hash, at(60)))));
    let early = futures_util::poll!(&mut used);
    drop(given_up);
    let used = match early {
        Poll::Ready(used) => used,
        Poll::Pending => used.await,
    };
    assert!(used.into_iter().all(Result::unwrap));
    for hash in &hashes {
        store.challenge_use(hash, at(60)).await.unwrap();
        assert!(!store.challenge_use(hash, at(60)).await.unwrap());
    }
}

/// And nothing else.
pub async fn what_has_ended_is_deleted(store: &dyn Store) {
    let bench = Bench::new(store).await;
    with_token(&bench).await;
    store.session_open(&TOKEN, &[2; 32], "x", &NONE, at(0), at(99)).await.unwrap();
    store.challenge_use(&[1; 32], at(10)).await.unwrap();
    store.challenge_use(&[2; 32], at(20)).await.unwrap();
    assert_eq!(store.expired_delete(at(10)).await.unwrap(), 2, "the used token and one challenge");
    assert!(store.session_fetch(&[2; 32], at(10)).await.unwrap().is_some());
    assert!(!store.challenge_use(&[2; 32], at(20)).await.unwrap());
    assert_eq!(store.session_open(&TOKEN, &[3; 32], "x", &NONE, at(0), at(99)).await.unwrap(), None);
    assert_eq!(store.expired_delete(at(99)).await.unwrap(), 2);
    assert_eq!(store.expired_delete(at(99)).await.unwrap(), 0);
}

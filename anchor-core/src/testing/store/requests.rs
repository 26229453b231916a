//! A request that comes again begins nothing, and is told what it led to.

use futures_util::future::join_all;

use super::bench::{Bench, at};
use super::quotes::{deposit, stored};
use crate::account::Account;
use crate::id::TransactionId;
use crate::memo::Memo;
use crate::store::{Begin, Begun, KnownRequest, RequestKey, Store};
use crate::testing::fakes::samples;
use crate::transaction::{Fact, Kind};

fn key(number: u8) -> RequestKey {
    let subject = Account::from(samples::user().account()).to_string();
    RequestKey { subject, key: [number; 32], digest: [number.wrapping_add(100); 32] }
}

/// A payment that is awaited from the beginning, under this memo.
fn agreed(bench: &Bench<'_>, memo: u64, key: Option<RequestKey>) -> Begin {
    let transaction = samples::received(bench.id());
    let terms = samples::terms(Kind::Withdrawal, "10", memo);
    let first = Some(bench.change(&transaction, Fact::TermsAgreed { terms }));
    Begin { first, key, ..Begin::new(transaction) }
}

async fn begin(store: &dyn Store, begin: &Begin) -> Begun {
    store.transaction_begin(begin).await.unwrap()
}

async fn is_there(store: &dyn Store, id: TransactionId) -> bool {
    store.transaction_fetch(id).await.unwrap().is_some()
}

/// Whatever else is asked for.
pub async fn request_that_comes_again_begins_nothing(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = agreed(&bench, 7, Some(key(1)));
    assert_eq!(store.request_find(&key(1).subject, &[1; 32]).await.unwrap(), None);
    assert_eq!(begin(store, &first).await, Begun::Begun);
    let known = KnownRequest { transaction: first.transaction.id, digest: [101; 32] };
    for (memo, again) in [(8, key(1)), (9, RequestKey { digest: [9; 32], ..key(1) })] {
        let twin = agreed(&bench, memo, Some(again));
        assert_eq!(begin(store, &twin).await, Begun::Known(known));
        assert!(!is_there(store, twin.transaction.id).await);
        let account = samples::distribution().account();
        assert!(store.transaction_by_memo(&account, &Memo::Id(memo)).await.unwrap().is_none());
    }
    assert_eq!(store.request_find(&key(1).subject, &[1; 32]).await.unwrap(), Some(known));
    // another key, or another user's
    for (memo, another) in [(8, key(2)), (9, RequestKey { subject: "another".to_owned(), ..key(1) })] {
        assert_eq!(begin(store, &agreed(&bench, memo, Some(another))).await, Begun::Begun);
    }
    assert_eq!(store.request_find("nobody", &[1; 32]).await.unwrap(), None);
}

/// Eight at once.
pub async fn one_request_begins_under_concurrency(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let twins: Vec<Begin> = (0..8).map(|memo| agreed(&bench, memo, Some(key(1)))).collect();
    let begun = join_all(twins.iter().map(|twin| store.transaction_begin(twin))).await;
    let begun: Vec<Begun> = begun.into_iter().map(Result::unwrap).collect();
    let mut there = 0;
    for (twin, begun) in twins.iter().zip(&begun) {
        let is_there = is_there(store, twin.transaction.id).await;
        assert_eq!(is_there, *begun == Begun::Begun, "{begun:?}");
        there += usize::from(is_there);
    }
    assert_eq!(there, 1, "{begun:?}");
}

/// It may be made again: with another memo, or another quote.
pub async fn request_that_came_to_nothing_is_not_known(store: &dyn Store) {
    let bench = Bench::new(store).await;
    assert_eq!(begin(store, &agreed(&bench, 7, None)).await, Begun::Begun);
    assert_eq!(begin(store, &agreed(&bench, 7, Some(key(1)))).await, Begun::MemoTaken);
    let quote = stored(&bench, "10", 60).await;
    let late = Begin { quote: Some(quote.id), key: Some(key(1)), ..Begin::new(deposit(&bench, &quote)) };
    assert_eq!(begin(store, &Begin { at: at(60), ..late.clone() }).await, Begun::QuoteEnded);
    assert_eq!(store.request_find(&key(1).subject, &[1; 32]).await.unwrap(), None);
    assert_eq!(begin(store, &Begin { at: at(1), ..late }).await, Begun::Begun);
    assert!(store.request_find(&key(1).subject, &[1; 32]).await.unwrap().is_some());
}

/// Before anything is said of its quote, which is used by then, and may have ended.
pub async fn request_with_a_quote_is_known_after_the_quote(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let quote = stored(&bench, "10", 60).await;
    let first = Begin { quote: Some(quote.id), key: Some(key(1)), ..Begin::new(deposit(&bench, &quote)) };
    assert_eq!(begin(store, &Begin { at: at(1), ..first.clone() }).await, Begun::Begun);
    let known = KnownRequest { transaction: first.transaction.id, digest: key(1).digest };
    let again = Begin { quote: Some(quote.id), key: Some(key(1)), ..Begin::new(deposit(&bench, &quote)) };
    for seconds in [2, 99] {
        assert_eq!(begin(store, &Begin { at: at(seconds), ..again.clone() }).await, Begun::Known(known));
    }
    let other = Begin { key: Some(key(2)), at: at(3), ..again };
    assert_eq!(begin(store, &other).await, Begun::QuoteTaken);
}

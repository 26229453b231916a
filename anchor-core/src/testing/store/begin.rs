//! A transaction begins with what was decided about it at once, or not at all.

use futures_util::future::join_all;

use super::bench::{Bench, account, at, claim, terms};
use super::quotes;
use crate::account::Sharing;
use crate::customer::{Kept, Sealed};
use crate::store::{Begin, Begun, Callbacks, Store};
use crate::testing::fakes::samples;
use crate::transaction::{Fact, InfoNeed, Kind, Protocol, Queue, State, Transaction};

/// As a wallet asks for it by API.
fn asked(bench: &Bench<'_>, kind: Kind) -> Transaction {
    let mut asked = samples::started(bench.id(), kind);
    (asked.protocol, asked.state) = (Protocol::Sep6, State::first(Protocol::Sep6));
    asked
}

fn decided(bench: &Bench<'_>, transaction: &Transaction, memo: u64) -> Begin {
    let first = bench.change(transaction, terms(transaction.kind, memo));
    Begin { first: Some(first), ..Begin::new(transaction.clone()) }
}

/// Terms, history, news, callbacks and answers: one commit. And nobody works on what stands decided.
pub async fn transaction_begins_with_what_was_decided_at_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transaction = asked(&bench, Kind::Withdrawal);
    let on_change = Some("https://wallet.example/news".to_owned());
    let callbacks = Callbacks { finished: None, on_change };
    let answers = Some(Kept::Sealed(Sealed { key: "one".to_owned(), text: "told".to_owned() }));
    let begin = Begin {
        callbacks: callbacks.clone(),
        answers: answers.clone(),
        sharing: Some((account(7), Sharing::Single)),
        ..decided(&bench, &transaction, 5)
    };
    assert_eq!(store.transaction_begin(&begin).await.unwrap(), Begun::Begun);
    let stored = bench.fetch(transaction.id).await;
    assert_eq!(stored, begin.first.as_ref().unwrap().transaction().clone());
    assert_eq!((&stored.state, stored.version), (&State::AwaitingPayment, 1));
    let history = store.fact_list(transaction.id).await.unwrap();
    assert!(matches!(history[0].fact, Fact::TermsAgreed { .. }) && history.len() == 1, "{history:?}");
    assert_eq!(store.callbacks_fetch(transaction.id).await.unwrap(), callbacks);
    assert_eq!(store.answers_fetch(transaction.id).await.unwrap(), answers);
    assert_eq!(store.sharing_fetch(&account(7)).await.unwrap(), Some(Sharing::Single));
    assert_eq!(store.event_claim(&claim("a", 0, 9)).await.unwrap().len(), 1, "the status has changed");
    let memo = stored.receiving().unwrap().clone();
    let found = store.transaction_by_memo(&memo.account, &memo.memo).await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(transaction.id));

    let undecided = asked(&bench, Kind::Deposit);
    assert_eq!(store.transaction_begin(&Begin::new(undecided.clone())).await.unwrap(), Begun::Begun);
    let waits = asked(&bench, Kind::Deposit);
    let need = InfoNeed::Customer { message: None };
    let first = bench.change(&waits, Fact::InfoNeeded { need });
    let begin = Begin { first: Some(first), ..Begin::new(waits.clone()) };
    assert_eq!(store.transaction_begin(&begin).await.unwrap(), Begun::Begun);
    let due = store.transaction_claim(Queue::Terms, &claim("a", 0, 9)).await.unwrap();
    let due: Vec<_> = due.into_iter().map(|claimed| claimed.transaction.id).collect();
    assert_eq!(due, [undecided.id, waits.id]);
    // at the end of their time they are nobody's any more
    let overdue = store.transaction_claim_overdue(&claim("b", 3600, 9)).await.unwrap();
    let overdue: Vec<_> = overdue.into_iter().map(|claimed| claimed.transaction.id).collect();
    assert_eq!(overdue, [undecided.id, waits.id]);
}

/// Neither the transaction nor anything that it brought.
pub async fn transaction_that_may_not_begin_leaves_nothing_behind(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = asked(&bench, Kind::Withdrawal);
    assert_eq!(store.transaction_begin(&decided(&bench, &first, 5)).await.unwrap(), Begun::Begun);

    let gone = async |begin: &Begin, expected: Begun| {
        assert_eq!(store.transaction_begin(begin).await.unwrap(), expected);
        let id = begin.transaction.id;
        assert_eq!(store.transaction_fetch(id).await.unwrap(), None, "{expected:?}");
        assert!(store.fact_list(id).await.unwrap().is_empty());
        assert_eq!(store.callbacks_fetch(id).await.unwrap(), Callbacks::default());
    };
    let callbacks =
        Callbacks { on_change: Some("https://wallet.example/".to_owned()), ..Callbacks::default() };
    let again = asked(&bench, Kind::Withdrawal);
    let taken = Begin { callbacks: callbacks.clone(), ..decided(&bench, &again, 5) };
    gone(&taken, Begun::MemoTaken).await;
    // with another memo it begins
    let free = Begin { callbacks: callbacks.clone(), ..decided(&bench, &again, 6) };
    assert_eq!(store.transaction_begin(&free).await.unwrap(), Begun::Begun);

    store.sharing_put(&account(8), Sharing::Shared).await.unwrap();
    let single = asked(&bench, Kind::Deposit);
    let sharing = Some((account(8), Sharing::Single));
    let begin = Begin { callbacks: callbacks.clone(), sharing, ..decided(&bench, &single, 0) };
    gone(&begin, Begun::NotAdmitted(Sharing::Single)).await;

    let quote = quotes::stored(&bench, "10", 60).await;
    let late = quotes::deposit(&bench, &quote);
    let begin = Begin { quote: Some(quote.id), at: at(60), ..Begin::new(late) };
    gone(&begin, Begun::QuoteEnded).await;
    let used = quotes::deposit(&bench, &quote);
    let begin = Begin { quote: Some(quote.id), ..Begin::new(used.clone()) };
    assert_eq!(store.transaction_begin(&begin).await.unwrap(), Begun::Begun);
    assert_eq!(store.quote_used_by(quote.id).await.unwrap(), Some(used.id));
    let begin = Begin { quote: Some(quote.id), ..Begin::new(quotes::deposit(&bench, &quote)) };
    gone(&begin, Begun::QuoteTaken).await;
}

/// Whatever else they bring.
pub async fn of_many_that_begin_at_once_one_uses_the_quote(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let quote = quotes::stored(&bench, "10", 60).await;
    let begins: Vec<Begin> = (0..8)
        .map(|_| Begin { quote: Some(quote.id), ..Begin::new(quotes::deposit(&bench, &quote)) })
        .collect();
    let begun = join_all(begins.iter().map(|begin| store.transaction_begin(begin))).await;
    let begun: Vec<_> = begun.into_iter().map(Result::unwrap).collect();
    assert_eq!(begun.iter().filter(|one| **one == Begun::Begun).count(), 1, "{begun:?}");
    let winner = store.quote_used_by(quote.id).await.unwrap();
    for (begin, begun) in begins.iter().zip(&begun) {
        let id = begin.transaction.id;
        assert_eq!(winner == Some(id), *begun == Begun::Begun);
        assert_eq!(store.transaction_fetch(id).await.unwrap().is_some(), *begun == Begun::Begun);
    }
}

//! What is promised is in reserve until its end, within the limits, and is used once.

use futures_util::future::join_all;

use super::bench::{Bench, at};
use crate::account::{Account, Sharing, Subject};
use crate::asset::AssetId;
use crate::fee::FeeSchedule;
use crate::id::{IdSource as _, QuoteId};
use crate::quote::{
    Figures, Given, NewQuote, Quote, QuoteContext, QuoteFee, QuoteInputs, QuoteUse, Ratio, Scales, Side,
};
use crate::store::{Begin, Begun, Callbacks, QuoteHold, QuoteUsed, Quoted, Store};
use crate::testing::fakes::samples;
use crate::transaction::{Amounts, Kind, Transaction};

fn reals() -> AssetId {
    "iso4217:BRL".parse().unwrap()
}

fn dollars() -> AssetId {
    samples::token().into()
}

fn subject(memo: Option<u64>) -> Subject {
    Subject::new(Account::from(samples::user().account()), memo).unwrap()
}

/// Reals for `buys` tokens, until `end`.
fn quote(bench: &Bench<'_>, subject: Subject, buys: &str, end: i64) -> Quote {
    let given = Given::Buy(buys.parse().unwrap());
    let fee = QuoteFee::Schedule(FeeSchedule { fixed: "1".parse().unwrap(), ..FeeSchedule::default() });
    let scales = Scales { sell: 2, buy: 7 };
    let figures = Figures::new(given, &Ratio::new(542, 100).unwrap(), &fee, Side::Sell, scales).unwrap();
    Quote::new(NewQuote {
        id: QuoteId::new(bench.ids.next()),
        subject,
        context: QuoteContext::Sep24,
        sell_asset: reals(),
        buy_asset: dollars(),
        inputs: QuoteInputs {
            given,
            sell_delivery_method: Some("PIX \u{e9}".to_owned()),
            buy_delivery_method: None,
            country_code: Some("BR-SP".parse().unwrap()),
            expire_after: Some(at(end)),
        },
        delivery_method: Some("PIX \u{e9}".to_owned()),
        figures,
        source: "a test".to_owned(),
        created_at: at(0),
        expires_at: at(end),
    })
}

fn units(quote: &Quote) -> i64 {
    i64::try_from(quote.figures.buy.rescale_exact(7).unwrap().minor()).unwrap()
}

fn hold(quote: &Quote) -> QuoteHold {
    QuoteHold { amount: units(quote), open_of_user: 3, of_user: None, of_all: None }
}

pub(super) async fn stored(bench: &Bench<'_>, buys: &str, end: i64) -> Quote {
    let quote = quote(bench, subject(None), buys, end);
    assert_eq!(bench.store.quote_insert(&quote, &hold(&quote)).await.unwrap(), Quoted::Stored);
    quote
}

/// A deposit that is made with a quote.
pub(super) fn deposit(bench: &Bench<'_>, quote: &Quote) -> Transaction {
    let amounts = Amounts {
        amount_in: quote.sell(),
        fee: quote.figures.fee.clone(),
        fee_asset: Some(dollars()),
        amount_out: quote.buy(),
    };
    let use_of = QuoteUse { id: quote.id, expires_at: quote.expires_at, off_chain_scale: 2 };
    samples::started(bench.id(), Kind::Deposit).quoted(use_of, amounts)
}

/// With every figure and price.
pub async fn stored_quote_is_what_was_given(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let quote = stored(&bench, "33.3333333", 60).await;
    assert_eq!(store.quote_fetch(quote.id).await.unwrap(), Some(quote));
    assert_eq!(store.quote_fetch(QuoteId::new(bench.ids.next())).await.unwrap(), None);
}

/// Also when it was used, and only by the release after its end is it free.
pub async fn promise_is_in_reserve_until_its_end(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, two) = (stored(&bench, "10", 60).await, stored(&bench, "5", 90).await);
    assert_eq!(store.quote_reserved(&dollars()).await.unwrap(), units(&one) + units(&two));
    assert_eq!(store.quote_reserved(&reals()).await.unwrap(), 0, "what is sold is not promised");
    let used = store.quote_use(one.id, &deposit(&bench, &one), None, None, at(1)).await.unwrap();
    assert_eq!(used, QuoteUsed::Used);
    assert_eq!(store.quote_overdue(at(59), 9).await.unwrap(), []);
    assert!(!store.quote_release(one.id, at(59)).await.unwrap(), "it has not ended");
    assert_eq!(store.quote_overdue(at(60), 9).await.unwrap(), [one.id]);
    assert!(store.quote_release(one.id, at(60)).await.unwrap());
    assert!(!store.quote_release(one.id, at(61)).await.unwrap(), "once");
    assert_eq!(store.quote_reserved(&dollars()).await.unwrap(), units(&two));
    assert!(store.quote_release(two.id, at(90)).await.unwrap());
    assert_eq!(store.quote_reserved(&dollars()).await.unwrap(), 0);
    assert_eq!(store.quote_overdue(at(999), 9).await.unwrap(), []);
    assert!(store.quote_fetch(one.id).await.unwrap().is_some(), "the quote itself stays");
    // and the user may have as many as before
    for _ in 0..3 {
        stored(&bench, "1", 60).await;
    }
}

/// The one that ended first comes first, and no more than asked.
pub async fn ended_quotes_are_listed_in_the_order_of_their_ends(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (late, early) = (stored(&bench, "1", 70).await, stored(&bench, "1", 60).await);
    assert_eq!(store.quote_overdue(at(80), 9).await.unwrap(), [early.id, late.id]);
    assert_eq!(store.quote_overdue(at(80), 1).await.unwrap(), [early.id]);
}

/// Of quotes of one user, of one user's amount, and of all amounts; a refused quote leaves nothing behind.
pub async fn limits_of_promises_are_kept(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let unit = 10_000_000;
    let ask = async |memo, buys: &str, open_of_user, of_user: Option<i64>, of_all: Option<i64>| {
        let quote = quote(&bench, subject(memo), buys, 60);
        let hold = QuoteHold { amount: units(&quote), open_of_user, of_user, of_all };
        let stored = store.quote_insert(&quote, &hold).await.unwrap();
        assert_eq!(store.quote_fetch(quote.id).await.unwrap().is_some(), stored == Quoted::Stored);
        stored
    };
    assert_eq!(ask(None, "10", 2, None, None).await, Quoted::Stored);
    assert_eq!(ask(None, "11", 2, Some(20 * unit), None).await, Quoted::TooMuchOpen);
    assert_eq!(ask(None, "10", 2, Some(20 * unit), None).await, Quoted::Stored);
    assert_eq!(ask(None, "1", 2, None, None).await, Quoted::TooManyOpen);
    assert_eq!(ask(Some(7), "10", 2, Some(20 * unit), Some(30 * unit)).await, Quoted::Stored, "another user");
    assert_eq!(ask(Some(7), "0.0000001", 2, None, Some(30 * unit)).await, Quoted::NothingLeft);
    assert_eq!(store.quote_reserved(&dollars()).await.unwrap(), 30 * unit);
}

/// Eight at once for room for three.
pub async fn limits_hold_under_concurrency(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let quotes: Vec<Quote> = (0..8).map(|memo| quote(&bench, subject(Some(memo)), "10", 60)).collect();
    let three = Some(3 * units(&quotes[0]));
    let holds = quotes.iter().map(|quote| QuoteHold { of_all: three, ..hold(quote) });
    let holds: Vec<QuoteHold> = holds.collect();
    let inserted = quotes.iter().zip(&holds).map(|(quote, hold)| store.quote_insert(quote, hold));
    let inserted: Vec<Quoted> = join_all(inserted).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(inserted.iter().filter(|one| **one == Quoted::Stored).count(), 3, "{inserted:?}");
    assert_eq!(store.quote_reserved(&dollars()).await.unwrap(), 3 * units(&quotes[0]));
    // of one user, who has no quote yet
    let quotes: Vec<Quote> = (0..8).map(|_| quote(&bench, subject(Some(99)), "1", 60)).collect();
    let holds: Vec<QuoteHold> = quotes.iter().map(hold).collect();
    let inserted = quotes.iter().zip(&holds).map(|(quote, hold)| store.quote_insert(quote, hold));
    let inserted: Vec<Quoted> = join_all(inserted).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(inserted.iter().filter(|one| **one == Quoted::Stored).count(), 3, "{inserted:?}");
}

/// With the transaction that uses it, in one commit.
pub async fn quote_is_used_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let quote = stored(&bench, "10", 60).await;
    let (first, second) = (deposit(&bench, &quote), deposit(&bench, &quote));
    let token = [1; 32];
    let used = store.quote_use(quote.id, &first, Some((&token, at(30))), None, at(1)).await.unwrap();
    assert_eq!(used, QuoteUsed::Used);
    assert_eq!(store.quote_use(quote.id, &second, None, None, at(2)).await.unwrap(), QuoteUsed::Taken);
    assert_eq!(store.quote_used_by(quote.id).await.unwrap(), Some(first.id));
    assert_eq!(store.transaction_fetch(first.id).await.unwrap(), Some(first));
    assert_eq!(store.transaction_fetch(second.id).await.unwrap(), None);
    assert!(
        store
            .session_open(&token, &[2; 32], "x", &Callbacks::default(), at(2), at(99))
            .await
            .unwrap()
            .is_some()
    );
    // a used quote is no open one
    for _ in 0..3 {
        stored(&bench, "1", 60).await;
    }
}

/// Eight transactions at once.
pub async fn quote_is_used_once_under_concurrency(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let quote = stored(&bench, "10", 60).await;
    let transactions: Vec<Transaction> = (0..8).map(|_| deposit(&bench, &quote)).collect();
    let used = transactions.iter().map(|one| store.quote_use(quote.id, one, None, None, at(1)));
    let used: Vec<QuoteUsed> = join_all(used).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(used.iter().filter(|one| **one == QuoteUsed::Used).count(), 1, "{used:?}");
    let mut there = 0;
    for transaction in &transactions {
        there += usize::from(store.transaction_fetch(transaction.id).await.unwrap().is_some());
    }
    assert_eq!(there, 1);
}

/// At the moment that was said, not after it; and one that never was is none.
pub async fn ended_quote_is_not_used(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let quote = stored(&bench, "10", 60).await;
    let transaction = deposit(&bench, &quote);
    assert_eq!(store.quote_use(quote.id, &transaction, None, None, at(60)).await.unwrap(), QuoteUsed::Ended);
    let nobodys = QuoteId::new(bench.ids.next());
    assert_eq!(store.quote_use(nobodys, &transaction, None, None, at(1)).await.unwrap(), QuoteUsed::Ended);
    assert_eq!(store.transaction_fetch(transaction.id).await.unwrap(), None);
    assert_eq!(store.quote_used_by(quote.id).await.unwrap(), None);
    assert_eq!(store.quote_use(quote.id, &transaction, None, None, at(59)).await.unwrap(), QuoteUsed::Used);
}

/// Whoever looked at the time before its end comes too late: the sums add up, for the user's other quotes too.
pub async fn released_quote_is_not_used(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (first, second) = (stored(&bench, "10", 60).await, stored(&bench, "5", 90).await);
    assert!(store.quote_release(first.id, at(60)).await.unwrap());
    let late = deposit(&bench, &first);
    assert_eq!(store.quote_use(first.id, &late, None, None, at(59)).await.unwrap(), QuoteUsed::Ended);
    let begin = Begin { quote: Some(first.id), at: at(59), ..Begin::new(late.clone()) };
    assert_eq!(store.transaction_begin(&begin).await.unwrap(), Begun::QuoteEnded);
    assert_eq!(store.transaction_fetch(late.id).await.unwrap(), None);
    assert_eq!(store.quote_used_by(first.id).await.unwrap(), None);
    assert!(store.quote_release(second.id, at(90)).await.unwrap());
    // where it was the only one
    let only = stored(&bench, "1", 60).await;
    assert!(store.quote_release(only.id, at(60)).await.unwrap());
    let late = deposit(&bench, &only);
    assert_eq!(store.quote_use(only.id, &late, None, None, at(59)).await.unwrap(), QuoteUsed::Ended);
    assert_eq!(store.quote_reserved(&dollars()).await.unwrap(), 0);
    for _ in 0..3 {
        stored(&bench, "1", 60).await;
    }
}

/// And the transaction is not written.
pub async fn quote_of_an_account_that_is_used_otherwise_stays_unused(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let quote = stored(&bench, "1", 60).await;
    let account = samples::user().account();
    let (first, second) = (deposit(&bench, &quote), deposit(&bench, &quote));
    store.sharing_put(&account, Sharing::Shared).await.unwrap();
    let single = Some((account, Sharing::Single));
    let refused = store.quote_use(quote.id, &first, None, single, at(1)).await.unwrap();
    assert_eq!(refused, QuoteUsed::NotAdmitted(Sharing::Single));
    assert_eq!(store.transaction_fetch(first.id).await.unwrap(), None);
    assert_eq!(store.quote_used_by(quote.id).await.unwrap(), None);
    let shared = Some((account, Sharing::Shared));
    assert_eq!(store.quote_use(quote.id, &second, None, shared, at(2)).await.unwrap(), QuoteUsed::Used);
    assert_eq!(store.sharing_fetch(&account).await.unwrap(), Some(Sharing::Shared));
}

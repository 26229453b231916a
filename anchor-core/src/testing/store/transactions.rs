//! Transactions are found by those who may see them, in the right order.

use futures_util::future::join_all;
use std::collections::HashMap;

use super::bench::{Bench, account, at, terms, terms_with};
use crate::account::{Account, Subject};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::id::TransactionId;
use crate::memo::{Memo, MemoText};
use crate::store::{Callbacks, StateCount, Store, TransactionFilter, TransactionLookup};
use crate::testing::fakes::samples;
use crate::transaction::{
    Fact, Kind, LedgerReceipt, Protocol, Receipt, Refund, RefundVia, Request, Resume, State, Transaction,
    TransactionHash, Variant,
};

async fn list(store: &dyn Store, filter: TransactionFilter) -> Vec<TransactionId> {
    let listed = store.transaction_list(&filter).await.unwrap();
    listed.into_iter().map(|transaction| transaction.id).collect()
}

/// Every field, also the rare ones.
pub async fn stored_transaction_is_what_was_given(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let plain = bench.collecting(Kind::Deposit).await;
    assert_eq!(bench.fetch(plain.id).await, plain);

    let mut full = samples::withdrawal(bench.id(), "999.99");
    let muxed = Account::Muxed { account: account(5), id: u64::MAX };
    full.subject = Subject::new(account(5).into(), Some(u64::MAX)).unwrap();
    full.client_domain = Some("wallet.example".to_owned());
    full.request = Request {
        sender: Some("a\u{e9}".to_owned()),
        receiver: Some("b".to_owned()),
        amount: Some("0.0000001".parse().unwrap()),
        account: muxed,
        memo: Memo::Text(MemoText::new(vec![0xff, 0, 1]).unwrap()),
        language: Some("pt-BR".to_owned()),
        claimable_balances: true,
        customer: Some("ключ 🔑 '\"; DROP TABLE facts; --".to_owned()),
        exchange: true,
        funding_method: Some("SEPA é".to_owned()),
        location: Some("12".to_owned()),
        country: Some("BRA".to_owned()),
    };
    full.state = State::OnHold { resume: Resume::Refund(RefundVia::Ledger) };
    full.receipt = Some(Receipt {
        reference: "123-1".to_owned(),
        amount: full.amounts.as_ref().unwrap().amount_in.clone(),
        from: Some("someone".to_owned()),
        ledger: Some(LedgerReceipt { hash: bench.hash(), from: muxed, memo: Memo::Hash([7; 32]) }),
        return_fee: Some("0.01".parse().unwrap()),
    });
    full.refunds = vec![Refund {
        id: "r".to_owned(),
        via: RefundVia::Ledger,
        amount: StellarAmount::from_stroops(i64::MAX).unwrap().into(),
        fee: "0".parse().unwrap(),
    }];
    full.stellar_transaction_id = Some(bench.hash());
    full.external_transaction_id = Some("ext".to_owned());
    full.claimable_balance_id = Some("00".repeat(36));
    full.message = Some("wait\nhere".to_owned());
    full.started_at = at(0) + chrono::Duration::microseconds(123_456);
    full.updated_at = at(1) + chrono::Duration::microseconds(1);
    full.completed_at = Some(at(2));
    full.deadline = None;
    let full = bench.insert(full).await;
    assert_eq!(bench.fetch(full.id).await, full);
    assert_eq!(store.transaction_fetch(bench.id()).await.unwrap(), None);
    store.transaction_insert(&plain, None).await.expect_err("the id is taken");
}

/// Knowing the id is not enough.
pub async fn transaction_is_found_by_its_user_only(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mine = bench.collecting(Kind::Deposit).await;
    let by_id = TransactionLookup { id: Some(mine.id), ..TransactionLookup::default() };
    let find = async |subject: &str| {
        store.transaction_find(subject, Protocol::Sep24, &by_id).await.unwrap().map(|found| found.id)
    };
    assert_eq!(find(&mine.subject.key()).await, Some(mine.id));
    assert_eq!(find(&account(1).to_string()).await, None);
    assert_eq!(find(&format!("{}:0", mine.subject.key())).await, None, "memo 0 is another user");
    assert_eq!(find(&mine.subject.key().to_lowercase()).await, None);
    assert_eq!(find("").await, None);
}

/// By ledger transaction and by the rails' reference, the newest one first.
pub async fn all_given_references_have_to_fit(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let hash = bench.hash();
    let mut pair = Vec::new();
    for seconds in [1, 2] {
        let mut one = samples::started(bench.id(), Kind::Deposit);
        one.started_at = at(seconds);
        one.stellar_transaction_id = Some(hash);
        one.external_transaction_id = Some(format!("ext-{seconds}"));
        pair.push(bench.insert(one).await.id);
    }
    let subject = samples::started(bench.id(), Kind::Deposit).subject.key();
    let find = async |lookup: TransactionLookup| {
        let found = store.transaction_find(&subject, Protocol::Sep24, &lookup).await.unwrap();
        found.map(|found| found.id)
    };
    let (stellar, external) = (Some(hash), Some("ext-1".to_owned()));
    let none = TransactionLookup::default;
    assert_eq!(find(TransactionLookup { stellar, ..none() }).await, Some(pair[1]));
    assert_eq!(find(TransactionLookup { external: external.clone(), ..none() }).await, Some(pair[0]));
    let both = TransactionLookup { stellar, external: external.clone(), ..none() };
    assert_eq!(find(both).await, Some(pair[0]));
    let contradiction = TransactionLookup { id: Some(pair[1]), external, ..none() };
    assert_eq!(find(contradiction).await, None);
    assert_eq!(find(TransactionLookup { stellar: Some(bench.hash()), ..none() }).await, None);
    assert_eq!(find(none()).await, None);
}

/// Seven that started at the same moment, three a page: none twice, none lost.
pub async fn list_pages_through_equal_times(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.push(bench.collecting(Kind::Deposit).await.id);
    }
    let mut older = samples::started(bench.id(), Kind::Deposit);
    older.started_at = at(-1);
    expected.insert(0, bench.insert(older).await.id);
    expected.reverse();
    let mut paged = Vec::new();
    loop {
        let filter = TransactionFilter {
            before: paged.last().copied(),
            limit: Some(3),
            ..TransactionFilter::default()
        };
        let page = list(store, filter).await;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        paged.extend(page);
    }
    assert_eq!(paged, expected);
}

/// By user, asset, kind and age.
pub async fn list_is_filtered(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut lumens = samples::asset();
    lumens.id = StellarAsset::Native;
    store.asset_put(&lumens).await.unwrap();
    let first = bench.collecting(Kind::Deposit).await;
    let change = |change: &dyn Fn(&mut Transaction)| {
        let mut transaction = samples::started(bench.id(), Kind::Withdrawal);
        transaction.started_at = at(10);
        change(&mut transaction);
        transaction
    };
    let withdrawal = bench.insert(change(&|_| {})).await;
    let native = bench.insert(change(&|transaction| transaction.asset = StellarAsset::Native)).await;
    let other =
        bench.insert(change(&|transaction| transaction.subject = Account::from(account(1)).into())).await;
    let all = TransactionFilter::default;
    let mine = TransactionFilter { subject: Some(first.subject.key()), ..all() };
    assert_eq!(list(store, all()).await, [other.id, native.id, withdrawal.id, first.id]);
    assert_eq!(list(store, mine.clone()).await, [native.id, withdrawal.id, first.id]);
    let tokens = TransactionFilter { asset: Some(samples::token()), ..mine.clone() };
    assert_eq!(list(store, tokens).await, [withdrawal.id, first.id]);
    let of = |variants: &[Variant]| TransactionFilter { variants: variants.to_vec(), ..mine.clone() };
    assert_eq!(list(store, of(&[Variant::Deposit])).await, [first.id]);
    let mut exchange = change(&|_| {});
    exchange.request.exchange = true;
    exchange.started_at = at(11);
    let exchange = bench.insert(exchange).await;
    assert_eq!(list(store, of(&[Variant::Withdrawal])).await, [native.id, withdrawal.id]);
    assert_eq!(list(store, of(&[Variant::WithdrawalExchange])).await, [exchange.id]);
    let two = [Variant::Deposit, Variant::WithdrawalExchange];
    assert_eq!(list(store, of(&two)).await, [exchange.id, first.id]);
    let recent = |at| TransactionFilter { no_older_than: Some(at), ..mine.clone() };
    assert_eq!(list(store, recent(at(10))).await, [exchange.id, native.id, withdrawal.id]);
    let later = recent(at(10) + chrono::Duration::microseconds(1));
    assert_eq!(list(store, later).await, [exchange.id]);
    let protocol = TransactionFilter { protocol: Some(Protocol::Sep24), limit: Some(1), ..mine };
    assert_eq!(list(store, protocol).await, [exchange.id]);
}

/// With a page after one that has gone on meanwhile; and by what ledger and rails call them.
pub async fn list_is_filtered_by_state_and_by_foreign_names(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(bench.collecting(Kind::Deposit).await.id);
    }
    let mut named = samples::started(bench.id(), Kind::Deposit);
    named.started_at = at(-5);
    named.state = State::Expired;
    named.stellar_transaction_id = Some(TransactionHash::from_bytes([3; 32]));
    named.external_transaction_id = Some("credit 3".to_owned());
    let named = bench.insert(named).await;
    ids.sort_unstable();
    ids.reverse();
    let of = |state| TransactionFilter { state: Some(state), ..TransactionFilter::default() };
    assert_eq!(list(store, of("collecting")).await, ids);
    assert_eq!(list(store, of("expired")).await, [named.id]);
    assert!(list(store, of("paid")).await.is_empty());
    let after = TransactionFilter { before: Some(ids[0]), limit: Some(1), ..of("expired") };
    assert_eq!(list(store, after).await, [named.id], "that one stands elsewhere");
    let hash = |byte| TransactionFilter {
        stellar: Some(TransactionHash::from_bytes([byte; 32])),
        ..TransactionFilter::default()
    };
    assert_eq!(list(store, hash(3)).await, [named.id]);
    assert!(list(store, hash(4)).await.is_empty());
    let external = |reference: &str| TransactionFilter {
        external: Some(reference.to_owned()),
        ..TransactionFilter::default()
    };
    assert_eq!(list(store, external("credit 3")).await, [named.id]);
    assert!(list(store, external("credit")).await.is_empty());
}

/// 200, whatever is asked for.
pub async fn list_has_a_cap(store: &dyn Store) {
    let bench = Bench::new(store).await;
    for _ in 0..201 {
        bench.collecting(Kind::Deposit).await;
    }
    assert_eq!(list(store, TransactionFilter::default()).await.len(), 200);
    let limited = |limit| TransactionFilter { limit: Some(limit), ..TransactionFilter::default() };
    assert_eq!(list(store, limited(u32::MAX)).await.len(), 200);
    assert_eq!(list(store, limited(5)).await.len(), 5);
    assert!(list(store, limited(0)).await.is_empty());
}

/// It must not tell when that transaction started, nor that it exists.
pub async fn page_after_a_transaction_of_another_user_is_empty(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mine = bench.collecting(Kind::Deposit).await;
    let mut other = samples::started(bench.id(), Kind::Deposit);
    other.subject = Account::from(account(1)).into();
    other.started_at = at(5);
    let other = bench.insert(other).await;
    let after = |before| TransactionFilter {
        subject: Some(mine.subject.key()),
        before: Some(before),
        ..TransactionFilter::default()
    };
    assert!(list(store, after(other.id)).await.is_empty());
    assert!(list(store, after(bench.id())).await.is_empty());
}

/// A payment may come late.
pub async fn transaction_is_found_by_its_memo_in_any_state(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let receiving = samples::distribution().account();
    let awaiting = bench.awaiting_payment(5).await;
    let find = async || store.transaction_by_memo(&receiving, &Memo::Id(5)).await.unwrap();
    assert_eq!(find().await, Some(awaiting.clone()));
    let ready = bench.moved(&awaiting, bench.payment(&awaiting, "1")).await;
    assert_eq!(find().await, Some(ready));
    assert_eq!(store.transaction_by_memo(&account(1), &Memo::Id(5)).await.unwrap(), None);
    assert_eq!(store.transaction_by_memo(&receiving, &Memo::Id(6)).await.unwrap(), None);
    assert_eq!(store.transaction_by_memo(&receiving, &Memo::None).await.unwrap(), None);
}

/// Text `5` is not id 5.
pub async fn memo_types_are_told_apart(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let receiving = samples::distribution().account();
    let text = Memo::Text(MemoText::new(*b"5").unwrap());
    let by_id = bench.awaiting_payment(5).await;
    assert_eq!(store.transaction_by_memo(&receiving, &text).await.unwrap(), None);
    let second = bench.collecting(Kind::Withdrawal).await;
    let by_text = bench.moved(&second, terms_with(receiving, text.clone())).await;
    assert_eq!(store.transaction_by_memo(&receiving, &text).await.unwrap(), Some(by_text));
    assert_eq!(store.transaction_by_memo(&receiving, &Memo::Id(5)).await.unwrap(), Some(by_id));
}

/// A page of history names many.
pub async fn several_memos_are_looked_up_at_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let receiving = samples::distribution().account();
    let text = Memo::Text(MemoText::new(*b"5").unwrap());
    let by_id = bench.awaiting_payment(5).await;
    let second = bench.collecting(Kind::Withdrawal).await;
    let by_text = bench.moved(&second, terms_with(receiving, text.clone())).await;
    let mut asked: Vec<Memo> = (6..1_200).map(Memo::Id).collect();
    asked.extend([Memo::Id(5), text.clone(), Memo::Id(5), Memo::Hash([5; 32]), Memo::None]);
    let found = store.transactions_by_memos(&receiving, &asked).await.unwrap();
    assert_eq!(found, HashMap::from([(Memo::Id(5), by_id), (text, by_text)]));
    assert!(store.transactions_by_memos(&account(1), &asked).await.unwrap().is_empty());
    assert!(store.transactions_by_memos(&receiving, &[]).await.unwrap().is_empty());
}

/// 2^64 - 1: ids are unsigned, which databases are not.
pub async fn largest_memo_id_is_exact(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let receiving = samples::distribution().account();
    let mut found = Vec::new();
    for memo in [u64::MAX, u64::MAX - 1, u64::try_from(i64::MAX).unwrap(), 0] {
        let awaiting = bench.awaiting_payment(memo).await;
        assert_eq!(
            store.transaction_by_memo(&receiving, &Memo::Id(memo)).await.unwrap(),
            Some(awaiting.clone())
        );
        found.push(awaiting.id);
    }
    found.dedup();
    assert_eq!(found.len(), 4);
}

/// For health and metrics.
pub async fn states_are_counted(store: &dyn Store) {
    let bench = Bench::new(store).await;
    assert!(store.transaction_count().await.unwrap().is_empty());
    for seconds in [3, 2] {
        let collecting = bench.collecting(Kind::Deposit).await;
        bench.moved_at(&collecting, terms(Kind::Deposit, 0), seconds).await;
    }
    let expired = bench.collecting(Kind::Deposit).await;
    bench.moved_at(&expired, Fact::DeadlinePassed, 7).await;
    let open = store.transaction_count().await.unwrap();
    let ended = store.transaction_count_ended().await.unwrap();
    let count = |state: &str, count, oldest| StateCount { state: state.to_owned(), count, oldest };
    assert_eq!(open, [count("awaiting_funds", 2, Some(at(2)))]);
    assert_eq!(ended, [count("expired", 1, None)]);
}

/// Of many that are inserted at once, one has an id that is taken: only that one fails, and each of the others has its
/// own URL token.
pub async fn transaction_that_cannot_be_inserted_fails_alone(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let taken = bench.collecting(Kind::Deposit).await;
    let mut wanted: Vec<_> = (0..12).map(|_| samples::started(bench.id(), Kind::Deposit)).collect();
    wanted[5].id = taken.id;
    let tokens: Vec<[u8; 32]> = (0..12).map(|number| [number; 32]).collect();
    let inserts = wanted
        .iter()
        .zip(&tokens)
        .map(|(wanted, token)| store.transaction_insert(wanted, Some((token, at(60)))));
    let inserted = join_all(inserts).await;
    for (number, (wanted, token)) in wanted.iter().zip(&tokens).enumerate() {
        let cookie = [100 + token[0]; 32];
        let opened =
            store.session_open(token, &cookie, "x", &Callbacks::default(), at(0), at(99)).await.unwrap();
        if number == 5 {
            assert!(inserted[number].is_err() && opened.is_none(), "its id is taken");
        } else {
            assert!(inserted[number].is_ok(), "{:?}", inserted[number]);
            assert_eq!(opened.map(|session| session.transaction), Some(wanted.id));
            assert_eq!(bench.fetch(wanted.id).await, *wanted);
        }
    }
}

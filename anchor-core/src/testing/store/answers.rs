//! What users told: kept as it comes, and erased with them.

use super::bench::{Bench, at, terms};
use crate::account::{Account, Subject};
use crate::customer::{CustomerOwner, Kept, Place, Sealed};
use crate::id::{CustomerId, TransactionId};
use crate::memo::Memo;
use crate::store::{Begin, CodeLimits, CustomerWrite, Store, Stored};
use crate::testing::fakes::samples;
use crate::transaction::{Fact, Kind, Transaction};

fn user() -> Subject {
    Account::from(samples::user().account()).into()
}

fn somebody() -> Subject {
    Account::from(samples::issuer().account()).into()
}

fn sealed(text: &str) -> Kept {
    Kept::Sealed(Sealed { key: "one".to_owned(), text: text.to_owned() })
}

async fn fetch(store: &dyn Store, id: TransactionId) -> Option<Kept> {
    store.answers_fetch(id).await.unwrap()
}

/// What was typed last counts.
pub async fn answers_are_replaced(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (bench.collecting(Kind::Deposit).await, bench.collecting(Kind::Deposit).await);
    assert_eq!(fetch(store, one.id).await, None);
    for kept in [sealed("1"), Kept::Clear("{}".to_owned()), sealed("2")] {
        store.answers_put(one.id, &kept).await.unwrap();
        assert_eq!(fetch(store, one.id).await, Some(kept));
    }
    assert_eq!(fetch(store, other.id).await, None);
    let nobody = bench.id();
    store.answers_put(nobody, &sealed("1")).await.unwrap();
    assert_eq!(fetch(store, nobody).await, None);
}

/// The rails pay by them: a page that comes late changes nothing.
pub async fn last_answers_come_with_the_terms(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let collecting = bench.collecting(Kind::Deposit).await;
    store.answers_put(collecting.id, &sealed("1")).await.unwrap();
    let (one, other) = (terms(Kind::Deposit, 0), terms(Kind::Deposit, 0));
    let agreed = bench.change(&collecting, one).with_answers(sealed("2"));
    let late = bench.change(&collecting, other).with_answers(sealed("3"));
    assert_eq!(bench.apply(&agreed).await, Stored::Applied);
    assert_eq!(bench.apply(&late).await, Stored::Stale);
    store.answers_put(collecting.id, &sealed("4")).await.unwrap();
    assert_eq!(fetch(store, collecting.id).await, Some(sealed("2")));
}

/// Where nothing depends on them any more, or yet, at once; what may still have to pay by them keeps them until its end, also
/// if they are told anew meanwhile.
pub async fn answers_go_with_their_user_and_not_before_the_end(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let owner = CustomerOwner::of(&user());
    let collecting = bench.collecting(Kind::Deposit).await;
    let mut agreed = bench.collecting(Kind::Deposit).await;
    let mut ended = bench.collecting(Kind::Deposit).await;
    let mut others = samples::started(bench.id(), Kind::Deposit);
    others.subject = somebody();
    store.transaction_insert(&others, None).await.unwrap();
    for (place, one) in [&collecting, &agreed, &ended, &others].into_iter().enumerate() {
        store.answers_put(one.id, &sealed(&place.to_string())).await.unwrap();
    }
    agreed = bench.moved(&agreed, terms(Kind::Deposit, 0)).await;
    ended = bench.moved(&ended, Fact::DeadlinePassed).await;

    assert!(store.customer_forget(&owner, at(1)).await.unwrap());
    assert_eq!(fetch(store, ended.id).await, None);
    assert_eq!(fetch(store, collecting.id).await, Some(Kept::Clear("{}".to_owned())), "it begins anew");
    assert_eq!(fetch(store, agreed.id).await, Some(sealed("1")), "it may pay by them");
    assert_eq!(fetch(store, others.id).await, Some(sealed("3")));
    // an answer that was on its way
    store.answers_put(collecting.id, &sealed("late")).await.unwrap();
    store.expired_delete(at(2)).await.unwrap();
    assert_eq!(fetch(store, collecting.id).await, Some(sealed("late")));
    assert_eq!(fetch(store, agreed.id).await, Some(sealed("1")));

    for one in [&collecting, &agreed] {
        bench.moved(one, Fact::DeadlinePassed).await;
    }
    store.expired_delete(at(3)).await.unwrap();
    assert_eq!([fetch(store, collecting.id).await, fetch(store, agreed.id).await], [None, None]);
    assert_eq!(fetch(store, others.id).await, Some(sealed("3")));
    assert!(!store.customer_forget(&owner, at(4)).await.unwrap());
}

/// Those that a user's wallet or a sending anchor told with the name of a customer of its own. What it told of its other
/// customers stays.
pub async fn answers_go_with_the_customer_that_they_name(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let account = user().account();
    let owner = CustomerOwner::with_memo(account, Memo::Id(7)).unwrap();
    let customer = CustomerId::new(bench.id().as_uuid());
    put(store, customer, owner).await;
    let named = |change: fn(&mut Transaction, String), received: bool| {
        let id = bench.id();
        let mut one = if received { samples::received(id) } else { samples::started(id, Kind::Deposit) };
        change(&mut one, customer.to_string());
        one
    };
    let theirs = [
        named(|one, id| one.request.sender = Some(id), true),
        named(|one, id| one.request.receiver = Some(id), true),
        named(|one, id| one.request.customer = Some(id), false),
    ];
    let others = [
        named(|_, _| {}, true),
        named(|one, _| one.request.receiver = Some("somebody".to_owned()), true),
        // whoever names a customer of somebody else's
        named(
            |one, id| {
                one.subject = somebody();
                one.request.receiver = Some(id);
            },
            true,
        ),
    ];
    for one in theirs.iter().chain(&others) {
        let begin = Begin { answers: Some(sealed("1")), ..Begin::new(one.clone()) };
        store.transaction_begin(&begin).await.unwrap();
        bench.moved(one, Fact::DeadlinePassed).await;
    }
    assert!(store.customer_delete(customer, at(1)).await.unwrap());
    for one in &theirs {
        assert_eq!(fetch(store, one.id).await, None);
    }
    for one in &others {
        assert_eq!(fetch(store, one.id).await, Some(sealed("1")));
    }
    // the sending anchor itself is no customer of its own
    let itself = CustomerOwner::of(&user());
    store.customer_forget(&itself, at(2)).await.unwrap();
    assert_eq!(fetch(store, others[1].id).await, Some(sealed("1")));
}

async fn put(store: &dyn Store, id: CustomerId, owner: CustomerOwner) {
    let write = CustomerWrite {
        id,
        owner,
        is_new: true,
        last_type: None,
        fields: Vec::new(),
        files: Vec::new(),
        attach: Vec::new(),
        senders: Vec::new(),
        verified: Vec::new(),
        codes: Vec::new(),
        code_limits: CodeLimits { since: at(0), most: 0 },
        at: at(0),
    };
    store.customer_put(&write).await.unwrap();
}

/// Whatever another key has sealed, or none, is found, and replaced only as it was found.
pub async fn answers_are_sealed_anew(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut ids = Vec::new();
    for kept in [Kept::Clear("{}".to_owned()), sealed("a"), Kept::Sealed(by("b"))] {
        let one = bench.collecting(Kind::Deposit).await;
        store.answers_put(one.id, &kept).await.unwrap();
        ids.push(one.id);
    }
    let mut places = Vec::new();
    for _ in 0..4 {
        for row in store.customer_sealed_list("two", 10).await.unwrap() {
            assert!(store.customer_reseal(&row, &by("anew")).await.unwrap());
            assert!(!store.customer_reseal(&row, &by("again")).await.unwrap());
            places.push(row.place);
        }
    }
    places.sort();
    assert_eq!(places, [Place::Answers(ids[0]), Place::Answers(ids[1])]);
    for (id, text) in ids.into_iter().zip(["anew", "anew", "b"]) {
        assert_eq!(fetch(store, id).await, Some(Kept::Sealed(by(text))));
    }
}

fn by(text: &str) -> Sealed {
    Sealed { key: "two".to_owned(), text: text.to_owned() }
}

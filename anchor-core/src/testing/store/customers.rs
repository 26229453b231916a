//! Customers are registered once, changed as a whole or not at all, and gone when they are erased.

use chrono::Duration;
use futures_util::future::join_all;

use super::bench::{Bench, at};
use crate::account::Account;
use crate::customer::{Customer, CustomerOwner, Decision, FieldState, Kept, Place, Sealed};
use crate::id::{CustomerId, FileId, IdSource as _};
use crate::memo::Memo;
use crate::store::{
    CallbackEnd, Claim, CodeLimits, CodeWrite, CustomerCallback, CustomerKeyed, CustomerStored,
    CustomerWrite, DecisionWrite, FieldWrite, FileRecord, NewFile, Store,
};
use crate::testing::fakes::samples;

fn owner(memo: Memo) -> CustomerOwner {
    CustomerOwner::with_memo(Account::Classic(samples::user().account()), memo).unwrap()
}

fn sealed(text: &str) -> Sealed {
    Sealed { key: "one".to_owned(), text: text.to_owned() }
}

fn write(bench: &Bench<'_>, memo: Memo) -> CustomerWrite {
    let owner = owner(memo);
    CustomerWrite {
        id: CustomerId::new(bench.ids.next()),
        senders: vec![owner.key()],
        owner,
        is_new: true,
        last_type: None,
        fields: Vec::new(),
        files: Vec::new(),
        attach: Vec::new(),
        verified: Vec::new(),
        codes: Vec::new(),
        code_limits: CodeLimits { since: at(-3600), most: 3 },
        at: at(0),
    }
}

fn later(write: &CustomerWrite, seconds: i64) -> CustomerWrite {
    let empty = CustomerWrite { fields: Vec::new(), files: Vec::new(), attach: Vec::new(), ..write.clone() };
    CustomerWrite { is_new: false, codes: Vec::new(), verified: Vec::new(), at: at(seconds), ..empty }
}

fn text(name: &str, value: &str) -> FieldWrite {
    let value = Some(sealed(value));
    FieldWrite { name: name.to_owned(), state: FieldState::Received, value, file: None }
}

fn file(bench: &Bench<'_>, owner: &CustomerOwner, seconds: i64) -> NewFile {
    let record = FileRecord {
        id: FileId::new(bench.ids.next()),
        owner: owner.key(),
        customer: None,
        content_type: "image/png".to_owned(),
        size: 7,
        created_at: at(seconds),
        expires_at: Some(at(seconds + 100)),
    };
    NewFile { record, content: sealed("a picture") }
}

fn refers(name: &str, file: FileId) -> FieldWrite {
    FieldWrite { name: name.to_owned(), state: FieldState::Received, value: None, file: Some(file) }
}

fn code(field: &str, to: u8) -> CodeWrite {
    CodeWrite { field: field.to_owned(), code: sealed("123456"), expires_at: at(600), to: [to; 32] }
}

async fn put(store: &dyn Store, write: &CustomerWrite) {
    assert_eq!(store.customer_put(write).await.unwrap(), CustomerStored::Stored);
}

async fn fetch(store: &dyn Store, id: CustomerId) -> Option<Customer> {
    store.customer_fetch(&CustomerKeyed::Id(id)).await.unwrap()
}

async fn decide(store: &dyn Store, id: CustomerId, decision: Decision, refused: &[&str]) {
    let refused = refused.iter().map(|name| ((*name).to_owned(), Some("blurred".to_owned()))).collect();
    let write =
        DecisionWrite { customer_type: "sep6".to_owned(), decision: Some(decision), refused, at: at(5) };
    assert!(store.customer_decide(id, &write).await.unwrap());
}

/// What was put is there, under its id and its owner, whatever the memo is.
pub async fn customer_is_what_was_put(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let memos =
        [Memo::None, Memo::Id(0), Memo::Id(u64::MAX), Memo::parse("text", "0").unwrap(), Memo::Hash([7; 32])];
    for memo in memos {
        let first = CustomerWrite {
            last_type: Some("sep6".to_owned()),
            fields: vec![text("last_name", "s1"), text("first_name", "s2")],
            ..write(&bench, memo)
        };
        put(store, &first).await;
        let customer = fetch(store, first.id).await.unwrap();
        assert_eq!((&customer.owner, customer.created_at), (&first.owner, at(0)));
        let kept: Vec<_> = customer.fields.iter().map(|field| (&*field.name, &field.value)).collect();
        assert_eq!(kept, [("first_name", &Some(sealed("s2"))), ("last_name", &Some(sealed("s1")))]);
        let again =
            CustomerWrite { last_type: None, fields: vec![text("last_name", "s3")], ..later(&first, 9) };
        put(store, &again).await;
        let changed =
            store.customer_fetch(&CustomerKeyed::Owner(first.owner.clone())).await.unwrap().unwrap();
        assert_eq!((changed.id, changed.updated_at), (first.id, at(9)));
        assert_eq!(changed.last_type.as_deref(), Some("sep6"));
        assert_eq!(changed.field("last_name").unwrap().value, Some(sealed("s3")));
        assert_eq!(changed.field("family_name").unwrap().received_at, at(9));
        assert_eq!(changed.fields.len(), 2);
    }
}

/// A second registration of one owner is refused, and so is a change of somebody who is gone.
pub async fn owner_is_registered_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = write(&bench, Memo::Id(1));
    put(store, &first).await;
    let second = write(&bench, Memo::Id(1));
    assert_eq!(store.customer_put(&second).await.unwrap(), CustomerStored::OwnerTaken);
    assert_eq!(fetch(store, second.id).await, None);
    let nobody = later(&write(&bench, Memo::Id(2)), 1);
    assert_eq!(store.customer_put(&nobody).await.unwrap(), CustomerStored::Gone);
}

/// Of many registrations of one owner at the same moment one is written.
pub async fn of_many_registrations_at_once_one_is_written(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let writes: Vec<_> = (0..8).map(|_| write(&bench, Memo::Id(1))).collect();
    let stored = join_all(writes.iter().map(|write| store.customer_put(write))).await;
    let stored: Vec<_> = stored.into_iter().map(Result::unwrap).collect();
    assert_eq!(stored.iter().filter(|stored| **stored == CustomerStored::Stored).count(), 1);
    assert_eq!(stored.iter().filter(|stored| **stored == CustomerStored::OwnerTaken).count(), 7);
}

/// Whoever was accepted and sends something else has to be accepted again; whoever was rejected stays so.
pub async fn acceptance_ends_with_a_change_and_rejection_does_not(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = write(&bench, Memo::None);
    put(store, &first).await;
    decide(store, first.id, Decision::Accepted, &[]).await;
    put(store, &later(&first, 10)).await;
    let decided = fetch(store, first.id).await.unwrap().decisions;
    assert_eq!(decided.get("sep6"), Some(&Decision::Accepted), "nothing was changed");
    put(store, &CustomerWrite { fields: vec![text("city", "s")], ..later(&first, 11) }).await;
    assert!(fetch(store, first.id).await.unwrap().decisions.is_empty());
    let rejected = Decision::Rejected { message: "no".to_owned() };
    decide(store, first.id, rejected.clone(), &[]).await;
    put(store, &CustomerWrite { fields: vec![text("city", "t")], ..later(&first, 12) }).await;
    assert_eq!(fetch(store, first.id).await.unwrap().decisions.get("sep6"), Some(&rejected));
    let write =
        DecisionWrite { customer_type: "sep6".to_owned(), decision: None, refused: vec![], at: at(13) };
    assert!(store.customer_decide(first.id, &write).await.unwrap());
    assert!(fetch(store, first.id).await.unwrap().decisions.is_empty());
    let nobody = CustomerId::new(bench.ids.next());
    assert!(!store.customer_decide(nobody, &write).await.unwrap());
}

/// A field that was refused says why until it comes again.
pub async fn refused_field_comes_again(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first =
        CustomerWrite { fields: vec![text("city", "s"), text("address", "s")], ..write(&bench, Memo::None) };
    put(store, &first).await;
    let asked = Decision::NeedsInfo { fields: vec!["city".to_owned()], message: None };
    decide(store, first.id, asked, &["city"]).await;
    let customer = fetch(store, first.id).await.unwrap();
    let city = customer.field("city").unwrap();
    assert_eq!((city.state, city.error.as_deref()), (FieldState::Rejected, Some("blurred")));
    assert_eq!(customer.field("address").unwrap().state, FieldState::Received);
    put(store, &CustomerWrite { fields: vec![text("city", "t")], ..later(&first, 9) }).await;
    let customer = fetch(store, first.id).await.unwrap();
    let city = customer.field("city").unwrap();
    assert_eq!((city.state, city.error.as_deref()), (FieldState::Received, None));
}

/// Nothing of a customer is left, and it can be registered anew.
pub async fn erased_customer_leaves_nothing_behind(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut first = CustomerWrite { fields: vec![text("city", "s")], ..write(&bench, Memo::None) };
    let mut photo = file(&bench, &first.owner, 0);
    (photo.record.customer, photo.record.expires_at) = (Some(first.id), None);
    first.fields.push(refers("photo_id_front", photo.record.id));
    first.files.push(photo.clone());
    first.codes.push(code("mobile_number", 1));
    put(store, &first).await;
    decide(store, first.id, Decision::Accepted, &[]).await;
    let callback = callback("https://one.example");
    assert!(store.customer_callback_put(first.id, &callback, at(1)).await.unwrap());
    let others = write(&bench, Memo::Id(2)).owner;
    let (waiting, of_other) = (file(&bench, &first.owner, 0), file(&bench, &others, 0));
    for waiting in [&waiting, &of_other] {
        assert!(store.customer_file_insert(waiting, 1).await.unwrap());
    }
    assert!(store.customer_delete(first.id, at(2)).await.unwrap());
    assert!(!store.customer_delete(first.id, at(2)).await.unwrap());
    assert_eq!(fetch(store, first.id).await, None);
    assert_eq!(
        store.customer_file_content(waiting.record.id).await.unwrap(),
        None,
        "no field referred to it"
    );
    assert!(store.customer_file_content(of_other.record.id).await.unwrap().is_some());
    assert!(store.customer_forget(&others, at(2)).await.unwrap());
    assert!(!store.customer_forget(&others, at(2)).await.unwrap());
    assert_eq!(store.customer_file_content(of_other.record.id).await.unwrap(), None);
    assert_eq!(store.customer_file_content(photo.record.id).await.unwrap(), None);
    assert!(store.customer_file_list(first.id).await.unwrap().is_empty());
    assert_eq!(store.customer_code_try(first.id, "mobile_number", 5, at(2)).await.unwrap(), None);
    assert!(store.customer_callback_claim(&claim(2)).await.unwrap().is_empty());
    assert!(!store.customer_callback_put(first.id, &callback, at(1)).await.unwrap());
    put(store, &write(&bench, Memo::None)).await;
}

/// A file that was sent before is taken from whom it was sent by, while it waits, and for one customer.
pub async fn file_belongs_to_whom_it_was_sent_for(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (first, other) = (write(&bench, Memo::Id(1)), write(&bench, Memo::Id(2)));
    put(store, &first).await;
    put(store, &other).await;
    let photo = file(&bench, &first.owner, 0);
    assert!(store.customer_file_insert(&photo, 3).await.unwrap());
    let id = photo.record.id;
    assert_eq!(store.customer_file_fetch(id).await.unwrap(), Some(photo.record.clone()));
    assert_eq!(store.customer_file_content(id).await.unwrap(), Some(photo.content.clone()));
    let attach = |write: &CustomerWrite, seconds| CustomerWrite {
        attach: vec![id],
        fields: vec![refers("photo_id_front", id)],
        ..later(write, seconds)
    };
    assert_eq!(store.customer_put(&attach(&other, 1)).await.unwrap(), CustomerStored::FileGone);
    assert_eq!(
        store.customer_put(&attach(&first, 100)).await.unwrap(),
        CustomerStored::FileGone,
        "it has ended"
    );
    put(store, &attach(&first, 99)).await;
    let record = FileRecord { customer: Some(first.id), expires_at: None, ..photo.record };
    assert_eq!(store.customer_file_list(first.id).await.unwrap(), [record]);
    let senders = vec![first.owner.key(), other.owner.key()];
    let stolen = CustomerWrite { senders, ..attach(&other, 99) };
    assert_eq!(store.customer_put(&stolen).await.unwrap(), CustomerStored::FileGone);
    assert!(fetch(store, other.id).await.unwrap().fields.is_empty());
}

/// A field has one file: the one before it is gone.
pub async fn file_that_is_replaced_is_deleted(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = write(&bench, Memo::None);
    put(store, &first).await;
    let mut ids = Vec::new();
    for seconds in [1, 2] {
        let mut photo = file(&bench, &first.owner, seconds);
        (photo.record.customer, photo.record.expires_at) = (Some(first.id), None);
        ids.push(photo.record.id);
        let fields = vec![refers("photo_id_front", photo.record.id)];
        put(store, &CustomerWrite { fields, files: vec![photo], ..later(&first, seconds) }).await;
    }
    assert_eq!(store.customer_file_fetch(ids[0]).await.unwrap(), None);
    assert!(store.customer_file_fetch(ids[1]).await.unwrap().is_some());
}

/// Nobody fills the disk with files that nothing refers to.
pub async fn files_that_wait_are_limited_and_end(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (one, other) = (owner(Memo::Id(1)), owner(Memo::Id(2)));
    let first = file(&bench, &one, 0);
    assert!(store.customer_file_insert(&first, 2).await.unwrap());
    assert!(store.customer_file_insert(&file(&bench, &one, 1), 2).await.unwrap());
    let third = file(&bench, &one, 2);
    assert!(!store.customer_file_insert(&third, 2).await.unwrap());
    assert_eq!(store.customer_file_fetch(third.record.id).await.unwrap(), None);
    assert!(store.customer_file_insert(&file(&bench, &other, 2), 2).await.unwrap());
    assert_eq!(store.expired_delete(at(100)).await.unwrap(), 1);
    assert_eq!(store.customer_file_fetch(first.record.id).await.unwrap(), None);
    assert!(store.customer_file_insert(&third, 2).await.unwrap());
}

/// A code is tried a few times, until its end, and used up by what it proves.
pub async fn code_is_tried_so_often_and_used_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = CustomerWrite { codes: vec![code("mobile_number", 1)], ..write(&bench, Memo::None) };
    put(store, &first).await;
    let id = first.id;
    for _ in 0..2 {
        assert!(store.customer_code_is_open(id, "mobile_number", 2, at(1)).await.unwrap());
        let tried = store.customer_code_try(id, "mobile_number", 2, at(1)).await.unwrap();
        assert_eq!(tried, Some(sealed("123456")));
    }
    assert!(!store.customer_code_is_open(id, "mobile_number", 2, at(1)).await.unwrap());
    assert_eq!(store.customer_code_try(id, "mobile_number", 2, at(1)).await.unwrap(), None);
    assert_eq!(store.customer_code_try(id, "email_address", 2, at(1)).await.unwrap(), None);
    let verified = CustomerWrite { verified: vec!["mobile_number".to_owned()], ..later(&first, 2) };
    put(store, &verified).await;
    assert_eq!(store.customer_put(&verified).await.unwrap(), CustomerStored::CodeGone);
    put(store, &CustomerWrite { codes: vec![code("mobile_number", 1)], ..later(&first, 3) }).await;
    assert!(store.customer_code_try(id, "mobile_number", 2, at(599)).await.unwrap().is_some());
    assert_eq!(store.customer_code_try(id, "mobile_number", 2, at(600)).await.unwrap(), None);
}

/// So many codes for a field, and so many to an address, whoever asks, and whoever was erased meanwhile.
pub async fn codes_are_limited_by_field_and_by_address(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let limits = CodeLimits { since: at(-3600), most: 2 };
    let first = CustomerWrite {
        codes: vec![code("mobile_number", 1)],
        code_limits: limits,
        ..write(&bench, Memo::Id(1))
    };
    put(store, &first).await;
    let another =
        |to, seconds| CustomerWrite { codes: vec![code("mobile_number", to)], ..later(&first, seconds) };
    put(store, &another(2, 1)).await;
    assert_eq!(store.customer_put(&another(3, 2)).await.unwrap(), CustomerStored::TooManyCodes);
    let other = CustomerWrite {
        codes: vec![code("mobile_number", 1)],
        code_limits: limits,
        ..write(&bench, Memo::Id(2))
    };
    put(store, &other).await;
    assert!(store.customer_delete(other.id, at(2)).await.unwrap());
    let again = CustomerWrite { id: CustomerId::new(bench.ids.next()), ..other.clone() };
    assert_eq!(store.customer_put(&again).await.unwrap(), CustomerStored::TooManyCodes);
    let since = at(2);
    let later = CustomerWrite { code_limits: CodeLimits { since, most: 2 }, at: at(3), ..again };
    put(store, &later).await;
    assert_eq!(store.expired_delete(at(2 * 3600 + 2)).await.unwrap(), 3);
}

/// What is refused for one reason is not written at all.
pub async fn request_that_is_refused_leaves_nothing_behind(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = CustomerWrite { fields: vec![text("city", "s")], ..write(&bench, Memo::None) };
    put(store, &first).await;
    let before = fetch(store, first.id).await;
    let refused = CustomerWrite {
        fields: vec![text("city", "t")],
        codes: vec![code("mobile_number", 1)],
        attach: vec![FileId::new(bench.ids.next())],
        last_type: Some("other".to_owned()),
        ..later(&first, 1)
    };
    assert_eq!(store.customer_put(&refused).await.unwrap(), CustomerStored::FileGone);
    assert_eq!(fetch(store, first.id).await, before);
    assert!(!store.customer_code_is_open(first.id, "mobile_number", 5, at(1)).await.unwrap());
}

fn callback(url: &str) -> CustomerCallback {
    let told = Some("PROCESSING".to_owned());
    CustomerCallback { url: url.parse().unwrap(), customer_type: Some("sep6".to_owned()), told }
}

fn claim(seconds: i64) -> Claim {
    let lease = std::time::Duration::from_secs(60);
    Claim { owner: "worker".to_owned(), now: at(seconds), lease, limit: 10 }
}

/// Of many who look at callbacks at once one gets each.
pub async fn claims_never_share_a_callback(store: &dyn Store) {
    let bench = Bench::new(store).await;
    for memo in 0..4 {
        let one = write(&bench, Memo::Id(memo));
        put(store, &one).await;
        assert!(store.customer_callback_put(one.id, &callback("https://one.example"), at(1)).await.unwrap());
    }
    assert!(store.customer_callback_claim(&claim(0)).await.unwrap().is_empty(), "not due");
    let claim = claim(1);
    let claimed = join_all((0..4).map(|_| store.customer_callback_claim(&claim))).await;
    let claimed: Vec<_> = claimed.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), 4);
    assert_eq!(claimed[0].callback, callback("https://one.example"));
    assert!(store.customer_callback_claim(&claim).await.unwrap().is_empty());
    // a lease that lapses is somebody else's
    let lapsed = Claim { now: at(61), ..claim };
    assert_eq!(store.customer_callback_claim(&lapsed).await.unwrap().len(), 4);
}

/// Whoever looked at the callback before it was replaced, or before something happened, does not end it.
pub async fn callback_that_is_replaced_or_due_anew_is_not_ended_by_an_old_claim(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let one = write(&bench, Memo::None);
    put(store, &one).await;
    let take = async |seconds| store.customer_callback_claim(&claim(seconds)).await.unwrap().pop();
    assert!(store.customer_callback_put(one.id, &callback("https://one.example"), at(1)).await.unwrap());
    let first = take(1).await.unwrap();
    assert!(store.customer_callback_put(one.id, &callback("https://two.example"), at(2)).await.unwrap());
    store.customer_callback_end(one.id, first.lease, &CallbackEnd::Done).await.unwrap();
    let second = take(2).await.unwrap();
    assert_eq!(second.callback.url.as_str(), "https://two.example/");
    put(store, &later(&one, 3)).await;
    store.customer_callback_end(one.id, second.lease, &CallbackEnd::Done).await.unwrap();
    let third = take(3).await.unwrap();
    let again = CallbackEnd::Again { told: Some("ACCEPTED".to_owned()), tries: 2, due: at(9) };
    store.customer_callback_end(one.id, third.lease, &again).await.unwrap();
    assert!(take(8).await.is_none());
    let fourth = take(9).await.unwrap();
    assert_eq!((fourth.tries, fourth.callback.told.as_deref()), (2, Some("ACCEPTED")));
    store.customer_callback_end(one.id, fourth.lease, &CallbackEnd::Done).await.unwrap();
    assert!(take(99).await.is_none());
}

/// Whatever another key has sealed is found, and replaced only as it was found.
pub async fn everything_sealed_is_found_and_sealed_anew(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let first = CustomerWrite { fields: vec![text("city", "s")], ..write(&bench, Memo::None) };
    put(store, &first).await;
    let photo = file(&bench, &first.owner, 0);
    assert!(store.customer_file_insert(&photo, 1).await.unwrap());
    assert!(store.customer_sealed_list("one", 10).await.unwrap().is_empty());
    let mut places = Vec::new();
    for _ in 0..4 {
        for row in store.customer_sealed_list("two", 10).await.unwrap() {
            let Kept::Sealed(sealed) = &row.kept else { panic!("{row:?} lies open") };
            let by = Sealed { key: "two".to_owned(), text: format!("{} anew", sealed.text) };
            assert!(store.customer_reseal(&row, &by).await.unwrap());
            assert!(!store.customer_reseal(&row, &by).await.unwrap());
            places.push(row.place);
        }
    }
    assert_eq!(places, [Place::Field(first.id, "city".to_owned()), Place::File(photo.record.id)]);
    let city = fetch(store, first.id).await.unwrap().field("city").unwrap().value.clone();
    assert_eq!(city, Some(Sealed { key: "two".to_owned(), text: "s anew".to_owned() }));
}

/// The newest first, page by page.
pub async fn customers_are_listed_newest_first(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut ids = Vec::new();
    for memo in 0..3 {
        let one = CustomerWrite { at: at(0) + Duration::seconds(1), ..write(&bench, Memo::Id(memo)) };
        put(store, &one).await;
        ids.insert(0, one.id);
    }
    let listed = async |before, limit| {
        let page = store.customer_list(before, limit).await.unwrap();
        page.into_iter().map(|customer| customer.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 2).await, ids[..2]);
    assert_eq!(listed(Some(ids[1]), 2).await, ids[2..]);
}

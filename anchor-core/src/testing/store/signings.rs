//! Envelopes that somebody else has to sign.

use super::bench::{Bench, account, at, claim, opened, voided};
use crate::store::{Bump, ClaimedSigning, LeaseToken, SigningEnd, Store, Stored};
use crate::transaction::{Attempt, Transaction, Unsigned};

fn unsigned(attempt: Attempt) -> Attempt {
    let unsigned = Unsigned { envelope: format!("unsigned {}", attempt.id).into(), since: 1_767_225_000 };
    Attempt { envelope: "".into(), unsigned: Some(unsigned), ..attempt }
}

fn signed(envelope: &str) -> SigningEnd {
    SigningEnd::Signed { envelope: envelope.into() }
}

fn refused() -> SigningEnd {
    SigningEnd::Refused { reason: "not on a Sunday".to_owned() }
}

/// Opens an attempt that waits for signatures.
async fn open(bench: &Bench<'_>, source: u8) -> (Attempt, Transaction) {
    let transaction = bench.ready_to_pay().await;
    let attempt = unsigned(bench.attempt(account(source)));
    let paying = bench.moved(&transaction, opened(&attempt)).await;
    (attempt, paying)
}

async fn claim_one(store: &dyn Store, seconds: i64) -> ClaimedSigning {
    let mut claimed = store.signing_claim(&claim("a", seconds, 10)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

/// What is not there cannot be sent.
pub async fn unsigned_envelope_is_kept_apart_until_it_is_signed(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (attempt, _) = open(&bench, 1).await;
    let stored = Attempt { unsigned: None, ..attempt.clone() };
    assert_eq!(store.attempt_fetch(attempt.id).await.unwrap(), Some(stored.clone()));
    assert_eq!(store.attempt_claim(&claim("c", 0, 10)).await.unwrap()[0].attempt, stored);
    let one = claim_one(store, 0).await;
    assert_eq!((one.hash, &one.attempt, one.opened_at), (attempt.hash, &stored, at(0)));
    assert_eq!(Some(one.envelope), attempt.unsigned.as_ref().map(|unsigned| unsigned.envelope.clone()));
    let known = store.signing_fetch(&attempt.hash).await.unwrap().unwrap();
    assert_eq!((known.since, known.refused), (1_767_225_000, None));
    assert!(store.signing_close(&one.hash, one.lease, &signed("BBBB"), at(1)).await.unwrap());
    let stored = store.attempt_fetch(attempt.id).await.unwrap().unwrap();
    assert_eq!((&*stored.envelope, stored.is_signed()), ("BBBB", true));
    assert!(store.signing_claim(&claim("a", 1000, 10)).await.unwrap().is_empty());
    assert_eq!(store.signing_fetch(&bench.hash()).await.unwrap(), None, "nobody else signs that one");
}

/// So that it is looked up at once.
pub async fn signed_attempt_is_due_at_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (attempt, _) = open(&bench, 1).await;
    let claimed = store.attempt_claim(&claim("c", 0, 10)).await.unwrap();
    store.attempt_release(&[(attempt.id, claimed[0].lease, at(100))]).await.unwrap();
    let one = claim_one(store, 0).await;
    store.signing_close(&one.hash, one.lease, &signed("BBBB"), at(5)).await.unwrap();
    let claimed = store.attempt_claim(&claim("c", 5, 10)).await.unwrap();
    assert_eq!((claimed.len(), &*claimed[0].attempt.envelope), (1, "BBBB"));
}

/// Eight claimers, a few envelopes.
pub async fn claims_never_share_a_signing(store: &dyn Store) {
    let bench = Bench::new(store).await;
    for source in 1..=12 {
        open(&bench, source).await;
    }
    let claimers = (0..8).map(|number| async move {
        let mut mine = Vec::new();
        loop {
            let claimed = store.signing_claim(&claim(&format!("c{number}"), 0, 2)).await.unwrap();
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.into_iter().map(|one| one.hash));
        }
    });
    let mut all: Vec<_> = futures_util::future::join_all(claimers).await.into_iter().flatten().collect();
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (12, 12));
}

/// And not before; whoever lost the lease changes nothing.
pub async fn released_signing_is_due_when_told(store: &dyn Store) {
    let bench = Bench::new(store).await;
    open(&bench, 1).await;
    let one = claim_one(store, 0).await;
    store.signing_release(&[(one.hash, one.lease, at(30))]).await.unwrap();
    assert!(store.signing_claim(&claim("b", 29, 10)).await.unwrap().is_empty());
    let again = claim_one(store, 30).await;
    assert!(again.lease > one.lease);
    store.signing_release(&[(one.hash, one.lease, at(31))]).await.unwrap();
    assert!(store.signing_claim(&claim("b", 31, 10)).await.unwrap().is_empty(), "it is the other's");
    let lapsed = claim_one(store, 91).await;
    assert!(lapsed.lease > again.lease);
}

/// Somebody else asked meanwhile, and wrote the answer.
pub async fn signatures_under_a_lost_lease_are_dropped(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (attempt, _) = open(&bench, 1).await;
    let one = claim_one(store, 0).await;
    let other = claim_one(store, 61).await;
    assert!(!store.signing_close(&one.hash, one.lease, &signed("OLD"), at(62)).await.unwrap());
    assert!(!store.attempt_fetch(attempt.id).await.unwrap().unwrap().is_signed());
    assert!(store.signing_close(&other.hash, other.lease, &signed("NEW"), at(62)).await.unwrap());
    assert!(!store.signing_close(&other.hash, other.lease, &signed("TWICE"), at(63)).await.unwrap());
    assert_eq!(&*store.attempt_fetch(attempt.id).await.unwrap().unwrap().envelope, "NEW");
    let unknown = store.signing_close(&bench.hash(), LeaseToken(1), &signed("X"), at(63)).await;
    assert!(!unknown.unwrap());
}

/// It was proved dead: whatever carries them must not be sent.
pub async fn signatures_for_a_closed_attempt_are_thrown_away(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (attempt, paying) = open(&bench, 1).await;
    let one = claim_one(store, 0).await;
    bench.moved(&paying, voided(&attempt)).await;
    assert!(!store.signing_close(&one.hash, one.lease, &signed("LATE"), at(1)).await.unwrap());
    assert!(!store.attempt_fetch(attempt.id).await.unwrap().unwrap().is_signed());
    assert!(store.signing_claim(&claim("b", 100, 10)).await.unwrap().is_empty(), "nobody is asked any more");
    let given_up = store.attempt_void_list(&[paying.id]).await.unwrap();
    assert_eq!(given_up[0].attempt.hash, attempt.hash, "and it is looked for before there is another one");
}

/// The attempt stays open: somebody may have signed all the same.
pub async fn refusal_is_kept_and_nobody_is_asked_again(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let (attempt, _) = open(&bench, 1).await;
    let one = claim_one(store, 0).await;
    assert!(store.signing_close(&one.hash, one.lease, &refused(), at(1)).await.unwrap());
    assert!(!store.signing_close(&one.hash, one.lease, &signed("X"), at(2)).await.unwrap());
    let known = store.signing_fetch(&attempt.hash).await.unwrap().unwrap();
    assert_eq!(known.refused.as_deref(), Some("not on a Sunday"));
    assert!(store.signing_claim(&claim("b", 1000, 10)).await.unwrap().is_empty());
    let open = store.attempt_open_of(&account(1)).await.unwrap().unwrap();
    assert_eq!((open.id, open.is_signed()), (attempt.id, false));
}

/// Under a hash of its own.
pub async fn wrapping_is_signed_elsewhere_too(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transaction = bench.ready_to_pay().await;
    let attempt = bench.attempt(account(1));
    bench.moved(&transaction, opened(&attempt)).await;
    let waits = Unsigned { envelope: "unsigned wrapping".into(), since: 7 };
    let bump =
        Bump { hash: bench.hash(), envelope: "".into(), fee: 200, opened_at: at(1), unsigned: Some(waits) };
    assert!(store.attempt_bump(attempt.id, &bump).await.unwrap());
    let one = claim_one(store, 1).await;
    assert_eq!((one.hash, &one.attempt, &*one.envelope), (bump.hash, &attempt, "unsigned wrapping"));
    assert!(store.signing_close(&one.hash, one.lease, &signed("CCCC"), at(2)).await.unwrap());
    let claimed = store.attempt_claim(&claim("c", 10, 10)).await.unwrap();
    assert_eq!(*claimed[0].attempt.envelope, *attempt.envelope);
    let stored = Bump { envelope: "CCCC".into(), unsigned: None, ..bump };
    assert_eq!(claimed[0].bumps, [stored]);
}

/// One of the anchor's own lumens.
pub async fn attempt_without_transactions_may_wait_for_signatures(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let attempt = unsigned(bench.attempt(account(1)));
    assert_eq!(store.attempt_open(&attempt, at(0)).await.unwrap(), Stored::Applied);
    let one = claim_one(store, 0).await;
    assert_eq!(one.hash, attempt.hash);
    assert!(store.signing_close(&one.hash, one.lease, &signed("DDDD"), at(0)).await.unwrap());
    assert_eq!(&*store.attempt_fetch(attempt.id).await.unwrap().unwrap().envelope, "DDDD");
}

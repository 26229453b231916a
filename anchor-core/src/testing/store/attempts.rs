//! Envelopes that pay for several transactions, the leases on them, and the channels that carry them.

use super::bench::{Bench, account, at, claim, failed, opened, voided};
use crate::account::AccountId;
use crate::store::{Bump, ChannelCount, GivenUp, Store, Stored};
use crate::transaction::{Attempt, AttemptStatus, Change, Effect, Fact, State, Transaction, TransactionHash};

fn applied(attempt: &Attempt) -> Fact {
    Fact::AttemptApplied {
        attempt: attempt.id,
        hash: attempt.hash,
        ledger: 7,
        effect: Effect::Delivered { claimable_balance: None },
    }
}

fn changes(bench: &Bench<'_>, transactions: &[Transaction], fact: &Fact) -> Vec<Change> {
    transactions.iter().map(|transaction| bench.change(transaction, fact.clone())).collect()
}

async fn ready(bench: &Bench<'_>, count: usize) -> Vec<Transaction> {
    let mut ready = Vec::new();
    for _ in 0..count {
        ready.push(bench.ready_to_pay().await);
    }
    ready
}

/// Opens one attempt for all of them, on `source`.
async fn open(
    bench: &Bench<'_>,
    transactions: &[Transaction],
    source: AccountId,
) -> (Attempt, Vec<Transaction>) {
    let attempt = bench.attempt(source);
    let group = changes(bench, transactions, &opened(&attempt));
    let paying = group.iter().map(|change| change.transaction().clone()).collect();
    assert_eq!(bench.store.transaction_apply_groups(&[group]).await.unwrap(), [Stored::Applied]);
    (attempt, paying)
}

/// And shows them in the order of its operations.
pub async fn envelope_pays_for_several_transactions(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let mut transactions = ready(&bench, 3).await;
    transactions.reverse();
    let (attempt, paying) = open(&bench, &transactions, account(1)).await;
    let claimed = store.attempt_claim(&claim("a", 0, 10)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!((&claimed[0].attempt, &claimed[0].transactions), (&attempt, &paying));
    assert_eq!((claimed[0].opened_at, claimed[0].bumps.len()), (at(0), 0));
    let group = changes(&bench, &paying, &applied(&attempt));
    assert_eq!(store.transaction_apply_groups(&[group]).await.unwrap(), [Stored::Applied]);
    for transaction in &transactions {
        assert_eq!(bench.fetch(transaction.id).await.state, State::Paid { attempt: attempt.id });
        assert_eq!(bench.facts(transaction.id).await.last(), Some(&"attempt_applied"));
    }
    assert_eq!(store.attempt_open_of(&account(1)).await.unwrap(), None);
    assert!(store.attempt_claim(&claim("b", 100, 10)).await.unwrap().is_empty());
}

/// One of its transactions was changed by somebody else.
pub async fn group_is_written_whole_or_not_at_all(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 3).await;
    let attempt = bench.attempt(account(1));
    let group = changes(&bench, &transactions, &opened(&attempt));
    let held = bench.moved(&transactions[1], Fact::Held { reason: "look".to_owned() }).await;
    assert_eq!(store.transaction_apply_groups(&[group]).await.unwrap(), [Stored::Stale]);
    for (before, now) in transactions.iter().zip([&transactions[0], &held, &transactions[2]]) {
        assert_eq!(bench.fetch(before.id).await, *now);
    }
    assert_eq!(store.attempt_fetch(attempt.id).await.unwrap(), None);
    assert_eq!(bench.facts(transactions[0].id).await, ["terms_agreed", "funds_received"]);
}

/// What stands in the way of one is nothing to the others.
pub async fn groups_do_not_depend_on_each_other(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 4).await;
    open(&bench, &transactions[..1], account(1)).await;
    let group = |number: usize, source: AccountId| {
        changes(&bench, &transactions[number..=number], &opened(&bench.attempt(source)))
    };
    let groups = [group(1, account(2)), group(2, account(1)), group(3, account(3))];
    let stored = store.transaction_apply_groups(&groups).await.unwrap();
    assert_eq!(stored, [Stored::Applied, Stored::SourceBusy, Stored::Applied]);
    assert_eq!(bench.fetch(transactions[2].id).await, transactions[2]);
    assert!(store.transaction_apply_groups(&[]).await.unwrap().is_empty());
}

/// More than are written by one connection.
pub async fn many_changes_are_written_at_once(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 410).await;
    let groups: Vec<_> = transactions
        .chunks(4)
        .zip(1..)
        .map(|(some, source)| changes(&bench, some, &opened(&bench.attempt(account(source)))))
        .collect();
    let stored = store.transaction_apply_groups(&groups).await.unwrap();
    assert!(stored.iter().all(|stored| *stored == Stored::Applied));
    for change in groups.iter().flatten() {
        assert_eq!(bench.fetch(change.transaction().id).await, *change.transaction());
        assert_eq!(bench.facts(change.transaction().id).await.len(), 3);
    }
}

/// Connections that write at the same time end each for itself, and the answers are in the groups' order.
pub async fn many_changes_end_each_group_for_itself(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 411).await;
    let (first, transactions) = transactions.split_at(1);
    open(&bench, first, account(1)).await;
    let groups: Vec<_> = transactions
        .chunks(4)
        .zip(2..)
        .map(|(some, source)| {
            // the last group's source has an open attempt
            let source = if source == 104 { 1 } else { source };
            changes(&bench, some, &opened(&bench.attempt(account(source))))
        })
        .collect();
    let held = bench.moved(&transactions[9], Fact::Held { reason: "look".to_owned() }).await;
    let stored = store.transaction_apply_groups(&groups).await.unwrap();
    assert_eq!(stored.len(), 103);
    for (place, (group, stored)) in groups.iter().zip(&stored).enumerate() {
        let expected = match place {
            2 => Stored::Stale,
            102 => Stored::SourceBusy,
            _ => Stored::Applied,
        };
        assert_eq!(*stored, expected, "group {place}");
        for change in group {
            let now = bench.fetch(change.transaction().id).await;
            assert_eq!(now == *change.transaction(), expected == Stored::Applied, "group {place}");
        }
    }
    assert_eq!(bench.fetch(held.id).await, held);
}

/// A transaction that was left out would stay in an envelope that nobody looks up any more.
pub async fn attempt_is_closed_with_all_its_transactions(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 3).await;
    let (attempt, paying) = open(&bench, &transactions[..2], account(1)).await;
    let some = changes(&bench, &paying[..1], &applied(&attempt));
    store.transaction_apply_groups(&[some]).await.expect_err("one is missing");
    store
        .attempt_close(attempt.id, AttemptStatus::Void, None, "x", at(0))
        .await
        .expect_err("both are missing");
    assert_eq!(bench.fetch(paying[0].id).await, paying[0]);
    let mixed = vec![
        bench.change(&paying[0], applied(&attempt)),
        bench.change(&transactions[2], opened(&bench.attempt(account(2)))),
    ];
    store.transaction_apply_groups(&[mixed]).await.expect_err("not about one attempt");
}

/// Eight claimers, a few attempts.
pub async fn claims_never_share_an_attempt(store: &dyn Store) {
    let bench = Bench::new(store).await;
    for (transaction, source) in ready(&bench, 12).await.iter().zip(1..) {
        open(&bench, std::slice::from_ref(transaction), account(source)).await;
    }
    let claimers = (0..8).map(|number| async move {
        let mut mine = Vec::new();
        loop {
            let claimed = store.attempt_claim(&claim(&format!("c{number}"), 0, 2)).await.unwrap();
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.into_iter().map(|one| one.attempt.id));
        }
    });
    let mut all: Vec<_> = futures_util::future::join_all(claimers).await.into_iter().flatten().collect();
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (12, 12));
}

/// And only by whoever has it.
pub async fn released_attempt_is_due_when_told(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 1).await;
    let (attempt, _) = open(&bench, &transactions, account(1)).await;
    let first = store.attempt_claim(&claim("a", 0, 10)).await.unwrap();
    assert!(store.attempt_claim(&claim("b", 59, 10)).await.unwrap().is_empty(), "a lease lasts");
    let second = store.attempt_claim(&claim("b", 61, 10)).await.unwrap();
    assert!(second[0].lease > first[0].lease);
    store.attempt_release(&[(attempt.id, first[0].lease, at(61))]).await.unwrap();
    assert!(store.attempt_claim(&claim("c", 62, 10)).await.unwrap().is_empty(), "the lease was lost");
    store.attempt_release(&[(attempt.id, second[0].lease, at(70))]).await.unwrap();
    assert!(store.attempt_claim(&claim("c", 69, 10)).await.unwrap().is_empty());
    assert_eq!(store.attempt_claim(&claim("c", 70, 10)).await.unwrap().len(), 1);
}

/// While it is open; each once, oldest first.
pub async fn wrapping_is_kept_with_its_attempt(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 1).await;
    let (attempt, paying) = open(&bench, &transactions, account(1)).await;
    let bump = |number: u8| Bump {
        unsigned: None,
        hash: TransactionHash::from_bytes([number; 32]),
        envelope: "BBBB".into(),
        fee: i64::from(number) * 1000,
        opened_at: at(i64::from(number)),
    };
    for number in [1, 2, 2] {
        assert!(store.attempt_bump(attempt.id, &bump(number)).await.unwrap());
    }
    let claimed = store.attempt_claim(&claim("a", 9, 10)).await.unwrap();
    assert_eq!(claimed[0].bumps, [bump(1), bump(2)]);
    assert_eq!(store.attempt_fees_since(at(0)).await.unwrap(), attempt.fee + 3000);
    assert_eq!(store.attempt_fees_since(at(2)).await.unwrap(), 2000);
    assert_eq!(store.attempt_fees_since(at(3)).await.unwrap(), 0);
    // more than a number holds is as much as it holds
    let most = Bump { fee: i64::MAX, ..bump(3) };
    assert!(store.attempt_bump(attempt.id, &most).await.unwrap());
    assert_eq!(store.attempt_fees_since(at(0)).await.unwrap(), i64::MAX);
    bench.moved(&paying[0], voided(&attempt)).await;
    assert!(!store.attempt_bump(attempt.id, &bump(4)).await.unwrap(), "it is closed");
    let given_up = store.attempt_void_list(&[transactions[0].id]).await.unwrap();
    let wrappings = vec![bump(1).hash, bump(2).hash, bump(3).hash];
    assert_eq!(
        given_up,
        [GivenUp { transaction: transactions[0].id, attempt, wrappings, ledger: None, is_superseded: false }]
    );
}

/// Also one that failed in company.
pub async fn void_attempts_are_listed_by_transaction(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 3).await;
    let (shared, paying) = open(&bench, &transactions[..2], account(1)).await;
    let group = changes(&bench, &paying, &voided(&shared));
    let again: Vec<_> = group.iter().map(|change| change.transaction().clone()).collect();
    assert_eq!(store.transaction_apply_groups(&[group]).await.unwrap(), [Stored::Applied]);
    let (_, second) = open(&bench, &again[..1], account(2)).await;
    let ids: Vec<_> = transactions.iter().map(|transaction| transaction.id).collect();
    let mut listed = store.attempt_void_list(&ids).await.unwrap();
    listed.sort_unstable_by_key(|given_up| given_up.transaction);
    let given_up = |id| GivenUp {
        transaction: id,
        attempt: shared.clone(),
        wrappings: Vec::new(),
        ledger: None,
        is_superseded: false,
    };
    let mut expected = [given_up(ids[0]), given_up(ids[1])];
    expected.sort_unstable_by_key(|given_up| given_up.transaction);
    assert_eq!(listed, expected);
    assert_eq!(second[0].state.name(), "paying");
    assert!(store.attempt_void_list(&[]).await.unwrap().is_empty());
}

/// A ledger that holds another envelope with the number, applied or failed: nobody has to be asked about this one again.
pub async fn void_attempt_is_known_to_be_superseded(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let transactions = ready(&bench, 4).await;
    let (lost, paying) = open(&bench, &transactions[..1], account(1)).await;
    bench.moved(&paying[0], voided(&lost)).await;
    let (other, paying) = open(&bench, &transactions[1..2], account(2)).await;
    bench.moved(&paying[0], voided(&other)).await;
    let is_superseded = async |place: usize| {
        let listed = store.attempt_void_list(&[transactions[place].id]).await.unwrap();
        listed.iter().map(|one| one.is_superseded).collect::<Vec<_>>()
    };
    assert_eq!(is_superseded(0).await, [false]);
    // the channel carries the next one with the same number, which lands
    let (attempt, paying) = open(&bench, &transactions[2..3], account(1)).await;
    assert_eq!(is_superseded(0).await, [false], "it is open");
    assert_eq!(attempt.sequence, lost.sequence);
    store.transaction_apply_groups(&[changes(&bench, &paying, &applied(&attempt))]).await.unwrap();
    assert_eq!((is_superseded(0).await, is_superseded(1).await), (vec![true], vec![false]));
    // more than one statement takes
    let mut ids: Vec<_> = (0..40_000).map(|_| bench.id()).collect();
    ids.push(transactions[0].id);
    assert_eq!(store.attempt_void_list(&ids).await.unwrap().len(), 1);
}

/// An attempt of the anchor's own lumens.
pub async fn attempt_without_transactions_is_opened_and_closed(store: &dyn Store) {
    let bench = Bench::new(store).await;
    let attempt = bench.attempt(account(1));
    assert_eq!(store.attempt_open(&attempt, at(0)).await.unwrap(), Stored::Applied);
    let other = bench.attempt(account(1));
    assert_eq!(store.attempt_open(&other, at(0)).await.unwrap(), Stored::SourceBusy);
    let claimed = store.attempt_claim(&claim("a", 0, 10)).await.unwrap();
    assert_eq!((&claimed[0].attempt, claimed[0].transactions.len()), (&attempt, 0));
    for _ in 0..2 {
        store.attempt_close(attempt.id, AttemptStatus::Applied, Some(7), "there", at(1)).await.unwrap();
    }
    assert_eq!(store.attempt_landed_at(&account(1), attempt.sequence).await.unwrap(), Some(attempt));
}

/// Of the pool first.
pub async fn channels_are_claimed_once(store: &dyn Store) {
    assert!(store.channel_claim(&claim("a", 0, 10)).await.unwrap().is_empty());
    store.channel_put(&[(account(50), None)]).await.unwrap();
    assert!(!store.channel_count(at(0)).await.unwrap().has_pool);
    let stand_in = store.channel_claim(&claim("a", 0, 10)).await.unwrap();
    assert_eq!(stand_in[0].channel.account, account(50));
    store.channel_release(&[(account(50), stand_in[0].lease)]).await.unwrap();

    let pool: Vec<_> = (0..6).map(|place| (account(100 + place), Some(u32::from(place)))).collect();
    for _ in 0..2 {
        store.channel_put(&pool).await.unwrap();
    }
    assert_eq!(store.channel_count(at(0)).await.unwrap(), ChannelCount { free: 6, all: 6, has_pool: true });
    let claimers = (0..4).map(|number| async move {
        let mut mine = Vec::new();
        loop {
            let claimed = store.channel_claim(&claim(&format!("c{number}"), 0, 1)).await.unwrap();
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.into_iter().map(|one| one.channel.account));
        }
    });
    let mut all: Vec<_> = futures_util::future::join_all(claimers).await.into_iter().flatten().collect();
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (6, 6), "and never the stand-in");
    assert_eq!(store.channel_count(at(0)).await.unwrap().free, 0);
    assert_eq!(store.channel_count(at(61)).await.unwrap().free, 6, "leases end");
}

/// By whoever lacks the keys of the pool.
pub async fn stand_in_is_claimed_by_name_beside_a_pool(store: &dyn Store) {
    let bench = Bench::new(store).await;
    store.channel_put(&[(account(50), None), (account(51), None), (account(60), Some(0))]).await.unwrap();
    let named = [account(50), account(52)];
    let claimed = store.channel_claim_of(&named, &claim("a", 0, 10)).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.channel.account).collect::<Vec<_>>(), [account(50)]);
    assert!(store.channel_claim_of(&named, &claim("b", 0, 10)).await.unwrap().is_empty(), "it is taken");
    store.channel_release(&[(account(50), claimed[0].lease)]).await.unwrap();
    assert_eq!(store.channel_claim(&claim("b", 0, 10)).await.unwrap().len(), 1, "the pool is another's");

    let transactions = ready(&bench, 1).await;
    open(&bench, &transactions, account(50)).await;
    assert!(
        store.channel_claim_of(&named, &claim("a", 0, 10)).await.unwrap().is_empty(),
        "one open envelope"
    );
    assert!(store.channel_claim_of(&[], &claim("a", 0, 10)).await.unwrap().is_empty());
}

/// With the last sequence number that is proved, if nobody else uses the account.
pub async fn channel_is_busy_while_its_attempt_is_open(store: &dyn Store) {
    let bench = Bench::new(store).await;
    store.channel_put(&[(account(50), Some(0)), (account(51), Some(1))]).await.unwrap();
    let transactions = ready(&bench, 2).await;
    let (attempt, paying) = open(&bench, &transactions[..1], account(50)).await;
    assert_eq!(store.channel_count(at(0)).await.unwrap(), ChannelCount { free: 1, all: 2, has_pool: true });
    let claimed = store.channel_claim(&claim("a", 0, 10)).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.channel.account).collect::<Vec<_>>(), [account(51)]);
    assert!(!store.channel_retire(&account(50), at(0)).await.unwrap(), "its envelope may still land");
    assert!(!store.channel_retire(&account(51), at(0)).await.unwrap(), "somebody has it");
    let group = changes(&bench, &paying, &applied(&attempt));
    store.transaction_apply_groups(&[group]).await.unwrap();
    let claimed = store.channel_claim(&claim("a", 0, 10)).await.unwrap();
    assert_eq!(
        (claimed[0].channel.account, claimed[0].channel.sequence),
        (account(50), Some(attempt.sequence))
    );

    let (second, paying) = open(&bench, &transactions[1..], account(50)).await;
    bench.moved(&paying[0], voided(&second)).await;
    let listed = store.channel_list().await.unwrap();
    assert_eq!(
        (listed[0].account, listed[0].sequence),
        (account(50), None),
        "what became of the number is not known"
    );
    assert!(store.channel_retire(&account(50), at(0)).await.unwrap());
    assert!(store.channel_claim(&claim("b", 0, 10)).await.unwrap().is_empty());
    store.channel_put(&[(account(50), Some(0))]).await.unwrap();
    assert_eq!(store.channel_claim(&claim("b", 0, 10)).await.unwrap().len(), 1, "it is used again");
}

/// The ledger that failed an envelope has used its number.
pub async fn number_of_a_failed_envelope_is_known_to_be_used(store: &dyn Store) {
    let bench = Bench::new(store).await;
    store.channel_put(&[(account(50), Some(0))]).await.unwrap();
    let transactions = ready(&bench, 3).await;
    let (first, paying) = open(&bench, &transactions[..2], account(50)).await;
    let group = changes(&bench, &paying, &failed(&first));
    assert_eq!(store.transaction_apply_groups(&[group]).await.unwrap(), [Stored::Applied]);
    assert_eq!(bench.facts(transactions[1].id).await.last(), Some(&"attempt_voided"));
    assert_eq!(store.attempt_landed_at(&account(50), first.sequence).await.unwrap(), Some(first.clone()));
    let given_up = store.attempt_void_list(&[transactions[0].id]).await.unwrap();
    assert_eq!(given_up.len(), 1, "it delivered nothing");
    assert_eq!((given_up[0].ledger, given_up[0].is_superseded), (Some(8), false));
    let claimed = store.channel_claim(&claim("a", 0, 10)).await.unwrap();
    assert_eq!((claimed[0].channel.sequence, claimed[0].channel.attempt), (Some(first.sequence), None));

    let own = bench.attempt(account(51));
    store.attempt_open(&own, at(0)).await.unwrap();
    store.attempt_close(own.id, AttemptStatus::Void, Some(9), "failed", at(1)).await.unwrap();
    assert_eq!(store.attempt_landed_at(&account(51), own.sequence).await.unwrap(), Some(own));
    let (unknown, paying) = open(&bench, &transactions[2..], account(52)).await;
    bench.moved(&paying[0], voided(&unknown)).await;
    assert_eq!(store.attempt_landed_at(&account(52), unknown.sequence).await.unwrap(), None);
}

/// An account that comes back after it was merged away begins with another number.
pub async fn channel_that_is_gone_has_no_number(store: &dyn Store) {
    let bench = Bench::new(store).await;
    store.channel_put(&[(account(50), Some(0)), (account(51), Some(1)), (account(52), None)]).await.unwrap();
    let transactions = ready(&bench, 2).await;
    let (first, paying) = open(&bench, &transactions[..1], account(50)).await;
    bench.moved(&paying[0], applied(&first)).await;
    let numbers = async || {
        let asked = [account(51), account(50), account(53), account(50), account(52)];
        let found = store.channel_find(&asked).await.unwrap();
        assert!(found.iter().map(|one| one.account.to_string()).is_sorted(), "{found:?}");
        let mut numbers: Vec<_> = found.iter().map(|one| (one.position, one.sequence)).collect();
        numbers.sort_unstable();
        numbers
    };
    let known = Some(first.sequence);
    assert_eq!(numbers().await, [(None, None), (Some(0), known), (Some(1), None)]);
    let (second, paying) = open(&bench, &transactions[1..], account(50)).await;
    store.channel_forget(&[account(50)]).await.unwrap();
    assert_eq!(numbers().await, [(None, None), (Some(0), known), (Some(1), None)], "it has an open envelope");
    bench.moved(&paying[0], applied(&second)).await;
    assert!(store.channel_retire(&account(50), at(0)).await.unwrap());
    store.channel_forget(&[account(50), account(51), account(53)]).await.unwrap();
    assert_eq!(numbers().await, [(None, None), (Some(0), None), (Some(1), None)]);
    assert!(store.channel_find(&[]).await.unwrap().is_empty());
}

/// Others use these accounts too.
pub async fn number_of_a_stand_in_is_not_remembered(store: &dyn Store) {
    let bench = Bench::new(store).await;
    store.channel_put(&[(account(50), None)]).await.unwrap();
    let transactions = ready(&bench, 1).await;
    let (attempt, paying) = open(&bench, &transactions, account(50)).await;
    bench.moved(&paying[0], applied(&attempt)).await;
    let claimed = store.channel_claim(&claim("a", 0, 10)).await.unwrap();
    assert_eq!((claimed[0].channel.sequence, claimed[0].channel.attempt), (None, None));
}

use stellar_xdr::{Asset, LedgerEntryChange, LedgerEntryData, TransactionMeta};

use super::fixture::{World, XLM, id};
use crate::ledger::history::History;
use crate::ledger::{build, toid};

#[test]
fn ledgers_form_a_chain() {
    let mut world = World::new();
    world.fund("alice", 10);
    let second = world.network.latest();
    let third = world.close();
    assert_eq!((second.sequence, third.sequence), (2, 3));
    assert_eq!(third.previous_hash, second.hash);
    assert_eq!(second.previous_hash, world.network.ledger(1).unwrap().hash);
    assert!(world.network.ledger(4).is_none() && world.network.ledger(0).is_none());
    let header = second.header();
    assert_eq!((header.ledger_seq, header.scp_value.close_time.0), (2, second.closed_at));
    assert_eq!((second.operation_count, second.successful_transaction_count), (1, 1));
}

#[test]
fn the_same_submissions_make_the_same_ledgers() {
    let play = || {
        let mut world = World::new();
        let alice = world.fund("alice", 10);
        world
            .run(
                &alice,
                build::payment(id(&build::key_from_seed(world.network.root_seed())), &Asset::Native, 5),
            )
            .unwrap();
        world.network.latest().hash
    };
    assert_eq!(play(), play());
}

#[test]
fn an_accounts_transactions_are_found_from_either_end() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    world.run(&alice, build::payment(id(&bob), &Asset::Native, XLM)).unwrap();
    world.run(&bob, build::payment(id(&bob), &Asset::Native, XLM)).unwrap();
    let ledgers =
        |key| world.network.transactions_of(&id(key)).map(|record| record.ledger).collect::<Vec<_>>();
    assert_eq!(ledgers(&alice), [2, 4]);
    assert_eq!(ledgers(&bob), [3, 4, 5]);
    let newest = world.network.transactions_of(&id(&bob)).next_back().unwrap();
    assert_eq!(newest.toid(), (5 << 32) | (1 << 12));
    assert_eq!(newest.operation_toid(0), toid(5, 1, 1));
}

#[test]
fn a_record_tells_what_each_operation_changed() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let draft = world
        .draft(&alice)
        .operation(build::payment(id(&bob), &Asset::Native, XLM))
        .operation(build::payment(id(&bob), &Asset::Native, 2 * XLM));
    let record = world.land(world.sign(&draft, &[&alice])).unwrap();
    let meta = record.meta().unwrap();
    let balance = |change: &LedgerEntryChange| match change {
        LedgerEntryChange::State(entry) | LedgerEntryChange::Updated(entry) => match &entry.data {
            LedgerEntryData::Account(account) => (account.account_id == id(&bob), account.balance / XLM),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let changes: Vec<Vec<_>> =
        meta.operation_changes().iter().map(|changes| changes.0.iter().map(balance).collect()).collect();
    assert_eq!(
        changes,
        [
            vec![(true, 10), (true, 11), (false, 9), (false, 8)],
            vec![(true, 11), (true, 13), (false, 8), (false, 6)],
        ]
    );
    assert_eq!(meta.fee_changes().0.len(), 2);
    let TransactionMeta::V4(v4) = meta.transaction() else { panic!("V4") };
    assert_eq!(v4.tx_changes_before.0.len(), 2, "the sequence number");
}

#[test]
fn entry_changes_of_old_transactions_are_let_go() {
    // by number, and by the room that they take; those of the last ledger stay
    for mut history in [History::keeping(1, usize::MAX), History::keeping(usize::MAX, 1)] {
        let mut world = World::new();
        world.fund("alice", 10);
        world.fund("bob", 10);
        for sequence in 1..=3 {
            let ledger = world.network.ledger(sequence).unwrap();
            let metas = ledger.transactions.iter().map(|record| record.meta().unwrap()).collect();
            history.push(ledger, metas, &[]);
        }
        drop(world);
        let kept = [2, 3].map(|sequence| history.ledger(sequence).unwrap().transactions[0].meta().is_some());
        assert_eq!(kept, [false, true]);
    }
}

#[test]
fn history_of_an_account_is_read_on_from_any_place() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    for name in ["bob", "carol", "dave"] {
        let draft = world.draft(&alice).operation(build::create_account(&id(&build::key(name)), XLM));
        world.land(world.sign(&draft, &[&alice])).unwrap();
    }
    let all: Vec<_> = world.network.transactions_of(&id(&alice)).map(|record| record.toid()).collect();
    assert_eq!(all.len(), 4);
    for (index, toid) in all.iter().enumerate() {
        let after = |toid| -> Vec<i64> {
            world.network.transactions_of_after(&id(&alice), toid).map(|record| record.toid()).collect()
        };
        assert_eq!(after(*toid), all[index + 1..]);
        assert_eq!(after(*toid - 1), all[index..]);
    }
}

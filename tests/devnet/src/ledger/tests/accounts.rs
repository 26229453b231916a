use ed25519_dalek::SigningKey;
use stellar_xdr::{
    AccountMergeResult, Asset, BumpSequenceOp, BumpSequenceResult, CreateAccountResult, DataValue,
    ManageDataOp, ManageDataResult, OperationBody, OperationResult, OperationResultTr, SequenceNumber,
    String64, TransactionResultResult,
};

use super::fixture::{World, XLM, code, id};
use crate::ledger::build::{self, create_account};

pub(super) fn merge_into(destination: &SigningKey) -> OperationBody {
    OperationBody::AccountMerge(id(destination).into())
}

pub(super) fn set_data(name: &str, value: Option<&[u8]>) -> OperationBody {
    OperationBody::ManageData(ManageDataOp {
        data_name: String64(name.try_into().unwrap()),
        data_value: value.map(|value| DataValue(value.to_vec().try_into().unwrap())),
    })
}

fn bump_to(sequence: i64) -> OperationBody {
    OperationBody::BumpSequence(BumpSequenceOp { bump_to: SequenceNumber(sequence) })
}

#[test]
fn a_new_account_starts_at_its_ledger_and_must_hold_its_reserve() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let ledger = world.network.latest().sequence;
    assert_eq!(world.sequence(&alice), i64::from(ledger) << 32);

    let bob = id(&build::key("bob"));
    let refusal = |world: &mut World, body| match world.fails(&alice, body) {
        OperationResultTr::CreateAccount(result) => result,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(&mut world, create_account(&bob, XLM - 1)), CreateAccountResult::LowReserve);
    assert_eq!(refusal(&mut world, create_account(&bob, 10 * XLM)), CreateAccountResult::Underfunded);
    assert_eq!(refusal(&mut world, create_account(&bob, -1)), CreateAccountResult::Malformed);
    assert_eq!(refusal(&mut world, create_account(&id(&alice), XLM)), CreateAccountResult::Malformed);
    world.run(&alice, create_account(&bob, XLM)).unwrap();
    assert_eq!(refusal(&mut world, create_account(&bob, XLM)), CreateAccountResult::AlreadyExist);
}

#[test]
fn a_merged_account_leaves_everything_behind() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let result = world.run(&alice, merge_into(&bob)).unwrap();
    let moved = 10 * XLM - 100;
    assert_eq!(
        *result,
        OperationResult::OpInner(OperationResultTr::AccountMerge(AccountMergeResult::Success(moved)))
    );
    assert!(world.network.account(&id(&alice)).is_none());
    assert_eq!(world.lumens(&bob), 10 * XLM + moved);
    let again = world.sign(&build::Draft::new(&id(&alice), 1).operation(merge_into(&bob)), &[&alice]);
    assert_eq!(*code(&world.refused(again)), TransactionResultResult::TxNoAccount);
}

/// Not even without a time bound: a new account begins above every number that one of an earlier ledger can have used.
#[test]
fn no_old_envelope_lands_on_an_account_that_was_merged_and_comes_back() {
    let mut world = World::new();
    let (alice, bob) = (world.fund("alice", 10), world.fund("bob", 10));
    let number = world.sequence(&alice);
    let old: Vec<_> = (1..=2)
        .map(|next| {
            let draft = build::Draft::new(&id(&alice), number + next);
            world.sign(&draft.operation(build::payment(id(&bob), &Asset::Native, XLM)), &[&alice])
        })
        .collect();
    world.run(&alice, merge_into(&bob)).unwrap();
    for envelope in &old {
        assert_eq!(*code(&world.refused(envelope.clone())), TransactionResultResult::TxNoAccount);
    }
    world.fund("alice", 10);
    assert!(world.sequence(&alice) > number + 2);
    for envelope in old {
        assert_eq!(*code(&world.refused(envelope)), TransactionResultResult::TxBadSeq);
    }
}

#[test]
fn an_account_with_entries_or_a_far_sequence_cannot_merge() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let refusal = |world: &mut World, body| match world.fails(&alice, body) {
        OperationResultTr::AccountMerge(result) => result,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(&mut world, merge_into(&alice)), AccountMergeResult::Malformed);
    assert_eq!(refusal(&mut world, merge_into(&build::key("nobody"))), AccountMergeResult::NoAccount);
    world.run(&alice, set_data("a", Some(b"b"))).unwrap();
    assert_eq!(refusal(&mut world, merge_into(&bob)), AccountMergeResult::HasSubEntries);
    world.run(&alice, set_data("a", None)).unwrap();
    let far = i64::from(world.network.latest().sequence + 100) << 32;
    world.run(&alice, bump_to(far)).unwrap();
    assert_eq!(refusal(&mut world, merge_into(&bob)), AccountMergeResult::SeqnumTooFar);
}

#[test]
fn a_sequence_is_bumped_forward_only() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let start = world.sequence(&alice);
    world.run(&alice, bump_to(start + 50)).unwrap();
    assert_eq!(world.sequence(&alice), start + 50);
    world.run(&alice, bump_to(3)).unwrap();
    assert_eq!(world.sequence(&alice), start + 51);
    let result = world.fails(&alice, bump_to(-1));
    assert_eq!(result, OperationResultTr::BumpSequence(BumpSequenceResult::BadSeq));
}

#[test]
fn data_entries_cost_a_reserve_that_comes_back() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let before = world.available(&alice);
    world.run(&alice, set_data("name", Some(b"value"))).unwrap();
    assert_eq!(world.available(&alice), before - 5_000_000 - 100);
    world.run(&alice, set_data("name", Some(b"other"))).unwrap();
    let values: Vec<_> =
        world.network.data_of(&id(&alice)).map(|(_, data)| data.data_value.0.to_vec()).collect();
    assert_eq!(values, [b"other".to_vec()]);
    world.run(&alice, set_data("name", None)).unwrap();
    assert_eq!(world.available(&alice), before - 300);
    let gone = world.fails(&alice, set_data("name", None));
    assert_eq!(gone, OperationResultTr::ManageData(ManageDataResult::NameNotFound));
    let bad = world.fails(&alice, set_data("new\nline", Some(b"")));
    assert_eq!(bad, OperationResultTr::ManageData(ManageDataResult::InvalidName));
}

#[test]
fn an_entry_is_refused_when_its_reserve_is_missing() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let rest = world.available(&alice) - 1_000;
    world.run(&alice, build::payment(id(&bob), &Asset::Native, rest)).unwrap();
    let refused = world.fails(&alice, set_data("name", Some(b"value")));
    assert_eq!(refused, OperationResultTr::ManageData(ManageDataResult::LowReserve));
}

#[test]
fn an_account_owns_at_most_a_thousand_entries() {
    let mut world = World::new();
    let alice = world.fund("alice", 1_000);
    let names: Vec<_> = (0..1_000).map(|index| index.to_string()).collect();
    for chunk in names.chunks(100) {
        let draft =
            chunk.iter().fold(world.draft(&alice), |draft, name| draft.operation(set_data(name, Some(b""))));
        assert!(world.land(world.sign(&draft, &[&alice])).unwrap().successful);
    }
    let one_more = world.run(&alice, set_data("one more", Some(b""))).unwrap_err();
    assert_eq!(*one_more, OperationResult::OpTooManySubentries);
}

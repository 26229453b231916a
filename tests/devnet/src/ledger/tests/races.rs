//! Transactions of one ledger that get in each other's way. The order of application goes by hash, so the tests
//! choose memos until the order is the one they are about.

use ed25519_dalek::SigningKey;
use stellar_xdr::{
    AccountMergeResult, Asset, BumpSequenceOp, Duration, Memo, OperationBody, OperationResult,
    OperationResultTr, Preconditions, PreconditionsV2, SequenceNumber, SignatureHint, SignerKey,
    SignerKeyEd25519SignedPayload, TransactionEnvelope, TransactionResultResult, Uint256, VecM,
};

use super::accounts::merge_into;
use super::fixture::{BORN, World, XLM, code, id};
use super::options::{key_signer, signer, thresholds};
use crate::ledger::asset::public_key;
use crate::ledger::build::{self, Draft};
use crate::ledger::signatures::payload_hint;
use crate::ledger::{LedgerConfig, Network, Submitted, TransactionRecord, operation_results};

/// Lands `first` and `second` in one ledger, in this order.
fn race(
    world: &mut World,
    first: (&Draft, &[&SigningKey]),
    second: (&Draft, &[&SigningKey]),
) -> [std::sync::Arc<TransactionRecord>; 2] {
    let network_id = world.id();
    let sign = |(draft, signers): (&Draft, &[&SigningKey]), memo| {
        draft.clone().memo(Memo::Id(memo)).sign(network_id, signers)
    };
    let second = sign(second, 0);
    let bound = second.hash(network_id).unwrap();
    let first =
        (0..).map(|memo| sign(first, memo)).find(|first| first.hash(network_id).unwrap() < bound).unwrap();
    let hashes = [first, second].map(|envelope| match world.submit(envelope) {
        Submitted::Pending { hash } => hash,
        other => panic!("{other:?}"),
    });
    world.close();
    hashes.map(|hash| world.network.transaction(&hash).unwrap())
}

fn pay_self(key: &SigningKey) -> OperationBody {
    build::payment(id(key), &Asset::Native, 1)
}

#[test]
fn a_number_used_up_by_another_transaction_is_bad_and_still_paid_for() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let far = world.sequence(&alice) + 50;
    let bump = OperationBody::BumpSequence(BumpSequenceOp { bump_to: SequenceNumber(far) });
    let first = world.draft(&bob).operation_of(&id(&alice), bump);
    let second = world.draft(&alice).operation(pay_self(&alice));
    let [first, second] = race(&mut world, (&first, &[&bob, &alice]), (&second, &[&alice]));
    assert!(first.successful);
    assert_eq!(*code(&second.result()), TransactionResultResult::TxBadSeq);
    assert_eq!(second.fee_charged, 100);
    assert_eq!((world.sequence(&alice), world.lumens(&alice)), (far, 10 * XLM - 100));
}

#[test]
fn a_key_that_lost_its_weight_no_longer_signs_but_the_number_is_used() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let next = world.sequence(&alice) + 1;
    let first = world.draft(&bob).operation_of(&id(&alice), thresholds(0, 0, 0, 0));
    let second = world.draft(&alice).operation(pay_self(&alice));
    let [_, second] = race(&mut world, (&first, &[&bob, &alice]), (&second, &[&alice]));
    assert_eq!(*code(&second.result()), TransactionResultResult::TxBadAuth);
    assert_eq!(world.sequence(&alice), next);
}

#[test]
fn a_signature_that_is_no_longer_needed_is_one_too_many() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let carol = build::key("carol");
    world.run(&alice, signer(key_signer(&carol), 1)).unwrap();
    world.run(&alice, thresholds(1, 1, 2, 2)).unwrap();
    let first = world.draft(&bob).operation_of(&id(&alice), thresholds(1, 1, 1, 1));
    let second = world.draft(&alice).operation(pay_self(&alice));
    let [first, second] = race(&mut world, (&first, &[&bob, &alice, &carol]), (&second, &[&alice, &carol]));
    assert!(first.successful);
    assert_eq!(*code(&second.result()), TransactionResultResult::TxBadAuthExtra);
}

#[test]
fn a_raised_threshold_fails_the_operation() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let first = world.draft(&bob).operation_of(&id(&alice), thresholds(1, 1, 5, 5));
    let second = world.draft(&alice).operation(pay_self(&alice));
    let [_, second] = race(&mut world, (&first, &[&bob, &alice]), (&second, &[&alice]));
    assert_eq!(operation_results(&second.result()), [OperationResult::OpBadAuth]);
}

#[test]
fn an_account_whose_far_number_is_used_in_this_ledger_cannot_merge() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let far = (i64::from(world.network.latest().sequence + 1) << 32) + 1;
    let jump = Preconditions::V2(PreconditionsV2 {
        time_bounds: None,
        ledger_bounds: None,
        min_seq_num: Some(SequenceNumber(0)),
        min_seq_age: Duration(0),
        min_seq_ledger_gap: 0,
        extra_signers: VecM::default(),
    });
    let first = world.draft(&bob).operation_of(&id(&alice), merge_into(&bob));
    let second = Draft::new(&id(&alice), far).preconditions(jump).operation(pay_self(&alice));
    let [first, second] = race(&mut world, (&first, &[&bob, &alice]), (&second, &[&alice]));
    assert_eq!(
        operation_results(&first.result()),
        [OperationResult::OpInner(OperationResultTr::AccountMerge(AccountMergeResult::SeqnumTooFar))]
    );
    assert!(second.successful);
}

#[test]
fn a_merged_account_still_pays_for_what_it_had_pending() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let first = world.draft(&bob).operation_of(&id(&alice), merge_into(&bob));
    let second = world.draft(&alice).operation(pay_self(&alice));
    let [first, second] = race(&mut world, (&first, &[&bob, &alice]), (&second, &[&alice]));
    assert!(first.successful);
    assert_eq!(*code(&second.result()), TransactionResultResult::TxNoAccount);
    assert_eq!(world.lumens(&bob), 20 * XLM - 200);
}

/// Signatures are believed by their hints when a log is replayed. Here two signers share a hint, which misleads.
#[test]
fn a_log_that_hints_mislead_is_replayed_with_full_verification() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger");
    let open = || Network::open(&path, LedgerConfig::default(), BORN).unwrap();
    let mut world = World { network: open(), now: BORN };
    let alice = world.fund("alice", 10);
    let (carol, dave) = (build::key("carol"), build::key("dave"));
    let (carol_key, dave_key) = (public_key(&id(&carol)), public_key(&id(&dave)));
    let payload: Vec<u8> = (28..32).map(|index| carol_key[index] ^ dave_key[index]).collect();
    let payload_signer = SignerKey::Ed25519SignedPayload(SignerKeyEd25519SignedPayload {
        ed25519: Uint256(dave_key),
        payload: payload.clone().try_into().unwrap(),
    });
    assert_eq!(payload_hint(&dave_key, &payload), carol_key[28..]);
    world.run(&alice, signer(key_signer(&carol), 1)).unwrap();
    world.run(&alice, signer(payload_signer, 1)).unwrap();
    world.run(&alice, thresholds(1, 1, 2, 2)).unwrap();
    let mut envelope = world.sign(&world.draft(&alice).operation(pay_self(&alice)), &[&carol]);
    let mut by_dave = build::signature(&dave, &payload);
    by_dave.hint = SignatureHint(payload_hint(&dave_key, &payload));
    let TransactionEnvelope::Tx(v1) = &mut envelope else { panic!("plain") };
    v1.signatures = vec![v1.signatures[0].clone(), by_dave].try_into().unwrap();
    assert!(world.land(envelope).unwrap().successful);
    let last = world.close().hash;
    drop(world);
    assert_eq!(open().latest().hash, last);
}

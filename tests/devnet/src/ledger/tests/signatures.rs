use sha2::{Digest, Sha256};
use stellar_xdr::{
    Asset, DecoratedSignature, Duration, OperationResult, Preconditions, PreconditionsV2, Signature,
    SignatureHint, SignerKey, SignerKeyEd25519SignedPayload, TransactionEnvelope, TransactionResultResult,
    Uint256,
};

use super::fixture::{World, XLM, code, id};
use super::options::{key_signer, signer, thresholds};
use crate::ledger::asset::public_key;
use crate::ledger::build;
use crate::ledger::operation_results;
use crate::ledger::signatures::{payload_hint, tail};

fn add_signature(envelope: &mut TransactionEnvelope, signature: DecoratedSignature) {
    let TransactionEnvelope::Tx(envelope) = envelope else { panic!("plain") };
    let mut all = envelope.signatures.to_vec();
    all.push(signature);
    envelope.signatures = all.try_into().unwrap();
}

#[test]
fn the_weights_of_signers_must_reach_the_threshold_of_the_operation() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let bob = build::key("bob");
    world.run(&alice, signer(key_signer(&bob), 1)).unwrap();
    world.run(&alice, thresholds(1, 1, 2, 2)).unwrap();
    let pay = build::payment(id(&alice), &Asset::Native, 1);

    let alone = world.sign(&world.draft(&alice).operation(pay.clone()), &[&alice]);
    let result = world.refused(alone);
    assert_eq!(operation_results(&result), [OperationResult::OpBadAuth]);
    assert!(matches!(code(&result), TransactionResultResult::TxFailed(_)));

    let both = world.sign(&world.draft(&alice).operation(pay), &[&alice, &bob]);
    assert!(world.land(both).unwrap().successful);
    let low = world.draft(&alice).operation(super::trust::flags(0));
    let low = world.sign(&low, &[&bob]);
    assert_eq!(
        operation_results(&world.refused(low)),
        [OperationResult::OpBadAuth],
        "set options needs medium"
    );
    let bump = stellar_xdr::BumpSequenceOp { bump_to: stellar_xdr::SequenceNumber(0) };
    let bump = world.draft(&alice).operation(stellar_xdr::OperationBody::BumpSequence(bump));
    let bump = world.sign(&bump, &[&bob]);
    assert!(world.land(bump).unwrap().successful, "one vote is enough for low");
}

#[test]
fn a_master_key_of_weight_zero_signs_for_nothing() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let bob = build::key("bob");
    world.run(&alice, signer(key_signer(&bob), 1)).unwrap();
    world.run(&alice, thresholds(0, 0, 0, 0)).unwrap();
    let draft = world.draft(&alice).operation(build::payment(id(&alice), &Asset::Native, 1));
    assert_eq!(*code(&world.refused(world.sign(&draft, &[&alice]))), TransactionResultResult::TxBadAuth);
    assert!(world.land(world.sign(&draft, &[&bob])).unwrap().successful);
}

#[test]
fn missing_wrong_and_spare_signatures_are_refused() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let draft = world.draft(&alice).operation(build::payment(id(&alice), &Asset::Native, 1));
    let stranger = build::key("stranger");
    assert_eq!(*code(&world.refused(world.sign(&draft, &[]))), TransactionResultResult::TxBadAuth);
    assert_eq!(*code(&world.refused(world.sign(&draft, &[&stranger]))), TransactionResultResult::TxBadAuth);
    assert_eq!(
        *code(&world.refused(world.sign(&draft, &[&alice, &stranger]))),
        TransactionResultResult::TxBadAuthExtra
    );
    assert_eq!(
        *code(&world.refused(world.sign(&draft, &[&alice, &alice]))),
        TransactionResultResult::TxBadAuthExtra
    );
    let other_network = draft.sign([7; 32], &[&alice]);
    assert_eq!(*code(&world.refused(other_network)), TransactionResultResult::TxBadAuth);
}

#[test]
fn every_source_account_of_an_operation_must_sign() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let bob = world.fund("bob", 100);
    let draft = world.draft(&alice).operation_of(&id(&bob), build::payment(id(&alice), &Asset::Native, XLM));
    let result = world.refused(world.sign(&draft, &[&alice]));
    assert_eq!(operation_results(&result), [OperationResult::OpBadAuth]);
    assert!(world.land(world.sign(&draft, &[&alice, &bob])).unwrap().successful);
    assert_eq!(world.lumens(&bob), 99 * XLM, "the transaction's source pays the fee");
}

#[test]
fn an_account_can_be_created_and_act_in_one_transaction() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let child = build::key("child");
    let draft = world
        .draft(&alice)
        .operation(build::create_account(&id(&child), 10 * XLM))
        .operation_of(&id(&child), build::payment(id(&alice), &Asset::Native, XLM));
    assert!(world.land(world.sign(&draft, &[&alice, &child])).unwrap().successful);
    assert_eq!(world.lumens(&child), 9 * XLM);
}

#[test]
fn an_operation_of_a_missing_account_fails_when_applied() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let ghost = build::key("ghost");
    let draft =
        world.draft(&alice).operation_of(&id(&ghost), build::payment(id(&alice), &Asset::Native, XLM));
    let record = world.land(world.sign(&draft, &[&alice, &ghost])).unwrap();
    assert_eq!(operation_results(&record.result()), [OperationResult::OpNoAccount]);
}

#[test]
fn a_hash_x_signer_signs_with_the_preimage() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let preimage = b"open sesame";
    let hash: [u8; 32] = Sha256::digest(preimage).into();
    world.run(&alice, signer(SignerKey::HashX(Uint256(hash)), 1)).unwrap();
    let mut envelope =
        world.sign(&world.draft(&alice).operation(build::payment(id(&alice), &Asset::Native, 1)), &[]);
    let signature = |bytes: &[u8]| DecoratedSignature {
        hint: SignatureHint(tail(&hash)),
        signature: Signature(bytes.to_vec().try_into().unwrap()),
    };
    let mut wrong = envelope.clone();
    add_signature(&mut wrong, signature(b"open barley"));
    assert_eq!(*code(&world.refused(wrong)), TransactionResultResult::TxBadAuth);
    add_signature(&mut envelope, signature(preimage));
    assert!(world.land(envelope).unwrap().successful);
}

#[test]
fn a_pre_authorized_transaction_needs_no_signature_and_works_once() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let draft = build::Draft::new(&id(&alice), world.sequence(&alice) + 2).operation(build::payment(
        id(&alice),
        &Asset::Native,
        1,
    ));
    let envelope = world.sign(&draft, &[]);
    let hash = envelope.hash(world.id()).unwrap();
    let signed_once = build::Draft::new(&id(&alice), world.sequence(&alice) + 1)
        .operation(thresholds(1, 1, 1, 1))
        .operation(signer(SignerKey::PreAuthTx(Uint256(hash)), 1));
    assert!(world.land(world.sign(&signed_once, &[&alice])).unwrap().successful);
    assert_eq!(world.network.account(&id(&alice)).unwrap().num_sub_entries, 1);
    assert!(world.land(envelope).unwrap().successful);
    let account = world.network.account(&id(&alice)).unwrap();
    assert_eq!((account.signers.len(), account.num_sub_entries), (0, 0));
}

#[test]
fn extra_signers_must_sign_too() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let carol = build::key("carol");
    let payload = b"invoice 7";
    let key = SignerKey::Ed25519SignedPayload(SignerKeyEd25519SignedPayload {
        ed25519: Uint256(public_key(&id(&carol))),
        payload: payload.to_vec().try_into().unwrap(),
    });
    let cond = PreconditionsV2 {
        time_bounds: None,
        ledger_bounds: None,
        min_seq_num: None,
        min_seq_age: Duration(0),
        min_seq_ledger_gap: 0,
        extra_signers: vec![key].try_into().unwrap(),
    };
    let draft = world.draft(&alice).preconditions(Preconditions::V2(cond)).operation(build::payment(
        id(&alice),
        &Asset::Native,
        1,
    ));
    let mut envelope = world.sign(&draft, &[&alice]);
    assert_eq!(*code(&world.refused(envelope.clone())), TransactionResultResult::TxBadAuth);
    let mut signature = build::signature(&carol, payload);
    signature.hint = SignatureHint(payload_hint(&public_key(&id(&carol)), payload));
    add_signature(&mut envelope, signature);
    assert!(world.land(envelope).unwrap().successful);
}

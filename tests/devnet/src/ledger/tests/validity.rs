use stellar_xdr::{
    Asset, Duration, LedgerBounds, Limits, OperationBody, OperationResult, Preconditions, PreconditionsV2,
    SequenceNumber, TransactionEnvelope, TransactionResultResult, TransactionV0, TransactionV0Envelope,
    TransactionV0Ext, Uint256, WriteXdr,
};

use super::fixture::{BORN, World, code, id};
use crate::ledger::asset::public_key;
use crate::ledger::build::{self, Draft};
use crate::ledger::{LedgerConfig, Submitted, operation_results};

fn nothing() -> OperationBody {
    build::payment(id(&build::key("alice")), &Asset::Native, 1)
}

fn v2(change: impl FnOnce(&mut PreconditionsV2)) -> Preconditions {
    let mut v2 = PreconditionsV2 {
        time_bounds: None,
        ledger_bounds: None,
        min_seq_num: None,
        min_seq_age: Duration(0),
        min_seq_ledger_gap: 0,
        extra_signers: stellar_xdr::VecM::default(),
    };
    change(&mut v2);
    Preconditions::V2(v2)
}

#[test]
fn each_reason_to_refuse_a_transaction_has_its_code() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let next = world.sequence(&alice) + 1;
    let now = world.now;
    let draft = || Draft::new(&id(&alice), next).operation(nothing());
    let refusal = |world: &mut World, draft: &Draft| {
        let envelope = world.sign(draft, &[&alice]);
        code(&world.refused(envelope)).clone()
    };
    use TransactionResultResult as Code;
    assert_eq!(refusal(&mut world, &Draft::new(&id(&alice), next)), Code::TxMissingOperation);
    assert_eq!(refusal(&mut world, &Draft::new(&id(&alice), next + 1).operation(nothing())), Code::TxBadSeq);
    assert_eq!(refusal(&mut world, &Draft::new(&id(&alice), next - 1).operation(nothing())), Code::TxBadSeq);
    assert_eq!(refusal(&mut world, &draft().fee_per_operation(99)), Code::TxInsufficientFee);
    assert_eq!(refusal(&mut world, &draft().fee_per_operation(u32::MAX)), Code::TxInsufficientBalance);
    assert_eq!(refusal(&mut world, &draft().time_bounds(now + 100, 0)), Code::TxTooEarly);
    assert_eq!(refusal(&mut world, &draft().time_bounds(0, now - 1)), Code::TxTooLate);
    assert_eq!(
        refusal(&mut world, &draft().time_bounds(0, now + 9)),
        Code::TxTooLate,
        "it would hardly make it"
    );
    let nobody = build::key("nobody");
    let unborn = Draft::new(&id(&nobody), 1).operation(nothing());
    let envelope = world.sign(&unborn, &[&nobody]);
    assert_eq!(*code(&world.refused(envelope)), Code::TxNoAccount);
    let fine = world.sign(&draft().time_bounds(now, now + 10), &[&alice]);
    assert!(matches!(world.submit(fine), Submitted::Pending { .. }));
}

#[test]
fn a_refusal_states_the_least_fee() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let draft = world.draft(&alice).operation(nothing()).operation(nothing()).fee_per_operation(10);
    let envelope = world.sign(&draft, &[&alice]);
    assert_eq!(world.refused(envelope).fee_charged, 200);
}

#[test]
fn ledger_bounds_are_held_against_the_next_ledger() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let next = world.network.latest().sequence + 1;
    let bounded = |world: &mut World, min_ledger, max_ledger| {
        let cond = v2(|v2| v2.ledger_bounds = Some(LedgerBounds { min_ledger, max_ledger }));
        let envelope = world.sign(&world.draft(&alice).preconditions(cond).operation(nothing()), &[&alice]);
        match world.submit(envelope) {
            Submitted::Rejected { result, .. } => Some(code(&result).clone()),
            _ => None,
        }
    };
    assert_eq!(bounded(&mut world, next + 1, 0), Some(TransactionResultResult::TxTooEarly));
    assert_eq!(bounded(&mut world, 0, next), Some(TransactionResultResult::TxTooLate));
    assert_eq!(bounded(&mut world, next, next + 1), None);
}

#[test]
fn a_minimum_sequence_lets_numbers_be_skipped() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let current = world.sequence(&alice);
    let skip = |minimum| {
        Draft::new(&id(&alice), current + 10)
            .preconditions(v2(|v2| v2.min_seq_num = Some(SequenceNumber(minimum))))
            .operation(nothing())
    };
    let too_high = world.sign(&skip(current + 1), &[&alice]);
    assert_eq!(*code(&world.refused(too_high)), TransactionResultResult::TxBadSeq);
    let good = world.sign(&skip(current), &[&alice]);
    assert!(world.land(good).unwrap().successful);
    assert_eq!(world.sequence(&alice), current + 10);
}

#[test]
fn a_minimum_age_or_gap_of_the_sequence_is_kept() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    world.run(&alice, nothing()).unwrap();
    let with = |world: &World, age, gap| {
        let cond = v2(|v2| {
            v2.min_seq_age = Duration(age);
            v2.min_seq_ledger_gap = gap;
        });
        world.sign(&world.draft(&alice).preconditions(cond).operation(nothing()), &[&alice])
    };
    let (old, apart) = (with(&world, 60, 0), with(&world, 0, 3));
    assert_eq!(*code(&world.refused(old.clone())), TransactionResultResult::TxBadMinSeqAgeOrGap);
    assert_eq!(*code(&world.refused(apart.clone())), TransactionResultResult::TxBadMinSeqAgeOrGap);
    world.close();
    world.close();
    assert_eq!(*code(&world.refused(old)), TransactionResultResult::TxBadMinSeqAgeOrGap);
    assert!(world.land(apart).unwrap().successful);
}

#[test]
fn the_first_number_of_a_ledger_is_never_valid() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let next = world.network.latest().sequence + 1;
    let cond = v2(|v2| v2.min_seq_num = Some(SequenceNumber(0)));
    let draft = Draft::new(&id(&alice), i64::from(next) << 32).preconditions(cond).operation(nothing());
    let envelope = world.sign(&draft, &[&alice]);
    assert_eq!(*code(&world.refused(envelope)), TransactionResultResult::TxBadSeq);
}

#[test]
fn an_unsupported_operation_is_refused_by_name() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let envelope = world.sign(&world.draft(&alice).operation(OperationBody::Inflation), &[&alice]);
    let result = world.refused(envelope);
    assert_eq!(operation_results(&result), [OperationResult::OpNotSupported]);
}

#[test]
fn an_envelope_of_the_old_form_counts_as_the_new_one() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let envelope = world.sign(&world.draft(&alice).operation(nothing()), &[&alice]);
    let TransactionEnvelope::Tx(v1) = envelope.clone() else { panic!("plain") };
    let old = TransactionEnvelope::TxV0(TransactionV0Envelope {
        tx: TransactionV0 {
            source_account_ed25519: Uint256(public_key(&id(&alice))),
            fee: v1.tx.fee,
            seq_num: v1.tx.seq_num,
            time_bounds: None,
            memo: v1.tx.memo,
            operations: v1.tx.operations,
            ext: TransactionV0Ext::V0,
        },
        signatures: v1.signatures,
    });
    let record = world.land(old).unwrap();
    assert!(record.successful);
    assert_eq!(record.envelope(), envelope);
    assert!(matches!(world.submit(envelope), Submitted::Duplicate { hash } if hash == record.hash));
}

#[test]
fn close_times_only_grow() {
    let mut world = World::new();
    let first = world.network.close(BORN - 100).unwrap();
    let second = world.network.close(BORN).unwrap();
    assert_eq!((first.closed_at, second.closed_at), (BORN + 1, BORN + 2));
}

#[test]
fn the_root_account_is_the_one_every_network_of_that_passphrase_has() {
    let config = LedgerConfig {
        passphrase: "Standalone Network ; February 2017".to_owned(),
        ..LedgerConfig::default()
    };
    let world = World::with(config);
    let root = public_key(&id(&world.root()));
    let address = stellar_strkey::ed25519::PublicKey(root).to_string();
    assert_eq!(address.as_str(), "GBZXN7PIRZGNMHGA7MUUUF4GWPY5AYPV6LY4UV2GL6VJGIQRXFDNMADI");
    assert_eq!(world.lumens(&world.root()), 1_000_000_000_000_000_000);
}

#[test]
fn results_read_byte_for_byte_like_those_of_the_public_network() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bad_sequence = world.sign(&Draft::new(&id(&alice), 1).operation(nothing()), &[&alice]);
    let result = world.refused(bad_sequence);
    assert_eq!(result.to_xdr_base64(Limits::none()).unwrap(), "AAAAAAAAAGT////7AAAAAA==");
    let pay = build::payment(id(&world.root()), &Asset::Native, 1_000_000_000);
    let underfunded = world.sign(&world.draft(&alice).operation(pay), &[&alice]);
    let result = world.land(underfunded).unwrap().result();
    assert_eq!(result.to_xdr_base64(Limits::none()).unwrap(), "AAAAAAAAAGT/////AAAAAQAAAAAAAAAB/////gAAAAA=");
}

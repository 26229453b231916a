use stellar_xdr::{Asset, InnerTransactionResultResult, TransactionResultResult};

use super::fixture::{World, XLM, code, id};
use crate::ledger::build;
use crate::ledger::{Submitted, operation_results};

#[test]
fn a_fee_bump_lets_another_account_pay() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let sponsor = world.fund("sponsor", 10);
    let sequence = (world.sequence(&alice), world.sequence(&sponsor));
    let inner = world.sign(
        &world.draft(&alice).fee_per_operation(0).operation(build::payment(
            id(&sponsor),
            &Asset::Native,
            XLM,
        )),
        &[&alice],
    );
    let inner_hash = inner.hash(world.id()).unwrap();
    let envelope = build::fee_bump(inner, &sponsor, 500, world.id());
    let record = world.land(envelope).unwrap();
    assert!(record.successful);
    assert_eq!((record.fee_charged, record.max_fee, record.fee_operations), (200, 500, 2));
    assert_eq!(record.inner_hash, Some(inner_hash));
    assert_eq!((world.lumens(&alice), world.lumens(&sponsor)), (9 * XLM, 11 * XLM - 200));
    assert_eq!((world.sequence(&alice), world.sequence(&sponsor)), (sequence.0 + 1, sequence.1));
    assert_eq!(world.network.transaction(&inner_hash).unwrap().hash, record.hash);
    let result = record.result();
    let TransactionResultResult::TxFeeBumpInnerSuccess(pair) = code(&result) else { panic!("{result:?}") };
    assert_eq!(pair.transaction_hash.0, inner_hash);
    assert_eq!(operation_results(&result).len(), 1);
}

#[test]
fn a_failed_transaction_inside_a_fee_bump_is_paid_for() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let sponsor = world.fund("sponsor", 10);
    let inner = world.sign(
        &world.draft(&alice).operation(build::payment(id(&sponsor), &Asset::Native, 100 * XLM)),
        &[&alice],
    );
    let record = world.land(build::fee_bump(inner, &sponsor, 200, world.id())).unwrap();
    let result = record.result();
    let TransactionResultResult::TxFeeBumpInnerFailed(pair) = code(&result) else { panic!("{result:?}") };
    assert!(matches!(pair.result.result, InnerTransactionResultResult::TxFailed(_)));
    assert_eq!(world.lumens(&sponsor), 10 * XLM - 200);
}

#[test]
fn a_fee_bump_pays_for_one_more_operation_and_not_less_than_the_transaction_inside() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let sponsor = world.fund("sponsor", 10);
    let pay = build::payment(id(&sponsor), &Asset::Native, XLM);
    let cheap = world.sign(&world.draft(&alice).operation(pay.clone()), &[&alice]);
    let refused = world.refused(build::fee_bump(cheap, &sponsor, 199, world.id()));
    assert_eq!((code(&refused), refused.fee_charged), (&TransactionResultResult::TxInsufficientFee, 200));
    let generous = world.sign(&world.draft(&alice).fee_per_operation(1_000).operation(pay), &[&alice]);
    let refused = world.refused(build::fee_bump(generous, &sponsor, 1_999, world.id()));
    assert_eq!((code(&refused), refused.fee_charged), (&TransactionResultResult::TxInsufficientFee, 2_000));
}

#[test]
fn what_is_wrong_inside_a_fee_bump_is_told_inside() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let sponsor = world.fund("sponsor", 10);
    let draft =
        build::Draft::new(&id(&alice), 1).operation(build::payment(id(&sponsor), &Asset::Native, XLM));
    let inner = world.sign(&draft, &[&alice]);
    let result = world.refused(build::fee_bump(inner.clone(), &sponsor, 200, world.id()));
    let TransactionResultResult::TxFeeBumpInnerFailed(pair) = code(&result) else { panic!("{result:?}") };
    assert_eq!(pair.result.result, InnerTransactionResultResult::TxBadSeq);

    let poor = build::key("poor");
    let result = world.refused(build::fee_bump(inner.clone(), &poor, 200, world.id()));
    assert_eq!(*code(&result), TransactionResultResult::TxNoAccount);
    let result = world.refused(build::fee_bump(inner.clone(), &sponsor, 10 * XLM, world.id()));
    assert_eq!(*code(&result), TransactionResultResult::TxInsufficientBalance);
    let bumped = build::fee_bump(inner.clone(), &sponsor, 200, world.id());
    let result = world.refused(build::sign(bumped, world.id(), &[&alice]));
    assert_eq!(*code(&result), TransactionResultResult::TxBadAuthExtra);
    let result = world.refused(build::fee_bump(inner, &sponsor, 200, [0; 32]));
    assert_eq!(*code(&result), TransactionResultResult::TxBadAuth);
}

#[test]
fn a_fee_bump_replaces_a_pending_transaction_at_ten_times_its_rate() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let inner =
        world.sign(&world.draft(&alice).operation(build::payment(id(&alice), &Asset::Native, 1)), &[&alice]);
    let inner_hash = inner.hash(world.id()).unwrap();
    assert!(matches!(world.submit(inner.clone()), Submitted::Pending { .. }));
    let refused = world.refused(build::fee_bump(inner.clone(), &alice, 1_999, world.id()));
    assert_eq!((code(&refused), refused.fee_charged), (&TransactionResultResult::TxInsufficientFee, 2_000));
    let Submitted::Pending { hash } = world.submit(build::fee_bump(inner.clone(), &alice, 2_000, world.id()))
    else {
        panic!("ten times the rate replaces");
    };
    assert_eq!(world.network.pending_count(), 1);
    assert!(world.network.pending(&hash) && world.network.pending(&inner_hash));
    assert!(matches!(world.submit(inner), Submitted::Duplicate { hash } if hash == inner_hash));
    let ledger = world.close();
    assert_eq!(ledger.transactions.len(), 1);
    assert_eq!(ledger.transactions[0].hash, hash);
}

#[test]
fn the_fee_of_a_replaced_bump_counts_no_longer_against_its_payer() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let sponsor = world.fund("sponsor", 10);
    let inner =
        world.sign(&world.draft(&alice).operation(build::payment(id(&alice), &Asset::Native, 1)), &[&alice]);
    for fee in [8_000_000, 85_000_000] {
        let envelope = build::fee_bump(inner.clone(), &sponsor, fee, world.id());
        assert!(matches!(world.submit(envelope), Submitted::Pending { .. }));
    }
    let dear = build::fee_bump(inner, &sponsor, 900_000_000, world.id());
    assert_eq!(*code(&world.refused(dear)), TransactionResultResult::TxInsufficientBalance);
}

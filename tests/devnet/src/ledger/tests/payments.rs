use stellar_xdr::{Asset, OperationResultTr, PaymentResult};

use super::fixture::{World, XLM, id};
use crate::ledger::build;

fn refusal(result: OperationResultTr) -> PaymentResult {
    match result {
        OperationResultTr::Payment(result) => result,
        other => panic!("{other:?}"),
    }
}

#[test]
fn lumens_and_credit_move_between_accounts() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 50);
    let bob = world.holder("bob", &usd, 0);

    world.run(&alice, build::payment(id(&bob), &usd, 20)).unwrap();
    world.run(&alice, build::payment(id(&bob), &Asset::Native, 3 * XLM)).unwrap();
    world.run(&bob, build::payment(id(&issuer), &usd, 5)).unwrap();

    assert_eq!((world.credit(&alice, &usd), world.credit(&bob, &usd)), (30, 15));
    assert_eq!(world.lumens(&alice), 997 * XLM - 300);
    assert_eq!(world.outstanding(&usd), 45);
    let ledger = world.network.latest();
    assert_eq!(
        world.outstanding(&Asset::Native) + i128::from(ledger.fee_pool),
        i128::from(ledger.total_coins)
    );
}

#[test]
fn each_reason_not_to_pay_has_its_code() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 50);
    let bob = world.fund("bob", 100);
    let nobody = build::key("nobody");

    let code = |world: &mut World, from, to, asset: &Asset, amount| {
        refusal(world.fails(from, build::payment(id(to), asset, amount)))
    };
    assert_eq!(code(&mut world, &alice, &bob, &usd, 1), PaymentResult::NoTrust);
    assert_eq!(code(&mut world, &bob, &alice, &usd, 1), PaymentResult::SrcNoTrust);
    assert_eq!(code(&mut world, &alice, &nobody, &usd, 1), PaymentResult::NoDestination);
    assert_eq!(code(&mut world, &alice, &nobody, &Asset::Native, 1), PaymentResult::NoDestination);
    assert_eq!(code(&mut world, &alice, &issuer, &usd, 51), PaymentResult::Underfunded);
    assert_eq!(code(&mut world, &alice, &bob, &usd, 0), PaymentResult::Malformed);
    assert_eq!(code(&mut world, &alice, &bob, &usd, -1), PaymentResult::Malformed);
    assert_eq!(
        code(&mut world, &alice, &bob, &build::credit("U$D", &id(&issuer)), 1),
        PaymentResult::Malformed
    );
    world.run(&bob, build::change_trust(&usd, 10)).unwrap();
    assert_eq!(code(&mut world, &alice, &bob, &usd, 11), PaymentResult::LineFull);
    assert_eq!(world.credit(&alice, &usd), 50);
}

#[test]
fn the_reserve_cannot_be_paid_out() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let spendable = world.available(&alice);
    assert_eq!(spendable, 9 * XLM);
    let payment = |amount| build::payment(id(&bob), &Asset::Native, amount);
    assert_eq!(
        refusal(world.fails(&alice, payment(spendable))),
        PaymentResult::Underfunded,
        "the fee was taken first"
    );
    world.run(&alice, payment(spendable - 200)).unwrap();
    assert_eq!(world.available(&alice), 0);
}

#[test]
fn a_muxed_address_pays_the_account_behind_it() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let envelope = {
        let draft = world.draft(&alice).muxed_source(7);
        let draft = draft.operation(build::payment(build::muxed(&id(&bob), u64::MAX), &Asset::Native, XLM));
        world.sign(&draft, &[&alice])
    };
    let record = world.land(envelope).unwrap();
    assert!(record.successful);
    assert_eq!(world.lumens(&bob), 11 * XLM);
    assert_eq!(record.participants(), [[id(&alice), id(&bob)]]);
}

#[test]
fn muxed_operation_and_fee_sources_are_the_accounts_behind_them() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let draft = world.draft(&alice).operation_of(&id(&bob), build::payment(id(&alice), &Asset::Native, XLM));
    let mut tx = draft.transaction();
    let mut operations = tx.operations.to_vec();
    operations[0].source_account = Some(build::muxed(&id(&bob), 1));
    tx.operations = operations.try_into().unwrap();
    let inner = build::sign(tx.into(), world.id(), &[&alice, &bob]);
    let stellar_xdr::TransactionEnvelope::TxFeeBump(mut bump) = build::fee_bump(inner, &bob, 200, world.id())
    else {
        panic!("fee bump")
    };
    bump.tx.fee_source = build::muxed(&id(&bob), 2);
    bump.signatures = stellar_xdr::VecM::default();
    let envelope = build::sign(stellar_xdr::TransactionEnvelope::TxFeeBump(bump), world.id(), &[&bob]);
    assert!(world.land(envelope).unwrap().successful);
    assert_eq!((world.lumens(&alice), world.lumens(&bob)), (11 * XLM, 9 * XLM - 200));
}

#[test]
fn credit_goes_back_to_an_issuer_that_no_longer_exists() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 50);
    let root = world.root();
    world.run(&issuer, super::accounts::merge_into(&root)).unwrap();
    world.run(&alice, build::payment(id(&issuer), &usd, 50)).unwrap();
    assert_eq!(world.credit(&alice, &usd), 0);
}

#[test]
fn lumens_promised_to_offers_leave_no_room_for_more() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 4_290_000_000);
    let offer = super::offers::sell(&usd, &Asset::Native, 4_290_000_000, (i32::MAX, 1));
    world.run(&alice, offer).unwrap();
    let root = world.root();
    let pay = |amount| build::payment(id(&alice), &Asset::Native, amount);
    assert_eq!(refusal(world.fails(&root, pay(2_000_000_000 * XLM))), PaymentResult::LineFull);
    world.run(&root, pay(1_000_000_000 * XLM)).unwrap();
}

#[test]
fn what_a_failed_operation_did_is_not_seen_by_the_next() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 10);
    let bob = world.holder("bob", &usd, 10);
    let draft = world
        .draft(&alice)
        .operation(build::payment(id(&bob), &usd, 100))
        .operation_of(&id(&bob), build::payment(id(&alice), &usd, 50));
    let record = world.land(world.sign(&draft, &[&alice, &bob])).unwrap();
    let result = record.result();
    let [_, second] = crate::ledger::operation_results(&result) else { panic!("two operations") };
    let stellar_xdr::OperationResult::OpInner(second) = second.clone() else { panic!("{second:?}") };
    assert_eq!(refusal(second), PaymentResult::Underfunded);
}

#[test]
fn lumens_to_oneself_succeed_whatever_the_amount() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    world.run(&alice, build::payment(id(&alice), &Asset::Native, i64::MAX)).unwrap();
    assert_eq!(world.lumens(&alice), 10 * XLM - 100);
}

#[test]
fn a_failed_transaction_pays_and_uses_its_number_but_changes_nothing_else() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let sequence = world.sequence(&alice);
    let draft = world
        .draft(&alice)
        .operation(build::payment(id(&bob), &Asset::Native, XLM))
        .operation(build::payment(id(&bob), &Asset::Native, 100 * XLM))
        .operation(build::payment(id(&bob), &Asset::Native, XLM));
    let record = world.land(world.sign(&draft, &[&alice])).unwrap();
    assert!(!record.successful);
    assert_eq!(record.fee_charged, 300);
    assert_eq!((world.lumens(&alice), world.lumens(&bob)), (10 * XLM - 300, 10 * XLM));
    assert_eq!(world.sequence(&alice), sequence + 1);
    let result = record.result();
    let codes: Vec<_> = crate::ledger::operation_results(&result)
        .iter()
        .map(|result| match result {
            stellar_xdr::OperationResult::OpInner(OperationResultTr::Payment(result)) => result.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(codes, [PaymentResult::Success, PaymentResult::Underfunded, PaymentResult::Success]);
    assert_eq!(record.meta().unwrap().operation_changes(), []);
}

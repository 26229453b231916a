//! Envelopes made to break something: extreme numbers, flipped bytes.

use proptest::prelude::*;
use stellar_xdr::{
    AllowTrustOp, Asset, AssetCode, AssetCode4, BumpSequenceOp, ClaimPredicate, Claimant, ClaimantV0,
    CreateClaimableBalanceOp, CreatePassiveSellOfferOp, Limits, ManageBuyOfferOp, OperationBody,
    PathPaymentStrictReceiveOp, PathPaymentStrictSendOp, Price, ReadXdr, SequenceNumber, TransactionEnvelope,
    VecM, WriteXdr,
};

use super::accounts::{merge_into, set_data};
use super::fixture::{World, id};
use super::offers::sell;
use super::options::{key_signer, signer, thresholds};
use super::trust::{authorize, flags};
use crate::ledger::build;
use crate::ledger::{Submitted, is_success};

/// A network with something of everything, and one operation of each kind that would do something in it.
fn world() -> (World, Vec<OperationBody>) {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 1_000);
    let bob = world.holder("bob", &usd, 1_000);
    world.run(&bob, sell(&usd, &Asset::Native, 100, (2, 3))).unwrap();
    world.run(&bob, sell(&Asset::Native, &usd, 100, (2, 1))).unwrap();
    world.run(&alice, sell(&Asset::Native, &usd, 10, (i32::MAX, 1))).unwrap();
    let claimant = Claimant::ClaimantTypeV0(ClaimantV0 {
        destination: id(&bob),
        predicate: ClaimPredicate::BeforeRelativeTime(5),
    });
    let price = Price { n: 3, d: 2 };
    let operations = vec![
        build::create_account(&id(&build::key("carol")), 30_000_000),
        build::payment(id(&bob), &usd, 5),
        build::payment(id(&bob), &Asset::Native, 5),
        build::change_trust(&usd, i64::MAX - 1),
        sell(&usd, &Asset::Native, 50, (1, 1)),
        OperationBody::ManageBuyOffer(ManageBuyOfferOp {
            selling: Asset::Native,
            buying: usd.clone(),
            buy_amount: 20,
            price: price.clone(),
            offer_id: 0,
        }),
        OperationBody::CreatePassiveSellOffer(CreatePassiveSellOfferOp {
            selling: usd.clone(),
            buying: Asset::Native,
            amount: 7,
            price,
        }),
        OperationBody::PathPaymentStrictReceive(PathPaymentStrictReceiveOp {
            send_asset: Asset::Native,
            send_max: 100,
            destination: id(&bob).into(),
            dest_asset: usd.clone(),
            dest_amount: 3,
            path: VecM::default(),
        }),
        OperationBody::PathPaymentStrictSend(PathPaymentStrictSendOp {
            send_asset: usd.clone(),
            send_amount: 9,
            destination: id(&bob).into(),
            dest_asset: Asset::Native,
            dest_min: 1,
            path: VecM::default(),
        }),
        OperationBody::CreateClaimableBalance(CreateClaimableBalanceOp {
            asset: usd.clone(),
            amount: 4,
            claimants: vec![claimant].try_into().unwrap(),
        }),
        OperationBody::BumpSequence(BumpSequenceOp { bump_to: SequenceNumber(1 << 40) }),
        OperationBody::AllowTrust(AllowTrustOp {
            trustor: id(&alice),
            asset: AssetCode::CreditAlphanum4(AssetCode4(*b"USD\0")),
            authorize: 1,
        }),
        authorize(&bob, &usd, 1, 0),
        signer(key_signer(&bob), 3),
        thresholds(1, 0, 0, 0),
        flags(1),
        set_data("name", Some(b"value")),
        merge_into(&issuer),
    ];
    (world, operations)
}

#[test]
fn the_operations_that_are_tampered_with_work_as_they_are() {
    let (mut world, operations) = world();
    let alice = build::key("alice");
    let failed: Vec<_> = operations
        .iter()
        .filter_map(|body| world.run(&alice, body.clone()).err().map(|result| (body, result)))
        .collect();
    assert_eq!(failed.len(), 3, "only what needs an issuer or an empty account: {failed:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_signed_operation_breaks_the_ledger(
        tampered in proptest::collection::vec((0..18_usize, 0..200_usize, prop_oneof![Just(0x7f_u8), Just(0x80), Just(0xff), any::<u8>()], 1..9_usize), 1..20),
    ) {
        let (mut world, operations) = world();
        let keys = ["alice", "issuer", "bob"].map(build::key);
        for (index, (operation, position, byte, length)) in tampered.into_iter().enumerate() {
            let mut xdr = operations[operation].to_xdr(Limits::none()).unwrap();
            let from = position % xdr.len();
            let to = (from + length).min(xdr.len());
            xdr[from..to].fill(byte);
            let Ok(body) = OperationBody::from_xdr(&xdr, Limits { depth: 100, len: 10_000 }) else { continue };
            let key = &keys[index % keys.len()];
            let draft = world.draft(key).operation(body);
            let envelope = world.sign(&draft, &[key]);
            world.submit(envelope);
            let ledger = world.close();
            let lumens = world.outstanding(&Asset::Native);
            prop_assert_eq!(lumens + i128::from(ledger.fee_pool), i128::from(ledger.total_coins));
            for record in &ledger.transactions {
                let text = format!("{:?}", record.result());
                prop_assert!(!text.contains("InternalError"), "{}", text);
            }
        }
    }

    #[test]
    fn no_tampered_envelope_gets_through(position in 0..400_usize, bit in 0..8_u32) {
        let mut world = World::new();
        let alice = world.fund("alice", 10);
        let inner = world.sign(&world.draft(&alice).operation(build::payment(id(&alice), &Asset::Native, 1)), &[&alice]);
        for envelope in [inner.clone(), build::fee_bump(inner, &alice, 400, world.id())] {
            let mut xdr = envelope.to_xdr(Limits::none()).unwrap();
            let position = position % xdr.len();
            xdr[position] ^= 1 << bit;
            let Ok(tampered) = TransactionEnvelope::from_xdr(&xdr, Limits { depth: 100, len: 10_000 }) else { continue };
            match world.submit(tampered) {
                Submitted::Rejected { result, .. } => prop_assert!(!is_success(&result)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

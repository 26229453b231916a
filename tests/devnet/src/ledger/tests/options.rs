use stellar_xdr::{
    AccountFlags, OperationBody, OperationResultTr, SetOptionsOp, SetOptionsResult, Signer, SignerKey,
    String32, Uint256,
};

use super::fixture::{World, id};
use super::trust::flags;
use crate::ledger::asset::public_key;
use crate::ledger::build;

pub(super) fn no_options() -> SetOptionsOp {
    SetOptionsOp {
        inflation_dest: None,
        clear_flags: None,
        set_flags: None,
        master_weight: None,
        low_threshold: None,
        med_threshold: None,
        high_threshold: None,
        home_domain: None,
        signer: None,
    }
}

pub(super) fn signer(key: SignerKey, weight: u32) -> OperationBody {
    OperationBody::SetOptions(SetOptionsOp { signer: Some(Signer { key, weight }), ..no_options() })
}

pub(super) fn key_signer(key: &ed25519_dalek::SigningKey) -> SignerKey {
    SignerKey::Ed25519(Uint256(public_key(&id(key))))
}

pub(super) fn thresholds(master: u32, low: u32, medium: u32, high: u32) -> OperationBody {
    OperationBody::SetOptions(SetOptionsOp {
        master_weight: Some(master),
        low_threshold: Some(low),
        med_threshold: Some(medium),
        high_threshold: Some(high),
        ..no_options()
    })
}

fn domain(name: &[u8]) -> OperationBody {
    OperationBody::SetOptions(SetOptionsOp {
        home_domain: Some(String32(name.to_vec().try_into().unwrap())),
        ..no_options()
    })
}

#[test]
fn options_are_set_and_bad_ones_refused() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    world.run(&alice, domain(b"example.org")).unwrap();
    world.run(&alice, thresholds(10, 1, 2, 3)).unwrap();
    let account = world.network.account(&id(&alice)).unwrap();
    assert_eq!(account.home_domain.0.to_vec(), b"example.org");
    assert_eq!(account.thresholds.0, [10, 1, 2, 3]);

    let refusal = |world: &mut World, body| match world.fails(&alice, body) {
        OperationResultTr::SetOptions(result) => result,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(&mut world, domain(b"\xff")), SetOptionsResult::InvalidHomeDomain);
    assert_eq!(refusal(&mut world, thresholds(1, 256, 0, 0)), SetOptionsResult::ThresholdOutOfRange);
    assert_eq!(refusal(&mut world, flags(16)), SetOptionsResult::UnknownFlag);
    assert_eq!(refusal(&mut world, signer(key_signer(&alice), 1)), SetOptionsResult::BadSigner);
    assert_eq!(refusal(&mut world, signer(key_signer(&build::key("bob")), 256)), SetOptionsResult::BadSigner);
    let both = SetOptionsOp { set_flags: Some(1), clear_flags: Some(1), ..no_options() };
    assert_eq!(refusal(&mut world, OperationBody::SetOptions(both)), SetOptionsResult::BadFlags);
    let inflation = SetOptionsOp { inflation_dest: Some(id(&build::key("nobody"))), ..no_options() };
    assert_eq!(refusal(&mut world, OperationBody::SetOptions(inflation)), SetOptionsResult::InvalidInflation);
    world.run(&alice, flags(AccountFlags::ImmutableFlag as u32)).unwrap();
    assert_eq!(refusal(&mut world, flags(1)), SetOptionsResult::CantChange);
}

#[test]
fn signers_cost_a_reserve_are_kept_in_order_and_at_most_twenty() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let before = world.available(&alice);
    for index in 0..20 {
        world.run(&alice, signer(key_signer(&build::key(&format!("signer {index}"))), 1)).unwrap();
    }
    assert_eq!(world.available(&alice), before - 20 * 5_000_100);
    let signers: Vec<_> =
        world.network.account(&id(&alice)).unwrap().signers.iter().map(|signer| signer.key.clone()).collect();
    assert!(signers.is_sorted());
    let full = world.fails(&alice, signer(key_signer(&build::key("one more")), 1));
    assert_eq!(full, OperationResultTr::SetOptions(SetOptionsResult::TooManySigners));
    world.run(&alice, signer(key_signer(&build::key("signer 3")), 9)).unwrap();
    world.run(&alice, signer(key_signer(&build::key("signer 4")), 0)).unwrap();
    let account = world.network.account(&id(&alice)).unwrap();
    assert_eq!((account.signers.len(), account.num_sub_entries), (19, 19));
    assert_eq!(account.signers.iter().filter(|signer| signer.weight == 9).count(), 1);
}

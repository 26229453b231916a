use stellar_xdr::{
    AccountFlags, AllowTrustOp, AllowTrustResult, Asset, AssetCode, AssetCode4, ChangeTrustResult,
    ClawbackOp, ClawbackResult, OperationBody, OperationResultTr, PaymentResult, SetOptionsOp,
    SetOptionsResult, SetTrustLineFlagsOp, SetTrustLineFlagsResult, TrustLineFlags,
};

use super::fixture::{World, id};
use super::offers::sell;
use super::options::no_options;
use crate::ledger::build::{self, change_trust};

const REQUIRED: u32 = AccountFlags::RequiredFlag as u32;
const REVOCABLE: u32 = AccountFlags::RevocableFlag as u32;
const CLAWBACK: u32 = AccountFlags::ClawbackEnabledFlag as u32;
const AUTHORIZED: u32 = TrustLineFlags::AuthorizedFlag as u32;
const MAINTAIN: u32 = TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag as u32;

pub(super) fn flags(set: u32) -> OperationBody {
    OperationBody::SetOptions(SetOptionsOp { set_flags: Some(set), ..no_options() })
}

pub(super) fn authorize(
    trustor: &ed25519_dalek::SigningKey,
    asset: &Asset,
    set: u32,
    clear: u32,
) -> OperationBody {
    OperationBody::SetTrustLineFlags(SetTrustLineFlagsOp {
        trustor: id(trustor),
        asset: asset.clone(),
        clear_flags: clear,
        set_flags: set,
    })
}

fn allow(trustor: &ed25519_dalek::SigningKey, authorize: u32) -> OperationBody {
    OperationBody::AllowTrust(AllowTrustOp {
        trustor: id(trustor),
        asset: AssetCode::CreditAlphanum4(AssetCode4(*b"USD\0")),
        authorize,
    })
}

#[test]
fn a_trust_line_can_be_opened_limited_and_closed() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.fund("alice", 10);
    let before = world.available(&alice);
    world.run(&alice, change_trust(&usd, 100)).unwrap();
    assert_eq!(world.available(&alice), before - 5_000_100);
    world.run(&issuer, build::payment(id(&alice), &usd, 60)).unwrap();

    let refusal = |world: &mut World, key, body| match world.fails(key, body) {
        OperationResultTr::ChangeTrust(result) => result,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(&mut world, &alice, change_trust(&usd, 59)), ChangeTrustResult::InvalidLimit);
    assert_eq!(refusal(&mut world, &alice, change_trust(&usd, 0)), ChangeTrustResult::InvalidLimit);
    assert_eq!(refusal(&mut world, &alice, change_trust(&usd, -1)), ChangeTrustResult::Malformed);
    assert_eq!(refusal(&mut world, &alice, change_trust(&Asset::Native, 1)), ChangeTrustResult::Malformed);
    assert_eq!(refusal(&mut world, &issuer, change_trust(&usd, 1)), ChangeTrustResult::Malformed);
    let unborn = build::credit("USD", &id(&build::key("nobody")));
    assert_eq!(refusal(&mut world, &alice, change_trust(&unborn, 1)), ChangeTrustResult::NoIssuer);
    assert_eq!(refusal(&mut world, &alice, change_trust(&unborn, 0)), ChangeTrustResult::InvalidLimit);

    world.run(&alice, change_trust(&usd, 60)).unwrap();
    world.run(&alice, build::payment(id(&issuer), &usd, 60)).unwrap();
    world.run(&alice, change_trust(&usd, 0)).unwrap();
    assert!(world.network.trust_line(&id(&alice), &usd).is_none());
    assert_eq!(world.network.account(&id(&alice)).unwrap().num_sub_entries, 0);
}

#[test]
fn an_issuer_that_requires_it_authorizes_each_line() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    world.run(&issuer, flags(REQUIRED | REVOCABLE)).unwrap();
    let alice = world.fund("alice", 10);
    world.trust(&alice, &usd);
    let pay = build::payment(id(&alice), &usd, 5);
    assert_eq!(world.fails(&issuer, pay.clone()), OperationResultTr::Payment(PaymentResult::NotAuthorized));
    world.run(&issuer, authorize(&alice, &usd, AUTHORIZED, 0)).unwrap();
    world.run(&issuer, pay.clone()).unwrap();
    world.run(&issuer, authorize(&alice, &usd, 0, AUTHORIZED)).unwrap();
    let back = world.fails(&alice, build::payment(id(&issuer), &usd, 1));
    assert_eq!(back, OperationResultTr::Payment(PaymentResult::SrcNotAuthorized));
    world.run(&issuer, allow(&alice, AUTHORIZED)).unwrap();
    world.run(&issuer, pay).unwrap();
    assert_eq!(world.credit(&alice, &usd), 10);
}

#[test]
fn authorization_can_be_taken_back_only_if_revocable() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 1);
    let set = |world: &mut World, body| match world.fails(&issuer, body) {
        OperationResultTr::SetTrustLineFlags(result) => result,
        other => panic!("{other:?}"),
    };
    assert_eq!(set(&mut world, authorize(&alice, &usd, 0, AUTHORIZED)), SetTrustLineFlagsResult::CantRevoke);
    assert_eq!(
        set(&mut world, authorize(&alice, &usd, MAINTAIN, AUTHORIZED)),
        SetTrustLineFlagsResult::CantRevoke
    );
    assert_eq!(set(&mut world, authorize(&alice, &usd, MAINTAIN, 0)), SetTrustLineFlagsResult::InvalidState);
    assert_eq!(
        set(&mut world, authorize(&alice, &usd, AUTHORIZED, AUTHORIZED)),
        SetTrustLineFlagsResult::Malformed
    );
    assert_eq!(set(&mut world, authorize(&alice, &Asset::Native, 0, 0)), SetTrustLineFlagsResult::Malformed);
    let nobody = build::key("nobody");
    assert_eq!(
        set(&mut world, authorize(&nobody, &usd, AUTHORIZED, 0)),
        SetTrustLineFlagsResult::NoTrustLine
    );
    let allowed = |world: &mut World, body| match world.fails(&issuer, body) {
        OperationResultTr::AllowTrust(result) => result,
        other => panic!("{other:?}"),
    };
    assert_eq!(allowed(&mut world, allow(&alice, 0)), AllowTrustResult::CantRevoke);
    assert_eq!(allowed(&mut world, allow(&alice, MAINTAIN)), AllowTrustResult::CantRevoke);
    assert_eq!(allowed(&mut world, allow(&alice, 3)), AllowTrustResult::Malformed);
    assert_eq!(allowed(&mut world, allow(&nobody, 1)), AllowTrustResult::NoTrustLine);
}

#[test]
fn revoking_a_line_removes_its_offers_and_maintaining_keeps_them() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    world.run(&issuer, flags(REVOCABLE)).unwrap();
    let alice = world.holder("alice", &usd, 100);
    world.run(&alice, sell(&usd, &Asset::Native, 40, (1, 1))).unwrap();
    world.run(&alice, sell(&Asset::Native, &usd, 30, (2, 1))).unwrap();
    world.run(&issuer, authorize(&alice, &usd, MAINTAIN, AUTHORIZED)).unwrap();
    assert_eq!(world.network.offers_of(&id(&alice)).count(), 2);
    let pay = world.fails(&alice, build::payment(id(&issuer), &usd, 1));
    assert_eq!(pay, OperationResultTr::Payment(PaymentResult::SrcNotAuthorized));
    world.run(&issuer, authorize(&alice, &usd, 0, MAINTAIN)).unwrap();
    assert_eq!(world.network.offers_of(&id(&alice)).count(), 0);
    let account = world.network.account(&id(&alice)).unwrap();
    assert_eq!(account.num_sub_entries, 1);
    assert_eq!(crate::ledger::account::liabilities(account).selling, 0);
    let line = world.network.trust_line(&id(&alice), &usd).unwrap();
    assert_eq!(crate::ledger::line_liabilities(line).selling, 0);
}

#[test]
fn clawback_takes_units_from_lines_that_allow_it() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let before = world.holder("before", &usd, 10);
    let refused = world.fails(&issuer, flags(CLAWBACK));
    assert_eq!(refused, OperationResultTr::SetOptions(SetOptionsResult::AuthRevocableRequired));
    world.run(&issuer, flags(CLAWBACK | REVOCABLE)).unwrap();
    let after = world.holder("after", &usd, 10);
    let clawback = |from, amount| {
        OperationBody::Clawback(ClawbackOp { asset: usd.clone(), from: id(from).into(), amount })
    };
    let refusal = |world: &mut World, body| match world.fails(&issuer, body) {
        OperationResultTr::Clawback(result) => result,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(&mut world, clawback(&before, 1)), ClawbackResult::NotClawbackEnabled);
    assert_eq!(refusal(&mut world, clawback(&after, 11)), ClawbackResult::Underfunded);
    assert_eq!(refusal(&mut world, clawback(&issuer, 1)), ClawbackResult::Malformed);
    world.run(&issuer, clawback(&after, 4)).unwrap();
    assert_eq!(world.credit(&after, &usd), 6);
}

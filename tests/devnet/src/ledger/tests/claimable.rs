use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountMergeResult, Asset, ClaimClaimableBalanceOp, ClaimClaimableBalanceResult, ClaimPredicate,
    ClaimableBalanceEntryExt, ClaimableBalanceId, Claimant, ClaimantV0, ClawbackClaimableBalanceOp,
    ClawbackClaimableBalanceResult, CreateClaimableBalanceOp, CreateClaimableBalanceResult, Hash,
    HashIdPreimage, HashIdPreimageOperationId, Limits, OperationBody, OperationResult, OperationResultTr,
    RevokeSponsorshipOp, RevokeSponsorshipResult, SequenceNumber, WriteXdr,
};

use super::fixture::{World, XLM, id};
use super::trust::flags;
use crate::ledger::build;
use crate::ledger::sponsor_of;
use crate::ledger::state::claimable_balance_key;

fn create(asset: &Asset, amount: i64, claimants: &[(&SigningKey, ClaimPredicate)]) -> OperationBody {
    let claimants: Vec<_> = claimants
        .iter()
        .map(|(key, predicate)| {
            Claimant::ClaimantTypeV0(ClaimantV0 { destination: id(key), predicate: predicate.clone() })
        })
        .collect();
    OperationBody::CreateClaimableBalance(CreateClaimableBalanceOp {
        asset: asset.clone(),
        amount,
        claimants: claimants.try_into().unwrap(),
    })
}

fn claim(balance_id: &ClaimableBalanceId) -> OperationBody {
    OperationBody::ClaimClaimableBalance(ClaimClaimableBalanceOp { balance_id: balance_id.clone() })
}

fn created(world: &mut World, key: &SigningKey, body: OperationBody) -> ClaimableBalanceId {
    match *world.run(key, body).unwrap() {
        OperationResult::OpInner(OperationResultTr::CreateClaimableBalance(
            CreateClaimableBalanceResult::Success(id),
        )) => id,
        other => panic!("{other:?}"),
    }
}

fn refusal(world: &mut World, key: &SigningKey, body: OperationBody) -> ClaimClaimableBalanceResult {
    match world.fails(key, body) {
        OperationResultTr::ClaimClaimableBalance(result) => result,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_balance_waits_for_its_claimant_and_its_creator_pays_the_reserve() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 100);
    let bob = world.fund("bob", 10);
    let before = world.available(&alice);
    let sequence = world.sequence(&alice) + 1;
    let both = [(&bob, ClaimPredicate::Unconditional), (&alice, ClaimPredicate::Unconditional)];
    let balance = created(&mut world, &alice, create(&usd, 60, &both));

    let preimage = HashIdPreimage::OpId(HashIdPreimageOperationId {
        source_account: id(&alice),
        seq_num: SequenceNumber(sequence),
        op_num: 0,
    });
    let hash: [u8; 32] = Sha256::digest(preimage.to_xdr(Limits::none()).unwrap()).into();
    assert_eq!(balance, ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash(hash)));
    assert_eq!(world.available(&alice), before - 100 - 2 * 5_000_000, "one reserve per claimant");
    assert_eq!(world.outstanding(&usd), 100);
    let (entry, _) = world.network.claimable_balance(&balance).unwrap();
    assert_eq!(sponsor_of(&entry.ext), Some(&id(&alice)));
    assert_eq!(world.network.claimable_balances().count(), 1);

    assert_eq!(refusal(&mut world, &bob, claim(&balance)), ClaimClaimableBalanceResult::NoTrust);
    world.run(&bob, build::change_trust(&usd, 59)).unwrap();
    assert_eq!(refusal(&mut world, &bob, claim(&balance)), ClaimClaimableBalanceResult::LineFull);
    world.run(&bob, build::change_trust(&usd, 100)).unwrap();
    world.run(&bob, claim(&balance)).unwrap();
    assert_eq!((world.credit(&alice, &usd), world.credit(&bob, &usd)), (40, 60));
    assert_eq!(world.available(&alice), before - 100);
    assert_eq!(refusal(&mut world, &bob, claim(&balance)), ClaimClaimableBalanceResult::DoesNotExist);
}

#[test]
fn predicates_decide_who_may_claim_when() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let bob = world.fund("bob", 10);
    let carol = world.fund("carol", 10);
    let within = ClaimPredicate::BeforeRelativeTime(60);
    let after = ClaimPredicate::Not(Some(Box::new(within.clone())));
    let balance =
        created(&mut world, &alice, create(&Asset::Native, XLM, &[(&bob, within), (&carol, after)]));
    let born = world.now;
    assert_eq!(refusal(&mut world, &alice, claim(&balance)), ClaimClaimableBalanceResult::CannotClaim);
    assert_eq!(refusal(&mut world, &carol, claim(&balance)), ClaimClaimableBalanceResult::CannotClaim);
    world.now = born + 60 - 5;
    assert_eq!(
        refusal(&mut world, &bob, claim(&balance)),
        ClaimClaimableBalanceResult::CannotClaim,
        "a second too late"
    );
    world.run(&carol, claim(&balance)).unwrap();
}

#[test]
fn combined_predicates_combine() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let bob = world.fund("bob", 10);
    let past = || ClaimPredicate::BeforeAbsoluteTime(1);
    let always = || ClaimPredicate::Unconditional;
    for (predicate, may) in [
        (ClaimPredicate::And(vec![always(), past()].try_into().unwrap()), false),
        (ClaimPredicate::Or(vec![always(), past()].try_into().unwrap()), true),
        (ClaimPredicate::And(vec![always(), always()].try_into().unwrap()), true),
        (ClaimPredicate::Or(vec![past(), past()].try_into().unwrap()), false),
    ] {
        let balance = created(&mut world, &alice, create(&Asset::Native, XLM, &[(&bob, predicate.clone())]));
        assert_eq!(world.run(&bob, claim(&balance)).is_ok(), may, "{predicate:?}");
    }
}

#[test]
fn a_balance_that_cannot_be_made_says_why() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 100);
    let bob = world.fund("bob", 10);
    let refusal = |world: &mut World, key, body| match world.fails(key, body) {
        OperationResultTr::CreateClaimableBalance(result) => result,
        other => panic!("{other:?}"),
    };
    let to_bob = [(&bob, ClaimPredicate::Unconditional)];
    use CreateClaimableBalanceResult as Code;
    assert_eq!(refusal(&mut world, &alice, create(&usd, 0, &to_bob)), Code::Malformed);
    assert_eq!(refusal(&mut world, &alice, create(&usd, 1, &[])), Code::Malformed);
    let twice = [to_bob[0].clone(), to_bob[0].clone()];
    assert_eq!(refusal(&mut world, &alice, create(&usd, 1, &twice)), Code::Malformed);
    let mut deep = ClaimPredicate::Unconditional;
    for _ in 0..4 {
        deep = ClaimPredicate::Not(Some(Box::new(deep)));
    }
    assert_eq!(refusal(&mut world, &alice, create(&usd, 1, &[(&bob, deep)])), Code::Malformed);
    let none = ClaimPredicate::Not(None);
    assert_eq!(refusal(&mut world, &alice, create(&usd, 1, &[(&bob, none)])), Code::Malformed);
    assert_eq!(refusal(&mut world, &alice, create(&usd, 101, &to_bob)), Code::Underfunded);
    assert_eq!(refusal(&mut world, &bob, create(&usd, 1, &to_bob)), Code::NoTrust);
    let rest = world.available(&bob) - 200;
    assert_eq!(refusal(&mut world, &bob, create(&Asset::Native, rest, &to_bob)), Code::LowReserve);
}

#[test]
fn a_balance_of_a_clawback_asset_can_be_clawed_back() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    world.run(&issuer, flags(2 | 8)).unwrap();
    let alice = world.holder("alice", &usd, 100);
    let bob = world.fund("bob", 10);
    let back = |balance: &ClaimableBalanceId| {
        OperationBody::ClawbackClaimableBalance(ClawbackClaimableBalanceOp { balance_id: balance.clone() })
    };
    let balance = created(&mut world, &alice, create(&usd, 60, &[(&bob, ClaimPredicate::Unconditional)]));
    assert!(matches!(
        &world.network.claimable_balance(&balance).unwrap().1.ext,
        ClaimableBalanceEntryExt::V1(v1) if v1.flags == 1
    ));
    let refused = world.fails(&alice, back(&balance));
    assert_eq!(
        refused,
        OperationResultTr::ClawbackClaimableBalance(ClawbackClaimableBalanceResult::NotIssuer)
    );
    world.run(&issuer, back(&balance)).unwrap();
    assert_eq!(world.outstanding(&usd), 40);
    assert_eq!(crate::ledger::account::num_sponsoring(world.network.account(&id(&alice)).unwrap()), 0);
}

#[test]
fn a_balance_belongs_to_its_sponsor_who_cannot_leave_while_it_is_there() {
    let mut world = World::new();
    let alice = world.fund("alice", 100);
    let bob = world.fund("bob", 10);
    let balance =
        created(&mut world, &alice, create(&Asset::Native, XLM, &[(&bob, ClaimPredicate::Unconditional)]));
    let merge = world.fails(&alice, super::accounts::merge_into(&bob));
    assert_eq!(merge, OperationResultTr::AccountMerge(AccountMergeResult::IsSponsor));
    let revoke =
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(claimable_balance_key(&balance)));
    assert_eq!(
        world.fails(&alice, revoke),
        OperationResultTr::RevokeSponsorship(RevokeSponsorshipResult::OnlyTransferable)
    );
}

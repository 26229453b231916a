use ed25519_dalek::SigningKey;
use stellar_xdr::{
    AccountMergeResult, Asset, BeginSponsoringFutureReservesOp, BeginSponsoringFutureReservesResult,
    EndSponsoringFutureReservesResult, LedgerKey, OperationBody, OperationResult, OperationResultTr,
    RevokeSponsorshipOp, RevokeSponsorshipOpSigner, RevokeSponsorshipResult, String64,
    TransactionResultResult,
};

use super::accounts::set_data;
use super::fixture::{World, XLM, code, id};
use super::options::{key_signer, signer};
use crate::ledger::build;
use crate::ledger::state::{account_key, data_key, offer_key};
use crate::ledger::{account, operation_results, sponsor_of};

fn begin(sponsored: &SigningKey) -> OperationBody {
    OperationBody::BeginSponsoringFutureReserves(BeginSponsoringFutureReservesOp {
        sponsored_id: id(sponsored),
    })
}

const END: OperationBody = OperationBody::EndSponsoringFutureReserves;

#[test]
fn a_sponsored_account_needs_no_lumens_of_its_own() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let sponsor = world.fund("sponsor", 100);
    let child = build::key("child");
    let before = world.available(&sponsor);
    let draft = world
        .draft(&sponsor)
        .operation(begin(&child))
        .operation(build::create_account(&id(&child), 0))
        .operation_of(&id(&child), build::change_trust(&usd, 100))
        .operation_of(&id(&child), signer(key_signer(&sponsor), 1))
        .operation_of(&id(&child), END);
    let record = world.land(world.sign(&draft, &[&sponsor, &child])).unwrap();
    assert!(record.successful, "{:?}", record.result());
    assert_eq!(world.available(&sponsor), before - 500 - 4 * 5_000_000);
    let entry = world.network.account(&id(&child)).unwrap();
    assert_eq!((account::num_sponsored(entry), entry.num_sub_entries, entry.balance), (4, 2, 0));
    assert_eq!(account::signer_sponsors(entry), [Some(id(&sponsor))]);
    assert_eq!(sponsor_of(&world.network.account_entry(&id(&child)).unwrap().ext), Some(&id(&sponsor)));

    let draft = world
        .draft(&sponsor)
        .operation_of(&id(&child), signer(key_signer(&sponsor), 0))
        .operation_of(&id(&child), build::change_trust(&usd, 0))
        .operation_of(&id(&child), super::accounts::merge_into(&sponsor));
    let record = world.land(world.sign(&draft, &[&sponsor])).unwrap();
    assert!(record.successful, "{:?}", record.result());
    assert_eq!(world.available(&sponsor), before - 800);
}

#[test]
fn a_sponsorship_left_open_fails_the_transaction() {
    let mut world = World::new();
    let sponsor = world.fund("sponsor", 100);
    let child = world.fund("child", 10);
    let draft =
        world.draft(&sponsor).operation(begin(&child)).operation_of(&id(&child), set_data("a", Some(b"b")));
    let record = world.land(world.sign(&draft, &[&sponsor, &child])).unwrap();
    assert_eq!(*code(&record.result()), TransactionResultResult::TxBadSponsorship);
    assert_eq!(world.network.data_of(&id(&child)).count(), 0);
    assert_eq!(account::num_sponsoring(world.network.account(&id(&sponsor)).unwrap()), 0);
}

#[test]
fn sponsorships_do_not_nest() {
    let mut world = World::new();
    let sponsor = world.fund("sponsor", 100);
    let child = world.fund("child", 10);
    let draft = world
        .draft(&sponsor)
        .operation(begin(&child))
        .operation(begin(&child))
        .operation_of(&id(&child), begin(&sponsor))
        .operation_of(&id(&child), END)
        .operation_of(&id(&child), END);
    let record = world.land(world.sign(&draft, &[&sponsor, &child])).unwrap();
    let result = record.result();
    let results = operation_results(&result);
    let begin = |result| OperationResult::OpInner(OperationResultTr::BeginSponsoringFutureReserves(result));
    assert_eq!(results[1], begin(BeginSponsoringFutureReservesResult::AlreadySponsored));
    assert_eq!(results[2], begin(BeginSponsoringFutureReservesResult::Recursive));
    assert_eq!(
        results[4],
        OperationResult::OpInner(OperationResultTr::EndSponsoringFutureReserves(
            EndSponsoringFutureReservesResult::NotSponsored
        ))
    );
}

fn revoke(key: LedgerKey) -> OperationBody {
    OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(key))
}

fn revoke_result(result: &OperationResult) -> &RevokeSponsorshipResult {
    match result {
        OperationResult::OpInner(OperationResultTr::RevokeSponsorship(result)) => result,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sponsor_gives_reserves_back_to_an_owner_that_can_bear_them() {
    let mut world = World::new();
    let sponsor = world.fund("sponsor", 100);
    let child = build::key("child");
    let draft = world
        .draft(&sponsor)
        .operation(begin(&child))
        .operation(build::create_account(&id(&child), 0))
        .operation_of(&id(&child), signer(key_signer(&sponsor), 1))
        .operation_of(&id(&child), set_data("a", Some(b"b")))
        .operation_of(&id(&child), END);
    assert!(world.land(world.sign(&draft, &[&sponsor, &child])).unwrap().successful);
    let before = world.available(&sponsor);
    let data = data_key(&id(&child), &String64("a".try_into().unwrap()));
    let signer = RevokeSponsorshipOp::Signer(RevokeSponsorshipOpSigner {
        account_id: id(&child),
        signer_key: key_signer(&sponsor),
    });
    let poor = world.run(&sponsor, revoke(data.clone())).unwrap_err();
    assert_eq!(*revoke_result(&poor), RevokeSponsorshipResult::LowReserve);

    world.run(&sponsor, build::payment(id(&child), &Asset::Native, 30 * XLM)).unwrap();
    world.run(&sponsor, revoke(data.clone())).unwrap();
    world.run(&sponsor, OperationBody::RevokeSponsorship(signer.clone())).unwrap();
    world.run(&sponsor, revoke(account_key(&id(&child)))).unwrap();
    assert_eq!(world.available(&sponsor), before + 4 * 5_000_000 - 30 * XLM - 500);
    let entry = world.network.account(&id(&child)).unwrap();
    assert_eq!((account::num_sponsored(entry), entry.num_sub_entries), (0, 2));
    assert_eq!(account::signer_sponsors(entry), [None]);
    assert_eq!(account::num_sponsoring(world.network.account(&id(&sponsor)).unwrap()), 0);
    assert_eq!(sponsor_of(&world.network.entry(&data).unwrap().ext), None);

    let again = world.run(&sponsor, revoke(data)).unwrap_err();
    assert_eq!(*revoke_result(&again), RevokeSponsorshipResult::NotSponsor);
    let missing = world.run(&sponsor, revoke(account_key(&id(&build::key("nobody"))))).unwrap_err();
    assert_eq!(*revoke_result(&missing), RevokeSponsorshipResult::DoesNotExist);
    let malformed = world.run(&sponsor, revoke(offer_key(&id(&child), 0))).unwrap_err();
    assert_eq!(*revoke_result(&malformed), RevokeSponsorshipResult::Malformed);
}

#[test]
fn a_reserve_is_taken_over_by_an_open_sponsor() {
    let mut world = World::new();
    let (old, new) = (world.fund("old", 100), world.fund("new", 100));
    let child = world.fund("child", 10);
    let sponsored = world
        .draft(&old)
        .operation(begin(&child))
        .operation_of(&id(&child), set_data("a", Some(b"b")))
        .operation_of(&id(&child), END);
    assert!(world.land(world.sign(&sponsored, &[&old, &child])).unwrap().successful);
    let data = data_key(&id(&child), &String64("a".try_into().unwrap()));
    let taken_over = world
        .draft(&new)
        .operation(begin(&old))
        .operation_of(&id(&old), revoke(data.clone()))
        .operation_of(&id(&old), END);
    assert!(world.land(world.sign(&taken_over, &[&old, &new])).unwrap().successful);
    assert_eq!(sponsor_of(&world.network.entry(&data).unwrap().ext), Some(&id(&new)));
    let counts = |world: &World, key| {
        let entry = world.network.account(&id(key)).unwrap();
        (account::num_sponsoring(entry), account::num_sponsored(entry))
    };
    assert_eq!(
        [counts(&world, &old), counts(&world, &new), counts(&world, &child)],
        [(0, 0), (1, 0), (0, 1)]
    );

    let own = data_key(&id(&child), &String64("own".try_into().unwrap()));
    world.run(&child, set_data("own", Some(b""))).unwrap();
    let taken_up = world
        .draft(&new)
        .operation(begin(&child))
        .operation_of(&id(&child), revoke(own.clone()))
        .operation_of(&id(&child), END);
    assert!(world.land(world.sign(&taken_up, &[&child, &new])).unwrap().successful);
    assert_eq!([counts(&world, &new), counts(&world, &child)], [(2, 0), (0, 2)]);
}

#[test]
fn an_owner_does_not_become_its_own_sponsor() {
    let mut world = World::new();
    let sponsor = world.fund("sponsor", 100);
    let child = world.fund("child", 10);
    let sponsored = world
        .draft(&sponsor)
        .operation(begin(&child))
        .operation_of(&id(&child), set_data("a", Some(b"b")))
        .operation_of(&id(&child), END);
    assert!(world.land(world.sign(&sponsored, &[&sponsor, &child])).unwrap().successful);
    let data = data_key(&id(&child), &String64("a".try_into().unwrap()));
    let given_back = world
        .draft(&child)
        .operation(begin(&sponsor))
        .operation_of(&id(&sponsor), revoke(data.clone()))
        .operation_of(&id(&sponsor), END);
    assert!(world.land(world.sign(&given_back, &[&sponsor, &child])).unwrap().successful);
    assert_eq!(sponsor_of(&world.network.entry(&data).unwrap().ext), None);
    let entry = world.network.account(&id(&child)).unwrap();
    assert_eq!((account::num_sponsored(entry), account::num_sponsoring(entry)), (0, 0));
}

#[test]
fn an_account_does_not_merge_while_it_promises_to_sponsor() {
    let mut world = World::new();
    let sponsor = world.fund("sponsor", 100);
    let child = world.fund("child", 10);
    let draft = world
        .draft(&child)
        .operation_of(&id(&sponsor), begin(&child))
        .operation_of(&id(&sponsor), super::accounts::merge_into(&child))
        .operation(END);
    let record = world.land(world.sign(&draft, &[&sponsor, &child])).unwrap();
    let result = record.result();
    let merge = OperationResult::OpInner(OperationResultTr::AccountMerge(AccountMergeResult::IsSponsor));
    assert_eq!(operation_results(&result)[1], merge);
}

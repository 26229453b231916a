use ed25519_dalek::SigningKey;
use stellar_xdr::{
    BeginSponsoringFutureReservesOp, BeginSponsoringFutureReservesResult, EndSponsoringFutureReservesResult,
    OperationBody, OperationResult, OperationResultTr, TransactionResultResult,
};

use super::accounts::set_data;
use super::fixture::{World, code, id};
use super::options::{key_signer, signer};
use crate::ledger::build;
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

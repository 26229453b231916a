//! What was set aside and nobody claimed comes back once, into suspense; what the user claimed stays the user's.

use std::time::Duration;

use anchor_core::config::Config;
use anchor_core::id::{RandomIds, TransactionId};
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::ops::reclaim::reclaim;
use anchor_core::ops::suspense::{ReturnFee, assign, refund};
use anchor_core::ops::{JobSettings, Progress};
use anchor_core::stellar::envelope::{Claimant, Operation, Payment};
use anchor_core::stellar::{BalanceLookup, Ledger as _};
use anchor_core::store::{PaymentRecord, SetAside, SetAsideState, SuspenseReason};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{
    Actor, ApplyContext, AttemptPurpose, AttemptStatus, Kind, Status, Transaction,
};

use crate::moments;
use crate::world::{World, lumens};

/// A quarter of a year, and longer than anybody may take to sign.
const AFTER: Duration = Duration::from_secs(90 * 24 * 3600);

/// Longer than an envelope may land.
pub(crate) const BOUND: u64 = 100;

pub(crate) fn takes_back(config: &mut Config) {
    config.claimable_reclaim_after = Some(AFTER);
}

/// Where the user has no trust line.
pub(crate) async fn world() -> World {
    let world = World::with_asset(samples::asset(), takes_back).await;
    no_trust(&world);
    world
}

pub(crate) fn no_trust(world: &World) {
    world.ledger.edit(samples::user().account(), |account| account.trust_lines.clear());
}

fn trust(world: &World) {
    world.ledger.trust(samples::user().account(), &samples::token(), lumens(0));
}

pub(crate) fn claiming(id: TransactionId) -> Transaction {
    let mut started = samples::started(id, Kind::Deposit);
    started.request.claimable_balances = true;
    started
}

/// A deposit of 50, less the fee, that was set aside, and its balance.
pub(crate) async fn set_aside(world: &World) -> (TransactionId, String) {
    let id = world.agree(claiming(world.id()), "50", 0).await;
    world.credit(id, "50");
    // three ledgers: these worlds are made for every moment of a road
    for _ in 0..3 {
        world.work().await;
        world.tick();
    }
    world.work().await;
    let done = world.fetch(id).await;
    assert_eq!(done.status(), Status::Completed);
    (id, done.claimable_balance_id.unwrap())
}

/// Deposits of as many users without trust lines, all set aside.
pub(crate) async fn set_aside_many(world: &World, count: u8) -> Vec<TransactionId> {
    let mut deposits = Vec::new();
    for number in 20..20 + count {
        let account = SigningKey::from_seed([number; 32]).account();
        world.ledger.fund(account, lumens(10));
        let mut started = claiming(world.id());
        started.request.account = account.into();
        let id = world.agree(started, "50", 0).await;
        world.credit(id, "50");
        deposits.push(id);
    }
    world.settle().await;
    deposits
}

/// On the ledger and here.
pub(crate) fn pass(world: &World, time: Duration) {
    let now = world.ledger.close().closed_at;
    world.ledger.close_at(now + time.as_secs());
    world.clock.advance(time);
}

/// Until the anchor may claim, too.
pub(crate) fn quarter_passes(world: &World) {
    pass(world, AFTER + Duration::from_secs(2 * 3600));
}

pub(crate) async fn record(world: &World, balance: &str) -> SetAside {
    let mut found = world.anchor.store().set_aside_find(&[balance.to_owned()]).await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

pub(crate) async fn state(world: &World, balance: &str) -> SetAsideState {
    record(world, balance).await.state
}

pub(crate) async fn in_suspense(world: &World) -> Vec<PaymentRecord> {
    world.anchor.store().suspense_list(None).await.unwrap()
}

async fn is_there(world: &World, balance: &str) -> bool {
    matches!(world.ledger.claimable_balance(balance).await.unwrap(), BalanceLookup::Held { .. })
}

pub(crate) fn user_claims(world: &World, balance: &str) {
    trust(world);
    assert!(world.ledger.claims(samples::user().account(), balance, Memo::None));
}

/// Which claims of the anchor's own were applied.
pub(crate) fn claims(world: &World) -> usize {
    let operations = world.ledger.applied(0).into_iter().flat_map(|(_, operations)| operations);
    operations.filter(|operation| matches!(operation, Operation::Claim { .. })).count()
}

pub(crate) fn distribution_holds(world: &World) -> String {
    world.ledger.balance(&samples::distribution().account(), &samples::token()).to_string()
}

fn by_ana(world: &World) -> ApplyContext<'static> {
    use anchor_core::clock::Clock as _;
    ApplyContext { ids: &RandomIds, actor: Actor::Operator("ana".into()), at: world.clock.now() }
}

pub(crate) async fn job(world: &World, name: &str) {
    world.worker.activate_once(name).await.unwrap();
}

/// Everything is in its place: on the ledger, in the record, in suspense, and nowhere twice.
pub(crate) async fn came_back_once(world: &World, id: TransactionId, balance: &str, when: &str) {
    assert!(!is_there(world, balance).await, "{when}");
    assert_eq!(distribution_holds(world), "100000", "{when}");
    assert_eq!(state(world, balance).await, SetAsideState::Reclaimed, "{when}");
    let deposit = world.fetch(id).await;
    assert_eq!((deposit.state.name(), deposit.status()), ("paid", Status::Completed), "{when}");
    assert_eq!(deposit.claimable_balance_id.as_deref(), Some(balance), "{when}");
    let [payment] = &in_suspense(world).await[..] else { panic!("{when}: not once in suspense") };
    assert_eq!(
        (payment.suspense, payment.transaction),
        (Some(SuspenseReason::Reclaimed), Some(id)),
        "{when}"
    );
    assert_eq!(payment.movement.amount.to_string(), "49.75", "{when}");
    assert_eq!(payment.movement.from, samples::user().account().into(), "{when}: whom it was set aside for");
    assert_eq!(world.anchor.store().payment_list(id).await.unwrap().len(), 1, "{when}");
}

#[tokio::test]
async fn r_cb_001_r_24_051_what_nobody_claims_comes_back_and_is_paid_again() {
    let world = world().await;
    let began = world.ledger.latest().await.unwrap().closed_at;
    let (id, balance) = set_aside(&world).await;
    let (_, operations) = world.ledger.applied(0).remove(0);
    let [Operation::Pay(Payment::ClaimableBalance { claimants, .. })] = &operations[..] else {
        panic!("{operations:?}")
    };
    let from = record(&world, &balance).await.from;
    assert!(from > began + AFTER.as_secs(), "not before its time");
    let (user, anchor) = (samples::user().account(), samples::distribution().account());
    let wanted = [Claimant { account: user, from: None }, Claimant { account: anchor, from: Some(from) }];
    assert_eq!(*claimants, wanted, "the user may claim it from the first moment on, and for ever");

    pass(&world, AFTER - Duration::from_secs(3600));
    world.settle().await;
    assert!(is_there(&world, &balance).await && in_suspense(&world).await.is_empty());

    pass(&world, Duration::from_secs(4 * 3600));
    world.settle().await;
    came_back_once(&world, id, &balance, "in its time").await;
    assert_eq!(claims(&world), 1);
    let last = record(&world, &balance).await.attempt.unwrap();
    let attempt = world.anchor.store().attempt_fetch(last.id).await.unwrap().unwrap();
    assert_eq!((attempt.purpose, last.status), (AttemptPurpose::Reclaim, AttemptStatus::Applied));
    quarter_passes(&world);
    world.settle().await;
    came_back_once(&world, id, &balance, "much later").await;

    // an operator pays it again: to whom it was set aside for, who can hold it by now
    let payment = in_suspense(&world).await.remove(0).movement.id;
    trust(&world);
    let back = refund(world.anchor.store(), &payment, ReturnFee::Policy, &by_ana(&world)).await.unwrap();
    world.settle().await;
    assert_eq!((world.state(back.id).await, world.user_holds().as_str()), ("refunded", "49.75"));
    assert!(in_suspense(&world).await.is_empty());
    assert_eq!((world.state(id).await, distribution_holds(&world).as_str()), ("paid", "99950.25"));
}

/// As often as it takes: nobody is paid who cannot hold it, and nothing is stuck.
#[tokio::test]
async fn what_is_paid_again_to_who_cannot_hold_it_is_set_aside_again() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.settle().await;
    came_back_once(&world, id, &balance, "the first time").await;
    let payment = in_suspense(&world).await.remove(0).movement.id;
    let back = refund(world.anchor.store(), &payment, ReturnFee::Policy, &by_ana(&world)).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(back.id).await, "refunded");
    let again = world.fetch(back.id).await.claimable_balance_id.unwrap();
    assert_eq!(record(&world, &again).await.transaction, back.id);
    user_claims(&world, &again);
    quarter_passes(&world);
    world.settle().await;
    assert_eq!(state(&world, &again).await, SetAsideState::Claimed);
    assert_eq!((world.user_holds().as_str(), in_suspense(&world).await.len()), ("49.75", 0));
}

#[tokio::test]
async fn what_came_back_may_leave_by_a_withdrawal_too() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.settle().await;
    came_back_once(&world, id, &balance, "in its time").await;
    let withdrawal = world.withdrawal("49.75", 7).await;
    let payment = in_suspense(&world).await.remove(0).movement.id;
    assign(world.anchor.store(), &payment, withdrawal, None, &by_ana(&world)).await.unwrap();
    world.settle().await;
    assert_eq!((world.state(withdrawal).await, world.transfers(withdrawal).len()), ("paid_out", 1));
    assert!(in_suspense(&world).await.is_empty());
}

#[tokio::test]
async fn r_cb_001_user_who_claims_first_keeps_it() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    user_claims(&world, &balance);
    quarter_passes(&world);
    world.settle().await;
    assert_eq!(state(&world, &balance).await, SetAsideState::Claimed);
    assert_eq!((world.user_holds().as_str(), claims(&world)), ("49.75", 0));
    assert!(in_suspense(&world).await.is_empty());
    assert_eq!((world.state(id).await, world.envelopes()), ("paid", 1));
}

#[tokio::test]
async fn r_cb_001_user_who_claims_while_the_anchor_does_keeps_it() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.ledger.jam(true);
    world.work().await;
    let last = record(&world, &balance).await.attempt.unwrap();
    assert_eq!(last.status, AttemptStatus::Open);
    user_claims(&world, &balance);
    world.work().await;
    assert_eq!(state(&world, &balance).await, SetAsideState::Open, "gone, but the attempt may have taken it");
    world.ledger.jam(false);
    world.settle().await;
    let now = record(&world, &balance).await;
    assert_eq!((now.state, now.attempt.unwrap().status), (SetAsideState::Claimed, AttemptStatus::Void));
    assert_eq!((now.attempt.unwrap().id, claims(&world)), (last.id, 0), "op_does_not_exist");
    assert!(in_suspense(&world).await.is_empty());
    assert_eq!((world.user_holds().as_str(), world.state(id).await), ("49.75", "paid"));
}

#[tokio::test]
async fn user_who_claims_after_the_attempt_died_keeps_it() {
    let world = world().await;
    let (_, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.ledger.jam(true);
    world.work().await;
    let last = record(&world, &balance).await.attempt.unwrap();
    // nobody has looked yet
    pass(&world, Duration::from_secs(BOUND));
    job(&world, "confirm_payments").await;
    assert_eq!(record(&world, &balance).await.attempt.unwrap().status, AttemptStatus::Void);
    user_claims(&world, &balance);
    world.ledger.jam(false);
    world.settle().await;
    let now = record(&world, &balance).await;
    assert_eq!((now.state, now.attempt.unwrap().id), (SetAsideState::Claimed, last.id));
    assert!(in_suspense(&world).await.is_empty());
    assert_eq!(world.user_holds(), "49.75");
}

#[tokio::test]
async fn r_cb_001_without_the_setting_the_user_is_the_only_claimant_and_nothing_comes_back() {
    let world = World::new().await;
    no_trust(&world);
    let (_, balance) = set_aside(&world).await;
    let (_, operations) = world.ledger.applied(0).remove(0);
    let [Operation::Pay(Payment::ClaimableBalance { claimants, .. })] = &operations[..] else {
        panic!("{operations:?}")
    };
    assert_eq!(claimants.len(), 1);
    assert_eq!(world.anchor.store().set_aside_list().await.unwrap(), []);
    quarter_passes(&world);
    world.settle().await;
    assert!(is_there(&world, &balance).await && in_suspense(&world).await.is_empty());
}

#[tokio::test]
async fn balances_of_before_stay_while_the_setting_is_off() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    let off = world.another_anchor_with(|config| config.claimable_reclaim_after = None).await;
    let settings = JobSettings::new("off");
    assert_eq!(reclaim(&off, &settings).await.unwrap(), Progress::default());
    assert!(is_there(&world, &balance).await);
    assert_eq!(state(&world, &balance).await, SetAsideState::Open);
    world.settle().await;
    came_back_once(&world, id, &balance, "on again").await;
}

#[tokio::test]
async fn claim_by_another_program_with_the_same_key_comes_into_the_books_too() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    // its memo is no withdrawal's business
    let withdrawal = world.withdrawal("49.75", 7).await;
    quarter_passes(&world);
    assert!(world.ledger.claims(samples::distribution().account(), &balance, Memo::Id(7)));
    world.settle().await;
    came_back_once(&world, id, &balance, "by another program").await;
    assert_eq!((claims(&world), world.transfers(withdrawal).len()), (0, 0));
}

#[tokio::test]
async fn server_that_tells_what_a_claim_brought_makes_it_no_second_payment() {
    let world = world().await;
    world.ledger.tell_claims();
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.settle().await;
    came_back_once(&world, id, &balance, "told twice").await;
    // what somebody else set aside for the account is the account's own, as ever
    let other = format!("00000000{}", "07".repeat(32));
    let distribution = samples::distribution().account();
    world.ledger.sets_aside(&other, &[distribution], &samples::token(), lumens(5));
    assert!(world.ledger.claims(distribution, &other, Memo::None));
    world.settle().await;
    assert_eq!((in_suspense(&world).await.len(), distribution_holds(&world).as_str()), (1, "100005"));
}

#[tokio::test]
async fn what_the_watcher_reads_prevails_over_what_was_concluded() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    assert!(world.ledger.claims(samples::distribution().account(), &balance, Memo::None));
    job(&world, "reclaim_balances").await;
    assert_eq!(state(&world, &balance).await, SetAsideState::Claimed, "gone, and no attempt of ours took it");
    job(&world, "watch_transactions").await;
    came_back_once(&world, id, &balance, "read later").await;
}

#[tokio::test]
async fn claim_of_a_balance_whose_deposit_is_not_confirmed_waits_for_that() {
    let world = world().await;
    let id = world.agree(claiming(world.id()), "50", 0).await;
    world.credit(id, "50");
    job(&world, "process_pending_deposits").await;
    job(&world, "submit_payments").await;
    world.ledger.close();
    let (hash, _) = world.ledger.applied(0).remove(0);
    let anchor_core::stellar::Lookup::Succeeded { claimable_balances, .. } =
        world.ledger.lookup(&hash).await.unwrap()
    else {
        panic!("not applied")
    };
    quarter_passes(&world);
    assert!(world.ledger.claims(samples::distribution().account(), &claimable_balances[0], Memo::None));
    // nobody has looked at the attempt for a quarter of a year: whose this was is not known
    world.worker.activate_once("watch_transactions").await.unwrap_err();
    assert!(in_suspense(&world).await.is_empty());
    job(&world, "confirm_payments").await;
    world.settle().await;
    came_back_once(&world, id, &claimable_balances[0], "confirmed late").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_workers_take_everything_back_once() {
    let world = world().await;
    let mut deposits = set_aside_many(&world, 4).await;
    quarter_passes(&world);
    let (one, other) = (world.another_worker(), world.another_worker());
    for _ in 0..12 {
        let (first, second) = tokio::join!(one.run_until_idle(), other.run_until_idle());
        first.unwrap();
        second.unwrap();
        world.tick();
        world.clock.advance(Duration::from_secs(200));
    }
    let mut back: Vec<_> = in_suspense(&world).await.into_iter().filter_map(|one| one.transaction).collect();
    back.sort();
    deposits.sort();
    assert_eq!((back, claims(&world)), (deposits, 4));
    assert_eq!(distribution_holds(&world), "100000");
}

#[tokio::test(flavor = "multi_thread")]
async fn deposit_that_is_set_aside_has_its_record_after_death_at_every_moment() {
    let make = async || (world().await, ());
    let road = async |world: &World| {
        let id = world.agree(claiming(world.id()), "50", 0).await;
        world.credit(id, "50");
        id
    };
    let check = async |world: &World, (): &(), id, when: &str| {
        let balance = world.fetch(id).await.claimable_balance_id.unwrap();
        let listed = world.anchor.store().set_aside_list().await.unwrap();
        assert_eq!(listed.len(), 1, "{when}");
        assert_eq!((&listed[0].balance, listed[0].transaction), (&balance, id), "{when}");
        assert!(is_there(world, &balance).await, "{when}");
    };
    moments::at_every_moment(8, "paid", make, road, check).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_cb_001_what_is_taken_back_survives_death_at_every_moment() {
    for ledger_goes_on in [false, true] {
        for moment in 0.. {
            let world = world().await;
            let (id, balance) = set_aside(&world).await;
            quarter_passes(&world);
            let is_over = async || state(&world, &balance).await == SetAsideState::Reclaimed;
            let died = world.work_through_death(is_over, moment, ledger_goes_on).await;
            let when = format!("killed at moment {moment}, ledger goes on: {ledger_goes_on}");
            // an envelope whose time was over before anybody sent it is made again later
            pass(&world, Duration::from_secs(2 * 3600));
            world.settle().await;
            came_back_once(&world, id, &balance, &when).await;
            assert_eq!(claims(&world), 1, "{when}");
            if !died {
                assert!(moment > 6, "the road has more moments than {moment}");
                break;
            }
        }
    }
}

/// Whoever of the two is first has it, whenever the process dies.
#[tokio::test(flavor = "multi_thread")]
async fn r_cb_001_race_with_the_user_survives_death_at_every_moment() {
    for ledger_goes_on in [false, true] {
        for moment in 0.. {
            let world = world().await;
            let (id, balance) = set_aside(&world).await;
            quarter_passes(&world);
            world.ledger.jam(true);
            job(&world, "reclaim_balances").await;
            user_claims(&world, &balance);
            world.ledger.jam(false);
            let is_over = async || state(&world, &balance).await != SetAsideState::Open;
            let died = world.work_through_death(is_over, moment, ledger_goes_on).await;
            let when = format!("killed at moment {moment}, ledger goes on: {ledger_goes_on}");
            world.settle().await;
            assert_eq!(state(&world, &balance).await, SetAsideState::Claimed, "{when}");
            assert_eq!((world.user_holds().as_str(), claims(&world)), ("49.75", 0), "{when}");
            assert!(in_suspense(&world).await.is_empty(), "{when}");
            assert_eq!(world.state(id).await, "paid", "{when}");
            if !died {
                assert!(moment > 1, "the road has more moments than {moment}");
                break;
            }
        }
    }
}

//! Taking back where something is in the way: a claim that fails or dies, who signs and does not, servers, fees.

use std::time::Duration;

use anchor_core::memo::Memo;
use anchor_core::ops::JobSettings;
use anchor_core::ops::reclaim::reclaim;
use anchor_core::stellar::{Failure, FailureKind};
use anchor_core::store::SetAsideState;
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_core::testing::signer::ScriptedSigner;
use anchor_core::testing::store::memory::MemoryStore;
use anchor_core::transaction::{AttemptPurpose, AttemptStatus};
use anchor_core::{Anchor, BuildError};

use crate::reclaim::{
    BOUND, came_back_once, claims, distribution_holds, in_suspense, job, no_trust, pass, quarter_passes,
    record, set_aside, set_aside_many, state, takes_back, world,
};
use crate::world::{World, lumens};

/// After which a claim that came to nothing is made again.
const LATER: Duration = Duration::from_secs(2 * 3600);

#[tokio::test]
async fn attempt_that_died_is_made_again() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.ledger.jam(true);
    world.work().await;
    let first = record(&world, &balance).await.attempt.unwrap();
    pass(&world, Duration::from_secs(BOUND));
    job(&world, "confirm_payments").await;
    world.ledger.jam(false);
    world.settle().await;
    assert_eq!(record(&world, &balance).await.attempt.unwrap().id, first.id, "not at once");
    pass(&world, LATER);
    world.settle().await;
    assert_ne!(record(&world, &balance).await.attempt.unwrap().id, first.id);
    came_back_once(&world, id, &balance, "the second time").await;
    assert_eq!(claims(&world), 1);
}

#[tokio::test]
async fn account_that_cannot_hold_it_does_not_try_and_a_claim_that_fails_is_made_again() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    let distribution = samples::distribution().account();
    let limit = |limit| {
        world.ledger.edit(distribution, |account| account.trust_lines[0].limit = limit);
    };
    limit(lumens(99_999));
    world.settle().await;
    assert_eq!((world.envelopes(), record(&world, &balance).await.attempt), (1, None));
    limit(lumens(1_000_000));
    let mut failure = Failure::new(FailureKind::CannotReceive, "tx_failed: op_not_authorized");
    failure.operations = vec![Some(FailureKind::CannotReceive)];
    world.ledger.inject(Fault::Apply(failure));
    pass(&world, Duration::from_secs(2 * 3600));
    world.settle().await;
    let failed = record(&world, &balance).await.attempt.unwrap();
    assert!(failed.status == AttemptStatus::Void && failed.ledger.is_some());
    world.settle().await;
    assert_eq!((world.envelopes(), claims(&world)), (2, 0), "each failure costs a fee");
    pass(&world, Duration::from_secs(2 * 3600));
    world.settle().await;
    came_back_once(&world, id, &balance, "after all").await;
    assert_eq!((world.envelopes(), claims(&world)), (3, 1));
}

#[tokio::test]
async fn server_that_does_not_answer_or_lags_decides_nothing() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.ledger.inject(Fault::Balance);
    job(&world, "reclaim_balances").await;
    assert_eq!((state(&world, &balance).await, world.envelopes()), (SetAsideState::Open, 1));
    world.settle().await;
    came_back_once(&world, id, &balance, "asked again").await;
}

#[tokio::test]
async fn with_a_custodian_the_setting_is_refused_at_start() {
    let (world, custody) = World::with_custody().await;
    let mut config = world.anchor.config().clone();
    takes_back(&mut config);
    let builder = Anchor::builder(config).custody(custody).store(MemoryStore::new());
    let refused = builder.ledger(world.ledger.clone()).rails(world.rails.clone()).build().await.unwrap_err();
    assert!(matches!(refused, BuildError::ReclaimByCustodian), "{refused}");
}

#[tokio::test]
async fn somebody_else_signs_what_is_taken_back() {
    let vault = ScriptedSigner::of([samples::distribution()]);
    let world = World::with_signer_and(&vault, takes_back).await;
    no_trust(&world);
    world.channels(2).await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.settle().await;
    came_back_once(&world, id, &balance, "signed elsewhere").await;
    assert_eq!(vault.requests().last().unwrap().purpose, AttemptPurpose::Reclaim);
}

#[tokio::test]
async fn channels_set_aside_and_take_back() {
    let world = world().await;
    let channels = world.channels(2).await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.settle().await;
    assert_eq!(state(&world, &balance).await, SetAsideState::Reclaimed);
    assert_eq!(world.state(id).await, "paid");
    let attempt = record(&world, &balance).await.attempt.unwrap();
    let attempt = world.anchor.store().attempt_fetch(attempt.id).await.unwrap().unwrap();
    assert!(channels.contains(&attempt.source));
    assert_eq!((in_suspense(&world).await.len(), distribution_holds(&world).as_str()), (1, "100000"));
}

/// With channel accounts, that holds up no payment; and at most one of them.
#[tokio::test]
async fn who_refuses_to_sign_is_not_asked_at_once_again_and_holds_up_nobody() {
    let vault = ScriptedSigner::of([samples::distribution()]);
    let world = World::with_signer_and(&vault, takes_back).await;
    no_trust(&world);
    world.channels(2).await;
    set_aside_many(&world, 2).await;
    quarter_passes(&world);
    let asked = || vault.requests().iter().filter(|one| one.purpose == AttemptPurpose::Reclaim).count();
    vault.refuse(Some("no claims"));
    world.work().await;
    assert_eq!(asked(), 1, "one claim at a time for an account");
    vault.refuse(None);
    let other = world.another_user(40);
    let deposit = world.deposit_of(other, Memo::None, "50").await;
    world.settle().await;
    assert_eq!(world.state(deposit).await, "paid", "while the claim is open");
    vault.refuse(Some("no claims"));
    pass(&world, Duration::from_secs(3700));
    job(&world, "confirm_payments").await;
    let listed = world.anchor.store().set_aside_list().await.unwrap();
    let void = listed.iter().find_map(|one| one.attempt).unwrap();
    assert_eq!((void.status, void.ledger), (AttemptStatus::Void, None));
}

#[tokio::test]
async fn without_channels_nobody_waits_for_a_signature_to_take_something_back() {
    let vault = ScriptedSigner::of([samples::distribution()]);
    let world = World::with_signer_and(&vault, takes_back).await;
    no_trust(&world);
    let (_, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.settle().await;
    assert_eq!(record(&world, &balance).await.attempt, None);
}

/// Whoever comes first is asked about; the others wait without a question.
#[tokio::test]
async fn many_due_balances_cost_few_questions() {
    let world = world().await;
    set_aside_many(&world, 12).await;
    quarter_passes(&world);
    let settings = JobSettings::new("one");
    let progress = reclaim(&world.anchor, &settings).await.unwrap();
    assert_eq!((progress.claimed, progress.moved), (12, 1));
    world.clock.advance(Duration::from_secs(60));
    world.ledger.inject(Fault::Balance);
    let progress = reclaim(&world.anchor, &settings).await.unwrap();
    assert_eq!((progress.claimed, progress.moved, progress.failed), (12, 0, 0), "its claim is still open");
    world.ledger.close();
    job(&world, "confirm_payments").await;
    world.clock.advance(Duration::from_secs(60));
    let progress = reclaim(&world.anchor, &settings).await.unwrap();
    assert_eq!((progress.moved, progress.failed), (0, 1), "a server in trouble ends the round");
}

#[tokio::test]
async fn users_payments_have_half_of_the_fee_budget_for_themselves() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    let mut settings = JobSettings::new("one");
    settings.fee_budget = Some(0);
    assert_eq!(reclaim(&world.anchor, &settings).await.unwrap().claimed, 0);
    assert_eq!(record(&world, &balance).await.attempt, None);
    settings.fee_budget = Some(1_000_000);
    assert_eq!(reclaim(&world.anchor, &settings).await.unwrap().moved, 1);
    world.settle().await;
    came_back_once(&world, id, &balance, "within the budget").await;
}

/// It failed on the ledger, at the price of a fee; what is gone by then is the user's, and nothing is claimed again.
#[tokio::test]
async fn claim_that_came_after_the_users_own_is_not_made_again() {
    let world = world().await;
    let (id, balance) = set_aside(&world).await;
    quarter_passes(&world);
    world.ledger.jam(true);
    job(&world, "reclaim_balances").await;
    crate::reclaim::user_claims(&world, &balance);
    world.ledger.jam(false);
    world.ledger.close();
    job(&world, "confirm_payments").await;
    assert!(record(&world, &balance).await.attempt.unwrap().ledger.is_some(), "op_does_not_exist");
    pass(&world, LATER);
    world.settle().await;
    assert_eq!((state(&world, &balance).await, claims(&world)), (SetAsideState::Claimed, 0));
    assert_eq!((world.state(id).await, in_suspense(&world).await.len()), ("paid", 0));
    assert_eq!(distribution_holds(&world), "99950.25");
}

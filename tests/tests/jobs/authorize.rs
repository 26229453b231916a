//! Tokens whose issuer wants to authorise every trust line: the anchor does it with the payment, or the deposit waits.

use anchor_core::asset::{Asset, Authorization, StellarAsset};
use anchor_core::id::TransactionId;
use anchor_core::integration::TrustOutcome;
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::stellar::envelope::{Operation, Payment};
use anchor_core::stellar::{SignerKey, TrustLine};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Fact, Kind, Status};

use crate::moments;
use crate::world::{World, lumens};

/// An issuer that authorises, whose key the anchor has, and a user whose trust line nobody has authorised yet.
async fn regulated(authorization: Authorization) -> World {
    let asset = Asset { authorization, ..samples::asset() };
    let world = World::with_asset(asset, |config| config.issuer_keys = vec![samples::issuer()]).await;
    require(&world);
    world
}

fn require(world: &World) {
    world.ledger.fund(samples::issuer().account(), lumens(5));
    world.ledger.edit(samples::issuer().account(), |issuer| issuer.auth_required = true);
    edit_line(world, |line| line.authorized = false);
}

fn edit_line(world: &World, change: impl FnOnce(&mut TrustLine)) {
    world.ledger.edit(samples::user().account(), |account| change(&mut account.trust_lines[0]));
}

async fn deposit(world: &World) -> TransactionId {
    let id = world.deposit("100").await;
    world.credit(id, "100");
    id
}

async fn assert_waits(world: &World, id: TransactionId) {
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
    assert!(world.ledger.submissions().is_empty(), "nothing was sent");
}

async fn assert_paid(world: &World, id: TransactionId) {
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
}

#[tokio::test]
async fn trust_line_is_authorized_in_the_envelope_of_the_payment() {
    for channels in [0, 3] {
        let world = regulated(Authorization::Always).await;
        world.channels(channels).await;
        let other = world.another_user(100);
        let id = deposit(&world).await;
        let beside = world.deposit_of(other, Memo::None, "10").await;
        world.settle().await;
        assert_paid(&world, id).await;
        assert_eq!(world.state(beside).await, "paid");
        let envelopes = world.ledger.applied(0);
        let holder = samples::user().account();
        let authorize = Operation::AuthorizeTrust { holder, asset: samples::token() };
        let payment = Payment::Pay {
            destination: holder.into(),
            asset: samples::token(),
            amount: "99.75".parse().unwrap(),
        };
        let wanted = vec![authorize, payment.into()];
        assert!(envelopes.iter().any(|(_, operations)| *operations == wanted), "{envelopes:?}");
        assert_eq!(world.trust.asked(), 0);
    }
}

#[tokio::test]
async fn second_deposit_of_a_user_is_paid_without_another_authorization() {
    let world = regulated(Authorization::Always).await;
    world.channels(3).await;
    let ids = [deposit(&world).await, deposit(&world).await];
    world.settle().await;
    for id in ids {
        assert_eq!(world.state(id).await, "paid");
    }
    assert_eq!(world.user_holds(), "199.5");
}

#[tokio::test]
async fn without_the_setting_or_the_issuers_key_the_deposit_waits_for_somebody_else() {
    let never = regulated(Authorization::Never).await;
    let asset = Asset { authorization: Authorization::Always, ..samples::asset() };
    let without_key = World::with_asset(asset, |_| ()).await;
    require(&without_key);
    let without_weight = regulated(Authorization::Always).await;
    without_weight.ledger.edit(samples::issuer().account(), |issuer| issuer.signers[0].1 = 0);
    for world in [never, without_key, without_weight] {
        let id = deposit(&world).await;
        world.settle().await;
        assert_waits(&world, id).await;
        edit_line(&world, |line| line.authorized = true);
        world.settle().await;
        assert_paid(&world, id).await;
    }
}

/// The issuer's own key is worth nothing; these keys are its signers.
fn give_signers(world: &World, signers: &[(u8, u32)], low_threshold: u32) {
    world.ledger.edit(samples::issuer().account(), |issuer| {
        issuer.signers.truncate(1);
        issuer.signers[0].1 = 0;
        let signer = |(number, weight): &(u8, u32)| (SignerKey::Ed25519(key(*number).account()), *weight);
        issuer.signers.extend(signers.iter().map(signer));
        issuer.low_threshold = low_threshold;
        // what it would take to pay from it
        issuer.medium_threshold = 200;
    });
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed([number; 32])
}

#[tokio::test]
async fn signers_of_the_issuer_authorize_without_its_own_key() {
    // weights of keys 40, 41 and 42, and the low threshold: one has to sign, one, all, and one
    let cases: [(&[(u8, u32)], u32); 4] = [
        (&[(41, 1)], 0),
        (&[(40, 1), (41, 2), (42, 3)], 3),
        (&[(40, 1), (41, 2), (42, 3)], 6),
        (&[(40, 200), (41, 1)], 200),
    ];
    for (signers, low_threshold) in cases {
        for channels in [0, 3] {
            let asset = Asset { authorization: Authorization::Always, ..samples::asset() };
            let keys = [40, 41, 42].map(key).to_vec();
            let world = World::with_asset(asset, |config| config.issuer_keys = keys).await;
            require(&world);
            give_signers(&world, signers, low_threshold);
            world.channels(channels).await;
            let id = deposit(&world).await;
            world.settle().await;
            // the ledger refuses an envelope that lacks a signature, and one that has one too many
            assert_paid(&world, id).await;
            assert_eq!(world.ledger.submissions().len(), 1, "{signers:?}");
        }
    }
}

#[tokio::test]
async fn distribution_key_that_is_a_signer_of_the_issuer_signs_once_for_both() {
    let asset = Asset { authorization: Authorization::Always, ..samples::asset() };
    for (distribution, low_threshold) in [(1, 1), (1, 2), (5, 5)] {
        let world = World::with_asset(asset.clone(), |config| config.issuer_keys = vec![key(40)]).await;
        require(&world);
        give_signers(&world, &[(40, 1)], low_threshold);
        world.ledger.edit(samples::issuer().account(), |issuer| {
            let signer = SignerKey::Ed25519(samples::distribution().account());
            issuer.signers.push((signer, distribution));
        });
        let id = deposit(&world).await;
        world.settle().await;
        assert_paid(&world, id).await;
    }
}

#[tokio::test]
async fn signers_that_weigh_too_little_authorize_nothing() {
    let cases: [(&[(u8, u32)], u32); 3] = [(&[(41, 1)], 2), (&[(50, 9)], 1), (&[(40, 0)], 0)];
    for (signers, low_threshold) in cases {
        let asset = Asset { authorization: Authorization::Always, ..samples::asset() };
        let world = World::with_asset(asset, |config| config.issuer_keys = vec![key(40), key(41)]).await;
        require(&world);
        give_signers(&world, signers, low_threshold);
        let id = deposit(&world).await;
        world.settle().await;
        assert_waits(&world, id).await;
        // whoever mends the signers has it paid
        give_signers(&world, &[(41, 9)], low_threshold);
        world.settle().await;
        assert_paid(&world, id).await;
    }
}

#[tokio::test]
async fn business_is_asked_and_only_its_yes_authorizes() {
    let world = regulated(Authorization::Ask).await;
    world.trust.answer(Err("the register does not answer"));
    let id = deposit(&world).await;
    for _ in 0..4 {
        world.work().await;
    }
    assert_waits(&world, id).await;
    world.settle().await;
    assert_waits(&world, id).await;
    let asked = world.trust.asked();
    assert!(asked >= 2, "{asked}");
    world.trust.answer(Ok(TrustOutcome::Authorize));
    world.settle().await;
    assert_paid(&world, id).await;
    let history = world.anchor.store().fact_list(id).await.unwrap();
    assert_eq!(history.iter().filter(|record| record.fact == Fact::TrustApproved).count(), 1);
}

#[tokio::test]
async fn account_that_may_not_hold_the_token_is_held_with_the_reason() {
    let world = regulated(Authorization::Ask).await;
    world.trust.answer(Ok(TrustOutcome::Refuse { reason: "sanctioned".into() }));
    let id = deposit(&world).await;
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::OnHold);
    let history = world.anchor.store().fact_list(id).await.unwrap();
    let is_told = |fact: &Fact| matches!(fact, Fact::Held { reason } if reason.contains("sanctioned"));
    assert!(history.iter().any(|record| is_told(&record.fact)));
    // whoever releases it has it asked again, and does not overrule it
    world.tell(id, Fact::Released, anchor_core::transaction::Actor::Operator("Ana".into())).await;
    world.settle().await;
    assert_waits(&world, id).await;
}

#[tokio::test]
async fn yes_is_good_for_one_envelope() {
    let world = regulated(Authorization::Ask).await;
    world.trust.answer(Ok(TrustOutcome::Authorize));
    let id = deposit(&world).await;
    world.ledger.jam(true);
    world.settle().await;
    // its bound passes, and the business has changed its mind
    world.clock.advance(std::time::Duration::from_secs(600));
    let closed_at = world.ledger.close().closed_at + 600;
    world.ledger.close_at(closed_at);
    world.ledger.jam(false);
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("awaiting_trust", "0"));
    world.trust.answer(Ok(TrustOutcome::Authorize));
    world.settle().await;
    assert_paid(&world, id).await;
}

#[tokio::test]
async fn trust_line_that_was_revoked_waits_for_a_person() {
    let decided: [fn(&mut TrustLine); 3] = [
        |line| line.balance = lumens(1),
        |line| line.limited = true,
        |line| line.selling_liabilities = lumens(1),
    ];
    for decided in decided {
        let world = regulated(Authorization::Always).await;
        edit_line(&world, decided);
        let id = deposit(&world).await;
        world.settle().await;
        assert_waits(&world, id).await;
    }
    // nor is one authorised whose issuer asks for no authorisation: somebody took it away
    let world = regulated(Authorization::Always).await;
    world.ledger.edit(samples::issuer().account(), |issuer| issuer.auth_required = false);
    let id = deposit(&world).await;
    world.settle().await;
    assert_waits(&world, id).await;
}

#[tokio::test]
async fn claimable_balance_is_not_made_of_what_could_not_be_claimed() {
    let world = regulated(Authorization::Always).await;
    world.ledger.edit(samples::user().account(), |account| account.trust_lines.clear());
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.claimable_balances = true;
    let id = world.agree(started, "100", 0).await;
    world.credit(id, "100");
    world.settle().await;
    assert_waits(&world, id).await;
    world.ledger.trust(samples::user().account(), &samples::token(), lumens(0));
    edit_line(&world, |line| line.authorized = false);
    world.settle().await;
    assert_paid(&world, id).await;
}

#[tokio::test]
async fn trust_line_that_is_closed_or_frozen_between_plan_and_ledger_is_not_lost() {
    let world = regulated(Authorization::Always).await;
    let id = deposit(&world).await;
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    assert_eq!(world.state(id).await, "paying");
    world.ledger.edit(samples::user().account(), |account| account.trust_lines.clear());
    world.settle().await;
    assert_eq!(world.state(id).await, "awaiting_trust");
    world.ledger.trust(samples::user().account(), &samples::token(), lumens(0));
    edit_line(&world, |line| line.authorized = false);
    world.settle().await;
    assert_paid(&world, id).await;

    let world = regulated(Authorization::Always).await;
    let id = deposit(&world).await;
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    world.worker.activate_once("submit_payments").await.unwrap();
    edit_line(&world, |line| line.limited = true);
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::OnHold, "somebody decided in between");
    assert_eq!(world.user_holds(), "0");
}

#[tokio::test]
async fn issuer_that_pays_itself_authorizes_with_the_same_signature() {
    let issuer = samples::issuer();
    let asset =
        Asset { distribution: issuer.account(), authorization: Authorization::Always, ..samples::asset() };
    let world = World::with_asset(asset, |config| config.distribution_keys = vec![samples::issuer()]).await;
    require(&world);
    let id = deposit(&world).await;
    world.settle().await;
    assert_paid(&world, id).await;
    assert_eq!(world.ledger.balance(&issuer.account(), &StellarAsset::Native), "4.99998".parse().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn authorization_survives_death_at_every_moment() {
    let make = async || {
        let world = regulated(Authorization::Ask).await;
        for _ in 0..4 {
            world.trust.answer(Ok(TrustOutcome::Authorize));
        }
        (world, ())
    };
    let check = async |world: &World, (): &(), _, when: &str| {
        assert_eq!(world.user_holds(), "99.75", "{when}");
    };
    moments::at_every_moment(10, "paid", make, deposit, check).await;
}

//! Claimable balances: there or not, and who claimed them.
#![expect(clippy::expect_used, reason = "the suite fails by panicking")]

use super::{Actor, TestNetwork, failure, land, stroops, trust};
use crate::asset::StellarAsset;
use crate::memo::Memo;
use crate::stellar::envelope::{Claimant, Operation, Payment};
use crate::stellar::{BalanceLookup, Cursor, Lookup, MovementPage};

/// The id of so much that the issuer sets aside for these.
#[expect(clippy::panic, reason = "the suite fails by panicking")]
async fn set_aside(network: &dyn TestNetwork, issuer: &Actor<'_>, claimants: Vec<Claimant>) -> String {
    let set_aside = Payment::ClaimableBalance { claimants, asset: issuer.usd(), amount: stroops(30) };
    let envelope = issuer.sign([set_aside.into()], Memo::None).await;
    match land(network, &envelope).await {
        Lookup::Succeeded { claimable_balances, .. } => claimable_balances.into_iter().next().expect("an id"),
        other => panic!("not set aside: {other:?}"),
    }
}

async fn shown(network: &dyn TestNetwork, id: &str) -> BalanceLookup {
    network.ledger().claimable_balance(id).await.expect("an answer")
}

async fn page(network: &dyn TestNetwork, actor: &Actor<'_>, after: &Cursor) -> MovementPage {
    network.ledger().movements(&actor.id(), after).await.expect("the history can be read")
}

fn claim(id: &str) -> Operation {
    Operation::Claim { balance: id.to_owned() }
}

fn at_once(actor: &Actor<'_>) -> Claimant {
    Claimant { account: actor.key.account(), from: None }
}

/// As of a ledger that the server has reached.
async fn assert_held(network: &dyn TestNetwork, id: &str, wanted: StellarAsset) {
    let before = network.ledger().latest().await.expect("the latest ledger is known");
    match shown(network, id).await {
        BalanceLookup::Held { asset, amount, as_of } => {
            assert_eq!((asset, amount), (wanted, stroops(30)));
            assert!(as_of >= before.sequence, "{as_of} is before {}", before.sequence);
        }
        absent @ BalanceLookup::Absent { .. } => panic!("{absent:?}"),
    }
}

/// With what it holds; and then it is gone as of the ledger that the server has reached.
pub async fn balance_is_held_until_it_is_claimed(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 0).await;
    let id = set_aside(network, &issuer, vec![at_once(&user)]).await;
    assert_held(network, &id, issuer.usd()).await;
    user.apply([claim(&id)]).await;
    let checked = network.ledger().latest().await.expect("the latest ledger is known");
    assert_eq!(shown(network, &id).await, BalanceLookup::Absent { checked });
    assert_eq!(user.balance(&issuer.usd()).await, 30);
    let again = user.sign([claim(&id)], Memo::None).await;
    assert!(failure(land(network, &again).await).codes.contains("op_does_not_exist"));
}

/// With the ledger that the answer is good for.
pub async fn balance_nobody_made_is_absent(network: &dyn TestNetwork) {
    network.close(1).await;
    let checked = network.ledger().latest().await.expect("the latest ledger is known");
    let id = format!("00000000{}", "5a".repeat(32));
    assert_eq!(shown(network, &id).await, BalanceLookup::Absent { checked });
}

/// The second one not before its time; and whoever claims is told which one that was.
pub async fn claimants_come_in_their_time_and_claims_are_read(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let (user, later) =
        (Actor::holding(network, &issuer, 0).await, Actor::holding(network, &issuer, 0).await);
    let from = Some(later.now().await + 100);
    let id = set_aside(network, &issuer, vec![at_once(&user), Claimant { account: later.id(), from }]).await;
    let after = network.ledger().movements_start(&later.id()).await.expect("a position");
    let early = later.sign([claim(&id)], Memo::None).await;
    assert!(failure(land(network, &early).await).codes.contains("op_cannot_claim"));
    assert_eq!(page(network, &later, &after).await.claims, [], "a claim that failed is none");
    network.close(100).await;
    let envelope = later.apply_with([claim(&id)], Memo::Id(4)).await;
    let ledger = network.ledger().latest().await.expect("the latest ledger is known");
    let claims = page(network, &later, &after).await.claims;
    assert_eq!(claims.len(), 1);
    let one = &claims[0];
    assert_eq!((&one.balance, one.by, one.hash), (&id, later.id().into(), envelope.hash));
    assert_eq!((one.ledger, &one.memo), (ledger.sequence, &Memo::Id(4)));
    assert_eq!(page(network, &user, &after).await.claims, [], "nobody else's");
    assert_eq!(later.balance(&issuer.usd()).await, 30);
}

/// Until there is one.
pub async fn claim_without_a_trust_line_fails_and_the_balance_stays(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::funded(network).await;
    let id = set_aside(network, &issuer, vec![at_once(&user), at_once(&issuer)]).await;
    let without = user.sign([claim(&id)], Memo::None).await;
    assert!(failure(land(network, &without).await).codes.contains("op_no_trust"));
    user.apply([trust(&issuer.usd(), 29)]).await;
    let too_small = user.sign([claim(&id)], Memo::None).await;
    assert!(failure(land(network, &too_small).await).codes.contains("op_line_full"));
    assert_held(network, &id, issuer.usd()).await;
    // an issuer needs no trust line: what it claims is out of the world
    issuer.apply([claim(&id)]).await;
    assert!(matches!(shown(network, &id).await, BalanceLookup::Absent { .. }));
}

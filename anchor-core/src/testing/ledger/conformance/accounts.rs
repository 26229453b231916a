//! Looking accounts up.
#![expect(clippy::expect_used, reason = "the suite fails by panicking")]

use super::{Actor, TestNetwork, pay, stroops, trust};
use crate::stellar::SignerKey;
use crate::stellar::envelope::Operation;

/// Absence is an answer, not an error.
pub async fn missing_account_is_none(network: &dyn TestNetwork) {
    let nobody = Actor::new(network);
    assert_eq!(network.ledger().account(&nobody.id()).await.expect("an answer"), None);
}

/// Lumens, sequence number and the master key.
pub async fn funded_account_is_seen(network: &dyn TestNetwork) {
    let actor = Actor::funded(network).await;
    let account = actor.snapshot().await;
    assert_eq!(account.id, actor.id());
    assert!(account.balance >= stroops(10_000_000_000));
    assert!(account.sequence > 0);
    assert_eq!(account.signers, [(SignerKey::Ed25519(actor.id()), 1)]);
    assert!(!account.memo_required && !account.auth_required);
    assert_eq!(account.home_domain, None);
}

/// What it holds and may hold, and that it is authorised.
pub async fn trust_line_is_seen_with_balance_and_limit(network: &dyn TestNetwork) {
    let (issuer, actor) = (Actor::funded(network).await, Actor::funded(network).await);
    actor.apply([trust(&issuer.usd(), 500)]).await;
    issuer.apply([pay(actor.id(), &issuer.usd(), 20)]).await;
    let lines = actor.snapshot().await.trust_lines;
    assert_eq!(lines.len(), 1);
    let line = lines.first().expect("a trust line");
    assert_eq!(line.asset, issuer.usd());
    assert_eq!((line.balance, line.limit), (stroops(20), stroops(500)));
    assert!(line.authorized && !line.limited);
}

/// SEP-29's data entry, and nothing but its exact value.
pub async fn memo_requirement_and_home_domain_are_seen(network: &dyn TestNetwork) {
    let actor = Actor::funded(network).await;
    let require = |value: &[u8]| Operation::SetData {
        name: "config.memo_required".into(),
        value: Some(value.to_vec()),
    };
    actor.apply([require(b"1"), Operation::SetHomeDomain("anchor.example".into())]).await;
    let account = actor.snapshot().await;
    assert!(account.memo_required);
    assert_eq!(account.home_domain.as_deref(), Some("anchor.example"));
    actor.apply([require(b"10")]).await;
    assert!(!actor.snapshot().await.memo_required);
}

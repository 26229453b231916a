//! Somebody who sends whatever the network takes, and what came of it.

use anchor_core::account::AccountId;
use anchor_core::keys::SigningKey;
use anchor_core::stellar::{Cursor, Lookup, Movement, Submission};
use anchor_core::testing::ledger::conformance::TestNetwork;
use anchor_core::transaction::TransactionHash;
use anchor_devnet::ledger::build::{self, Draft};
use stellar_xdr::{
    Asset, Limits, ManageSellOfferOp, OperationBody, Price, TransactionEnvelope, WriteXdr as _,
};

/// Somebody who sends whatever the network takes.
pub(crate) struct Stranger<'a> {
    network: &'a dyn TestNetwork,
    pub(crate) key: SigningKey,
}

impl<'a> Stranger<'a> {
    pub(crate) async fn new(network: &'a dyn TestNetwork) -> Self {
        let key = SigningKey::generate();
        network.fund(key.account()).await;
        Self { network, key }
    }

    pub(crate) fn id(&self) -> AccountId {
        self.key.account()
    }

    pub(crate) fn address(&self) -> stellar_xdr::AccountId {
        self.id().to_string().parse().unwrap()
    }

    pub(crate) async fn draft(&self) -> Draft {
        let account = self.network.ledger().account(&self.id()).await.unwrap().unwrap();
        Draft::new(&self.address(), account.sequence + 1)
    }

    pub(crate) fn sign(&self, draft: &Draft) -> TransactionEnvelope {
        draft.sign(*self.network.ledger().network().id(), &[self.key.dalek()])
    }

    pub(crate) async fn apply(&self, operations: impl IntoIterator<Item = OperationBody>) -> TransactionHash {
        let draft = operations.into_iter().fold(self.draft().await, Draft::operation);
        land(self.network, &self.sign(&draft)).await
    }
}

pub(crate) fn encode(envelope: &TransactionEnvelope) -> String {
    envelope.to_xdr_base64(Limits::none()).unwrap()
}

pub(crate) fn hash(network: &dyn TestNetwork, envelope: &TransactionEnvelope) -> TransactionHash {
    TransactionHash::from_bytes(envelope.hash(*network.ledger().network().id()).unwrap())
}

/// Submits, closes a ledger and expects success.
pub(crate) async fn land(network: &dyn TestNetwork, envelope: &TransactionEnvelope) -> TransactionHash {
    let said = network.ledger().submit(&encode(envelope)).await.unwrap();
    assert_eq!(said, Submission::Accepted);
    network.close(1).await;
    let hash = hash(network, envelope);
    let found = network.ledger().lookup(&hash).await.unwrap();
    assert!(matches!(found, Lookup::Succeeded { .. }), "{found:?}");
    hash
}

pub(crate) async fn arrived(network: &dyn TestNetwork, account: &AccountId, after: &Cursor) -> Vec<Movement> {
    let page = network.ledger().movements(account, after).await.unwrap();
    assert_eq!(page.poison, []);
    page.movements
}

pub(crate) fn stroops(movements: &[Movement]) -> Vec<i64> {
    movements.iter().map(|movement| movement.amount.stroops()).collect()
}

/// An issuer of dollars who sells them at two lumens each, and a user who trusts them.
pub(crate) async fn market(network: &dyn TestNetwork) -> (Stranger<'_>, Stranger<'_>, Asset) {
    let (issuer, user) = (Stranger::new(network).await, Stranger::new(network).await);
    let usd = build::credit("USD", &issuer.address());
    user.apply([build::change_trust(&usd, i64::MAX)]).await;
    let offer = ManageSellOfferOp {
        selling: usd.clone(),
        buying: Asset::Native,
        amount: 1_000_000_000,
        price: Price { n: 2, d: 1 },
        offer_id: 0,
    };
    issuer.apply([OperationBody::ManageSellOffer(offer)]).await;
    (issuer, user, usd)
}

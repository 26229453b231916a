//! The devnet without a server in between keeps the same rules, and says what Horizon says.

use std::sync::Arc;

use anchor_core::account::AccountId;
use anchor_core::stellar::{AccountSnapshot, Ledger, LedgerError, Submission};
use anchor_core::testing::ledger::conformance::TestNetwork;
use anchor_devnet::Devnet;
use anchor_devnet::ledger::build;
use anchor_tests::ledger::InProcessLedger;
use async_trait::async_trait;
use stellar_xdr::{Asset, Memo};

use crate::{Horizon, Stranger, horizon, land};

struct InProcess {
    devnet: Arc<Devnet>,
    ledger: InProcessLedger,
}

async fn in_process() -> InProcess {
    let devnet = Devnet::builder().close(anchor_devnet::CloseMode::Manual).start().await.unwrap();
    let devnet = Arc::new(devnet);
    InProcess { ledger: InProcessLedger::new(Arc::clone(&devnet)), devnet }
}

#[async_trait]
impl TestNetwork for InProcess {
    fn ledger(&self) -> &dyn Ledger {
        &self.ledger
    }

    async fn fund(&self, account: AccountId) {
        self.devnet.fund(&account.to_string().parse().unwrap()).await.unwrap();
    }

    async fn close(&self, seconds: u64) {
        self.devnet.clock().advance(seconds);
        self.devnet.close_ledger().unwrap();
    }
}

anchor_core::ledger_conformance!(in_process);

#[tokio::test]
async fn both_ways_to_the_devnet_say_the_same() {
    let network: Horizon = horizon().await;
    let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
    let usd = build::credit("DOLLAR", &payer.address());
    user.apply([build::change_trust(&usd, 1_000)]).await;
    let direct = InProcessLedger::new(Arc::clone(&network.devnet));
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    assert_eq!(direct.movements_start(&user.id()).await.unwrap(), after);

    let muxed = build::payment(build::muxed(&user.address(), 7), &usd, 30);
    let draft =
        payer.draft().await.operation(muxed).operation(build::payment(user.address(), &Asset::Native, 5));
    let hash = land(&network, &payer.sign(&draft.memo(Memo::Id(9)))).await;
    let failing = payer.draft().await.operation(build::payment(user.address(), &usd, 971));
    let failing = payer.sign(&failing);
    network.ledger.submit(&crate::encode(&failing)).await.unwrap();
    network.close(1).await;

    for id in [user.id(), payer.id()] {
        let seen = network.ledger.account(&id).await.unwrap();
        assert_eq!(direct.account(&id).await.unwrap(), seen);
        assert!(seen.is_some());
    }
    for hash in [hash, crate::hash(&network, &failing)] {
        assert_eq!(direct.lookup(&hash).await.unwrap(), network.ledger.lookup(&hash).await.unwrap());
    }
    let page = network.ledger.movements(&user.id(), &after).await.unwrap();
    assert_eq!(page.movements.len(), 2);
    assert_eq!(direct.movements(&user.id(), &after).await.unwrap().movements, page.movements);
    assert_eq!(direct.latest().await.unwrap(), network.ledger.latest().await.unwrap());
    assert_eq!(direct.fee_bid().await.unwrap(), network.ledger.fee_bid().await.unwrap());
}

#[tokio::test]
async fn several_questions_at_once_are_answered_in_their_order() {
    let network: Horizon = horizon().await;
    let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
    let direct = InProcessLedger::new(Arc::clone(&network.devnet));
    let pay = |amount| build::payment(user.address(), &Asset::Native, amount);
    let envelopes = [
        payer.sign(&payer.draft().await.operation(pay(5))),
        user.sign(&user.draft().await.operation(pay(-1))),
        user.sign(&user.draft().await.operation(build::change_trust(&usd(&payer), 9))),
    ];
    let encoded: Vec<String> = envelopes.iter().map(crate::encode).collect();
    let said = direct.submit_all(&[&encoded[0], "AAAA", &encoded[1], &encoded[2], &encoded[0]]).await;
    let [first, unreadable, refused, last, again] = said.try_into().unwrap();
    assert_eq!([first.unwrap(), last.unwrap(), again.unwrap()], [const { Submission::Accepted }; 3]);
    assert!(matches!(unreadable, Err(LedgerError::Malformed(_))));
    let Submission::Rejected(failure) = refused.unwrap() else { panic!("a negative payment") };
    assert_eq!(failure.codes, "tx_failed: op_malformed");
    network.close(1).await;

    let hashes: Vec<_> = envelopes.iter().map(|envelope| crate::hash(&network, envelope)).collect();
    let found = direct.lookup_all(&hashes).await;
    for (found, hash) in found.into_iter().zip(&hashes) {
        assert_eq!(found.unwrap(), network.ledger.lookup(hash).await.unwrap());
    }
    let ids = [user.id(), AccountId::from_bytes([9; 32]), payer.id()];
    let [user, nobody, payer] = direct.accounts(&ids).await.try_into().unwrap();
    let id =
        |account: Result<Option<AccountSnapshot>, LedgerError>| account.unwrap().map(|account| account.id);
    assert_eq!([user, nobody, payer].map(id), [Some(ids[0]), None, Some(ids[2])]);
}

fn usd(issuer: &Stranger<'_>) -> Asset {
    build::credit("USD", &issuer.address())
}

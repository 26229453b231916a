//! Stellar RPC, as both kinds of server speak it.

use std::time::Duration;

use anchor_core::account::{Account, AccountId};
use anchor_core::asset::StellarAsset;
use anchor_core::keys::SigningKey;
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::stellar::rpc::{RpcLedger, RpcOptions};
use anchor_core::stellar::{Cursor, Ledger, LedgerError, Lookup, Network, Submission};
use anchor_core::testing::ledger::conformance::TestNetwork;
use anchor_core::transaction::TransactionHash;
use anchor_devnet::ledger::build::{self, Draft};
use anchor_devnet::{CloseMode, Devnet, DevnetBuilder, Dialect, Fault, FaultRule, Timeout};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use stellar_xdr::{
    Asset, ClaimClaimableBalanceOp, ClaimPredicate, ClaimableBalanceId, Claimant, ClaimantV0,
    CreateClaimableBalanceOp, OperationBody, PathPaymentStrictReceiveOp, PathPaymentStrictSendOp, VecM,
};

use super::stranger::{Stranger, arrived, encode, hash, land, market, stroops};

#[path = "rpc/history.rs"]
mod history;
#[path = "rpc/trouble.rs"]
mod trouble;

/// A devnet that closes ledgers when told, and the adapter that speaks to it.
struct Rpc {
    devnet: Devnet,
    ledger: RpcLedger,
}

const DIALECTS: [Dialect; 2] = [Dialect::Real, Dialect::Henyey];

fn builder(dialect: Dialect) -> DevnetBuilder {
    Devnet::builder().close(CloseMode::Manual).rpc_dialect(dialect)
}

fn adapter(devnet: &Devnet) -> RpcLedger {
    let options = RpcOptions {
        backoff: Duration::from_millis(10),
        poll: Duration::from_millis(20),
        timeout: Duration::from_secs(5),
        ..RpcOptions::default()
    };
    let url = devnet.rpc_url().parse().unwrap();
    RpcLedger::new(&url, Network::new(devnet.passphrase()), [], options).unwrap()
}

impl Rpc {
    async fn on(builder: DevnetBuilder) -> Self {
        let devnet = builder.start().await.unwrap();
        let ledger = adapter(&devnet);
        Self { devnet, ledger }
    }

    async fn new(dialect: Dialect) -> Self {
        Self::on(builder(dialect)).await
    }
}

#[async_trait]
impl TestNetwork for Rpc {
    fn ledger(&self) -> &dyn Ledger {
        &self.ledger
    }

    async fn fund(&self, account: AccountId) {
        let address = account.to_string();
        self.devnet.fund(&address.parse().unwrap()).await.unwrap();
        // the suite's accounts issue dollars, which no listing of trust lines would tell of
        let usd = StellarAsset::Credit { code: "USD".parse().unwrap(), issuer: account };
        self.ledger.expect_assets(&[usd]);
    }

    async fn close(&self, seconds: u64) {
        self.devnet.clock().advance(seconds);
        self.devnet.close_ledger().unwrap();
    }
}

async fn real() -> Rpc {
    Rpc::new(Dialect::Real).await
}

async fn henyey() -> Rpc {
    Rpc::new(Dialect::Henyey).await
}

mod as_real {
    anchor_core::ledger_conformance!(super::real);
}

mod as_henyey {
    anchor_core::ledger_conformance!(super::henyey);
}

#[tokio::test]
async fn rpc_02_fee_bumped_payment_arrives_and_is_found_inside_only_by_searching() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer, sponsor) =
            (Stranger::new(&network).await, Stranger::new(&network).await, Stranger::new(&network).await);
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        let from = network.ledger.latest().await.unwrap().closed_at;
        let draft = payer.draft().await.operation(build::payment(user.address(), &Asset::Native, 77));
        let inner = payer.sign(&draft.time_bounds(0, from + 60));
        let network_id = *network.ledger.network().id();
        let bumped = build::fee_bump(inner.clone(), sponsor.key.dalek(), 1000, network_id);
        let outer_hash = land(&network, &bumped).await;
        let movements = arrived(&network, &user.id(), &after).await;
        assert_eq!(stroops(&movements), [77]);
        assert_eq!((movements[0].hash, movements[0].from), (outer_hash, payer.id().into()));

        let hash = hash(&network, &inner);
        let never = TransactionHash::from_bytes([9; 32]);
        let search = |hash| network.ledger.search(hash, from, from + 60);
        assert!(matches!(network.ledger.lookup(&hash).await.unwrap(), Lookup::NotFound { .. }));
        // before the bound has passed, nothing is decided
        assert!(
            matches!(search(&hash).await.unwrap(), Lookup::NotFound { checked } if checked.closed_at <= from + 60)
        );
        network.close(100).await;
        assert!(matches!(search(&hash).await.unwrap(), Lookup::Succeeded { .. }), "{dialect:?}");
        assert!(matches!(search(&outer_hash).await.unwrap(), Lookup::Succeeded { .. }));
        assert!(
            matches!(search(&never).await.unwrap(), Lookup::NotFound { checked } if checked.closed_at > from + 60)
        );
    }
}

#[tokio::test]
async fn search_of_ledgers_that_are_forgotten_is_an_error() {
    for dialect in DIALECTS {
        let network = Rpc::on(builder(dialect).rpc_retention(6)).await;
        let from = network.ledger.latest().await.unwrap().closed_at;
        for _ in 0..10 {
            network.close(10).await;
        }
        let found = network.ledger.search(&TransactionHash::from_bytes([9; 32]), from, from + 60).await;
        assert!(matches!(found, Err(LedgerError::HistoryGone { .. })), "{dialect:?}: {found:?}");
    }
}

#[tokio::test]
async fn rpc_02_not_found_proves_nothing_about_ledgers_that_are_forgotten() {
    for dialect in DIALECTS {
        let network = Rpc::on(builder(dialect).rpc_retention(4)).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let hash = payer.apply([build::payment(user.address(), &Asset::Native, 7)]).await;
        for _ in 0..8 {
            network.close(5).await;
        }
        let found = network.ledger.lookup(&hash).await;
        assert!(matches!(found, Err(LedgerError::HistoryGone { .. })), "{dialect:?}: {found:?}");
    }
}

#[tokio::test]
async fn many_accounts_are_asked_about_in_their_order() {
    let network = real().await;
    let (rich, poor) = (Stranger::new(&network).await, Stranger::new(&network).await);
    network.ledger.expect_assets(&(0..130).map(|number| asset(number, rich.id())).collect::<Vec<_>>());
    let mut ids: Vec<AccountId> = (0..70).map(|number| AccountId::from_bytes([number; 32])).collect();
    ids.insert(3, rich.id());
    ids.push(poor.id());
    let found: Result<Vec<_>, _> = network.ledger.accounts(&ids).await.into_iter().collect();
    let found = found.unwrap();
    let there: Vec<_> =
        (0..).zip(&found).filter_map(|(place, account)| Some((place, account.as_ref()?.id))).collect();
    assert_eq!((found.len(), there), (72, vec![(3, rich.id()), (71, poor.id())]));
    // more assets than fit in one question
    network.ledger.expect_assets(&(0..450).map(|number| asset(number, rich.id())).collect::<Vec<_>>());
    poor.apply([build::change_trust(&build::credit("A7", &rich.address()), 10)]).await;
    poor.apply([build::change_trust(&build::credit("A449", &rich.address()), 20)]).await;
    let account = network.ledger.account(&poor.id()).await.unwrap().unwrap();
    let limits: Vec<_> = account.trust_lines.iter().map(|line| line.limit.stroops()).collect();
    assert_eq!(limits, [10, 20]);
}

fn asset(number: u32, issuer: AccountId) -> StellarAsset {
    StellarAsset::Credit { code: format!("A{number}").parse().unwrap(), issuer }
}

#[tokio::test]
async fn several_transactions_are_looked_up_at_once() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let mut hashes = Vec::new();
        for amount in 1..=20 {
            hashes.push(payer.apply([build::payment(user.address(), &Asset::Native, amount)]).await);
            hashes.push(TransactionHash::from_bytes([u8::try_from(amount).unwrap(); 32]));
        }
        let found = network.ledger.lookup_all(&hashes).await;
        for (place, found) in found.iter().enumerate() {
            let is_there = matches!(found, Ok(Lookup::Succeeded { .. }));
            let is_not = matches!(found, Ok(Lookup::NotFound { .. }));
            assert!(if place % 2 == 0 { is_there } else { is_not }, "{place}: {found:?}");
        }
        assert_eq!(network.ledger.lookup_all(&[]).await.len(), 0);
        network.devnet.faults().add(FaultRule::new(Fault::ServerError { status: 503 }).times(1));
        let failed = network.ledger.lookup_all(&hashes).await;
        assert!(failed.iter().all(|each| matches!(each, Err(LedgerError::Server { status: 503 }))));
    }
}

#[tokio::test]
async fn rpc_06_operation_that_failed_is_named() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let usd = build::credit("USD", &payer.address());
        let draft = payer.draft().await.operation(build::payment(user.address(), &Asset::Native, 1));
        let envelope = payer.sign(&draft.operation(build::payment(user.address(), &usd, 1)));
        network.ledger.submit(&encode(&envelope)).await.unwrap();
        network.close(1).await;
        let Lookup::Failed { failure, .. } = network.ledger.lookup(&hash(&network, &envelope)).await.unwrap()
        else {
            panic!("not failed")
        };
        assert_eq!(failure.codes, "tx_failed: op_success, op_no_trust");
        assert_eq!(failure.operations.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    }
}

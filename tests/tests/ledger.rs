//! The ledger adapters on a Stellar network in one process: the suite that every ledger passes, payments that only
//! others make, and a network that misbehaves. Here Horizon's; `ledger/rpc.rs` is about Stellar RPC's.

#![allow(clippy::unwrap_used, reason = "helpers of tests; what fails here fails the test")]

use std::sync::Arc;
use std::time::Duration;

use anchor_core::account::{Account, AccountId};
use anchor_core::keys::SigningKey;
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::stellar::{Ledger, LedgerError, Lookup, Network, Submission};
use anchor_core::testing::ledger::conformance::TestNetwork;
use anchor_core::transaction::TransactionHash;
use anchor_devnet::ledger::build::{self, Draft};
use anchor_devnet::{CloseMode, Devnet, Fault, FaultRule, Timeout};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use stellar_xdr::{Asset, OperationBody, PathPaymentStrictReceiveOp, PathPaymentStrictSendOp, VecM};

use stranger::{Stranger, arrived, encode, hash, land, market, stroops};

#[path = "ledger/failover.rs"]
mod failover;
#[path = "ledger/rpc.rs"]
mod rpc;
#[path = "ledger/stranger.rs"]
mod stranger;

#[path = "ledger/in_process.rs"]
mod in_process;

/// A devnet that closes ledgers when told, and the adapter that speaks to it.
struct Horizon {
    devnet: Arc<Devnet>,
    ledger: HorizonLedger,
}

async fn horizon() -> Horizon {
    let devnet = Devnet::builder()
        .close(CloseMode::Manual)
        .submission_timeout(Duration::from_millis(100))
        .heartbeat(Duration::from_millis(50))
        .start()
        .await
        .unwrap();
    let url = devnet.url().parse().unwrap();
    let options = HorizonOptions {
        backoff: Duration::from_millis(10),
        silence: Duration::from_millis(500),
        timeout: Duration::from_secs(5),
        ..HorizonOptions::default()
    };
    let ledger = HorizonLedger::new(&url, Network::new(devnet.passphrase()), options).unwrap();
    Horizon { devnet: Arc::new(devnet), ledger }
}

#[async_trait]
impl TestNetwork for Horizon {
    fn ledger(&self) -> &dyn Ledger {
        &self.ledger
    }

    async fn fund(&self, account: AccountId) {
        let address = account.to_string();
        self.devnet.fund(&address.parse().unwrap()).await.unwrap();
    }

    async fn close(&self, seconds: u64) {
        self.devnet.clock().advance(seconds);
        self.devnet.close_ledger().unwrap();
    }
}

anchor_core::ledger_conformance!(horizon);

#[tokio::test]
async fn path_payments_count_by_what_arrived() {
    let network = horizon().await;
    let (_issuer, user, usd) = market(&network).await;
    let payer = Stranger::new(&network).await;
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    let send = PathPaymentStrictSendOp {
        send_asset: Asset::Native,
        send_amount: 1000,
        destination: build::muxed(&user.address(), 42),
        dest_asset: usd.clone(),
        dest_min: 1,
        path: VecM::default(),
    };
    let receive = PathPaymentStrictReceiveOp {
        send_asset: Asset::Native,
        send_max: 1_000_000,
        destination: user.address().into(),
        dest_asset: usd,
        dest_amount: 70,
        path: VecM::default(),
    };
    payer
        .apply([OperationBody::PathPaymentStrictSend(send), OperationBody::PathPaymentStrictReceive(receive)])
        .await;
    let movements = arrived(&network, &user.id(), &after).await;
    assert_eq!(stroops(&movements), [500, 70]);
    assert_eq!(movements[0].to, Account::Muxed { account: user.id(), id: 42 });
    assert_eq!(movements[1].to, user.id().into());
}

#[tokio::test]
async fn merged_account_brings_its_lumens() {
    let network = horizon().await;
    let (user, leaver) = (Stranger::new(&network).await, Stranger::new(&network).await);
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    leaver.apply([OperationBody::AccountMerge(user.address().into())]).await;
    let movements = arrived(&network, &user.id(), &after).await;
    // 10,000 lumens less the fee
    assert_eq!(stroops(&movements), [100_000_000_000 - 100]);
    assert_eq!(network.ledger.account(&leaver.id()).await.unwrap(), None);
}

#[tokio::test]
async fn fee_bumped_payment_arrives_and_is_found_under_both_hashes() {
    let network = horizon().await;
    let (user, payer, sponsor) =
        (Stranger::new(&network).await, Stranger::new(&network).await, Stranger::new(&network).await);
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    let draft = payer.draft().await.operation(build::payment(user.address(), &Asset::Native, 77));
    let inner = payer.sign(&draft);
    let network_id = *network.ledger.network().id();
    let bumped = build::fee_bump(inner.clone(), sponsor.key.dalek(), 1000, network_id);
    let outer_hash = land(&network, &bumped).await;
    let movements = arrived(&network, &user.id(), &after).await;
    assert_eq!(stroops(&movements), [77]);
    assert_eq!(movements[0].hash, outer_hash);
    assert_eq!(movements[0].from, payer.id().into());
    // an attempt that somebody bumped is still found by the hash that we stored
    let found = network.ledger.lookup(&hash(&network, &inner)).await.unwrap();
    assert!(matches!(found, Lookup::Succeeded { .. }), "{found:?}");
}

#[tokio::test]
async fn payment_to_the_issuer_arrives_although_it_burns() {
    let network = horizon().await;
    let (issuer, user, usd) = market(&network).await;
    issuer.apply([build::payment(user.address(), &usd, 50)]).await;
    let after = network.ledger.movements_start(&issuer.id()).await.unwrap();
    user.apply([build::payment(issuer.address(), &usd, 20)]).await;
    assert_eq!(stroops(&arrived(&network, &issuer.id(), &after).await), [20]);
}

#[tokio::test]
async fn long_history_is_read_in_pages_without_gaps() {
    let network = horizon().await;
    let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
    let start = network.ledger.movements_start(&user.id()).await.unwrap();
    let account = network.ledger.account(&payer.id()).await.unwrap().unwrap();
    for amount in 1..=230_i64 {
        let draft = Draft::new(&payer.address(), account.sequence + amount).operation(build::payment(
            user.address(),
            &Asset::Native,
            amount,
        ));
        let said = network.ledger.submit(&encode(&payer.sign(&draft))).await.unwrap();
        assert_eq!(said, Submission::Accepted);
        network.close(1).await;
    }
    let (mut all, mut after, mut pages) = (Vec::new(), start, 0);
    loop {
        let page = network.ledger.movements(&user.id(), &after).await.unwrap();
        all.extend(stroops(&page.movements));
        (after, pages) = (page.next, pages + 1);
        if !page.more {
            break;
        }
    }
    assert_eq!(all, (1..=230).collect::<Vec<_>>());
    assert_eq!(pages, 2);
}

#[tokio::test]
async fn submission_whose_answer_is_lost_is_found_later() {
    for (fault, lands) in [
        (Fault::TimeoutBefore { by: Timeout::Answer }, false),
        (Fault::TimeoutBefore { by: Timeout::Cut }, false),
        (Fault::TimeoutAfter { by: Timeout::Answer }, true),
        (Fault::TimeoutAfter { by: Timeout::Cut }, true),
    ] {
        let network = horizon().await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let draft = payer.draft().await.operation(build::payment(user.address(), &Asset::Native, 7));
        let envelope = payer.sign(&draft);
        network.devnet.faults().add(FaultRule::new(fault.clone()).method("POST").times(1));
        network.ledger.submit(&encode(&envelope)).await.unwrap_err();
        network.close(1).await;
        let found = network.ledger.lookup(&hash(&network, &envelope)).await.unwrap();
        assert_eq!(matches!(found, Lookup::Succeeded { .. }), lands, "{fault:?}: {found:?}");
    }
}

#[tokio::test]
async fn trouble_of_the_server_is_never_an_answer() {
    let network = horizon().await;
    let user = Stranger::new(&network).await;
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    for fault in [
        Fault::ServerError { status: 500 },
        Fault::ServerError { status: 503 },
        Fault::TimeoutBefore { by: Timeout::Answer },
        Fault::TimeoutBefore { by: Timeout::Cut },
        Fault::RateLimit { retry_after: 3 },
    ] {
        network.devnet.faults().add(FaultRule::new(fault.clone()));
        let ledger = &network.ledger;
        let nobody = SigningKey::generate().account();
        assert!(ledger.account(&nobody).await.is_err(), "{fault:?}");
        assert!(ledger.latest().await.is_err(), "{fault:?}");
        assert!(ledger.fee_bid().await.is_err(), "{fault:?}");
        assert!(ledger.lookup(&TransactionHash::from_bytes([1; 32])).await.is_err(), "{fault:?}");
        assert!(ledger.movements_start(&user.id()).await.is_err(), "{fault:?}");
        assert!(ledger.movements(&user.id(), &after).await.is_err(), "{fault:?}");
        network.devnet.faults().clear();
        ledger.latest().await.unwrap();
    }
}

#[tokio::test]
async fn lookup_by_a_replica_that_lags_is_checked_only_up_to_what_it_has() {
    let network = horizon().await;
    let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
    let hash = payer.apply([build::payment(user.address(), &Asset::Native, 7)]).await;
    let landed = network.ledger.latest().await.unwrap();
    network.close(1).await;
    network.close(1).await;
    let rule = FaultRule::new(Fault::Stale { ledgers: 3 }).route("/transactions/*");
    network.devnet.faults().add(rule);
    let found = network.ledger.lookup(&hash).await.unwrap();
    assert!(matches!(found, Lookup::NotFound { checked } if checked < landed), "{found:?}");
    network.devnet.faults().clear();
    assert!(matches!(network.ledger.lookup(&hash).await.unwrap(), Lookup::Succeeded { .. }));
}

#[tokio::test]
async fn peer_stream_survives_drops_silence_and_errors_without_gap_or_repetition() {
    let network = horizon().await;
    let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    let mut stream = network.ledger.follow(user.id(), after);
    let listings = "/accounts/*/transactions";
    let faults = [
        None,
        Some(Fault::DropStream),
        Some(Fault::SilentStream),
        Some(Fault::ServerError { status: 502 }),
        Some(Fault::RateLimit { retry_after: 0 }),
        None,
    ];
    let mut seen = Vec::new();
    for (amount, fault) in (1..).zip(faults) {
        if let Some(fault) = fault {
            network.devnet.faults().add(FaultRule::new(fault).route(listings).times(1));
        }
        let pay = payer.apply([build::payment(user.address(), &Asset::Native, amount)]);
        let next = async {
            loop {
                match stream.next().await.unwrap() {
                    Ok(page) if !page.movements.is_empty() => return page,
                    Ok(_) => {}
                    Err(error) => assert!(!matches!(error, LedgerError::Malformed(_)), "{error}"),
                }
            }
        };
        let (page, _) = tokio::join!(next, pay);
        seen.extend(stroops(&page.movements));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn server_of_another_network_is_refused() {
    let devnet = Devnet::builder().passphrase("Another Network").start().await.unwrap();
    let url = devnet.url().parse().unwrap();
    let network = Network::new(Network::TESTNET);
    let ledger = HorizonLedger::new(&url, network, HorizonOptions::default()).unwrap();
    assert!(matches!(ledger.latest().await, Err(LedgerError::OtherNetwork)));
}

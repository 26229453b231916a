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

/// All of history from a cursor to its end.
async fn history(ledger: &dyn Ledger, account: &AccountId, after: &Cursor) -> (Vec<(String, i64)>, Cursor) {
    let (mut all, mut after) = (Vec::new(), after.clone());
    loop {
        let page = ledger.movements(account, &after).await.unwrap();
        assert_eq!(page.poison, []);
        all.extend(page.movements.into_iter().map(|each| (each.id, each.amount.stroops())));
        after = page.next;
        if !page.more {
            return (all, after);
        }
    }
}

fn amounts(history: &[(String, i64)]) -> Vec<i64> {
    history.iter().map(|(_, amount)| *amount).collect()
}

#[tokio::test]
async fn path_payments_count_by_what_arrived() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
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
        let operations =
            [OperationBody::PathPaymentStrictSend(send), OperationBody::PathPaymentStrictReceive(receive)];
        payer.apply(operations).await;
        let movements = arrived(&network, &user.id(), &after).await;
        assert_eq!(stroops(&movements), [500, 70], "{dialect:?}");
        assert_eq!(movements[0].to, Account::Muxed { account: user.id(), id: 42 });
    }
}

#[tokio::test]
async fn merged_account_brings_its_lumens_and_is_gone() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, leaver) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        leaver.apply([OperationBody::AccountMerge(user.address().into())]).await;
        let movements = arrived(&network, &user.id(), &after).await;
        assert_eq!(stroops(&movements), [100_000_000_000 - 100]);
        assert_eq!(network.ledger.account(&leaver.id()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn claimed_balance_arrives_with_what_it_held() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let claimant = ClaimantV0 { destination: user.address(), predicate: ClaimPredicate::Unconditional };
        let create = CreateClaimableBalanceOp {
            asset: Asset::Native,
            amount: 55,
            claimants: vec![Claimant::ClaimantTypeV0(claimant)].try_into().unwrap(),
        };
        let created = payer.apply([OperationBody::CreateClaimableBalance(create)]).await;
        let Lookup::Succeeded { claimable_balances, .. } = network.ledger.lookup(&created).await.unwrap()
        else {
            panic!("not created")
        };
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        let balance_id =
            ClaimableBalanceId::ClaimableBalanceIdTypeV0(claimable_balances[0][8..].parse().unwrap());
        user.apply([OperationBody::ClaimClaimableBalance(ClaimClaimableBalanceOp { balance_id })]).await;
        let movements = arrived(&network, &user.id(), &after).await;
        assert_eq!(stroops(&movements), [55], "{dialect:?}");
        assert_eq!((movements[0].from, movements[0].to), (payer.id().into(), user.id().into()));
        assert_eq!(movements[0].asset, StellarAsset::Native);
    }
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
async fn rpc_10_cursor_older_than_the_servers_memory_is_a_gap_and_never_skipped() {
    for dialect in DIALECTS {
        let network = Rpc::on(builder(dialect).rpc_retention(4)).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let end_of_ledger = network.ledger.movements_start(&user.id()).await.unwrap();
        payer.apply([build::payment(user.address(), &Asset::Native, 7)]).await;
        let (arrived, _) = history(&network.ledger, &user.id(), &end_of_ledger).await;
        assert_eq!(amounts(&arrived), [7]);
        let transaction = network.ledger.movements(&user.id(), &end_of_ledger).await.unwrap().next;
        for _ in 0..8 {
            network.close(5).await;
        }
        payer.apply([build::payment(user.address(), &Asset::Native, 8)]).await;
        // another process, which remembers no page
        let ledger = adapter(&network.devnet);
        for cursor in [end_of_ledger, transaction] {
            let page = ledger.movements(&user.id(), &cursor).await;
            assert!(matches!(page, Err(LedgerError::HistoryGone { .. })), "{dialect:?} {cursor}: {page:?}");
            let item = ledger.follow(user.id(), cursor).next().await.unwrap();
            assert!(matches!(item, Err(LedgerError::HistoryGone { .. })));
        }
        // the last ledger that is remembered is enough to go on from the one before it
        let latest = ledger.latest().await.unwrap().sequence;
        let cursor = Cursor::from((u64::from(latest - 4) << 32 | u64::from(u32::MAX)).to_string());
        assert_eq!(amounts(&history(&ledger, &user.id(), &cursor).await.0), [8]);
    }
}

#[tokio::test]
async fn rpc_10_long_history_is_read_in_pages_without_gaps_or_repetition() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, other, payer) =
            (Stranger::new(&network).await, Stranger::new(&network).await, Stranger::new(&network).await);
        let start = network.ledger.movements_start(&user.id()).await.unwrap();
        let account = network.ledger.account(&payer.id()).await.unwrap().unwrap();
        for amount in 1..=250_i64 {
            let to = if amount % 2 == 0 { &other } else { &user };
            let draft = Draft::new(&payer.address(), account.sequence + amount).operation(build::payment(
                to.address(),
                &Asset::Native,
                amount,
            ));
            network.devnet.submit(payer.sign(&draft));
            network.close(1).await;
        }
        let (mine, end) = history(&network.ledger, &user.id(), &start).await;
        assert_eq!(amounts(&mine), (1..=250).step_by(2).collect::<Vec<_>>(), "{dialect:?}");
        assert_eq!(history(&network.ledger, &user.id(), &end).await.0, []);
        // the same pages, kept
        let (theirs, _) = history(&network.ledger, &other.id(), &start).await;
        assert_eq!(amounts(&theirs), (2..=250).step_by(2).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn horizon_and_rpc_tell_the_same_history_under_the_same_positions() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let url = network.devnet.url().parse().unwrap();
        let passphrase = Network::new(network.devnet.passphrase());
        let horizon = HorizonLedger::new(&url, passphrase, HorizonOptions::default()).unwrap();
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let start = horizon.movements_start(&user.id()).await.unwrap();
        assert_eq!(network.ledger.movements_start(&user.id()).await.unwrap(), start);
        let pay = |amount| build::payment(user.address(), &Asset::Native, amount);
        payer.apply([pay(1), pay(2)]).await;
        let (by_horizon, horizons_end) = history(&horizon, &user.id(), &start).await;
        let (by_rpc, rpcs_end) = history(&network.ledger, &user.id(), &start).await;
        assert_eq!(by_horizon, by_rpc);
        payer.apply([pay(3)]).await;
        // an anchor that changes servers reads on where it was
        assert_eq!(amounts(&history(&network.ledger, &user.id(), &horizons_end).await.0), [3]);
        assert_eq!(amounts(&history(&horizon, &user.id(), &rpcs_end).await.0), [3]);
        let (shown, by_horizon) =
            (network.ledger.account(&user.id()).await.unwrap(), horizon.account(&user.id()).await.unwrap());
        assert_eq!(shown, by_horizon);
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

#[tokio::test]
async fn submission_whose_answer_is_lost_is_found_later() {
    for (fault, lands) in
        [(Fault::TimeoutBefore { by: Timeout::Cut }, false), (Fault::TimeoutAfter { by: Timeout::Cut }, true)]
    {
        let network = real().await;
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
    let network = real().await;
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
        assert!(ledger.accounts(&[nobody]).await.iter().all(Result::is_err), "{fault:?}");
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
async fn stream_survives_errors_and_limits_without_gap_or_repetition() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        let mut stream = network.ledger.follow(user.id(), after);
        let faults = [
            None,
            Some(Fault::ServerError { status: 502 }),
            Some(Fault::RateLimit { retry_after: 0 }),
            Some(Fault::TimeoutAfter { by: Timeout::Cut }),
            Some(Fault::Stale { ledgers: 2 }),
            None,
        ];
        let mut seen = Vec::new();
        for (amount, fault) in (1..).zip(faults) {
            payer.apply([build::payment(user.address(), &Asset::Native, amount)]).await;
            if let Some(fault) = fault {
                network.devnet.faults().add(FaultRule::new(fault).route("/rpc").times(2));
            }
            let page = loop {
                match stream.next().await.unwrap() {
                    Ok(page) if !page.movements.is_empty() => break page,
                    Ok(_) => {}
                    Err(error) => assert!(!matches!(error, LedgerError::HistoryGone { .. }), "{error}"),
                }
            };
            seen.extend(stroops(&page.movements));
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6], "{dialect:?}");
    }
}

#[tokio::test]
async fn network_that_began_anew_is_noticed() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let user = Stranger::new(&network).await;
        let latest = network.ledger.latest().await.unwrap().sequence;
        for ahead in [1_u64, 5] {
            let near = Cursor::from(((u64::from(latest) + ahead) << 32 | u64::from(u32::MAX)).to_string());
            let page = network.ledger.movements(&user.id(), &near).await.unwrap();
            assert_eq!((page.next, page.more), (near, false), "a server that lags a little");
        }
        for operation in [u64::from(u32::MAX), 1 << 12] {
            let far = Cursor::from(((u64::from(latest) + 100) << 32 | operation).to_string());
            let page = network.ledger.movements(&user.id(), &far).await;
            assert!(matches!(page, Err(LedgerError::Malformed(_))), "{dialect:?}: {page:?}");
        }
    }
}

#[tokio::test]
async fn server_of_another_network_is_refused() {
    let devnet = Devnet::builder().passphrase("Another Network").start().await.unwrap();
    let url = devnet.rpc_url().parse().unwrap();
    let ledger = RpcLedger::new(&url, Network::new(Network::TESTNET), [], RpcOptions::default()).unwrap();
    assert!(matches!(ledger.latest().await, Err(LedgerError::OtherNetwork)));
    assert!(matches!(ledger.submit("AAAA").await, Err(LedgerError::Malformed(_))));
}

#[tokio::test]
async fn rpc_03_envelope_that_was_applied_is_told_by_looking_not_by_sending() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let draft = payer.draft().await.operation(build::payment(user.address(), &Asset::Native, 7));
        let envelope = payer.sign(&draft);
        land(&network, &envelope).await;
        assert_eq!(network.ledger.submit(&encode(&envelope)).await.unwrap(), Submission::TryAgain);
        for _ in 0..12 {
            network.close(5).await;
        }
        let said = network.ledger.submit(&encode(&envelope)).await.unwrap();
        assert!(matches!(said, Submission::Rejected(_)), "{said:?}");
        let found = network.ledger.lookup(&hash(&network, &envelope)).await.unwrap();
        assert!(matches!(found, Lookup::Succeeded { .. }));
    }
}

//! Several servers as one ledger: the suite that every ledger passes, and servers that fail, lag, forget, or belong to
//! another network.

use std::sync::Arc;
use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::asset::StellarAsset;
use anchor_core::stellar::failover::{EndpointState, FailoverLedger, FailoverOptions};
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::stellar::rpc::{RpcLedger, RpcOptions};
use anchor_core::stellar::{Cursor, Ledger, LedgerError, Lookup, Network};
use anchor_core::testing::ledger::conformance::TestNetwork;
use anchor_core::transaction::TransactionHash;
use anchor_devnet::ledger::build;
use anchor_devnet::{Beside, CloseMode, Devnet, Fault, FaultRule, Faults, Timeout};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use stellar_xdr::Asset;

use super::stranger::{Stranger, encode, hash, stroops};

/// One network behind two servers; the second one is preferred.
struct Several {
    devnet: Devnet,
    preferred: Beside,
    ledger: FailoverLedger,
}

fn options() -> FailoverOptions {
    FailoverOptions {
        grace: Duration::from_millis(500),
        backoff: Duration::from_millis(100),
        backoff_max: Duration::from_secs(1),
        silence: Duration::from_millis(300),
        ..FailoverOptions::default()
    }
}

fn horizon(url: &str) -> Arc<dyn Ledger> {
    let options = HorizonOptions {
        backoff: Duration::from_millis(10),
        silence: Duration::from_secs(30),
        timeout: Duration::from_secs(2),
        ..HorizonOptions::default()
    };
    let network = Network::new(Network::TESTNET);
    Arc::new(HorizonLedger::new(&url.parse().unwrap(), network, options).unwrap())
}

fn rpc(url: &str) -> Arc<dyn Ledger> {
    let options = RpcOptions {
        backoff: Duration::from_millis(10),
        poll: Duration::from_millis(20),
        timeout: Duration::from_secs(2),
        ..RpcOptions::default()
    };
    let network = Network::new(Network::TESTNET);
    Arc::new(RpcLedger::new(&url.parse().unwrap(), network, [], options).unwrap())
}

impl Several {
    async fn new(
        remembered: Option<u32>,
        adapter: impl Fn(&Devnet, &Beside) -> [Arc<dyn Ledger>; 2],
    ) -> Self {
        let devnet = Devnet::builder()
            .close(CloseMode::Manual)
            .submission_timeout(Duration::from_millis(100))
            .heartbeat(Duration::from_millis(50))
            .start()
            .await
            .unwrap();
        let preferred = devnet.another_server(remembered).await.unwrap();
        let servers = ["preferred", "other"].map(str::to_owned).into_iter().zip(adapter(&devnet, &preferred));
        let ledger = FailoverLedger::new(servers.collect(), options()).unwrap();
        Self { devnet, preferred, ledger }
    }

    fn faults(&self, server: usize) -> &Faults {
        if server == 0 { self.preferred.faults() } else { self.devnet.faults() }
    }

    fn states(&self) -> Vec<EndpointState> {
        self.ledger.endpoints().unwrap().each.into_iter().map(|endpoint| endpoint.state).collect()
    }

    /// Asks until both servers are well.
    async fn recovered(&self) {
        let recovered = async {
            let mut beat = tokio::time::interval(Duration::from_millis(20));
            while self.states() != [EndpointState::Well, EndpointState::Well] {
                beat.tick().await;
                self.ledger.latest().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(30), recovered).await.unwrap();
    }
}

#[async_trait]
impl TestNetwork for Several {
    fn ledger(&self) -> &dyn Ledger {
        &self.ledger
    }

    async fn fund(&self, account: AccountId) {
        self.devnet.fund(&account.to_string().parse().unwrap()).await.unwrap();
        let usd = StellarAsset::Credit { code: "USD".parse().unwrap(), issuer: account };
        self.ledger.expect_assets(&[usd]);
    }

    async fn close(&self, seconds: u64) {
        self.devnet.clock().advance(seconds);
        self.devnet.close_ledger().unwrap();
    }
}

async fn horizons() -> Several {
    Several::new(None, |devnet, beside| [horizon(&beside.url()), horizon(&devnet.url())]).await
}

async fn rpcs() -> Several {
    Several::new(None, |devnet, beside| [rpc(&beside.rpc_url()), rpc(&devnet.rpc_url())]).await
}

/// The preferred server does not answer at all, from the start.
async fn horizons_of_which_one_is_down() -> Several {
    let network = horizons().await;
    network.faults(0).add(FaultRule::new(Fault::ServerError { status: 503 }));
    while network.states()[0] != EndpointState::Down {
        network.ledger.latest().await.unwrap();
    }
    network
}

/// The preferred server always shows the ledger before the last one.
async fn horizons_of_which_one_lags() -> Several {
    let network = horizons().await;
    network.faults(0).add(FaultRule::new(Fault::Stale { ledgers: 1 }));
    network
}

mod of_horizons {
    anchor_core::ledger_conformance!(super::horizons);
}

mod of_rpcs {
    anchor_core::ledger_conformance!(super::rpcs);
}

mod with_one_down {
    anchor_core::ledger_conformance!(super::horizons_of_which_one_is_down);
}

/// What is not found is not found up to the earlier ledger, and history begins there: this cannot be as the suite has it.
mod with_one_lagging {
    use super::horizons_of_which_one_lags;

    anchor_core::ledger_conformance!(horizons_of_which_one_lags; accounts:
        missing_account_is_none,
        funded_account_is_seen,
        trust_line_is_seen_with_balance_and_limit,
        memo_requirement_and_home_domain_are_seen,
    );
    anchor_core::ledger_conformance!(horizons_of_which_one_lags; submission:
        latest_advances_with_every_ledger,
        payment_lands_and_is_found,
        envelope_that_is_sent_again_lands_once,
        payment_without_trust_line_fails_on_the_ledger,
        payment_to_a_missing_account_fails_on_the_ledger,
        used_sequence_number_is_rejected,
        envelope_past_its_bound_is_rejected,
        envelope_that_expires_unapplied_is_never_found,
        new_account_is_created,
    );
}

#[tokio::test]
async fn server_that_is_down_is_left_alone_and_returns() {
    let network = horizons().await;
    network.faults(0).add(FaultRule::new(Fault::ServerError { status: 503 }));
    for _ in 0..4 {
        network.ledger.latest().await.unwrap();
    }
    assert_eq!(network.states(), [EndpointState::Down, EndpointState::Well]);
    network.faults(0).clear();
    network.recovered().await;
    network.faults(1).add(FaultRule::new(Fault::TimeoutBefore { by: Timeout::Cut }));
    network.ledger.fee_bid().await.unwrap();
    network.ledger.latest().await.unwrap();
}

#[tokio::test]
async fn transaction_is_found_although_the_preferred_server_lags() {
    for network in [horizons().await, rpcs().await] {
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let hash = payer.apply([build::payment(user.address(), &Asset::Native, 7)]).await;
        network.faults(0).add(FaultRule::new(Fault::Stale { ledgers: 3 }));
        let found = network.ledger.lookup(&hash).await.unwrap();
        assert!(matches!(found, Lookup::Succeeded { .. }), "{found:?}");
        // and of what nobody knows, only that is said which both have read
        let latest = network.ledger.latest().await.unwrap();
        let absent = network.ledger.lookup(&TransactionHash::from_bytes([7; 32])).await.unwrap();
        let Lookup::NotFound { checked } = absent else { panic!("{absent:?}") };
        assert_eq!(checked.sequence, latest.sequence - 3);
        assert_eq!(network.ledger.endpoints().unwrap().contradictions, 0, "to lag is no contradiction");
    }
}

#[tokio::test]
async fn absence_is_not_proved_while_a_server_in_good_standing_is_silent() {
    let network = horizons().await;
    let unknown = TransactionHash::from_bytes([7; 32]);
    network.ledger.lookup(&unknown).await.unwrap();
    network.faults(1).add(FaultRule::new(Fault::ServerError { status: 500 }));
    for _ in 0..3 {
        network.ledger.lookup(&unknown).await.unwrap_err();
    }
    let alone = network.ledger.lookup(&unknown).await.unwrap();
    assert!(matches!(alone, Lookup::NotFound { .. }), "by now it counts as down: {alone:?}");
}

#[tokio::test]
async fn envelope_goes_to_the_next_server_and_lands_once() {
    for fault in [Fault::TimeoutBefore { by: Timeout::Cut }, Fault::TimeoutAfter { by: Timeout::Cut }] {
        let network = horizons().await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let before = network.ledger.account(&user.id()).await.unwrap().unwrap().balance.stroops();
        let draft = payer.draft().await.operation(build::payment(user.address(), &Asset::Native, 7));
        let envelope = payer.sign(&draft);
        network.faults(0).add(FaultRule::new(fault).method("POST"));
        network.ledger.submit(&encode(&envelope)).await.unwrap();
        network.close(1).await;
        let found = network.ledger.lookup(&hash(&network, &envelope)).await.unwrap();
        assert!(matches!(found, Lookup::Succeeded { .. }), "{found:?}");
        let after = network.ledger.account(&user.id()).await.unwrap().unwrap().balance.stroops();
        assert_eq!(after - before, 7);
    }
}

#[tokio::test]
async fn account_is_that_of_the_server_that_has_read_furthest() {
    for network in [horizons().await, rpcs().await] {
        let payer = Stranger::new(&network).await;
        payer.apply([build::payment(payer.address(), &Asset::Native, 1)]).await;
        let latest = network.ledger.latest().await.unwrap().sequence;
        let sequence = network.ledger.account(&payer.id()).await.unwrap().unwrap().sequence;
        network.faults(0).add(FaultRule::new(Fault::Stale { ledgers: 1 }));
        let shown = network.ledger.account(&payer.id()).await.unwrap().unwrap();
        assert_eq!((shown.sequence, shown.as_of), (sequence, Some(latest)));
        network.faults(1).add(FaultRule::new(Fault::Stale { ledgers: 1 }));
        let older = network.ledger.account(&payer.id()).await;
        assert!(matches!(older, Err(LedgerError::Behind { .. })), "{older:?}");
    }
}

#[tokio::test]
async fn server_behind_the_position_has_nothing_new_and_is_not_believed_alone() {
    for network in [horizons().await, rpcs().await] {
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        payer.apply([build::payment(user.address(), &Asset::Native, 7)]).await;
        network.faults(0).add(FaultRule::new(Fault::Stale { ledgers: 1 }));
        let page = network.ledger.movements(&user.id(), &after).await.unwrap();
        assert_eq!(stroops(&page.movements), [7], "the other one has it");
        let mut quiet = page;
        while quiet.more {
            quiet = network.ledger.movements(&user.id(), &quiet.next).await.unwrap();
            assert!(quiet.movements.is_empty());
        }
        // the one that is left has not read as far as the position
        network.faults(1).add(FaultRule::new(Fault::ServerError { status: 503 }));
        network.ledger.movements(&user.id(), &quiet.next).await.unwrap_err();
    }
}

#[tokio::test]
async fn watching_begins_with_the_least_of_what_the_servers_have_read() {
    let network = horizons().await;
    let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
    network.close(5).await;
    network.close(5).await;
    let latest = network.ledger.latest().await.unwrap().sequence;
    network.faults(1).add(FaultRule::new(Fault::Stale { ledgers: 2 }));
    let start = network.ledger.movements_start(&user.id()).await.unwrap();
    assert_eq!(start.as_str().parse::<u64>().unwrap() >> 32, u64::from(latest) - 2);
    network.faults(1).clear();
    payer.apply([build::payment(user.address(), &Asset::Native, 7)]).await;
    assert_eq!(stroops(&network.ledger.movements(&user.id(), &start).await.unwrap().movements), [7]);
}

#[tokio::test]
async fn silent_server_is_found_out_by_the_others() {
    let network = horizons().await;
    let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    let mut stream = network.ledger.follow(user.id(), after);
    for (amount, fault) in
        [(1, None), (2, Some(Fault::SilentStream)), (3, Some(Fault::Stale { ledgers: 60 })), (4, None)]
    {
        network.faults(0).clear();
        network.faults(1).clear();
        if let Some(fault) = fault {
            // also what a page would tell
            network.faults(0).add(FaultRule::new(fault));
            network.faults(0).add(FaultRule::new(Fault::Stale { ledgers: 60 }));
        }
        payer.apply([build::payment(user.address(), &Asset::Native, amount)]).await;
        let told = async {
            loop {
                if let Ok(page) = stream.next().await.unwrap()
                    && !page.movements.is_empty()
                {
                    return stroops(&page.movements);
                }
            }
        };
        assert_eq!(tokio::time::timeout(Duration::from_secs(20), told).await.unwrap(), [amount]);
    }
}

#[tokio::test]
async fn stream_survives_servers_that_flap_in_turn_without_gap_or_repetition() {
    for network in [horizons().await, rpcs().await] {
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        let mut stream = network.ledger.follow(user.id(), after);
        let faults = [
            Fault::ServerError { status: 502 },
            Fault::DropStream,
            Fault::Stale { ledgers: 2 },
            Fault::TimeoutBefore { by: Timeout::Cut },
            Fault::RateLimit { retry_after: 0 },
            Fault::SilentStream,
        ];
        let mut seen = Vec::new();
        for (round, fault) in faults.into_iter().cycle().take(12).enumerate() {
            let ill = round % 2;
            network.faults(1 - ill).clear();
            network.faults(ill).add(FaultRule::new(fault));
            let amount = i64::try_from(round).unwrap() + 1;
            // not through the servers that are ill
            let network_id = *network.ledger.network().id();
            let sequence = network.devnet.network().account(&payer.address()).unwrap().seq_num.0 + 1;
            let draft = build::Draft::new(&payer.address(), sequence).operation(build::payment(
                user.address(),
                &Asset::Native,
                amount,
            ));
            network.devnet.submit(draft.sign(network_id, &[payer.key.dalek()]));
            network.close(1).await;
            let told = async {
                loop {
                    if let Ok(page) = stream.next().await.unwrap()
                        && !page.movements.is_empty()
                    {
                        return stroops(&page.movements);
                    }
                }
            };
            seen.extend(tokio::time::timeout(Duration::from_secs(30), told).await.unwrap());
        }
        assert_eq!(seen, (1..=12).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn history_that_one_server_forgot_is_read_from_the_other() {
    let network =
        Several::new(Some(5), |devnet, beside| [rpc(&beside.rpc_url()), rpc(&devnet.rpc_url())]).await;
    let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    let hash = payer.apply([build::payment(user.address(), &Asset::Native, 7)]).await;
    for _ in 0..20 {
        network.close(5).await;
    }
    let page = network.ledger.movements(&user.id(), &after).await.unwrap();
    assert_eq!(stroops(&page.movements), [7]);
    let mut stream = network.ledger.follow(user.id(), after.clone());
    let told = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(stroops(&told.movements), [7]);
    let found = network.ledger.lookup(&hash).await.unwrap();
    assert!(matches!(found, Lookup::Succeeded { .. }), "{found:?}");
    assert_eq!(network.states(), [EndpointState::Well, EndpointState::Well], "to forget is no failure");
    // without the other one the gap is told, and not skipped
    network.faults(1).add(FaultRule::new(Fault::ServerError { status: 503 }));
    let servers = [rpc(&network.preferred.rpc_url()), rpc(&network.devnet.rpc_url())];
    let servers = ["forgetful", "down"].map(str::to_owned).into_iter().zip(servers).collect();
    let both = FailoverLedger::new(servers, options()).unwrap();
    both.movements(&user.id(), &after).await.unwrap_err();
    let alone =
        FailoverLedger::new(vec![("it".to_owned(), rpc(&network.preferred.rpc_url()))], options()).unwrap();
    let gone = alone.movements(&user.id(), &after).await;
    assert!(matches!(gone, Err(LedgerError::HistoryGone { .. })), "{gone:?}");
    let told = alone.follow(user.id(), after).next().await.unwrap();
    assert!(matches!(told, Err(LedgerError::HistoryGone { .. })), "{told:?}");
}

/// Where the one that is preferred stopped, also in the middle of a ledger.
#[tokio::test]
async fn any_position_of_one_server_is_a_position_of_the_other() {
    for network in [horizons().await, rpcs().await] {
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let other = Stranger::new(&network).await;
        let start = network.ledger.movements_start(&user.id()).await.unwrap();
        for (who, amount) in [(&payer, 1), (&other, 2)] {
            let draft = who.draft().await.operation(build::payment(user.address(), &Asset::Native, amount));
            network.ledger.submit(&encode(&who.sign(&draft))).await.unwrap();
        }
        network.close(1).await;
        payer.apply([build::payment(user.address(), &Asset::Native, 3)]).await;
        let all = network.ledger.movements(&user.id(), &start).await.unwrap();
        assert_eq!(all.movements.len(), 3);
        for (index, movement) in all.movements.iter().enumerate() {
            // the position of the transaction
            let number = movement.id.parse::<u64>().unwrap() & !0xfff;
            let cursor = Cursor::from(number.to_string());
            for ill in [0, 1] {
                network.faults(ill).add(FaultRule::new(Fault::ServerError { status: 503 }));
                let rest = network.ledger.movements(&user.id(), &cursor).await.unwrap();
                assert_eq!(rest.movements, all.movements[index + 1..], "{ill}");
                network.faults(ill).clear();
            }
        }
    }
}

#[tokio::test]
async fn server_of_another_network_is_never_believed() {
    let strange = Devnet::builder().passphrase("Another Network").start().await.unwrap();
    let network = Several::new(None, |devnet, _| [horizon(&strange.url()), horizon(&devnet.url())]).await;
    let user = Stranger::new(&network).await;
    assert!(network.ledger.account(&user.id()).await.unwrap().is_some());
    let absent = network.ledger.lookup(&TransactionHash::from_bytes([7; 32])).await.unwrap();
    assert!(matches!(absent, Lookup::NotFound { .. }), "{absent:?}");
    assert_eq!(network.ledger.latest().await.unwrap().sequence, network.devnet.network().latest().sequence);
    assert_eq!(network.states(), [EndpointState::OtherNetwork, EndpointState::Well]);
    let alone = FailoverLedger::new(vec![("it".to_owned(), horizon(&strange.url()))], options()).unwrap();
    assert!(matches!(alone.latest().await, Err(LedgerError::OtherNetwork)));
}

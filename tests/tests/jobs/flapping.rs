//! The jobs on a network with several servers, of which hardly ever all are well.

use std::sync::Arc;
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::clock::ManualClock;
use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
use anchor_core::keys::SigningKey;
use anchor_core::ops::commit;
use anchor_core::stellar::Ledger;
use anchor_core::stellar::failover::{FailoverLedger, FailoverOptions};
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::fakes::{AmountForms, PlainDocuments, RecordedEvents, ScriptedCallbacks, samples};
use anchor_core::testing::rails::ScriptedRails;
use anchor_core::transaction::{Actor, Fact, Kind};
use anchor_devnet::ledger::build::{self, Draft};
use anchor_devnet::{Beside, CloseMode, Devnet, Fault, FaultRule, Faults, Timeout};
use anchor_tests::database::TestDatabase;
use anchor_worker::{Worker, WorkerConfig};
use stellar_xdr::{Memo, OperationBody};

/// An anchor with a real database, and three servers of its network.
struct Town {
    devnet: Devnet,
    others: [Beside; 2],
    ledger: Arc<FailoverLedger>,
    anchor: Anchor,
    rails: ScriptedRails,
    clock: ManualClock,
    worker: Worker,
    token: stellar_xdr::Asset,
    _database: TestDatabase,
}

fn address(key: &SigningKey) -> stellar_xdr::AccountId {
    key.account().to_string().parse().unwrap()
}

impl Town {
    async fn new() -> Self {
        let devnet = Devnet::builder().close(CloseMode::Manual).start().await.unwrap();
        let others = [devnet.another_server(None).await.unwrap(), devnet.another_server(None).await.unwrap()];
        let (issuer, distribution, user) = (samples::issuer(), samples::distribution(), samples::user());
        for key in [&issuer, &distribution, &user] {
            devnet.fund(&address(key)).await.unwrap();
        }
        let token = build::credit("USDC", &address(&issuer));
        let database = crate::database();
        let store = DieselStore::open(database.url()).unwrap();
        let config = samples::config();
        let urls = [devnet.url(), others[0].url(), others[1].url()];
        let servers = urls.into_iter().enumerate().map(|(place, url)| {
            let options = HorizonOptions { timeout: Duration::from_secs(2), ..HorizonOptions::default() };
            let server = HorizonLedger::new(&url.parse().unwrap(), config.network.clone(), options);
            (place.to_string(), Arc::new(server.unwrap()) as Arc<dyn Ledger>)
        });
        let options = FailoverOptions {
            grace: Duration::from_millis(500),
            backoff: Duration::from_millis(10),
            backoff_max: Duration::from_millis(50),
            ..FailoverOptions::default()
        };
        let ledger = Arc::new(FailoverLedger::new(servers.collect(), options).unwrap());
        let (rails, clock) = (ScriptedRails::new(), ManualClock::new(samples::start()));
        let anchor = Anchor::builder(config)
            .store(store)
            .ledger(Arc::clone(&ledger))
            .rails(rails.clone())
            .deposit(AmountForms)
            .withdrawal(AmountForms)
            .events(RecordedEvents::default())
            .documents(PlainDocuments)
            .asset(samples::asset())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let callbacks = Arc::new(ScriptedCallbacks::default());
        let worker = Worker::with_sender(anchor.clone(), WorkerConfig::default(), callbacks);
        let town = Self { devnet, others, ledger, anchor, rails, clock, worker, token, _database: database };
        for key in [&distribution, &user] {
            town.apply(key, build::change_trust(&town.token, i64::MAX), Memo::None);
        }
        town.apply(&issuer, build::payment(address(&distribution), &town.token, 10_000_000_000), Memo::None);
        town.worker.activate_once("watch_transactions").await.unwrap();
        town
    }

    fn faults(&self, server: usize) -> &Faults {
        match server {
            0 => self.devnet.faults(),
            other => self.others[other - 1].faults(),
        }
    }

    /// A transaction of somebody else, in a ledger of its own.
    fn apply(&self, key: &SigningKey, operation: OperationBody, memo: Memo) {
        let sequence = self.devnet.network().account(&address(key)).unwrap().seq_num.0 + 1;
        let draft = Draft::new(&address(key), sequence).operation(operation).memo(memo);
        let network_id = self.devnet.network().network_id();
        self.devnet.submit(draft.sign(network_id, &[key.dalek()]));
        let closed = self.devnet.close_ledger().unwrap();
        let hash = closed.transactions.iter().find(|record| record.successful).map(|record| record.hash);
        assert!(hash.is_some());
    }

    async fn agree(&self, kind: Kind, memo: u64) -> TransactionId {
        let started = samples::started(TransactionId::new(RandomIds.next()), kind);
        self.anchor.store().transaction_insert(&started, None).await.unwrap();
        let fact = Fact::TermsAgreed { terms: samples::terms(kind, "100", memo) };
        commit(&self.anchor, &started, fact, Actor::User, false).await.unwrap();
        started.id
    }

    async fn state(&self, id: TransactionId) -> &'static str {
        self.anchor.store().transaction_fetch(id).await.unwrap().unwrap().state.name()
    }

    /// One server fails, one lags, one is well, each in turn; all jobs; a ledger.
    async fn round(&self, number: usize) {
        let ill = [
            Fault::ServerError { status: 503 },
            Fault::TimeoutBefore { by: Timeout::Cut },
            Fault::TimeoutAfter { by: Timeout::Cut },
            Fault::RateLimit { retry_after: 0 },
        ];
        (0..3).for_each(|server| self.faults(server).clear());
        self.faults(number % 3).add(FaultRule::new(ill[number % ill.len()].clone()));
        self.faults((number + 1) % 3).add(FaultRule::new(Fault::Stale { ledgers: 2 }));
        // what is not known is asked again in a later round
        drop(self.worker.run_until_idle().await);
        self.devnet.clock().advance(5);
        self.devnet.close_ledger().unwrap();
        self.clock.advance(Duration::from_secs(600));
    }

    fn user_holds(&self) -> i64 {
        let network = self.devnet.network();
        network.trust_line(&address(&samples::user()), &self.token).map_or(0, |line| line.balance)
    }
}

#[tokio::test]
async fn deposit_and_withdrawal_are_completed_while_servers_flap_in_turn() {
    let town = Town::new().await;
    let deposit = town.agree(Kind::Deposit, 0).await;
    let withdrawal = town.agree(Kind::Withdrawal, 7).await;
    town.rails.credit(deposit, "100".parse().unwrap(), "credit-1".to_owned());
    let mut rounds = 0..60;
    for number in rounds.by_ref() {
        town.round(number).await;
        if town.state(deposit).await == "paid" {
            break;
        }
    }
    assert_eq!((town.state(deposit).await, town.user_holds()), ("paid", 997_500_000));
    // the rest of what is asked for comes from the issuer
    let (issuer, user) = (samples::issuer(), samples::user());
    town.apply(&issuer, build::payment(address(&user), &town.token, 2_500_000), Memo::None);
    let pay = build::payment(address(&samples::distribution()), &town.token, 1_000_000_000);
    town.apply(&user, pay, Memo::Id(7));
    for number in rounds {
        town.round(number).await;
        if town.state(withdrawal).await == "paid_out" {
            break;
        }
    }
    assert_eq!(town.state(withdrawal).await, "paid_out");
    assert_eq!((town.rails.transfers().len(), town.user_holds()), (1, 0));
    assert_eq!(town.ledger.endpoints().unwrap().contradictions, 0);
}

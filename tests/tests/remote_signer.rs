//! The example's remote signer as a process of its own, on a network with Horizon: an account with three signers, a person
//! who takes time, and a process that is killed and started again.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::clock::ManualClock;
use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
use anchor_core::integration::Signer;
use anchor_core::keys::SigningKey;
use anchor_core::ops::commit;
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::fakes::{AmountForms, PlainDocuments, ScriptedCallbacks, samples};
use anchor_core::testing::rails::ScriptedRails;
use anchor_core::testing::signer::conformance::{self, SignerHarness};
use anchor_core::transaction::{Actor, Fact, Kind, State, TransactionHash};
use anchor_devnet::ledger::build::{self, Draft};
use anchor_devnet::{CloseMode, Devnet};
use anchor_tests::database::TestDatabase;
use anchor_tests::program::program;
use anchor_worker::{Worker, WorkerConfig};
use async_trait::async_trait;
use remote_signer::client::RemoteSigner;
use stellar_xdr::{Memo, OperationBody, SetOptionsOp, SignerKey, Uint256};
use tokio::process::{Child, Command};

const TOKEN: &str = "a-token-for-tests-0123456789-abcdef";

fn address(key: &SigningKey) -> stellar_xdr::AccountId {
    key.account().to_string().parse().unwrap()
}

/// The keys that the process has, of which two are enough.
fn keys() -> Vec<SigningKey> {
    vec![samples::distribution(), SigningKey::from_seed([41; 32]), SigningKey::from_seed([42; 32])]
}

/// The signer's machine.
struct Vault {
    folder: tempfile::TempDir,
    listen: String,
}

impl Vault {
    fn new() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { folder: tempfile::tempdir().unwrap(), listen: free.to_string() }
    }

    fn client(&self) -> RemoteSigner {
        let url = format!("http://{}", self.listen).parse().unwrap();
        RemoteSigner::new(&url, TOKEN, vec![samples::distribution().account()]).unwrap()
    }

    fn decisions(&self) -> std::path::PathBuf {
        self.folder.path().join("decisions.txt")
    }

    async fn start(&self) -> Child {
        let seeds: Vec<_> = keys().iter().map(|key| key.to_strkey().expose().clone()).collect();
        let child = Command::new(program("remote-signer").unwrap())
            .arg("serve")
            .env("SIGNER_SEEDS", seeds.join(","))
            .env("SIGNER_TOKEN", TOKEN)
            .env("SIGNER_ACCOUNT", samples::distribution().account().to_string())
            .env("LISTEN", &self.listen)
            .env("DECISIONS", self.decisions())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        while tokio::net::TcpStream::connect(&self.listen).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        child
    }

    async fn decide(&self, words: &[&str]) {
        decide(&self.decisions(), words).await;
    }
}

async fn decide(decisions: &Path, words: &[&str]) {
    let mut command = Command::new(program("remote-signer").unwrap());
    let status = command.args(words).env("DECISIONS", decisions).status().await.unwrap();
    assert!(status.success());
}

struct Town {
    devnet: Devnet,
    anchor: Anchor,
    rails: ScriptedRails,
    clock: ManualClock,
    worker: Worker,
    token: stellar_xdr::Asset,
    _database: TestDatabase,
}

impl Town {
    async fn new(signer: RemoteSigner) -> Self {
        let devnet = Devnet::builder().close(CloseMode::Manual).start().await.unwrap();
        let (issuer, distribution, user) = (samples::issuer(), samples::distribution(), samples::user());
        for key in [&issuer, &distribution, &user] {
            devnet.fund(&address(key)).await.unwrap();
        }
        let token = build::credit("USDC", &address(&issuer));
        let database = TestDatabase::migrated_sqlite();
        let store = DieselStore::open(database.url()).unwrap();
        let mut config = samples::config();
        config.distribution_keys.clear();
        let url = devnet.url().parse().unwrap();
        let ledger = HorizonLedger::new(&url, config.network.clone(), HorizonOptions::default()).unwrap();
        let (rails, clock) = (ScriptedRails::new(), ManualClock::new(samples::start()));
        let anchor = Anchor::builder(config)
            .store(store)
            .ledger(ledger)
            .rails(rails.clone())
            .signer(signer)
            .deposit(AmountForms)
            .withdrawal(AmountForms)
            .documents(PlainDocuments)
            .asset(samples::asset())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let callbacks = Arc::new(ScriptedCallbacks::default());
        let worker = Worker::with_sender(anchor.clone(), WorkerConfig::default(), callbacks);
        let town = Self { devnet, anchor, rails, clock, worker, token, _database: database };
        for key in [&distribution, &user] {
            town.apply(key, build::change_trust(&town.token, i64::MAX));
        }
        town.apply(&issuer, build::payment(address(&distribution), &town.token, 10_000_000_000));
        for key in &keys()[1..] {
            let signer = stellar_xdr::Signer {
                key: SignerKey::Ed25519(Uint256(*key.account().as_bytes())),
                weight: 1,
            };
            town.apply(&distribution, options(SetOptionsOp { signer: Some(signer), ..nothing() }));
        }
        town.apply(&distribution, options(SetOptionsOp { med_threshold: Some(2), ..nothing() }));
        town.worker.activate_once("watch_transactions").await.unwrap();
        town
    }

    /// A transaction of somebody else, in a ledger of its own.
    fn apply(&self, key: &SigningKey, operation: OperationBody) {
        let sequence = self.devnet.network().account(&address(key)).unwrap().seq_num.0 + 1;
        let draft = Draft::new(&address(key), sequence).operation(operation).memo(Memo::None);
        let network_id = self.devnet.network().network_id();
        self.devnet.submit(draft.sign(network_id, &[key.dalek()]));
        assert!(self.devnet.close_ledger().unwrap().transactions[0].successful);
    }

    /// A deposit whose money is at the bank.
    async fn deposit(&self) -> TransactionId {
        let started = samples::started(TransactionId::new(RandomIds.next()), Kind::Deposit);
        self.anchor.store().transaction_insert(&started, None).await.unwrap();
        let fact = Fact::TermsAgreed { terms: samples::terms(Kind::Deposit, "100", 0) };
        commit(&self.anchor, &started, fact, Actor::User, false).await.unwrap();
        self.rails.credit(started.id, "100".parse().unwrap(), format!("credit-{}", started.id));
        started.id
    }

    async fn hash(&self, id: TransactionId) -> TransactionHash {
        let transaction = self.anchor.store().transaction_fetch(id).await.unwrap().unwrap();
        let State::Paying { attempt } = transaction.state else { panic!("{:?}", transaction.state) };
        self.anchor.store().attempt_fetch(attempt).await.unwrap().unwrap().hash
    }

    async fn state(&self, id: TransactionId) -> &'static str {
        self.anchor.store().transaction_fetch(id).await.unwrap().unwrap().state.name()
    }

    /// All jobs and ledgers, some times.
    async fn rounds(&self, seconds: u64) {
        for _ in 0..3 {
            self.worker.run_until_idle().await.unwrap();
            self.devnet.clock().advance(seconds);
            self.devnet.close_ledger().unwrap();
            self.clock.advance(Duration::from_secs(600));
        }
        self.worker.run_until_idle().await.unwrap();
    }

    fn user_holds(&self) -> i64 {
        let network = self.devnet.network();
        network.trust_line(&address(&samples::user()), &self.token).map_or(0, |line| line.balance)
    }
}

fn options(options: SetOptionsOp) -> OperationBody {
    OperationBody::SetOptions(options)
}

fn nothing() -> SetOptionsOp {
    SetOptionsOp {
        inflation_dest: None,
        clear_flags: None,
        set_flags: None,
        master_weight: None,
        low_threshold: None,
        med_threshold: None,
        high_threshold: None,
        home_domain: None,
        signer: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deposit_waits_for_a_process_with_the_keys_and_a_person_who_agrees() {
    let vault = Vault::new();
    let town = Town::new(vault.client()).await;
    let id = town.deposit().await;
    // nobody is there
    town.rounds(5).await;
    assert_eq!((town.state(id).await, town.user_holds()), ("paying", 0));
    let hash = town.hash(id).await;
    // somebody is there, who asks a person first
    let process = vault.start().await;
    town.rounds(5).await;
    assert_eq!((town.state(id).await, town.user_holds()), ("paying", 0));
    assert_eq!(town.hash(id).await, hash, "the same envelope all the time");
    drop(process);
    vault.decide(&["approve", &hash.to_string()]).await;
    town.rounds(5).await;
    assert_eq!(town.user_holds(), 0);
    let _process = vault.start().await;
    town.rounds(5).await;
    assert_eq!((town.state(id).await, town.user_holds()), ("paid", 997_500_000));

    // a person who does not agree: held when the hour is over
    let id = town.deposit().await;
    town.rounds(5).await;
    vault.decide(&["refuse", &town.hash(id).await.to_string(), "ask the treasurer"]).await;
    town.rounds(5).await;
    assert_eq!(town.state(id).await, "paying");
    town.rounds(2000).await;
    assert_eq!((town.state(id).await, town.user_holds()), ("on_hold", 997_500_000));
}

struct Sandbox(Vault, RemoteSigner);

#[async_trait]
impl SignerHarness for Sandbox {
    fn signer(&self) -> &dyn Signer {
        &self.1
    }

    async fn approve(&self, hash: TransactionHash) {
        self.0.decide(&["approve", &hash.to_string()]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn remote_signer_keeps_the_rules_of_every_signer() {
    let vault = Vault::new();
    let _process = vault.start().await;
    let client = vault.client();
    assert_eq!(conformance::check(&Sandbox(vault, client)).await, []);
}

//! One anchor with everything around it: database, network, bank, wallets, clock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::account::{Account, AccountId};
use anchor_core::amount::StellarAmount;
use anchor_core::asset::{Asset, StellarAsset, SuspensePolicy};
use anchor_core::clock::ManualClock;
use anchor_core::config::Config;
use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
use anchor_core::integration::{
    IntegrationError, RailsIntegration, ReceiveOutcome, ReceiveView, ReceiverIntegration, Signer as _,
    TrustIntegration, TrustOutcome, TrustRequest,
};
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::ops::{Committed, Progress, channels, commit};
use anchor_core::stellar::Movement;
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::custody::ScriptedCustody;
use anchor_core::testing::fakes::{
    PlainDocuments, RecordedEvents, ScriptedCallbacks, ScriptedQuotes, ScriptedTerms, samples,
};
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::testing::rails::{ScriptedRails, Transfer};
use anchor_core::testing::signer::ScriptedSigner;
use anchor_core::transaction::{Actor, Fact, Kind, Transaction};
use anchor_tests::database::TestDatabase;
use anchor_worker::{Worker, WorkerConfig};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::kill::{KillSwitch, Mortal};

/// Longer than every lease.
const AFTER_LEASES: Duration = Duration::from_secs(600);

/// Where a road leads.
pub(crate) struct End {
    pub(crate) transaction: TransactionId,
    pub(crate) state: &'static str,
}

/// Who may hold the token: what it is told to say, and then that it is not decided yet.
#[derive(Clone, Default)]
pub(crate) struct ScriptedTrust(Arc<Mutex<TrustScript>>);

#[derive(Default)]
struct TrustScript {
    answers: VecDeque<Result<TrustOutcome, &'static str>>,
    asked: usize,
}

impl ScriptedTrust {
    pub(crate) fn answer(&self, answer: Result<TrustOutcome, &'static str>) {
        self.0.lock().unwrap().answers.push_back(answer);
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

#[async_trait::async_trait]
impl TrustIntegration for ScriptedTrust {
    async fn may_hold(&self, request: &TrustRequest) -> Result<TrustOutcome, IntegrationError> {
        assert_eq!(request.asset, request.transaction.asset);
        let mut script = self.0.lock().unwrap();
        script.asked += 1;
        script.answers.pop_front().unwrap_or(Ok(TrustOutcome::NotYet)).map_err(IntegrationError::transient)
    }
}

/// The business's word on payments from other anchors: what it is told to say, and then that they are taken.
#[derive(Clone, Default)]
pub(crate) struct ScriptedReceiver(Arc<Mutex<VecDeque<Result<ReceiveOutcome, &'static str>>>>);

impl ScriptedReceiver {
    pub(crate) fn answer(&self, answer: Result<ReceiveOutcome, &'static str>) {
        self.0.lock().unwrap().push_back(answer);
    }
}

#[async_trait::async_trait]
impl ReceiverIntegration for ScriptedReceiver {
    async fn accept(&self, _view: &ReceiveView) -> Result<ReceiveOutcome, IntegrationError> {
        let next = self.0.lock().unwrap().pop_front();
        next.unwrap_or_else(|| Ok(ReceiveOutcome::agreed())).map_err(IntegrationError::transient)
    }
}

pub(crate) struct World {
    pub(crate) anchor: Anchor,
    pub(crate) ledger: FakeLedger,
    pub(crate) rails: ScriptedRails,
    pub(crate) events: RecordedEvents,
    pub(crate) callbacks: ScriptedCallbacks,
    pub(crate) trust: ScriptedTrust,
    pub(crate) receiver: ScriptedReceiver,
    pub(crate) terms: ScriptedTerms,
    pub(crate) clock: ManualClock,
    pub(crate) switch: KillSwitch,
    pub(crate) worker: Worker,
    custody: ScriptedCustody,
    config: WorkerConfig,
    database: TestDatabase,
}

/// Who has the key of the distribution account.
enum Keys {
    Here,
    Signer(ScriptedSigner),
    Custodian,
}

impl World {
    pub(crate) async fn new() -> Self {
        let rails = ScriptedRails::new();
        Self::with_rails(rails.clone(), rails).await
    }

    /// With other rails than the bank itself.
    pub(crate) async fn with_rails(bank: ScriptedRails, rails: impl RailsIntegration + 'static) -> Self {
        Self::build(bank, rails, samples::asset(), Keys::Here, None, |_| ()).await
    }

    /// For another asset, with other settings.
    pub(crate) async fn with_asset(asset: Asset, configure: impl FnOnce(&mut Config)) -> Self {
        let rails = ScriptedRails::new();
        Self::build(rails.clone(), rails, asset, Keys::Here, None, configure).await
    }

    /// Where a custodian has the key of the distribution account, and pays with it.
    pub(crate) async fn with_custody() -> (Self, ScriptedCustody) {
        let rails = ScriptedRails::new();
        let world = Self::build(rails.clone(), rails, samples::asset(), Keys::Custodian, None, |_| ()).await;
        let custody = world.custody.clone();
        (world, custody)
    }

    /// Where somebody else has the keys of these accounts, and this process has not.
    pub(crate) async fn with_signer(signer: &ScriptedSigner) -> Self {
        let rails = ScriptedRails::new();
        Self::build(rails.clone(), rails, samples::asset(), Keys::Signer(signer.clone()), None, |_| ()).await
    }

    /// As [`with_signer`](Self::with_signer), with other settings.
    pub(crate) async fn with_signer_and(
        signer: &ScriptedSigner,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let rails = ScriptedRails::new();
        let keys = Keys::Signer(signer.clone());
        Self::build(rails.clone(), rails, samples::asset(), keys, None, configure).await
    }

    /// Where reals are exchanged for tokens, by quotes.
    pub(crate) async fn quoting() -> Self {
        let rails = ScriptedRails::new();
        let quotes = Some(samples::quotes());
        Self::build(rails.clone(), rails, samples::asset(), Keys::Here, quotes, |_| ()).await
    }

    /// Where payments of other anchors are taken, for the token's own money and for others.
    pub(crate) async fn receiving() -> Self {
        let rails = ScriptedRails::new();
        let quotes = Some(samples::quotes());
        Self::build(rails.clone(), rails, samples::received_asset(), Keys::Here, quotes, |_| ()).await
    }

    /// Where deposits and withdrawals are asked for by API, and reals are exchanged.
    pub(crate) async fn by_api() -> Self {
        let rails = ScriptedRails::new();
        let (asset, quotes) = (samples::asset_by_api(), Some(samples::quotes()));
        Self::build(rails.clone(), rails, asset, Keys::Here, quotes, |_| ()).await
    }

    /// Where payments that nobody expected are treated like this.
    pub(crate) async fn with_policy(suspense: SuspensePolicy) -> Self {
        let rails = ScriptedRails::new();
        Self::build(rails.clone(), rails, Asset { suspense, ..samples::asset() }, Keys::Here, None, |_| ())
            .await
    }

    async fn build(
        bank: ScriptedRails,
        rails: impl RailsIntegration + 'static,
        asset: Asset,
        keys: Keys,
        quotes: Option<ScriptedQuotes>,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let database = crate::database();
        let store = DieselStore::open(database.url()).unwrap();
        let clock = ManualClock::new(samples::start());
        let now = u64::try_from(samples::start().timestamp()).unwrap();
        let mut config = samples::config();
        config.channel_seed = Some(SigningKey::from_seed([7; 32]));
        config.fee_key = Some(SigningKey::from_seed([8; 32]));
        configure(&mut config);
        if let Keys::Signer(signer) = &keys {
            let elsewhere = signer.accounts();
            config.distribution_keys.retain(|key| !elsewhere.contains(&key.account()));
            let fee_key = config.fee_key.take_if(|key| elsewhere.contains(&key.account()));
            config.fee_account = fee_key.map(|key| key.account());
        }
        let ledger = FakeLedger::new(config.network.clone(), now);
        ledger.fund(samples::distribution().account(), lumens(1000));
        ledger.trust(samples::distribution().account(), &samples::token(), lumens(100_000));
        ledger.fund(samples::user().account(), lumens(10));
        ledger.trust(samples::user().account(), &samples::token(), lumens(0));

        let switch = KillSwitch::new();
        let (events, callbacks) = (RecordedEvents::default(), ScriptedCallbacks::default());
        let receiver = ScriptedReceiver::default();
        let (trust, terms) = (ScriptedTrust::default(), ScriptedTerms::default());
        let custody = ScriptedCustody::new(ledger.clone(), samples::distribution());
        let builder = match keys {
            Keys::Here => Anchor::builder(config),
            Keys::Signer(signer) => Anchor::builder(config).signer(Mortal::new(signer, &switch)),
            Keys::Custodian => {
                config.distribution_keys.clear();
                Anchor::builder(config).custody(Mortal::new(custody.clone(), &switch))
            }
        };
        let builder = match quotes {
            Some(quotes) => builder.quotes(samples::quote_desk(), quotes),
            None => builder,
        };
        let anchor = builder
            .store(Mortal::new(store, &switch))
            .ledger(Mortal::new(ledger.clone(), &switch))
            .rails(Mortal::new(rails, &switch))
            .deposit(terms.clone())
            .withdrawal(terms.clone())
            .trust(trust.clone())
            .receiver(receiver.clone())
            .events(events.clone())
            .documents(PlainDocuments)
            .asset(asset)
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let mut config = WorkerConfig::default();
        // as long as a test waits for a bank that never answers
        config.settings.call_timeout = Duration::from_millis(200);
        config.period = Duration::from_millis(5);
        let worker = Worker::with_sender(anchor.clone(), config.clone(), Arc::new(callbacks.clone()));
        let world = Self {
            anchor,
            ledger,
            rails: bank,
            custody,
            events,
            callbacks,
            trust,
            receiver,
            terms,
            clock,
            switch,
            worker,
            config,
            database,
        };
        // accounts are watched before anybody is told to pay there
        world.worker.activate_once("watch_transactions").await.unwrap();
        world
    }

    /// Another process on the same database.
    pub(crate) fn another_worker(&self) -> Worker {
        let callbacks = Arc::new(self.callbacks.clone());
        Worker::with_sender(self.anchor.clone(), self.config.clone(), callbacks)
    }

    /// A worker of another process, with settings of its own.
    pub(crate) async fn worker_with(&self, configure: impl FnOnce(&mut Config)) -> Worker {
        let anchor = self.another_anchor_with(configure).await;
        Worker::with_sender(anchor, self.config.clone(), Arc::new(self.callbacks.clone()))
    }

    /// An anchor of another process: the same database, ledger and bank, and nobody who rings a bell.
    pub(crate) async fn another_anchor(&self) -> Anchor {
        self.another_anchor_with(|_| ()).await
    }

    /// As [`another_anchor`](Self::another_anchor), with other settings.
    pub(crate) async fn another_anchor_with(&self, configure: impl FnOnce(&mut Config)) -> Anchor {
        let mut config = self.anchor.config().clone();
        configure(&mut config);
        Anchor::builder(config)
            .store(DieselStore::open(self.database.url()).unwrap())
            .ledger(self.ledger.clone())
            .rails(self.rails.clone())
            .deposit(self.terms.clone())
            .withdrawal(self.terms.clone())
            .events(self.events.clone())
            .documents(PlainDocuments)
            .clock(self.clock.clone())
            .build()
            .await
            .unwrap()
    }

    /// Channel accounts, on the ledger and in use.
    pub(crate) async fn channels(&self, count: u32) -> Vec<AccountId> {
        let pool = channels::pool(&self.anchor, count).unwrap();
        for account in &pool {
            self.ledger.fund(*account, lumens(2));
        }
        let missing = channels::grow(&self.anchor, samples::distribution().account(), count).await.unwrap();
        assert_eq!(missing, 0);
        pool
    }

    /// Somebody else who can hold the token.
    pub(crate) fn another_user(&self, number: u8) -> AccountId {
        let account = SigningKey::from_seed([number; 32]).account();
        self.ledger.fund(account, lumens(10));
        self.ledger.trust(account, &samples::token(), lumens(0));
        account
    }

    /// A deposit for this account, whose money is at the bank.
    pub(crate) async fn deposit_of(&self, account: AccountId, memo: Memo, amount: &str) -> TransactionId {
        let mut started = samples::started(self.id(), Kind::Deposit);
        started.request.account = account.into();
        started.request.memo = memo;
        let id = self.agree(started, amount, 0).await;
        self.credit(id, amount);
        id
    }

    /// A deposit whose money is awaited.
    pub(crate) async fn deposit(&self, amount: &str) -> TransactionId {
        self.agree(samples::started(self.id(), Kind::Deposit), amount, 0).await
    }

    /// A withdrawal whose tokens are awaited under this memo.
    pub(crate) async fn withdrawal(&self, amount: &str, memo: u64) -> TransactionId {
        self.agree(samples::started(self.id(), Kind::Withdrawal), amount, memo).await
    }

    pub(crate) fn id(&self) -> TransactionId {
        TransactionId::new(RandomIds.next())
    }

    pub(crate) async fn agree(&self, started: Transaction, amount: &str, memo: u64) -> TransactionId {
        self.anchor.store().transaction_insert(&started, None).await.unwrap();
        let terms = samples::terms(started.kind, amount, memo);
        let fact = Fact::TermsAgreed { terms };
        self.tell(started.id, fact, Actor::User).await;
        started.id
    }

    pub(crate) async fn tell(&self, id: TransactionId, fact: Fact, actor: Actor) {
        let transaction = self.fetch(id).await;
        let committed = commit(&self.anchor, &transaction, fact, actor, false).await.unwrap();
        assert!(matches!(committed, Committed::Moved(_)), "{committed:?}");
    }

    /// The bank has the money of a deposit.
    pub(crate) fn credit(&self, deposit: TransactionId, amount: &str) {
        self.rails.credit(deposit, amount.parse().unwrap(), format!("credit-{deposit}"));
    }

    /// The user pays tokens to us.
    pub(crate) fn pay(&self, amount: &str, memo: Memo) -> Movement {
        self.pay_asset(amount, samples::token(), memo)
    }

    pub(crate) fn pay_asset(&self, amount: &str, asset: StellarAsset, memo: Memo) -> Movement {
        let from = samples::user().account().into();
        let to: Account = samples::distribution().account().into();
        self.ledger.arrives(from, to, asset, amount.parse().unwrap(), memo)
    }

    pub(crate) async fn fetch(&self, id: TransactionId) -> Transaction {
        self.anchor.store().transaction_fetch(id).await.unwrap().unwrap()
    }

    pub(crate) async fn state(&self, id: TransactionId) -> &'static str {
        self.fetch(id).await.state.name()
    }

    /// All jobs, until nothing is due.
    pub(crate) async fn work(&self) -> Progress {
        self.worker.run_until_idle().await.unwrap()
    }

    /// A ledger closes, and the same time passes for everybody.
    pub(crate) fn tick(&self) {
        self.ledger.close();
        self.clock.advance(Duration::from_secs(5));
    }

    /// Work and time, until everything that can happen has happened.
    pub(crate) async fn settle(&self) {
        // whoever paused for long is looked at again
        self.clock.advance(AFTER_LEASES);
        for _ in 0..12 {
            self.work().await;
            self.tick();
        }
        self.work().await;
    }

    /// Kills the process at this moment of its work, starts another when all leases have ended, and lets it work
    /// until the transaction is in this state. `true` if the moment came.
    pub(crate) async fn settle_through_death(&self, end: &End, moment: usize, ledger_goes_on: bool) -> bool {
        let is_over = async || self.state(end.transaction).await == end.state;
        self.work_through_death(is_over, moment, ledger_goes_on).await
    }

    /// As [`settle_through_death`](Self::settle_through_death), until it is over in another way.
    pub(crate) async fn work_through_death(
        &self,
        is_over: impl AsyncFn() -> bool,
        moment: usize,
        ledger_goes_on: bool,
    ) -> bool {
        self.switch.arm(moment);
        let mut died = false;
        let mut worker = self.another_worker();
        for _ in 0..16 {
            match self.switch.process(worker.run_until_idle()).await {
                Some(done) => drop(done.unwrap()),
                None => {
                    died = true;
                    self.switch.disarm();
                    self.clock.advance(AFTER_LEASES);
                    if ledger_goes_on {
                        let closed = self.ledger.close().closed_at + AFTER_LEASES.as_secs();
                        self.ledger.close_at(closed);
                    }
                    worker = self.another_worker();
                }
            }
            if is_over().await {
                break;
            }
            self.tick();
        }
        self.switch.disarm();
        died
    }

    /// How many different envelopes were ever sent.
    pub(crate) fn envelopes(&self) -> usize {
        let mut sent = self.ledger.submissions();
        sent.sort();
        sent.dedup();
        sent.len()
    }

    /// Straight into the database, where something is to be broken.
    pub(crate) fn execute(&self, sql: &str) {
        match &self.database {
            TestDatabase::Sqlite { url, .. } => {
                let mut connection = SqliteConnection::establish(url).unwrap();
                connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                connection.batch_execute(sql).unwrap();
            }
            TestDatabase::Postgres(database) => {
                PgConnection::establish(database.url()).unwrap().batch_execute(sql).unwrap();
            }
        }
    }

    /// What the bank sent for a transaction.
    pub(crate) fn transfers(&self, id: TransactionId) -> Vec<Transfer> {
        self.rails.transfers().into_iter().filter(|transfer| transfer.transaction == id).collect()
    }

    /// What the user holds of the token.
    pub(crate) fn user_holds(&self) -> String {
        self.ledger.balance(&samples::user().account(), &samples::token()).to_string()
    }
}

pub(crate) fn lumens(units: i64) -> StellarAmount {
    StellarAmount::from_stroops(units * 10_000_000).unwrap()
}

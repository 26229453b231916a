//! One anchor with everything around it: database, network, bank, wallets, clock.

use std::sync::Arc;
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::account::{Account, AccountId};
use anchor_core::amount::StellarAmount;
use anchor_core::asset::{Asset, StellarAsset, SuspensePolicy};
use anchor_core::clock::ManualClock;
use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
use anchor_core::integration::RailsIntegration;
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::ops::{Committed, Progress, channels, commit};
use anchor_core::stellar::Movement;
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::fakes::{
    AmountForms, PlainDocuments, RecordedEvents, ScriptedCallbacks, ScriptedQuotes, samples,
};
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::testing::rails::{ScriptedRails, Transfer};
use anchor_core::transaction::{Actor, Fact, Kind, Transaction};
use anchor_tests::database::TestDatabase;
use anchor_worker::{Worker, WorkerConfig};

use crate::kill::{KillSwitch, Mortal};

/// Longer than every lease.
const AFTER_LEASES: Duration = Duration::from_secs(600);

/// Where a road leads.
pub(crate) struct End {
    pub(crate) transaction: TransactionId,
    pub(crate) state: &'static str,
}

pub(crate) struct World {
    pub(crate) anchor: Anchor,
    pub(crate) ledger: FakeLedger,
    pub(crate) rails: ScriptedRails,
    pub(crate) events: RecordedEvents,
    pub(crate) callbacks: ScriptedCallbacks,
    pub(crate) clock: ManualClock,
    pub(crate) switch: KillSwitch,
    pub(crate) worker: Worker,
    config: WorkerConfig,
    _database: TestDatabase,
}

impl World {
    pub(crate) async fn new() -> Self {
        let rails = ScriptedRails::new();
        Self::with_rails(rails.clone(), rails).await
    }

    /// With other rails than the bank itself.
    pub(crate) async fn with_rails(bank: ScriptedRails, rails: impl RailsIntegration + 'static) -> Self {
        Self::build(bank, rails, samples::asset(), None).await
    }

    /// Where reals are exchanged for tokens, by quotes.
    pub(crate) async fn quoting() -> Self {
        let rails = ScriptedRails::new();
        Self::build(rails.clone(), rails, samples::asset(), Some(samples::quotes())).await
    }

    /// Where payments that nobody expected are treated like this.
    pub(crate) async fn with_policy(suspense: SuspensePolicy) -> Self {
        let rails = ScriptedRails::new();
        Self::build(rails.clone(), rails, Asset { suspense, ..samples::asset() }, None).await
    }

    async fn build(
        bank: ScriptedRails,
        rails: impl RailsIntegration + 'static,
        asset: Asset,
        quotes: Option<ScriptedQuotes>,
    ) -> Self {
        let database = crate::database();
        let store = DieselStore::open(database.url()).unwrap();
        store.migrate().await.unwrap();
        let clock = ManualClock::new(samples::start());
        let now = u64::try_from(samples::start().timestamp()).unwrap();
        let mut config = samples::config();
        config.channel_seed = Some(SigningKey::from_seed([7; 32]));
        config.fee_key = Some(SigningKey::from_seed([8; 32]));
        let ledger = FakeLedger::new(config.network.clone(), now);
        ledger.fund(samples::distribution().account(), lumens(1000));
        ledger.trust(samples::distribution().account(), &samples::token(), lumens(100_000));
        ledger.fund(samples::user().account(), lumens(10));
        ledger.trust(samples::user().account(), &samples::token(), lumens(0));

        let switch = KillSwitch::new();
        let (events, callbacks) = (RecordedEvents::default(), ScriptedCallbacks::default());
        let builder = Anchor::builder(config);
        let builder = match quotes {
            Some(quotes) => builder.quotes(samples::quote_desk(), quotes),
            None => builder,
        };
        let anchor = builder
            .store(Mortal::new(store, &switch))
            .ledger(Mortal::new(ledger.clone(), &switch))
            .rails(Mortal::new(rails, &switch))
            .deposit(AmountForms)
            .withdrawal(AmountForms)
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
            events,
            callbacks,
            clock,
            switch,
            worker,
            config,
            _database: database,
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

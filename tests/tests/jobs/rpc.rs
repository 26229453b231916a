//! The jobs on a network with Stellar RPC: a deposit and a withdrawal, and somebody who wraps the anchor's envelope.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::account::AccountId;
use anchor_core::asset::{Asset, Authorization, StellarAsset};
use anchor_core::clock::ManualClock;
use anchor_core::config::Config;
use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
use anchor_core::keys::SigningKey;
use anchor_core::ops::{channels, commit};
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::stellar::rpc::{RpcLedger, RpcOptions};
use anchor_core::stellar::{
    AccountSnapshot, Cursor, Ledger, LedgerError, LedgerPoint, Lookup, MovementPage, Network, Submission,
};
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::fakes::{AmountForms, PlainDocuments, RecordedEvents, ScriptedCallbacks, samples};
use anchor_core::testing::rails::ScriptedRails;
use anchor_core::transaction::{Actor, Fact, Kind, TransactionHash};
use anchor_devnet::ledger::build::{self, Draft};
use anchor_devnet::{CloseMode, Devnet, Dialect};
use anchor_tests::database::TestDatabase;
use anchor_worker::{Worker, WorkerConfig};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use stellar_xdr::{
    AccountFlags, Limits, Memo, OperationBody, ReadXdr as _, SetOptionsOp, SetTrustLineFlagsOp,
    TransactionEnvelope, TrustLineFlags,
};

/// The adapter, and somebody on the way who may keep what is sent.
#[derive(Debug)]
struct Way {
    inner: RpcLedger,
    /// `None`: everything gets through.
    kept: Mutex<Option<Vec<String>>>,
}

#[async_trait]
impl Ledger for Way {
    fn network(&self) -> &Network {
        self.inner.network()
    }

    fn expect_assets(&self, assets: &[StellarAsset]) {
        self.inner.expect_assets(assets);
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        self.inner.latest().await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        self.inner.account(id).await
    }

    async fn accounts(&self, ids: &[AccountId]) -> Vec<Result<Option<AccountSnapshot>, LedgerError>> {
        self.inner.accounts(ids).await
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        self.inner.fee_bid().await
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        if let Some(kept) = self.kept.lock().unwrap().as_mut() {
            kept.push(envelope.to_owned());
            return Err(LedgerError::Server { status: 504 });
        }
        self.inner.submit(envelope).await
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        self.inner.lookup(hash).await
    }

    async fn lookup_all(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        self.inner.lookup_all(hashes).await
    }

    async fn search(&self, hash: &TransactionHash, from: u64, until: u64) -> Result<Lookup, LedgerError> {
        self.inner.search(hash, from, until).await
    }

    async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
        self.inner.movements_start(account).await
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        self.inner.movements(account, after).await
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        self.inner.follow(account, after)
    }
}

/// An anchor with a real database on a network that closes ledgers when told.
struct Town {
    devnet: Devnet,
    anchor: Anchor,
    way: Arc<Way>,
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
    async fn new(dialect: Dialect) -> Self {
        Self::with(dialect, samples::asset(), |_| ()).await
    }

    async fn with(dialect: Dialect, asset: Asset, configure: impl FnOnce(&mut Config)) -> Self {
        let devnet = Devnet::builder().close(CloseMode::Manual).rpc_dialect(dialect).start().await.unwrap();
        let (issuer, distribution, user) = (samples::issuer(), samples::distribution(), samples::user());
        for key in [&issuer, &distribution, &user] {
            devnet.fund(&address(key)).await.unwrap();
        }
        let token = build::credit("USDC", &address(&issuer));

        let database = crate::database();
        let store = DieselStore::open(database.url()).unwrap();
        let mut config = samples::config();
        configure(&mut config);
        let url = devnet.rpc_url().parse().unwrap();
        let inner = RpcLedger::new(&url, config.network.clone(), [], RpcOptions::default()).unwrap();
        let way = Arc::new(Way { inner, kept: Mutex::new(None) });
        let (rails, clock) = (ScriptedRails::new(), ManualClock::new(samples::start()));
        let anchor = Anchor::builder(config)
            .store(store)
            .ledger(Arc::clone(&way))
            .rails(rails.clone())
            .deposit(AmountForms)
            .withdrawal(AmountForms)
            .events(RecordedEvents::default())
            .documents(PlainDocuments)
            .asset(asset)
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let callbacks = Arc::new(ScriptedCallbacks::default());
        let worker = Worker::with_sender(anchor.clone(), WorkerConfig::default(), callbacks);
        let town = Self { devnet, anchor, way, rails, clock, worker, token, _database: database };
        for key in [&distribution, &user] {
            town.apply(key, build::change_trust(&town.token, i64::MAX), Memo::None);
        }
        town.apply(&issuer, build::payment(address(&distribution), &town.token, 10_000_000_000), Memo::None);
        town.worker.activate_once("watch_transactions").await.unwrap();
        town
    }

    /// A transaction of somebody else, in a ledger of its own.
    fn apply(&self, key: &SigningKey, operation: OperationBody, memo: Memo) {
        let sequence = self.devnet.network().account(&address(key)).unwrap().seq_num.0 + 1;
        let draft = Draft::new(&address(key), sequence).operation(operation).memo(memo);
        let network_id = self.devnet.network().network_id();
        self.devnet.submit(draft.sign(network_id, &[key.dalek()]));
        assert!(self.devnet.close_ledger().unwrap().transactions[0].successful);
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

    /// All jobs, then a ledger.
    async fn round(&self, seconds: u64) {
        self.worker.run_until_idle().await.unwrap();
        self.devnet.clock().advance(seconds);
        self.devnet.close_ledger().unwrap();
        self.clock.advance(Duration::from_secs(seconds.max(600)));
    }

    fn user_holds(&self) -> i64 {
        let network = self.devnet.network();
        network.trust_line(&address(&samples::user()), &self.token).map_or(0, |line| line.balance)
    }
}

#[tokio::test]
async fn deposit_and_withdrawal_are_completed_through_stellar_rpc() {
    for dialect in [Dialect::Real, Dialect::Henyey] {
        let town = Town::new(dialect).await;
        let deposit = town.agree(Kind::Deposit, 0).await;
        let withdrawal = town.agree(Kind::Withdrawal, 7).await;
        town.rails.credit(deposit, "100".parse().unwrap(), "credit-1".to_owned());
        for _ in 0..4 {
            town.round(5).await;
        }
        assert_eq!((town.state(deposit).await, town.user_holds()), ("paid", 997_500_000), "{dialect:?}");
        // the rest of what is asked for comes from the issuer
        let (issuer, user) = (samples::issuer(), samples::user());
        town.apply(&issuer, build::payment(address(&user), &town.token, 2_500_000), Memo::None);
        let pay = build::payment(address(&samples::distribution()), &town.token, 1_000_000_000);
        town.apply(&user, pay, Memo::Id(7));
        for _ in 0..4 {
            town.round(5).await;
        }
        assert_eq!(town.state(withdrawal).await, "paid_out", "{dialect:?}");
        assert_eq!(town.rails.transfers().len(), 1);
    }
}

fn set_flags(flags: u32) -> OperationBody {
    OperationBody::SetOptions(SetOptionsOp { set_flags: Some(flags), ..SetOptionsOp::default() })
}

fn flags_of_user(town: &Town) -> u32 {
    town.devnet.network().trust_line(&address(&samples::user()), &town.token).unwrap().flags
}

#[tokio::test]
async fn trust_line_is_authorized_with_the_payment_as_the_network_wants_it() {
    for dialect in [Dialect::Real, Dialect::Henyey] {
        let asset = Asset { authorization: Authorization::Always, ..samples::asset() };
        let town = Town::with(dialect, asset, |config| config.issuer_keys = vec![samples::issuer()]).await;
        let (issuer, user) = (samples::issuer(), samples::user());
        town.apply(&user, build::change_trust(&town.token, 0), Memo::None);
        let flags = AccountFlags::RequiredFlag as u32 | AccountFlags::RevocableFlag as u32;
        town.apply(&issuer, set_flags(flags), Memo::None);
        town.apply(&user, build::change_trust(&town.token, i64::MAX), Memo::None);
        assert_eq!(flags_of_user(&town), 0);
        // both servers show it alike
        let url = town.devnet.url().parse().unwrap();
        let network = town.way.network().clone();
        let horizon = HorizonLedger::new(&url, network, HorizonOptions::default()).unwrap();
        for key in [&issuer, &user, &samples::distribution()] {
            let seen = town.way.account(&key.account()).await.unwrap().unwrap();
            let also_seen = horizon.account(&key.account()).await.unwrap().unwrap();
            assert_eq!(seen.auth_required, *key == issuer);
            assert_eq!(also_seen.auth_required, seen.auth_required);
            assert_eq!(also_seen.trust_lines, seen.trust_lines);
        }

        let deposit = town.agree(Kind::Deposit, 0).await;
        town.rails.credit(deposit, "100".parse().unwrap(), "credit-1".to_owned());
        for _ in 0..4 {
            town.round(5).await;
        }
        assert_eq!((town.state(deposit).await, town.user_holds()), ("paid", 997_500_000), "{dialect:?}");
        assert_eq!(flags_of_user(&town), TrustLineFlags::AuthorizedFlag as u32);

        // the issuer freezes the account: that is not undone
        let limit = SetTrustLineFlagsOp {
            trustor: address(&user),
            asset: town.token.clone(),
            clear_flags: TrustLineFlags::AuthorizedFlag as u32,
            set_flags: TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag as u32,
        };
        town.apply(&issuer, OperationBody::SetTrustLineFlags(limit), Memo::None);
        let seen = town.way.account(&user.account()).await.unwrap().unwrap();
        assert!(seen.trust_lines[0].limited && !seen.trust_lines[0].authorized);
        assert_eq!(horizon.account(&user.account()).await.unwrap().unwrap().trust_lines, seen.trust_lines);
        let deposit = town.agree(Kind::Deposit, 0).await;
        town.rails.credit(deposit, "100".parse().unwrap(), "credit-2".to_owned());
        for _ in 0..4 {
            town.round(5).await;
        }
        assert_eq!((town.state(deposit).await, town.user_holds()), ("awaiting_trust", 997_500_000));
    }
}

#[tokio::test]
async fn channels_are_merged_and_come_back_as_the_network_wants_it() {
    let town = Town::with(Dialect::Real, samples::asset(), |config| {
        config.channel_seed = Some(SigningKey::from_seed([7; 32]));
    })
    .await;
    let distribution = samples::distribution();
    let lumens = || town.devnet.network().account(&address(&distribution)).unwrap().balance;
    let before = lumens();
    let grow = async || {
        while channels::grow(&town.anchor, distribution.account(), 2).await.unwrap() > 0 {
            town.round(5).await;
        }
    };
    for time in 0..2 {
        grow().await;
        let deposit = town.agree(Kind::Deposit, 0).await;
        town.rails.credit(deposit, "100".parse().unwrap(), format!("credit-{time}"));
        for _ in 0..3 {
            town.round(5).await;
        }
        assert_eq!(town.state(deposit).await, "paid", "{time}");
        for channel in town.anchor.store().channel_list().await.unwrap() {
            if channel.position.is_some() {
                assert!(channels::retire(&town.anchor, &channel).await.unwrap());
            }
        }
        while channels::merge(&town.anchor, distribution.account()).await.unwrap().open > 0 {
            town.round(5).await;
        }
        for account in channels::pool(&town.anchor, 2).unwrap() {
            assert_eq!(town.way.account(&account).await.unwrap(), None);
        }
    }
    let cost = before - lumens();
    assert!((1..1_000_000).contains(&cost), "nothing but fees: {cost}");
    assert!(town.anchor.store().suspense_list(None).await.unwrap().is_empty());
}

/// Whoever sees the envelope on its way can have it applied under a hash that the anchor does not know, and gets paid.
/// If the anchor took "not found" for a proof, it would pay a second time.
#[tokio::test]
async fn envelope_that_a_stranger_wrapped_into_a_fee_bump_is_not_paid_again() {
    for dialect in [Dialect::Real, Dialect::Henyey] {
        let town = Town::new(dialect).await;
        let thief = SigningKey::generate();
        town.devnet.fund(&address(&thief)).await.unwrap();
        let deposit = town.agree(Kind::Deposit, 0).await;
        town.rails.credit(deposit, "100".parse().unwrap(), "credit-1".to_owned());
        *town.way.kept.lock().unwrap() = Some(Vec::new());
        town.round(5).await;
        let kept = town.way.kept.lock().unwrap().clone().unwrap();
        let inner = TransactionEnvelope::from_xdr_base64(&kept[0], Limits::none()).unwrap();
        let network_id = town.devnet.network().network_id();
        town.devnet.submit(build::fee_bump(inner, thief.dalek(), 10_000, network_id));
        town.devnet.close_ledger().unwrap();
        assert_eq!(town.user_holds(), 997_500_000, "the thief's wrapping pays the user");
        *town.way.kept.lock().unwrap() = None;

        // the bound has passed, and more time than any server may lag behind
        for seconds in [600, 600, 600, 5, 5, 5] {
            town.round(seconds).await;
        }
        assert_eq!((town.state(deposit).await, town.user_holds()), ("paid", 997_500_000), "{dialect:?}");
    }
}

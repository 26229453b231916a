//! How an anchor is put together, and what is checked then.

use std::fmt;
use std::sync::Arc;

use super::{Anchor, BuildError, Parts, Quotes};
use crate::asset::{Asset, Authorization, ReceiveQuotes};
use crate::clock::{Clock, SystemClock, ToldClock};
use crate::config::{Config, Sep};
use crate::customer::Vault;
use crate::customer::file::FileCustomers;
use crate::id::{IdSource, RandomIds};
use crate::integration::{
    CustodyIntegration, CustomerIntegration, DepositIntegration, EventSink, FeeIntegration, LocalSigner,
    QuoteIntegration, RailsIntegration, ReceiverIntegration, ScheduledFee, Signer, TakeAll, TomlIntegration,
    TransactionDocuments, TrustIntegration, WithdrawalIntegration,
};
use crate::metrics::Noted;
use crate::quote::QuoteDesk;
use crate::quote::file;
use crate::stellar::Ledger;
use crate::stellar::contracts::ContractLedger;
#[cfg(feature = "rpc")]
use crate::stellar::contracts::ContractServers;
use crate::store::{ChannelsSeen, Store};
use crate::transaction::Kind;
use crate::wake::Wake;

impl Anchor {
    /// Starts to put an anchor together.
    pub fn builder(config: Config) -> AnchorBuilder {
        AnchorBuilder {
            config,
            assets: Vec::new(),
            store: None,
            ledger: None,
            contracts: None,
            rails: None,
            deposit: None,
            withdrawal: None,
            receiver: Arc::new(TakeAll),
            fee: None,
            quotes: None,
            customers: None,
            signer: None,
            custody: None,
            toml: None,
            trust: None,
            events: None,
            documents: None,
            clock: None,
            ids: Arc::new(RandomIds),
        }
    }
}

/// Collects the parts of an [`Anchor`].
#[must_use]
pub struct AnchorBuilder {
    config: Config,
    assets: Vec<Asset>,
    store: Option<Arc<dyn Store>>,
    ledger: Option<Arc<dyn Ledger>>,
    contracts: Option<Arc<dyn ContractLedger>>,
    rails: Option<Arc<dyn RailsIntegration>>,
    deposit: Option<Arc<dyn DepositIntegration>>,
    withdrawal: Option<Arc<dyn WithdrawalIntegration>>,
    receiver: Arc<dyn ReceiverIntegration>,
    fee: Option<Arc<dyn FeeIntegration>>,
    quotes: Option<Quotes>,
    customers: Option<Arc<dyn CustomerIntegration>>,
    signer: Option<Arc<dyn Signer>>,
    custody: Option<Arc<dyn CustodyIntegration>>,
    toml: Option<Arc<dyn TomlIntegration>>,
    trust: Option<Arc<dyn TrustIntegration>>,
    events: Option<Arc<dyn EventSink>>,
    documents: Option<Arc<dyn TransactionDocuments>>,
    clock: Option<Arc<dyn Clock>>,
    ids: Arc<dyn IdSource>,
}

impl fmt::Debug for AnchorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnchorBuilder").field("host", &self.config.host.as_str()).finish_non_exhaustive()
    }
}

impl AnchorBuilder {
    /// The settings that it began with.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Where everything is kept. Needed.
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The network. Needed.
    pub fn ledger(mut self, ledger: impl Ledger + 'static) -> Self {
        self.ledger = Some(Arc::new(ledger));
        self
    }

    /// Who tries what contract accounts sign (SEP-45). Without it, the Stellar RPC servers that the settings name.
    pub fn contracts(mut self, contracts: impl ContractLedger + 'static) -> Self {
        self.contracts = Some(Arc::new(contracts));
        self
    }

    /// The business's rails. Needed.
    pub fn rails(mut self, rails: impl RailsIntegration + 'static) -> Self {
        self.rails = Some(Arc::new(rails));
        self
    }

    /// The deposit's pages. Needed if any asset offers deposits.
    pub fn deposit(mut self, deposit: impl DepositIntegration + 'static) -> Self {
        self.deposit = Some(Arc::new(deposit));
        self
    }

    /// The withdrawal's pages. Needed if any asset offers withdrawals.
    pub fn withdrawal(mut self, withdrawal: impl WithdrawalIntegration + 'static) -> Self {
        self.withdrawal = Some(Arc::new(withdrawal));
        self
    }

    /// The business's word on payments that other anchors send. Without it, what passes the framework's own checks is taken.
    pub fn receiver(mut self, receiver: impl ReceiverIntegration + 'static) -> Self {
        self.receiver = Arc::new(receiver);
        self
    }

    /// An asset, stored at [`build`](Self::build); those that are in the store already come along.
    ///
    /// **These terms overwrite those in the store at every start**: what an operator changed with `asset set` is undone without
    /// a word. Give assets either here or with `asset add`; to add to what is stored, read it first and give that.
    pub fn asset(mut self, asset: Asset) -> Self {
        self.assets.push(asset);
        self
    }

    /// What is charged, where the asset's own schedule does not do.
    pub fn fee(mut self, fee: impl FeeIntegration + 'static) -> Self {
        self.fee = Some(Arc::new(fee));
        self
    }

    /// What is quoted, and the business's prices. Without it the file of `QUOTES` says both; without that nothing is quoted.
    pub fn quotes(mut self, desk: QuoteDesk, quotes: impl QuoteIntegration + 'static) -> Self {
        self.quotes = Some((desk, Arc::new(quotes)));
        self
    }

    /// What has to be known of customers. Without it the file of `CUSTOMERS` says so; without that nothing is asked.
    pub fn customers(mut self, customers: impl CustomerIntegration + 'static) -> Self {
        self.customers = Some(Arc::new(customers));
        self
    }

    /// Who signs for accounts whose keys are not in `DISTRIBUTION_SEEDS`, `ISSUER_SEEDS` or `FEE_SEED`. Channel accounts
    /// always have the keys of `CHANNEL_SEED`.
    pub fn signer(mut self, signer: impl Signer + 'static) -> Self {
        self.signer = Some(Arc::new(signer));
        self
    }

    /// Who pays deposits and refunds on the ledger, instead of envelopes of this process. Claimable balances are off then.
    pub fn custody(mut self, custody: impl CustodyIntegration + 'static) -> Self {
        self.custody = Some(Arc::new(custody));
        self.config.claimable_balances = false;
        self
    }

    /// The last word on stellar.toml.
    pub fn toml(mut self, toml: impl TomlIntegration + 'static) -> Self {
        self.toml = Some(Arc::new(toml));
        self
    }

    /// Who may hold tokens. Needed if any asset is set to ask.
    pub fn trust(mut self, trust: impl TrustIntegration + 'static) -> Self {
        self.trust = Some(Arc::new(trust));
        self
    }

    /// Who hears of every change.
    pub fn events(mut self, events: impl EventSink + 'static) -> Self {
        self.events = Some(Arc::new(events));
        self
    }

    /// How transactions are written for wallets: `anchor_web::documents(&config)`. Needed by `deliver_events`.
    pub fn documents(mut self, documents: impl TransactionDocuments + 'static) -> Self {
        self.documents = Some(Arc::new(documents));
        self
    }

    /// Another clock, for tests. Without it, the anchor keeps the database's time where machines share one, and this
    /// machine's elsewhere.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Other ids, for tests.
    pub fn ids(mut self, ids: impl IdSource + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// Checks that everything is there, stores the given assets and reads all of them.
    ///
    /// # Errors
    /// What is missing or contradicts itself; see [`BuildError`].
    pub async fn build(self) -> Result<Anchor, BuildError> {
        let store = self.store.ok_or(BuildError::Missing("store"))?;
        let ledger = self.ledger.ok_or(BuildError::Missing("ledger"))?;
        let rails = self.rails.ok_or(BuildError::Missing("rails"))?;
        if *ledger.network() != self.config.network {
            return Err(BuildError::OtherNetwork);
        }
        if self.custody.is_some() && self.config.claimable_reclaim_after.is_some() {
            return Err(BuildError::ReclaimByCustodian);
        }
        let sep45 = self.config.sep45.as_ref().filter(|_| self.config.speaks(Sep::Sep45));
        let contracts = match (sep45, self.contracts) {
            (None, _) => None,
            (Some(_), Some(given)) => Some(given),
            (Some(sep45), None) => {
                #[cfg(feature = "rpc")]
                let named = ContractServers::of(sep45, &self.config.network)?
                    .map(|servers| Arc::new(servers) as Arc<dyn ContractLedger>);
                #[cfg(not(feature = "rpc"))]
                let named = None;
                Some(named.ok_or(BuildError::NoContractLedger(sep45.contract))?)
            }
        };
        for asset in &self.assets {
            let invalid = |source| BuildError::Offer { asset: asset.id.clone(), source };
            asset.validate().map_err(invalid)?;
            store.asset_put(asset).await?;
        }
        let assets = store.asset_list().await?;
        if assets.is_empty() && self.config.speaks(Sep::Sep24) {
            return Err(BuildError::NoAsset);
        }
        ledger.expect_assets(&assets.iter().map(|asset| asset.id.clone()).collect::<Vec<_>>());
        let own_pages = self.config.interactive_ui.is_some();
        for asset in &assets {
            let attached = |kind| match kind {
                Kind::Deposit => (own_pages || self.deposit.is_some(), "deposit"),
                Kind::Withdrawal => (own_pages || self.withdrawal.is_some(), "withdrawal"),
            };
            for kind in [Kind::Deposit, Kind::Withdrawal] {
                if let (true, (false, direction)) = (asset.offer(kind).is_some(), attached(kind)) {
                    return Err(BuildError::MissingFlow { asset: asset.id.clone(), direction });
                }
            }
        }
        let told = match &self.clock {
            None => store.time().await?.map(|now| Arc::new(ToldClock::new(now))),
            Some(_) => None,
        };
        let clock: Arc<dyn Clock> = match (self.clock, &told) {
            (Some(clock), _) => clock,
            (None, Some(told)) => Arc::<ToldClock>::clone(told),
            (None, None) => Arc::new(SystemClock),
        };
        let quotes = match (self.quotes, &self.config.quotes) {
            (quotes @ Some(_), _) => quotes,
            (None, Some(path)) => {
                let (desk, rates) = file::load(path, self.config.local_mode, Arc::clone(&clock))?;
                Some((desk, Arc::new(rates) as Arc<dyn QuoteIntegration>))
            }
            (None, None) => None,
        };
        let quotes = quotes.filter(|_| self.config.speaks(Sep::Sep38));
        let exchanges = |asset: &&Asset| {
            asset.receive.as_ref().is_some_and(|receive| receive.quotes != ReceiveQuotes::None)
        };
        if let (true, None, Some(asset)) =
            (self.config.speaks(Sep::Sep31), &quotes, assets.iter().find(exchanges))
        {
            return Err(BuildError::MissingQuotes(asset.id.clone()));
        }

        let customers = match (self.customers, &self.config.customers) {
            (customers @ Some(_), _) => customers,
            (None, Some(path)) => {
                let customers = FileCustomers::load(path, self.config.local_mode)?;
                Some(Arc::new(customers) as Arc<dyn CustomerIntegration>)
            }
            (None, None) => None,
        };
        let customers = customers.filter(|_| self.config.speaks(Sep::Sep12));
        let vault = Vault::new(self.config.customer_keys.clone());
        // what is typed into pages or comes with requests is as personal as what customers tell
        if !vault.has_key() && (customers.is_some() || !self.config.local_mode) {
            return Err(BuildError::NoCustomerKey);
        }
        if customers.as_ref().is_some_and(|customers| customers.types().is_empty()) {
            return Err(BuildError::NoCustomerType);
        }
        let asks = |asset: &&Asset| asset.authorization == Authorization::Ask;
        if let (None, Some(asset)) = (&self.trust, assets.iter().find(asks)) {
            return Err(BuildError::MissingTrust(asset.id.clone()));
        }
        let keys = self.config.distribution_keys.iter().chain(&self.config.fee_key);
        let keys = LocalSigner::new(keys.chain(&self.config.issuer_keys).cloned());
        let keys = match &self.config.channel_seed {
            Some(seed) => keys.with_channels(seed.clone()),
            None => keys,
        };
        let signed_elsewhere = self.signer.iter().flat_map(|signer| signer.accounts()).collect();
        Ok(Anchor {
            parts: Arc::new(Parts {
                config: self.config,
                assets,
                store,
                ledger,
                contracts,
                rails,
                deposit: self.deposit,
                withdrawal: self.withdrawal,
                receiver: self.receiver,
                fee_is_own: self.fee.is_some(),
                fee: self.fee.unwrap_or_else(|| Arc::new(ScheduledFee)),
                keys,
                signer: self.signer,
                signed_elsewhere,
                custody: self.custody,
                quotes,
                customers,
                vault,
                toml: self.toml,
                trust: self.trust,
                events: self.events,
                documents: self.documents,
                clock,
                told,
                ids: self.ids,
                wake: Wake::default(),
                noted: Noted::default(),
                channels_seen: ChannelsSeen::default(),
            }),
        })
    }
}

//! Everything an anchor is made of, in one cheaply cloned handle.

use std::fmt;
use std::sync::Arc;

use crate::asset::{Asset, OfferError, StellarAsset};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Sep};
use crate::id::{IdSource, RandomIds};
use crate::integration::{
    DepositIntegration, EventSink, FeeIntegration, LocalSigner, QuoteIntegration, RailsIntegration,
    ScheduledFee, Signer, TomlIntegration, TransactionDocuments, WithdrawalIntegration,
};
use crate::quote::QuoteDesk;
use crate::quote::file::{self, FileError};
use crate::stellar::Ledger;
use crate::store::{Store, StoreError};
use crate::transaction::Kind;
use crate::wake::Wake;

/// An anchor: settings, assets, store, ledger and the business's integrations. Clones share everything.
#[derive(Clone)]
pub struct Anchor {
    parts: Arc<Parts>,
}

struct Parts {
    config: Config,
    assets: Vec<Asset>,
    store: Arc<dyn Store>,
    ledger: Arc<dyn Ledger>,
    rails: Arc<dyn RailsIntegration>,
    deposit: Option<Arc<dyn DepositIntegration>>,
    withdrawal: Option<Arc<dyn WithdrawalIntegration>>,
    fee: Arc<dyn FeeIntegration>,
    quotes: Option<Quotes>,
    signer: Arc<dyn Signer>,
    toml: Option<Arc<dyn TomlIntegration>>,
    events: Option<Arc<dyn EventSink>>,
    documents: Option<Arc<dyn TransactionDocuments>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    wake: Wake,
}

/// What is quoted, and by whom.
type Quotes = (QuoteDesk, Arc<dyn QuoteIntegration>);

/// The anchor lacks something that its settings promise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A part that every anchor needs was not given.
    #[error("the anchor has no {0}: call AnchorBuilder::{0}(..)")]
    Missing(&'static str),
    /// An asset is offered in a direction that nobody implements.
    #[error("{asset} offers {direction}s, but no {direction} integration is attached")]
    MissingFlow {
        /// Which asset.
        asset: StellarAsset,
        /// `deposit` or `withdrawal`.
        direction: &'static str,
    },
    /// There is nothing to move.
    #[error("the anchor has no asset: give one with AnchorBuilder::asset(..) or add one with `asset add`")]
    NoAsset,
    /// An asset's terms contradict each other.
    #[error("{asset} cannot be offered")]
    Offer {
        /// Which asset.
        asset: StellarAsset,
        /// Why.
        #[source]
        source: OfferError,
    },
    /// Ledger adapter and settings name different networks.
    #[error("the ledger belongs to another network than STELLAR_NETWORK_PASSPHRASE says")]
    OtherNetwork,
    /// The file of `QUOTES` says nothing that can be quoted.
    #[error("quotes cannot be given")]
    Quotes(#[from] FileError),
    /// The assets could not be read or written.
    #[error("the assets could not be read from the store")]
    Store(#[from] StoreError),
}

impl Anchor {
    /// Starts to put an anchor together.
    pub fn builder(config: Config) -> AnchorBuilder {
        AnchorBuilder {
            config,
            assets: Vec::new(),
            store: None,
            ledger: None,
            rails: None,
            deposit: None,
            withdrawal: None,
            fee: Arc::new(ScheduledFee),
            quotes: None,
            signer: None,
            toml: None,
            events: None,
            documents: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
        }
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// All assets, by identifier. Read once at start: a change needs a restart.
    pub fn assets(&self) -> &[Asset] {
        &self.parts.assets
    }

    /// One asset.
    pub fn asset(&self, id: &StellarAsset) -> Option<&Asset> {
        self.parts.assets.iter().find(|asset| asset.id == *id)
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    /// The ledger.
    pub fn ledger(&self) -> &dyn Ledger {
        &*self.parts.ledger
    }

    /// The business's rails.
    pub fn rails(&self) -> &dyn RailsIntegration {
        &*self.parts.rails
    }

    /// The deposit's pages.
    pub fn deposit(&self) -> Option<&dyn DepositIntegration> {
        self.parts.deposit.as_deref()
    }

    /// The withdrawal's pages.
    pub fn withdrawal(&self) -> Option<&dyn WithdrawalIntegration> {
        self.parts.withdrawal.as_deref()
    }

    /// What is charged.
    pub fn fee(&self) -> &dyn FeeIntegration {
        &*self.parts.fee
    }

    /// What is quoted; `None` if nothing is, or SEP-38 is not active.
    pub fn quote_desk(&self) -> Option<&QuoteDesk> {
        self.parts.quotes.as_ref().map(|(desk, _)| desk)
    }

    /// The business's prices of one asset in another; `None` if nothing is quoted, or SEP-38 is not active.
    pub fn quotes(&self) -> Option<&dyn QuoteIntegration> {
        self.parts.quotes.as_ref().map(|(_, business)| &**business)
    }

    /// Who signs for the distribution accounts.
    pub fn signer(&self) -> &dyn Signer {
        &*self.parts.signer
    }

    /// The last word on stellar.toml.
    pub fn toml(&self) -> Option<&dyn TomlIntegration> {
        self.parts.toml.as_deref()
    }

    /// Who hears of every change.
    pub fn events(&self) -> Option<&dyn EventSink> {
        self.parts.events.as_deref()
    }

    /// How transactions are written for wallets.
    pub fn documents(&self) -> Option<&dyn TransactionDocuments> {
        self.parts.documents.as_deref()
    }

    /// What time it is.
    pub fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    /// Where new ids come from.
    pub fn ids(&self) -> &dyn IdSource {
        &*self.parts.ids
    }

    /// Tells jobs in this process that there is work.
    pub fn wake(&self) -> &Wake {
        &self.parts.wake
    }
}

impl fmt::Debug for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchor")
            .field("host", &self.parts.config.host.as_str())
            .field("assets", &self.parts.assets.iter().map(|asset| asset.id.to_string()).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Collects the parts of an [`Anchor`].
#[must_use]
pub struct AnchorBuilder {
    config: Config,
    assets: Vec<Asset>,
    store: Option<Arc<dyn Store>>,
    ledger: Option<Arc<dyn Ledger>>,
    rails: Option<Arc<dyn RailsIntegration>>,
    deposit: Option<Arc<dyn DepositIntegration>>,
    withdrawal: Option<Arc<dyn WithdrawalIntegration>>,
    fee: Arc<dyn FeeIntegration>,
    quotes: Option<Quotes>,
    signer: Option<Arc<dyn Signer>>,
    toml: Option<Arc<dyn TomlIntegration>>,
    events: Option<Arc<dyn EventSink>>,
    documents: Option<Arc<dyn TransactionDocuments>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl fmt::Debug for AnchorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnchorBuilder").field("host", &self.config.host.as_str()).finish_non_exhaustive()
    }
}

impl AnchorBuilder {
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

    /// An asset, stored at [`build`](Self::build); those that are in the store already come along.
    pub fn asset(mut self, asset: Asset) -> Self {
        self.assets.push(asset);
        self
    }

    /// What is charged, where the asset's own schedule does not do.
    pub fn fee(mut self, fee: impl FeeIntegration + 'static) -> Self {
        self.fee = Arc::new(fee);
        self
    }

    /// What is quoted, and the business's prices. Without it the file of `QUOTES` says both; without that nothing is quoted.
    pub fn quotes(mut self, desk: QuoteDesk, quotes: impl QuoteIntegration + 'static) -> Self {
        self.quotes = Some((desk, Arc::new(quotes)));
        self
    }

    /// Who signs for the distribution and channel accounts; the keys of `DISTRIBUTION_SEEDS` and `CHANNEL_SEED` if absent.
    pub fn signer(mut self, signer: impl Signer + 'static) -> Self {
        self.signer = Some(Arc::new(signer));
        self
    }

    /// The last word on stellar.toml.
    pub fn toml(mut self, toml: impl TomlIntegration + 'static) -> Self {
        self.toml = Some(Arc::new(toml));
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

    /// Another clock, for tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
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
        let quotes = match (self.quotes, &self.config.quotes) {
            (quotes @ Some(_), _) => quotes,
            (None, Some(path)) => {
                let (desk, rates) = file::load(path, self.config.local_mode, Arc::clone(&self.clock))?;
                Some((desk, Arc::new(rates) as Arc<dyn QuoteIntegration>))
            }
            (None, None) => None,
        };
        let quotes = quotes.filter(|_| self.config.speaks(Sep::Sep38));
        let signer = self.signer.unwrap_or_else(|| {
            let local =
                LocalSigner::new(self.config.distribution_keys.iter().chain(&self.config.fee_key).cloned());
            Arc::new(match &self.config.channel_seed {
                Some(seed) => local.with_channels(seed.clone()),
                None => local,
            })
        });
        Ok(Anchor {
            parts: Arc::new(Parts {
                config: self.config,
                assets,
                store,
                ledger,
                rails,
                deposit: self.deposit,
                withdrawal: self.withdrawal,
                fee: self.fee,
                quotes,
                signer,
                toml: self.toml,
                events: self.events,
                documents: self.documents,
                clock: self.clock,
                ids: self.ids,
                wake: Wake::default(),
            }),
        })
    }
}

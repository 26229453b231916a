//! Everything an anchor is made of, in one cheaply cloned handle.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::account::AccountId;
use crate::asset::{Asset, StellarAsset};
use crate::clock::{Clock, ToldClock};
use crate::config::{Config, Sep};
use crate::customer::Vault;
use crate::id::IdSource;
use crate::integration::{
    CustodyIntegration, CustomerIntegration, DepositIntegration, EventSink, FeeIntegration, LocalSigner,
    QuoteIntegration, RailsIntegration, ReceiverIntegration, Signer, TomlIntegration, TransactionDocuments,
    TrustIntegration, WithdrawalIntegration,
};
use crate::metrics::Noted;
use crate::quote::QuoteDesk;
use crate::stellar::Ledger;
use crate::stellar::contracts::ContractLedger;
use crate::store::{ChannelsSeen, Store, StoreError};
use crate::transaction::Kind;
use crate::wake::Wake;

mod builder;
mod error;

pub use builder::AnchorBuilder;
pub use error::BuildError;

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
    contracts: Option<Arc<dyn ContractLedger>>,
    rails: Arc<dyn RailsIntegration>,
    deposit: Option<Arc<dyn DepositIntegration>>,
    withdrawal: Option<Arc<dyn WithdrawalIntegration>>,
    receiver: Arc<dyn ReceiverIntegration>,
    fee: Arc<dyn FeeIntegration>,
    fee_is_own: bool,
    keys: LocalSigner,
    signer: Option<Arc<dyn Signer>>,
    signed_elsewhere: BTreeSet<AccountId>,
    custody: Option<Arc<dyn CustodyIntegration>>,
    quotes: Option<Quotes>,
    customers: Option<Arc<dyn CustomerIntegration>>,
    vault: Vault,
    toml: Option<Arc<dyn TomlIntegration>>,
    trust: Option<Arc<dyn TrustIntegration>>,
    events: Option<Arc<dyn EventSink>>,
    documents: Option<Arc<dyn TransactionDocuments>>,
    clock: Arc<dyn Clock>,
    /// The clock, if it keeps the database's time.
    told: Option<Arc<ToldClock>>,
    ids: Arc<dyn IdSource>,
    wake: Wake,
    noted: Noted,
    channels_seen: ChannelsSeen,
}

/// What is quoted, and by whom.
type Quotes = (QuoteDesk, Arc<dyn QuoteIntegration>);

impl Anchor {
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

    /// Who tries what contract accounts sign; `None` if they cannot log in (SEP-45).
    pub fn contracts(&self) -> Option<&dyn ContractLedger> {
        self.parts.contracts.as_deref()
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

    /// The business's word on payments that other anchors send.
    pub fn receiver(&self) -> &dyn ReceiverIntegration {
        &*self.parts.receiver
    }

    /// Whether anything is taken from other anchors, and SEP-31 is active.
    pub fn receives(&self) -> bool {
        self.config().speaks(Sep::Sep31) && self.assets().iter().any(|asset| asset.receive.is_some())
    }

    /// What is charged.
    pub fn fee(&self) -> &dyn FeeIntegration {
        &*self.parts.fee
    }

    /// Whether the business computes what is charged by itself: then an asset's own schedule does not say it.
    pub fn fee_is_own(&self) -> bool {
        self.parts.fee_is_own
    }

    /// What is offered by API in this direction (SEP-6): what has a funding method, where the business decides on requests.
    /// Two assets of one code could not be told apart there: neither is offered.
    pub fn offered_by_api(&self, kind: Kind) -> impl Iterator<Item = &Asset> {
        let decides = match kind {
            Kind::Deposit => self.deposit().is_some(),
            Kind::Withdrawal => self.withdrawal().is_some(),
        };
        let is_active = decides && self.config().speaks(Sep::Sep6);
        let alone = |asset: &Asset| {
            self.assets().iter().all(|other| other.id == asset.id || other.id.code() != asset.id.code())
        };
        let offers = move |asset: &&Asset| {
            let offer = asset.offer(kind).filter(|_| is_active);
            offer.is_some_and(|offer| !offer.funding_methods.is_empty()) && alone(asset)
        };
        self.assets().iter().filter(offers)
    }

    /// Whether anything is offered by API.
    pub fn speaks_by_api(&self) -> bool {
        [Kind::Deposit, Kind::Withdrawal].into_iter().any(|kind| self.offered_by_api(kind).next().is_some())
    }

    /// What is quoted; `None` if nothing is, or SEP-38 is not active.
    pub fn quote_desk(&self) -> Option<&QuoteDesk> {
        self.parts.quotes.as_ref().map(|(desk, _)| desk)
    }

    /// The business's prices of one asset in another; `None` if nothing is quoted, or SEP-38 is not active.
    pub fn quotes(&self) -> Option<&dyn QuoteIntegration> {
        self.parts.quotes.as_ref().map(|(_, business)| &**business)
    }

    /// What has to be known of customers, and what the business thinks of them; `None` if nothing is asked, or SEP-12 is
    /// not active.
    pub fn customers(&self) -> Option<&dyn CustomerIntegration> {
        self.parts.customers.as_deref()
    }

    /// What seals customers' data.
    pub fn vault(&self) -> &Vault {
        &self.parts.vault
    }

    /// The keys that this process has.
    pub fn keys(&self) -> &LocalSigner {
        &self.parts.keys
    }

    /// Who signs for the accounts whose keys this process does not have.
    pub fn signer(&self) -> Option<&dyn Signer> {
        self.parts.signer.as_deref()
    }

    /// Whether [`signer`](Self::signer) has to sign what takes value or fees from this account.
    pub fn is_signed_elsewhere(&self, account: &AccountId) -> bool {
        self.parts.signed_elsewhere.contains(account)
    }

    /// Who pays on the ledger, if not this process.
    pub fn custody(&self) -> Option<&dyn CustodyIntegration> {
        self.parts.custody.as_deref()
    }

    /// The last word on stellar.toml.
    pub fn toml(&self) -> Option<&dyn TomlIntegration> {
        self.parts.toml.as_deref()
    }

    /// Who may hold a token whose issuer wants to be asked.
    pub fn trust(&self) -> Option<&dyn TrustIntegration> {
        self.parts.trust.as_deref()
    }

    /// Who hears of every change.
    pub fn events(&self) -> Option<&dyn EventSink> {
        self.parts.events.as_deref()
    }

    /// How transactions are written for wallets.
    pub fn documents(&self) -> Option<&dyn TransactionDocuments> {
        self.parts.documents.as_deref()
    }

    /// What jobs of this process found out, for its metrics.
    pub(crate) fn noted(&self) -> &Noted {
        &self.parts.noted
    }

    /// The accounts of the channels, as they were a moment ago.
    pub(crate) fn channels_seen(&self) -> &ChannelsSeen {
        &self.parts.channels_seen
    }

    /// Sets the clock by the database's, if it keeps that time. To be called now and then: between two calls it runs
    /// by itself.
    ///
    /// # Errors
    /// When the database does not tell; the clock goes on as before.
    pub async fn set_clock(&self) -> Result<(), StoreError> {
        if let Some(told) = &self.parts.told
            && let Some(now) = self.parts.store.time().await?
        {
            told.set(now);
        }
        Ok(())
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

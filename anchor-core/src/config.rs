//! Settings by environment, with the names that anchors know. Parsed once; all that is wrong is said at once.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::account::AccountId;
use crate::customer::CustomerKey;
use crate::keys::SigningKey;
use crate::secret::Secret;
use crate::stellar::Network;

mod customers;
mod destinations;
mod interactive_ui;
mod limits;
mod openapi;
mod pages;
mod quotes;
mod reader;
mod reclaim;
mod rpc;
mod sending_anchors;
mod sep;
mod sep10;
mod sep45;

pub use destinations::Destinations;
pub use interactive_ui::InteractiveUi;
pub use limits::LimitsConfig;
pub use pages::{Color, ColorError, PagesConfig};
pub use rpc::RpcServer;
pub use sending_anchors::SendingAnchors;
pub use sep::Sep;
pub use sep10::{ClientAttribution, Sep10Config};
pub use sep45::Sep45Config;

use reader::Reader;

/// `DATABASE_URL`, if it is absent.
pub(crate) const DATABASE_URL: &str = "sqlite://anchor.sqlite3";

/// All settings of an anchor.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// `STELLAR_NETWORK_PASSPHRASE`; the test network's if absent.
    pub network: Network,
    /// `HORIZON_URI`: one server or several; the first is named in stellar.toml. The example embeds a network if absent.
    pub horizon: Vec<Url>,
    /// `STELLAR_RPC_URI`: the ledger by Stellar RPC, one server or several, instead of Horizon.
    pub rpc: Vec<RpcServer>,
    /// `LEDGER_QUORUM`: so many of these servers have to say that an envelope is not on the ledger; 1 if absent.
    pub ledger_quorum: usize,
    /// `HOST_URL`: where wallets reach the anchor, without a trailing slash; `http://localhost:8000` if absent.
    pub host: Url,
    /// `LOCAL_MODE`: allows plain http and loopback addresses. Never on the public network.
    pub local_mode: bool,
    /// `SERVER_JWT_KEY`: at least 32 bytes. Several separated by commas: the first signs, all are accepted.
    pub jwt_keys: Vec<Secret<String>>,
    /// `SIGNING_SEED`: signs challenges and callbacks; its account is stellar.toml's `SIGNING_KEY`.
    pub signing_key: SigningKey,
    /// Web authentication.
    pub sep10: Sep10Config,
    /// Web authentication of contract accounts; none if absent.
    pub sep45: Option<Sep45Config>,
    /// How much may be asked of one server process.
    pub limits: LimitsConfig,
    /// `STELLAR_TOML`: a file whose entries are added to the generated stellar.toml.
    pub stellar_toml: Option<PathBuf>,
    /// `DISTRIBUTION_SEEDS`: keys of the accounts that pay deposits. Only workers need them.
    pub distribution_keys: Vec<SigningKey>,
    /// `ISSUER_SEEDS`: keys of issuers whose trust lines the anchor authorises. Only workers need them.
    pub issuer_keys: Vec<SigningKey>,
    /// `CHANNEL_SEED`: keys of the channel accounts are derived from it. Only workers need it, and only with a pool.
    pub channel_seed: Option<SigningKey>,
    /// `FEE_SEED`: key of the account that pays where an envelope has to be bid for again; the envelope's own source
    /// account if absent.
    pub fee_key: Option<SigningKey>,
    /// `FEE_ACCOUNT`: the same account, where the [`Signer`](crate::integration::Signer) signs for it.
    pub fee_account: Option<AccountId>,
    /// `DATABASE_URL`: `sqlite://file` or `postgres://…`; `sqlite://anchor.sqlite3` if absent.
    pub database_url: Secret<String>,
    /// `ACTIVE_SEPS`: comma-separated; all if absent.
    pub active_seps: BTreeSet<Sep>,
    /// `ORG_NAME`: who runs the anchor, for stellar.toml and the pages.
    pub org_name: String,
    /// `ACCOUNT_CREATION`: deposits to accounts that do not exist create them; on if absent.
    pub account_creation: bool,
    /// `CLAIMABLE_BALANCES`: deposits may be set aside for wallets that can claim them; on if absent.
    pub claimable_balances: bool,
    /// `CLAIMABLE_RECLAIM_AFTER_DAYS`: what was set aside may be taken back after this time; never if absent.
    pub claimable_reclaim_after: Option<Duration>,
    /// `DEPOSIT_DESTINATIONS`: whom deposits may be paid to; `any` if absent.
    pub deposit_destinations: Destinations,
    /// `SENDING_ANCHORS`: whose payments to others are taken; nobody's if absent.
    pub sending_anchors: SendingAnchors,
    /// `INTERACTIVE_UI_URL` and `INTERACTIVE_UI_KEY`: the business's own pages instead of the hosted ones.
    pub interactive_ui: Option<InteractiveUi>,
    /// `QUOTES`: a file that says what is quoted, where no integration does.
    pub quotes: Option<PathBuf>,
    /// `QUOTE_GRACE_SECONDS`: how long after the end of its quote the money of a deposit is still asked about; a quarter of
    /// an hour if absent.
    pub quote_grace: Duration,
    /// `CUSTOMERS`: a file that says what is asked of customers, where no integration does.
    pub customers: Option<PathBuf>,
    /// `CUSTOMER_KEYS`: `NAME:KEY` pairs that seal customers' data: the first seals, all open.
    pub customer_keys: Vec<CustomerKey>,
    /// `CUSTOMER_TEXT_MEMOS`: a memo without a type may be a text; off if absent.
    pub customer_text_memos: bool,
    /// `FILE_BYTES_MAX`: largest file of a customer; 10 MiB if absent.
    pub file_bytes_max: usize,
    /// How the hosted pages look.
    pub pages: PagesConfig,
    /// `OPENAPI_PATH`: where the description of the endpoints is served; nowhere if absent.
    pub openapi_path: Option<String>,
}

/// Without secrets. The address of a Horizon server may carry a provider's key: only its host is shown.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("network", &self.network.passphrase())
            .field("horizon", &self.horizon.iter().filter_map(Url::host_str).collect::<Vec<_>>())
            .field("rpc", &self.rpc)
            .field("host", &self.host_url())
            .field("local_mode", &self.local_mode)
            .field("signing_account", &self.signing_key.account().to_string())
            .field("active_seps", &self.active_seps)
            .field("org_name", &self.org_name)
            .field("interactive_ui", &self.interactive_ui)
            .finish_non_exhaustive()
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not usable:\n{}", .problems.join("\n"))]
#[non_exhaustive]
pub struct ConfigError {
    /// One line each: the name of the setting, and what it should be. Never its value.
    pub problems: Vec<String>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// All problems at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_source(|name| std::env::var(name).ok())
    }

    /// Reads settings by name from anywhere. Empty values count as absent.
    ///
    /// # Errors
    /// All problems at once.
    pub fn from_source(source: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { source: &source, problems: Vec::new() };
        let network = Network::new(
            reader.text("STELLAR_NETWORK_PASSPHRASE").unwrap_or_else(|| Network::TESTNET.into()),
        );
        let host = reader.url("HOST_URL").or_else(|| Url::parse("http://localhost:8000").ok());
        let local_mode = reader
            .flag("LOCAL_MODE")
            .unwrap_or_else(|| host.as_ref().and_then(Url::host_str).is_some_and(|host| host == "localhost"));
        let horizon = reader.urls("HORIZON_URI");
        let rpc = reader.rpc("STELLAR_RPC");
        let sep45 = reader.sep45(&rpc);
        let ledger_quorum = reader.ledger_quorum(if rpc.is_empty() { horizon.len() } else { rpc.len() });
        let jwt_keys = reader.secrets("SERVER_JWT_KEY");
        let account_creation = reader.flag("ACCOUNT_CREATION").unwrap_or(true);
        let claimable_balances = reader.flag("CLAIMABLE_BALANCES").unwrap_or(true);
        let claimable_reclaim_after = reader.claimable_reclaim_after();
        let deposit_destinations = reader.destinations();
        let sending_anchors = reader.sending_anchors();
        let interactive_ui = reader.interactive_ui(local_mode);
        let quotes = reader.text("QUOTES").map(PathBuf::from);
        let quote_grace = reader.quote_grace();
        let customers = reader.text("CUSTOMERS").map(PathBuf::from);
        let customer_keys = reader.customer_keys();
        let customer_text_memos = reader.flag("CUSTOMER_TEXT_MEMOS").unwrap_or(false);
        let file_bytes_max = reader.file_bytes_max();
        let pages = reader.pages();
        let openapi_path = reader.openapi_path();
        let signing_key = reader.keys("SIGNING_SEED").pop();
        let distribution_keys = reader.keys("DISTRIBUTION_SEEDS");
        let issuer_keys = reader.keys("ISSUER_SEEDS");
        let fee_key = reader.keys("FEE_SEED").pop();
        let fee_account = reader.list("FEE_ACCOUNT", "a Stellar account (G…)").and_then(|mut all| all.pop());
        let channel_seed = reader.keys("CHANNEL_SEED").pop();
        let database_url = Secret::new(reader.text("DATABASE_URL").unwrap_or_else(|| DATABASE_URL.into()));
        let active_seps = reader.seps();
        let sep10 = reader.sep10(host.as_ref());
        let limits = reader.limits();
        let stellar_toml = reader.text("STELLAR_TOML").map(PathBuf::from);
        let is_public = network.passphrase() == Network::PUBLIC;
        // nobody is called a test on the public network; `doctor` asks for the name
        let unnamed = host.as_ref().filter(|_| is_public).and_then(Url::host_str).unwrap_or("Testnet Anchor");
        let org_name = reader.text("ORG_NAME").unwrap_or_else(|| unnamed.to_owned());
        // one that cannot be read was named already
        if reader.text("SIGNING_SEED").is_none() {
            reader.problem("SIGNING_SEED", "a Stellar secret seed (S…)");
        }
        if local_mode && is_public {
            reader.problem("LOCAL_MODE", "off on the public network");
        }
        if let Some(host) = &host {
            if host.scheme() != "https" && !local_mode {
                reader.problem("HOST_URL", "an https:// address (http:// needs LOCAL_MODE=1)");
            }
            if host.path() != "/" || host.query().is_some() || host.host_str().is_none() {
                reader.problem("HOST_URL", "scheme and host only, such as https://anchor.example");
            }
        }
        match (host, signing_key, sep10) {
            (Some(host), Some(signing_key), Some(sep10)) if reader.problems.is_empty() => Ok(Self {
                network,
                horizon,
                rpc,
                ledger_quorum,
                host,
                local_mode,
                jwt_keys,
                signing_key,
                sep10,
                sep45,
                limits,
                stellar_toml,
                distribution_keys,
                issuer_keys,
                channel_seed,
                fee_key,
                fee_account,
                database_url,
                active_seps,
                org_name,
                account_creation,
                claimable_balances,
                claimable_reclaim_after,
                deposit_destinations,
                sending_anchors,
                interactive_ui,
                quotes,
                quote_grace,
                customers,
                customer_keys,
                customer_text_memos,
                file_bytes_max,
                pages,
                openapi_path,
            }),
            _ => Err(ConfigError { problems: reader.problems }),
        }
    }

    /// `HOST_URL` without a trailing slash, for building addresses.
    pub fn host_url(&self) -> &str {
        self.host.as_str().trim_end_matches('/')
    }

    /// The domain that wallets know the anchor by, and that its issuers name: the first of `SEP10_HOME_DOMAINS`.
    pub fn home_domain(&self) -> String {
        self.sep10.home_domains.default_domain().to_string()
    }

    /// Where wallets authenticate, as SEP-10 writes it: the host of `HOST_URL`, and its port unless it is the default
    /// one. It need not be the home domain.
    pub fn web_auth_domain(&self) -> String {
        authority(&self.host)
    }

    /// Everybody whose signature says that this server issued a challenge: the present signing account first.
    pub fn signing_accounts(&self) -> Vec<AccountId> {
        let retired = self.sep10.retired_signing_accounts.iter().copied();
        std::iter::once(self.signing_key.account()).chain(retired).collect()
    }

    /// Whether this protocol is switched on.
    pub fn speaks(&self, sep: Sep) -> bool {
        self.active_seps.contains(&sep)
    }
}

/// Host, and the port unless it is the default one.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests;

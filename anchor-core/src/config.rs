//! Settings by environment, with the names that anchors know. Parsed once; all that is wrong is said at once.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
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
mod pages;
mod reclaim;
mod rpc;
mod sending_anchors;
mod sep10;

pub use destinations::Destinations;
pub use interactive_ui::InteractiveUi;
pub use limits::LimitsConfig;
pub use pages::{Color, ColorError, PagesConfig};
pub use rpc::RpcServer;
pub use sending_anchors::SendingAnchors;
pub use sep10::{ClientAttribution, Sep10Config};

/// A protocol that the anchor speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Sep {
    /// stellar.toml.
    Sep1,
    /// Deposit and withdrawal by API, of the assets that have a funding method.
    Sep6,
    /// Web authentication.
    Sep10,
    /// Customers' data, as far as anything is asked of them.
    Sep12,
    /// Hosted deposit and withdrawal.
    Sep24,
    /// Payments from other anchors, as far as any asset is taken from them.
    Sep31,
    /// Prices and quotes, as far as any are attached.
    Sep38,
}

impl Sep {
    /// Those that this version can serve.
    pub const ALL: [Self; 7] =
        [Self::Sep1, Self::Sep6, Self::Sep10, Self::Sep12, Self::Sep24, Self::Sep31, Self::Sep38];

    fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().trim_start_matches("sep-").trim_start_matches("sep") {
            "1" => Some(Self::Sep1),
            "6" => Some(Self::Sep6),
            "10" => Some(Self::Sep10),
            "12" => Some(Self::Sep12),
            "24" => Some(Self::Sep24),
            "31" => Some(Self::Sep31),
            "38" => Some(Self::Sep38),
            _ => None,
        }
    }
}

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
        let rpc = reader.rpc();
        let ledger_quorum = reader.ledger_quorum(if rpc.is_empty() { horizon.len() } else { rpc.len() });
        let jwt_keys = reader.secrets("SERVER_JWT_KEY");
        let account_creation = reader.flag("ACCOUNT_CREATION").unwrap_or(true);
        let claimable_balances = reader.flag("CLAIMABLE_BALANCES").unwrap_or(true);
        let claimable_reclaim_after = reader.claimable_reclaim_after();
        let deposit_destinations = reader.destinations();
        let sending_anchors = reader.sending_anchors();
        let interactive_ui = reader.interactive_ui(local_mode);
        let quotes = reader.text("QUOTES").map(PathBuf::from);
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
        let database_url =
            Secret::new(reader.text("DATABASE_URL").unwrap_or_else(|| "sqlite://anchor.sqlite3".into()));
        let active_seps = reader.seps();
        let sep10 = reader.sep10(host.as_ref());
        let limits = reader.limits();
        let stellar_toml = reader.text("STELLAR_TOML").map(PathBuf::from);
        let org_name = reader.text("ORG_NAME").unwrap_or_else(|| "Testnet Anchor".into());
        if signing_key.is_none() {
            reader.problem("SIGNING_SEED", "a Stellar secret seed (S…)");
        }
        if local_mode && network.passphrase() == Network::PUBLIC {
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

fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

struct Reader<'a> {
    source: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn problem(&mut self, name: &str, wanted: &str) {
        self.problems.push(format!("  {name}: should be {wanted}"));
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.source)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn url(&mut self, name: &str) -> Option<Url> {
        let url = http_url(&self.text(name)?);
        if url.is_none() {
            self.problem(name, "an http(s) address");
        }
        url
    }

    /// Separated by commas or spaces, each of them once.
    fn urls(&mut self, name: &str) -> Vec<Url> {
        let text = self.text(name).unwrap_or_default();
        let each = text.split(|letter: char| letter == ',' || letter.is_whitespace());
        let urls: Option<Vec<Url>> = each.filter(|url| !url.is_empty()).map(http_url).collect();
        let distinct = |urls: &Vec<Url>| urls.iter().collect::<BTreeSet<_>>().len() == urls.len();
        urls.filter(distinct).unwrap_or_else(|| {
            self.problem(name, "http(s) addresses, each of them once, separated by commas");
            Vec::new()
        })
    }

    fn ledger_quorum(&mut self, servers: usize) -> usize {
        let wanted = "how many of the ledger servers have to agree: 1, up to all of them";
        let quorum = self.number("LEDGER_QUORUM", wanted).unwrap_or(1);
        if !(1..=servers.max(1)).contains(&quorum) {
            self.problem("LEDGER_QUORUM", wanted);
        }
        quorum
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        match self.text(name)?.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => {
                self.problem(name, "1 or 0");
                None
            }
        }
    }

    fn number<T: FromStr>(&mut self, name: &str, wanted: &str) -> Option<T> {
        let number = self.text(name)?.parse().ok();
        if number.is_none() {
            self.problem(name, wanted);
        }
        number
    }

    /// Separated by commas.
    fn list<T: FromStr>(&mut self, name: &str, wanted: &str) -> Option<Vec<T>> {
        let list: Option<Vec<T>> = self.text(name)?.split(',').map(|each| each.trim().parse().ok()).collect();
        if list.is_none() {
            self.problem(name, wanted);
        }
        list
    }

    fn keys(&mut self, name: &str) -> Vec<SigningKey> {
        let Some(text) = self.text(name) else { return Vec::new() };
        let keys: Result<Vec<_>, _> = text.split(',').map(|seed| seed.trim().parse()).collect();
        keys.unwrap_or_else(|_| {
            self.problem(name, "Stellar secret seeds (S…), separated by commas");
            Vec::new()
        })
    }

    /// Keys that sign tokens.
    fn secrets(&mut self, name: &str) -> Vec<Secret<String>> {
        let text = self.text(name).unwrap_or_default();
        let keys: Vec<_> = text.split(',').map(|key| key.trim().to_owned()).collect();
        let distinct = |key: &String| key.bytes().collect::<BTreeSet<_>>().len();
        if keys.iter().any(|key| key.len() < 32 || distinct(key) < 8) {
            self.problem(name, "random, at least 32 characters (see `keys generate`)");
        }
        keys.into_iter().map(Secret::new).collect()
    }

    fn destinations(&mut self) -> Destinations {
        let Some(text) = self.text("DEPOSIT_DESTINATIONS") else { return Destinations::Any };
        Destinations::parse(&text).unwrap_or_else(|_| {
            self.problem("DEPOSIT_DESTINATIONS", "any, own, or Stellar accounts separated by commas");
            Destinations::Any
        })
    }

    fn interactive_ui(&mut self, local_mode: bool) -> Option<InteractiveUi> {
        let url = self.url("INTERACTIVE_UI_URL")?;
        if url.scheme() != "https" && !local_mode {
            self.problem("INTERACTIVE_UI_URL", "an https:// address (http:// needs LOCAL_MODE=1)");
        }
        let keys = self.secrets("INTERACTIVE_UI_KEY");
        if keys.iter().any(|key| self.text("SERVER_JWT_KEY").is_some_and(|all| all.contains(key.expose()))) {
            self.problem("INTERACTIVE_UI_KEY", "another key than SERVER_JWT_KEY");
        }
        Some(InteractiveUi { url, keys })
    }

    fn openapi_path(&mut self) -> Option<String> {
        let path = self.text("OPENAPI_PATH")?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let mut parts = path.split('/');
        let is_rooted = parts.next() == Some("");
        if !is_rooted || !parts.all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(is_plain)) {
            self.problem("OPENAPI_PATH", "a path such as /openapi.json");
            return None;
        }
        Some(path)
    }

    fn seps(&mut self) -> BTreeSet<Sep> {
        let Some(text) = self.text("ACTIVE_SEPS") else { return Sep::ALL.into() };
        let seps: Option<BTreeSet<_>> = text.split(',').map(Sep::parse).collect();
        seps.unwrap_or_else(|| {
            self.problem("ACTIVE_SEPS", "some of sep-1,sep-6,sep-10,sep-12,sep-24,sep-31,sep-38");
            BTreeSet::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fakes::samples;

    /// With what every anchor needs.
    fn settings(given: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let seed = samples::issuer().to_strkey();
        Config::from_source(|name| {
            let given = given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            given.or_else(|| match name {
                "SIGNING_SEED" => Some(seed.expose().clone()),
                "SERVER_JWT_KEY" => Some("0123456789abcdefghijklmnopqrstuvwxyz".to_owned()),
                _ => None,
            })
        })
    }

    #[test]
    fn stellar_rpc_is_read_with_its_authorization_and_nonsense_is_named_without_its_value() {
        assert!(settings(&[]).unwrap().rpc.is_empty());
        let rpc = [
            ("STELLAR_RPC_URI", "https://rpc.example/"),
            ("STELLAR_RPC_AUTHORIZATION", "Key 123"),
            ("STELLAR_RPC_AUTHORIZATION_HEADER", "X-Api-Key"),
        ];
        let server = &settings(&rpc).unwrap().rpc[0];
        assert_eq!(server.header, "X-Api-Key");
        assert_eq!(server.authorization.as_ref().unwrap().expose(), "Key 123");
        let wrong = [
            ("STELLAR_RPC_URI", "rpc.example"),
            ("STELLAR_RPC_AUTHORIZATION", "Key\u{e4}"),
            ("STELLAR_RPC_AUTHORIZATION_HEADER", "X: Y"),
        ];
        let problems = settings(&wrong).unwrap_err().problems;
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(!problems.concat().contains("Key") && !problems.concat().contains("rpc.example"));
    }

    #[test]
    fn several_servers_are_read_and_each_provider_gets_its_own_key_only() {
        let given = [
            ("HORIZON_URI", "https://one.example, https://two.example\nhttps://three.example"),
            ("STELLAR_RPC_URI", "https://a.example https://b.example/rpc"),
            ("STELLAR_RPC_AUTHORIZATION", "Bearer a"),
            ("STELLAR_RPC_AUTHORIZATION_HEADER_2", "X-Api-Key"),
            ("LEDGER_QUORUM", "2"),
        ];
        let config = settings(&given).unwrap();
        let hosts: Vec<_> = config.horizon.iter().filter_map(Url::host_str).collect();
        assert_eq!(hosts, ["one.example", "two.example", "three.example"]);
        assert_eq!((config.rpc.len(), config.ledger_quorum), (2, 2));
        assert_eq!(config.rpc[0].authorization.as_ref().unwrap().expose(), "Bearer a");
        assert!(config.rpc[1].authorization.is_none(), "the first provider's key is nobody else's business");
        assert_eq!((&*config.rpc[0].header, &*config.rpc[1].header), ("Authorization", "X-Api-Key"));
        for wrong in [
            [("HORIZON_URI", "https://one.example,https://one.example/")],
            [("HORIZON_URI", "https://one.example,two.example")],
            [("LEDGER_QUORUM", "2")],
            [("LEDGER_QUORUM", "0")],
        ] {
            assert_eq!(settings(&wrong).unwrap_err().problems.len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn path_of_the_description_is_plain_or_refused() {
        assert_eq!(settings(&[]).unwrap().openapi_path, None, "nothing is served without it");
        for path in ["/openapi.json", "/.well-known/openapi.json"] {
            assert_eq!(settings(&[("OPENAPI_PATH", path)]).unwrap().openapi_path.as_deref(), Some(path));
        }
        for wrong in
            ["openapi.json", "/", "/a/", "//a", "/a?b", "/{a}", "/a b", "/../a", "https://a.example/b"]
        {
            assert_eq!(settings(&[("OPENAPI_PATH", wrong)]).unwrap_err().problems.len(), 1, "{wrong}");
        }
    }

    #[test]
    fn debug_shows_no_secret_and_no_key_in_an_address() {
        let mut config = samples::config();
        config.horizon = vec!["https://user:hunter2@horizon.example/key-1234/?token=5678".parse().unwrap()];
        let rpc = [
            ("STELLAR_RPC_URI", "https://rpc.example/key-4321"),
            ("STELLAR_RPC_AUTHORIZATION", "Bearer opensesame"),
        ];
        config.rpc = settings(&rpc).unwrap().rpc;
        let text = format!("{config:?}");
        assert!(text.contains("horizon.example") && text.contains("rpc.example"), "{text}");
        for secret in ["hunter2", "key-1234", "5678", "key-4321", "opensesame", "a-key-for-tests", "sqlite"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(!text.contains(samples::distribution().to_strkey().expose()), "{text}");
    }
}

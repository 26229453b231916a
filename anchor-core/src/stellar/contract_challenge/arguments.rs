//! What the contract is called with: one map of symbols to strings.

use stellar_xdr::{ScMap, ScMapEntry, ScString, ScSymbol, ScVal, VecM};

use super::ContractChallengeError;

/// Any of them, longer than a domain or an account.
const VALUE_MAX: usize = 255;

const ACCOUNT: &str = "account";
const CLIENT_DOMAIN: &str = "client_domain";
const CLIENT_DOMAIN_ACCOUNT: &str = "client_domain_account";
const HOME_DOMAIN: &str = "home_domain";
const NONCE: &str = "nonce";
const WEB_AUTH_DOMAIN: &str = "web_auth_domain";
const WEB_AUTH_DOMAIN_ACCOUNT: &str = "web_auth_domain_account";

/// The arguments as texts (SEP-45, "Response").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) account: String,
    pub(super) client_domain: Option<String>,
    pub(super) client_domain_account: Option<String>,
    pub(super) home_domain: String,
    pub(super) nonce: String,
    pub(super) web_auth_domain: String,
    pub(super) web_auth_domain_account: String,
}

impl Arguments {
    /// In the order of their names, as the network wants maps.
    pub(super) fn write(&self) -> Result<VecM<ScVal>, ContractChallengeError> {
        let entries = [
            (ACCOUNT, Some(&self.account)),
            (CLIENT_DOMAIN, self.client_domain.as_ref()),
            (CLIENT_DOMAIN_ACCOUNT, self.client_domain_account.as_ref()),
            (HOME_DOMAIN, Some(&self.home_domain)),
            (NONCE, Some(&self.nonce)),
            (WEB_AUTH_DOMAIN, Some(&self.web_auth_domain)),
            (WEB_AUTH_DOMAIN_ACCOUNT, Some(&self.web_auth_domain_account)),
        ];
        let entries: Result<Vec<_>, _> =
            entries.into_iter().filter_map(|(key, value)| value.map(|value| entry(key, value))).collect();
        let map = ScMap(entries?.try_into().map_err(failed)?);
        [ScVal::Map(Some(map))].try_into().map_err(failed)
    }

    /// Nothing but these names, each at most once and in order, and each a text.
    pub(super) fn read(args: &[ScVal]) -> Result<Self, ContractChallengeError> {
        let strange = ContractChallengeError::Arguments;
        let [ScVal::Map(Some(map))] = args else { return Err(strange("one map is expected")) };
        let mut found = Self::default();
        let mut before: Option<&ScVal> = None;
        let mut missing = vec![ACCOUNT, HOME_DOMAIN, NONCE, WEB_AUTH_DOMAIN, WEB_AUTH_DOMAIN_ACCOUNT];
        for entry in map.iter() {
            if before.is_some_and(|before| *before >= entry.key) {
                return Err(strange("a name twice, or out of order"));
            }
            before = Some(&entry.key);
            let (ScVal::Symbol(key), ScVal::String(value)) = (&entry.key, &entry.val) else {
                return Err(strange("symbols with strings are expected"));
            };
            let value = std::str::from_utf8(value.as_slice()).ok();
            let value = value.filter(|value| (1..=VALUE_MAX).contains(&value.len()));
            let value = value.ok_or(strange("a text is empty, too long or not UTF-8"))?.to_owned();
            let key = std::str::from_utf8(key.as_slice()).unwrap_or_default();
            missing.retain(|name| *name != key);
            match key {
                ACCOUNT => found.account = value,
                CLIENT_DOMAIN => found.client_domain = Some(value),
                CLIENT_DOMAIN_ACCOUNT => found.client_domain_account = Some(value),
                HOME_DOMAIN => found.home_domain = value,
                NONCE => found.nonce = value,
                WEB_AUTH_DOMAIN => found.web_auth_domain = value,
                WEB_AUTH_DOMAIN_ACCOUNT => found.web_auth_domain_account = value,
                _ => return Err(strange("an unknown name")),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(strange("a name is missing")) }
    }
}

fn entry(key: &str, value: &str) -> Result<ScMapEntry, ContractChallengeError> {
    Ok(ScMapEntry {
        key: ScVal::Symbol(ScSymbol(key.try_into().map_err(failed)?)),
        val: ScVal::String(ScString(value.try_into().map_err(failed)?)),
    })
}

fn failed(error: stellar_xdr::Error) -> ContractChallengeError {
    ContractChallengeError::Build(error.to_string())
}

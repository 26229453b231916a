//! Settings of web authentication.

use std::num::NonZeroU32;

use url::Url;

use super::Reader;
use crate::account::AccountId;
use crate::domain::{Domain, DomainPattern, HomeDomains};

/// Whether wallets are asked to prove the domain that they say they are of (SEP-10, `client_domain`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAttribution {
    /// Nobody's domain is verified: the parameter is treated as not sent.
    Off,
    /// Who names a domain has to prove it.
    Optional,
    /// No challenge without a domain.
    Required,
}

/// Settings of web authentication.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sep10Config {
    /// `SEP10_HOME_DOMAINS`: the domains whose users log in here; host and port of `HOST_URL` if absent.
    pub home_domains: HomeDomains,
    /// `SIGNING_KEYS_RETIRED`: former accounts of `SIGNING_SEED`, whose challenges may still be answered.
    pub retired_signing_accounts: Vec<AccountId>,
    /// `SEP10_CLIENT_ATTRIBUTION`.
    pub client_attribution: ClientAttribution,
    /// `SEP10_CLIENT_ATTRIBUTION_ALLOWLIST`: only these domains are verified; all if absent.
    pub client_allowlist: Option<Vec<DomainPattern>>,
    /// `SEP10_CLIENT_ATTRIBUTION_DENYLIST`: these are not, even if allowed.
    pub client_denylist: Vec<DomainPattern>,
    /// `SEP10_AUTHORIZATION_REQUIRED`: no challenge without an `Authorization` header.
    pub authorization_required: bool,
    /// `SEP10_REQUESTS_PER_MINUTE`: of one client's address; no limit if absent.
    pub requests_per_minute: Option<NonZeroU32>,
}

impl Sep10Config {
    /// Whether a client of this domain is let in, and its domain verified.
    pub fn accepts_client(&self, domain: &Domain) -> bool {
        let listed = |list: &[DomainPattern]| list.iter().any(|pattern| pattern.matches(domain));
        !listed(&self.client_denylist) && self.client_allowlist.as_deref().is_none_or(listed)
    }
}

impl Reader<'_> {
    pub(super) fn sep10(&mut self, host: Option<&Url>) -> Option<Sep10Config> {
        let home_domains = self.home_domains(host);
        let retired = self.list("SIGNING_KEYS_RETIRED", "accounts (G…), separated by commas");
        let client_attribution = match self.text("SEP10_CLIENT_ATTRIBUTION").as_deref() {
            None | Some("optional") => ClientAttribution::Optional,
            Some("off") => ClientAttribution::Off,
            Some("required") => ClientAttribution::Required,
            Some(_) => {
                self.problem("SEP10_CLIENT_ATTRIBUTION", "off, optional or required");
                ClientAttribution::Required
            }
        };
        let patterns = "domains such as wallet.example or *.wallet.example, separated by commas";
        Some(Sep10Config {
            retired_signing_accounts: retired.unwrap_or_default(),
            client_attribution,
            client_allowlist: self.list("SEP10_CLIENT_ATTRIBUTION_ALLOWLIST", patterns),
            client_denylist: self.list("SEP10_CLIENT_ATTRIBUTION_DENYLIST", patterns).unwrap_or_default(),
            authorization_required: self.flag("SEP10_AUTHORIZATION_REQUIRED").unwrap_or(false),
            requests_per_minute: self.number("SEP10_REQUESTS_PER_MINUTE", "a number above 0"),
            home_domains: home_domains?,
        })
    }

    fn home_domains(&mut self, host: Option<&Url>) -> Option<HomeDomains> {
        let Some(text) = self.text("SEP10_HOME_DOMAINS") else {
            let domain = super::authority(host?).parse().and_then(HomeDomains::only);
            if domain.is_err() {
                self.problem("HOST_URL", "a host of at most 59 bytes, or SEP10_HOME_DOMAINS set");
            }
            return domain.ok();
        };
        match text.parse() {
            Ok(domains) => Some(domains),
            Err(error) => {
                self.problem("SEP10_HOME_DOMAINS", &format!("domains separated by commas: {error}"));
                None
            }
        }
    }
}

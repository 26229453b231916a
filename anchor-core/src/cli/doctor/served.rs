//! What wallets see: stellar.toml on every home domain, and the endpoints that it names.

use serde_json::Value as Json;
use toml::{Table, Value};
use url::Url;

use super::super::Parts;
use super::{Report, chain, contracts};
use crate::account::AccountId;
use crate::asset::Asset;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{ClientAttribution, Config, Sep};
use crate::domain::Domain;
use crate::http::{OwnAnswer, OwnClient};
use crate::keys::SigningKey;
use crate::stellar::Ledger as _;
use crate::stellar::challenge::{self, ReadRules};
use crate::stellar::toml_file::{self, CheckRules, Severity};

/// Answers of our own endpoints are shorter.
pub(super) const ANSWER_MAX: usize = 1024 * 1024;

/// Endpoints and whose they are. A protocol that is not active has none.
const ENDPOINTS: [(&str, Option<Sep>); 8] = [
    ("WEB_AUTH_ENDPOINT", Some(Sep::Sep10)),
    ("TRANSFER_SERVER_SEP0024", Some(Sep::Sep24)),
    (BY_API, Some(Sep::Sep6)),
    (CUSTOMERS, Some(Sep::Sep12)),
    (PAYMENTS, Some(Sep::Sep31)),
    (QUOTES, Some(Sep::Sep38)),
    ("WEB_AUTH_FOR_CONTRACTS_ENDPOINT", Some(Sep::Sep45)),
    ("AUTH_SERVER", None),
];

/// Only where an asset has a funding method.
const BY_API: &str = "TRANSFER_SERVER";
/// Only where the program asks something of customers, of which the settings know nothing.
const CUSTOMERS: &str = "KYC_SERVER";
/// Only where an asset is received from other anchors.
const PAYMENTS: &str = "DIRECT_PAYMENT_SERVER";
/// Only where the program attaches prices, of which the settings know nothing.
const QUOTES: &str = "ANCHOR_QUOTE_SERVER";

pub(super) async fn check(report: &mut Report, context: &Parts, assets: &[Asset]) {
    let config = &context.config;
    if !config.speaks(Sep::Sep1) {
        report.note("ACTIVE_SEPS has no sep-1: wallets see no stellar.toml of this server");
        return;
    }
    let client = match OwnClient::new(config.local_mode) {
        Ok(client) => client,
        Err(error) => {
            report.check("client", Err(chain(&error)));
            return;
        }
    };
    let mut first = None;
    for domain in config.sep10.home_domains.listed() {
        let Some((text, document)) = file(report, &client, config, domain).await else { continue };
        match &first {
            None => {
                content(report, config, &document, assets);
                accounts(report, context, &document).await;
                endpoints(report, &client, config, &document).await;
                first = Some(text);
            }
            Some(first) => {
                let same = if *first == text { Ok(String::new()) } else { Err("differs".into()) };
                report.check(format!("{domain}: the same file"), same);
            }
        }
    }
}

/// Fetches a domain's file as a wallet does.
async fn file(
    report: &mut Report,
    client: &OwnClient,
    config: &Config,
    domain: &Domain,
) -> Option<(String, Table)> {
    let address = format!("{}://{domain}{}", config.host.scheme(), toml_file::PATH);
    let url = Url::parse(&address).ok()?;
    let answer = match client.get(&url, toml_file::BYTES_MAX).await {
        Ok(answer) => answer,
        Err(error) => {
            report.check(format!("{address} (is the server running?)"), Err(chain(&error)));
            return None;
        }
    };
    if !report.check(&address, open(&answer)) {
        return None;
    }
    let kind = answer.header("content-type");
    let is_known = ["text/plain", "application/toml"].iter().any(|known| kind.starts_with(known));
    let kind = if is_known { Ok(String::new()) } else { Err(format!("{kind:?}, not text/plain")) };
    report.check("content type", kind);
    match answer.text.parse::<Table>() {
        Ok(document) => Some((answer.text, document)),
        Err(error) => {
            report.check("valid TOML", Err(error.to_string()));
            None
        }
    }
}

/// A success that any web page may read.
pub(super) fn open(answer: &OwnAnswer) -> Result<String, String> {
    match (answer.status, answer.header("access-control-allow-origin")) {
        (200, "*") => Ok(String::new()),
        (200, other) => Err(format!("Access-Control-Allow-Origin is {other:?}, not \"*\"")),
        (status, _) => Err(format!("answered {status}, not 200")),
    }
}

/// The file against itself and against the settings.
fn content(report: &mut Report, config: &Config, document: &Table, assets: &[Asset]) {
    let home_domain = config.sep10.home_domains.default_domain();
    let findings = toml_file::check(document, &CheckRules { home_domain, local_mode: config.local_mode });
    for finding in &findings {
        match finding.severity {
            Severity::Error => drop(report.check(&finding.at, Err(finding.problem.clone()))),
            Severity::Warning => report.note(finding.to_string()),
        }
    }
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut same = |name: &str, wanted: &str| {
        let served = text(name);
        let result =
            if served == wanted { Ok(String::new()) } else { Err(format!("{served:?}, not {wanted:?}")) };
        report.check(name, result);
    };
    same("NETWORK_PASSPHRASE", config.network.passphrase());
    same("SIGNING_KEY", &config.signing_key.account().to_string());
    if let Some(sep45) = contracts::settings(config) {
        same("WEB_AUTH_CONTRACT_ID", &sep45.contract.to_string());
    }
    for (name, sep) in ENDPOINTS {
        let is_active = match sep {
            Some(Sep::Sep45) => contracts::settings(config).is_some(),
            sep => sep.is_some_and(|sep| config.speaks(sep)),
        };
        let result = match document.get(name).map(|value| value.as_str().unwrap_or_default()) {
            None if !is_active || [BY_API, CUSTOMERS, PAYMENTS, QUOTES].contains(&name) => continue,
            None => Err("is missing".into()),
            Some(served) if !is_active => Err(format!("{served:?}, but ACTIVE_SEPS has no such protocol")),
            Some(served) if is_below(served, config.host_url()) => Ok(served.to_owned()),
            Some(served) => Err(format!("{served:?} is not below HOST_URL, {:?}", config.host_url())),
        };
        report.check(name, result);
    }
    let list =
        |name: &str| document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for asset in assets {
        let Some(issuer) = asset.id.issuer().map(ToString::to_string) else { continue };
        let is_asset = |entry: &Value| {
            let text = |name: &str| entry.get(name).and_then(Value::as_str);
            (text("code"), text("issuer")) == (Some(asset.id.code()), Some(&issuer))
        };
        let found = list("CURRENCIES").iter().any(is_asset);
        let found = if found { Ok(String::new()) } else { Err("is missing: restart the server".into()) };
        report.check(format!("CURRENCIES: {}", asset.id), found);
        let account = asset.distribution.to_string();
        if !list("ACCOUNTS").iter().any(|listed| listed.as_str() == Some(&account)) {
            report.check("ACCOUNTS", Err(format!("lacks {account}, which pays {}", asset.id.code())));
        }
    }
}

fn is_below(served: &str, host: &str) -> bool {
    served.strip_prefix(host).is_some_and(|path| path.starts_with('/'))
}

/// Everything that the file calls ours exists.
async fn accounts(report: &mut Report, context: &Parts, document: &Table) {
    let listed = document.get("ACCOUNTS").and_then(Value::as_array).into_iter().flatten();
    for id in listed.filter_map(Value::as_str).filter_map(|id| id.parse::<AccountId>().ok()) {
        let exists = match context.ledger.account(&id).await {
            Ok(Some(_)) => Ok(id.to_string()),
            Ok(None) => Err(format!("{id} does not exist")),
            Err(error) => Err(chain(&error)),
        };
        report.check("ACCOUNTS", exists);
    }
}

async fn endpoints(report: &mut Report, client: &OwnClient, config: &Config, document: &Table) {
    let address = |name: &str| {
        let text =
            document.get(name).and_then(Value::as_str).filter(|text| is_below(text, config.host_url()));
        text.and_then(|text| Url::parse(text).ok())
    };
    if let Some(url) = address("WEB_AUTH_ENDPOINT") {
        authentication(report, client, config, url).await;
    }
    if let Some(url) = address("WEB_AUTH_FOR_CONTRACTS_ENDPOINT") {
        contracts::authentication(report, client, config, url).await;
    }
    for name in ["TRANSFER_SERVER_SEP0024", BY_API, PAYMENTS, QUOTES] {
        let Some(url) = address(name) else { continue };
        let answer = Url::parse(&format!("{url}/info")).map_err(|error| error.to_string());
        let answer = match answer {
            Ok(url) => client.get(&url, ANSWER_MAX).await.map_err(|error| chain(&error)),
            Err(problem) => Err(problem),
        };
        let told = answer.and_then(|answer| open(&answer).and_then(|_| json(&answer)).map(|_| String::new()));
        report.check(format!("{name} answers /info"), told);
    }
}

/// Asks for a challenge as a wallet with a new key does, and reads it as that wallet does.
async fn authentication(report: &mut Report, client: &OwnClient, config: &Config, mut url: Url) {
    if config.sep10.authorization_required || config.sep10.client_attribution == ClientAttribution::Required {
        report.note("WEB_AUTH_ENDPOINT was not asked: it serves only applications that prove who they are");
        return;
    }
    let what = "WEB_AUTH_ENDPOINT issues challenges";
    let stranger = SigningKey::generate().account().to_string();
    let home_domain = config.home_domain();
    url.query_pairs_mut().append_pair("account", &stranger).append_pair("home_domain", &home_domain);
    let answer = match client.get(&url, ANSWER_MAX).await {
        Ok(answer) => answer,
        Err(error) => {
            report.check(what, Err(chain(&error)));
            return;
        }
    };
    let challenge = open(&answer).and_then(|_| json(&answer)).and_then(|answer| {
        let text = answer.get("transaction").and_then(Json::as_str).ok_or("no transaction")?;
        let rules = ReadRules {
            network: &config.network,
            servers: &[config.signing_key.account()],
            home_domains: &config.sep10.home_domains,
            web_auth_domain: &config.web_auth_domain(),
            now: u64::try_from(SystemClock.now().timestamp()).unwrap_or_default(),
        };
        let read = challenge::read(text, &rules).map_err(|error| error.to_string())?;
        match read.client.to_string() == stranger {
            true => Ok(String::new()),
            false => Err("is for another account".into()),
        }
    });
    report.check(what, challenge);
}

pub(super) fn json(answer: &OwnAnswer) -> Result<Json, String> {
    serde_json::from_str(&answer.text).map_err(|error| format!("the answer is not JSON: {error}"))
}

//! Looks at everything that has to fit together, and says what does not.

use super::{CliError, Parts, Settings};
use crate::account::AccountId;
use crate::asset::{Asset, StellarAsset};
use crate::config::{Config, Sep};
use crate::http::GuardedClient;
use crate::stellar::{AccountSnapshot, Ledger};
use crate::store::Store;

/// SEP-1.
const TOML_MAX: usize = 100_000;

/// Collects findings and prints them as they come.
#[derive(Default)]
struct Report {
    failures: usize,
}

impl Report {
    fn check(&mut self, what: impl AsRef<str>, result: Result<String, String>) -> bool {
        match result {
            Ok(detail) => {
                println!("  ok    {}{}", what.as_ref(), suffix(&detail));
                true
            }
            Err(problem) => {
                self.failures = self.failures.saturating_add(1);
                println!("  FAIL  {}{}", what.as_ref(), suffix(&problem));
                false
            }
        }
    }
}

fn suffix(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

pub(super) async fn run(settings: &Settings) -> Result<(), CliError> {
    let mut report = Report::default();
    println!("settings");
    let config = match settings.config() {
        Ok(config) => config,
        Err(error) => {
            report.check("environment and .env", Err(error.to_string()));
            return Err(CliError::Refused("the settings have to be mended first".into()));
        }
    };
    report.check("environment and .env", Ok(format!("host {}", config.host_url())));
    let context = Parts::open(settings)?;

    println!("database");
    let assets = database(&mut report, &context).await;

    println!("network");
    let reached = context.ledger.latest().await;
    let reached = reached.map(|point| format!("ledger {}", point.sequence)).map_err(|error| chain(&error));
    if report.check("Horizon, same network", reached) {
        for asset in &assets {
            accounts(&mut report, &context, asset).await;
        }
    }

    println!("stellar.toml");
    toml(&mut report, &config).await;

    match report.failures {
        0 => {
            println!("Everything fits together.");
            Ok(())
        }
        failures => Err(CliError::Refused(format!("{failures} problems found"))),
    }
}

async fn database(report: &mut Report, context: &Parts) -> Vec<Asset> {
    let answers = context.store.ping().await.map(|()| String::new()).map_err(|error| chain(&error));
    if !report.check("reachable", answers) {
        return Vec::new();
    }
    let current = match context.store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => Ok(String::new()),
        Ok(_) => Err("run `migrate`".into()),
        Err(error) => Err(chain(&error)),
    };
    if !report.check("tables up to date", current) {
        return Vec::new();
    }
    let assets = context.store.asset_list().await;
    let counted = match &assets {
        Ok(assets) if assets.is_empty() => Err("none: run `testnet issue` or `asset add`".into()),
        Ok(assets) => Ok(assets.len().to_string()),
        Err(error) => Err(chain(error)),
    };
    report.check("assets", counted);
    assets.unwrap_or_default()
}

async fn accounts(report: &mut Report, context: &Parts, asset: &Asset) {
    let code = asset.id.code();
    if let Some(issuer) = asset.id.issuer()
        && let Some(issuer) = account(report, context, &format!("{code} issuer"), issuer).await
    {
        let wanted = context.config.home_domain();
        let domain = match issuer.home_domain {
            Some(domain) if domain == wanted => Ok(domain),
            other => Err(format!("{:?} on the ledger, should be {wanted:?}", other.unwrap_or_default())),
        };
        report.check(format!("{code} issuer's home domain"), domain);
    }
    let name = format!("{code} distribution");
    let Some(distribution) = account(report, context, &name, &asset.distribution).await else { return };
    report.check(format!("{name} balance"), balance(&distribution, &asset.id));
    let memo = if distribution.memo_required { Ok(String::new()) } else { Err("not set (SEP-29)".into()) };
    report.check(format!("{name} asks wallets for a memo"), memo);
    let keys = &context.config.distribution_keys;
    let key = match keys.iter().any(|key| key.account() == asset.distribution) {
        true => Ok(String::new()),
        false => Err("missing in DISTRIBUTION_SEEDS (fine on machines without workers)".into()),
    };
    report.check(format!("{name} key"), key);
}

async fn account(
    report: &mut Report,
    context: &Parts,
    name: &str,
    id: &AccountId,
) -> Option<AccountSnapshot> {
    let found = context.ledger.account(id).await;
    let exists = match &found {
        Ok(Some(_)) => Ok(id.to_string()),
        Ok(None) => Err(format!("{id} does not exist")),
        Err(error) => Err(chain(error)),
    };
    report.check(name, exists);
    found.ok().flatten()
}

fn balance(account: &AccountSnapshot, asset: &StellarAsset) -> Result<String, String> {
    let lumens = format!("{} XLM", account.balance);
    match asset {
        StellarAsset::Native => Ok(lumens),
        StellarAsset::Credit { issuer, .. } if *issuer == account.id => Ok(format!("issues, {lumens}")),
        StellarAsset::Credit { code, .. } => {
            let line = account.trust_lines.iter().find(|line| line.asset == *asset);
            line.map(|line| format!("{} {code}, {lumens}", line.balance)).ok_or("no trust line".into())
        }
    }
}

async fn toml(report: &mut Report, config: &Config) {
    let address = format!("{}/.well-known/stellar.toml", config.host_url());
    let fetched = GuardedClient::new(config.local_mode).map_err(|error| chain(&error));
    let text = match fetched {
        Ok(client) => client.fetch_text(&address, TOML_MAX).await.map_err(|error| chain(&error)),
        Err(problem) => Err(problem),
    };
    let document = text.and_then(|text| text.parse::<toml::Table>().map_err(|error| error.to_string()));
    let document = match document {
        Ok(document) => document,
        Err(problem) => {
            report.check(format!("{address} (is the server running?)"), Err(problem));
            return;
        }
    };
    report.check(&address, Ok(String::new()));
    let mut same = |name: &str, wanted: &str| {
        let served = document.get(name).and_then(toml::Value::as_str).unwrap_or_default();
        let result =
            if served == wanted { Ok(String::new()) } else { Err(format!("{served:?}, not {wanted:?}")) };
        report.check(name, result);
    };
    same("NETWORK_PASSPHRASE", config.network.passphrase());
    if config.speaks(Sep::Sep10) {
        same("SIGNING_KEY", &config.signing_key.account().to_string());
    }
}

/// The whole story of an error in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

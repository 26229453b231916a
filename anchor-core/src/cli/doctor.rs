//! Looks at everything that has to fit together, and says what does not.

use futures_util::future::join_all;
use serde_json::json;

use super::output::{Format, note};
use super::{CliError, Parts, Settings, network};
use crate::asset::Asset;
use crate::config::Config;
use crate::customer::Vault;
use crate::stellar::Ledger as _;
use crate::store::Store as _;

mod accounts;
mod contracts;
mod served;
mod signers;

use signers::Hands;

/// A server that has read so many ledgers fewer than another one is of no use.
const LAG_MAX: u32 = 12;

/// How the findings are written.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    format: Format,
}

/// Collects findings and prints them as they come.
struct Report {
    format: Format,
    section: &'static str,
    failures: usize,
}

impl Report {
    /// Something that is allowed, and could be better.
    fn note(&mut self, what: impl AsRef<str>) {
        self.say("note", what.as_ref(), "");
    }

    fn section(&mut self, name: &'static str) {
        self.section = name;
        if !self.format.json {
            note(name);
        }
    }

    /// Whether anybody reads it or not: the failures are counted.
    fn say(&self, outcome: &str, what: &str, detail: &str) {
        if self.format.json {
            note(json!({ "section": self.section, "outcome": outcome, "what": what, "detail": detail }));
        } else {
            note(format_args!("  {outcome:<4}  {what}{}", suffix(detail)));
        }
    }

    fn check(&mut self, what: impl AsRef<str>, result: Result<String, String>) -> bool {
        match result {
            Ok(detail) => {
                self.say("ok", what.as_ref(), &detail);
                true
            }
            Err(problem) => {
                self.failures = self.failures.saturating_add(1);
                self.say("FAIL", what.as_ref(), &problem);
                false
            }
        }
    }
}

fn suffix(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

impl DoctorArgs {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), CliError> {
        run(settings, self.format).await
    }
}

async fn run(settings: &Settings, format: Format) -> Result<(), CliError> {
    let mut report = Report { format, section: "", failures: 0 };
    report.section("settings");
    let config = match settings.config() {
        Ok(config) => config,
        Err(error) => {
            report.check("environment and .env", Err(error.to_string()));
            return Err(CliError::Refused("the settings have to be mended first".into()));
        }
    };
    report.check("environment and .env", Ok(format!("host {}", config.host_url())));
    own_settings(&mut report, settings);
    if !config.local_mode {
        let lies_open = "is missing: what users tell would lie open (see `keys generate`)".to_owned();
        let keys = Vault::new(config.customer_keys.clone());
        let seals = keys.current().map(|name| format!("{name} seals what users tell"));
        report.check("CUSTOMER_KEYS", seals.ok_or(lies_open));
    }
    if let Err(error) = settings.open_store() {
        report.check("DATABASE_URL", Err(chain(&error)));
        return Err(CliError::Refused("the settings have to be mended first".into()));
    }
    let context = Parts::open(settings)?;

    report.section("database");
    let assets = database(&mut report, &context).await;
    for asset in &assets {
        if let Err(error) = asset.check_fees() {
            report.note(format!("{}: {error}", asset.id));
        }
    }
    if settings.is_public() {
        for asset in assets.iter().filter(|asset| asset.description.status == "test") {
            let code = asset.id.code();
            report.note(format!("{code} is published as a test: `asset set {} --status live`", asset.id));
        }
    }

    report.section("network");
    // servers that cannot list trust lines are asked for those of our assets
    context.ledger.expect_assets(&assets.iter().map(|asset| asset.id.clone()).collect::<Vec<_>>());
    if servers(&mut report, &config).await? {
        let hands = Hands::of(&config, settings.signed_elsewhere(), settings.has_custodian());
        for asset in &assets {
            accounts::check(&mut report, &context, asset, &hands).await;
        }
        signers::check(&mut report, &context, &hands).await;
        contracts::check(&mut report, &config, &context).await;
    }

    report.section("what wallets see (the server has to run)");
    served::check(&mut report, &context, &assets).await;

    match report.failures {
        0 => {
            if !format.json {
                note("Everything fits together.");
            }
            Ok(())
        }
        failures => Err(CliError::Refused(format!("{failures} problems found"))),
    }
}

/// What the configuration cannot know: names that nobody reads, and what only the public network wants.
fn own_settings(report: &mut Report, settings: &Settings) {
    let unknown = settings.unknown();
    if !unknown.is_empty() {
        report.note(format!("nobody reads these settings of the .env file: {}", unknown.join(", ")));
    }
    if settings.is_public() {
        let missing = "is missing: wallets are told who runs the anchor".to_owned();
        report.check("ORG_NAME", settings.get("ORG_NAME").ok_or(missing));
    }
}

/// Each server by itself: one that fails, lags or belongs to another network is hidden by the others otherwise. Whether
/// there is one to go on with.
async fn servers(report: &mut Report, config: &Config) -> Result<bool, CliError> {
    let kind = if config.rpc.is_empty() { "Horizon" } else { "Stellar RPC" };
    let servers = network::servers(config)?;
    let reached = join_all(servers.iter().map(|(_, ledger)| ledger.latest())).await;
    let latest = reached.iter().flatten().map(|point| point.sequence).max();
    let mut any = false;
    for ((name, _), point) in servers.iter().zip(reached) {
        let found = match (point, latest) {
            (Ok(point), Some(latest)) if point.sequence.saturating_add(LAG_MAX) < latest => {
                Err(format!("ledger {}, another server has {latest}: it lags", point.sequence))
            }
            (Ok(point), _) => Ok(format!("ledger {}", point.sequence)),
            (Err(error), _) => Err(chain(&error)),
        };
        let what = if servers.len() == 1 { kind.to_owned() } else { format!("{kind} {name}") };
        any |= report.check(format!("{what}, same network"), found);
    }
    Ok(any)
}

async fn database(report: &mut Report, context: &Parts) -> Vec<Asset> {
    let answers = context.store.ping().await.map(|()| String::new()).map_err(|error| chain(&error));
    if !report.check("reachable", answers) {
        return Vec::new();
    }
    let current = match context.store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => Ok(String::new()),
        Ok(pending) => Err(format!("{} migrations are missing: run `migrate`", pending.len())),
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

//! Looks at everything that has to fit together, and says what does not.

use super::{CliError, Parts, Settings};
use crate::asset::Asset;
use crate::stellar::Ledger as _;
use crate::store::Store as _;

mod accounts;
mod served;

/// Collects findings and prints them as they come.
#[derive(Default)]
struct Report {
    failures: usize,
}

impl Report {
    /// Something that is allowed, and could be better.
    fn note(&mut self, what: impl AsRef<str>) {
        println!("  note  {}", what.as_ref());
    }

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
    // servers that cannot list trust lines are asked for those of our assets
    context.ledger.expect_assets(&assets.iter().map(|asset| asset.id.clone()).collect::<Vec<_>>());
    let server = if config.rpc.is_some() { "Stellar RPC" } else { "Horizon" };
    let reached = context.ledger.latest().await;
    let reached = reached.map(|point| format!("ledger {}", point.sequence)).map_err(|error| chain(&error));
    if report.check(format!("{server}, same network"), reached) {
        for asset in &assets {
            accounts::check(&mut report, &context, asset).await;
        }
    }

    println!("what wallets see (the server has to run)");
    served::check(&mut report, &context, &assets).await;

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

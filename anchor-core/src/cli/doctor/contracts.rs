//! Whether contract accounts can log in.

use serde_json::Value;
use url::Url;

use super::served::{ANSWER_MAX, json, open};
use super::{Report, chain};
use crate::account::ContractId;
use crate::cli::Parts;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{ClientAttribution, Config, Sep, Sep45Config};
use crate::http::OwnClient;
use crate::keys::SigningKey;
use crate::stellar::contract_challenge::{ContractChallengeError, ContractReadRules, read};
use crate::stellar::contracts::{ContractServers, inspect};

/// What is set of it, if it is served.
pub(super) fn settings(config: &Config) -> Option<&Sep45Config> {
    config.sep45.as_ref().filter(|_| config.speaks(Sep::Sep45))
}

/// What the network has to have for it.
pub(super) async fn check(report: &mut Report, config: &Config, context: &Parts) {
    let Some(sep45) = settings(config) else { return };
    let servers = match ContractServers::of(sep45, &config.network) {
        Ok(Some(servers)) => servers,
        Ok(None) => {
            let missing = "SEP45_RPC_URI or STELLAR_RPC_URI has to name a Stellar RPC server".to_owned();
            report.check("Stellar RPC for contract accounts", Err(missing));
            return;
        }
        Err(error) => {
            report.check("Stellar RPC for contract accounts", Err(chain(&error)));
            return;
        }
    };
    let server = config.signing_key.account();
    for found in inspect(&servers, &context.ledger, sep45, &server).await {
        report.check(found.what, found.result);
    }
}

/// Asks for a challenge as the wallet of a new contract does, and reads it.
pub(super) async fn authentication(report: &mut Report, client: &OwnClient, config: &Config, mut url: Url) {
    let Some(sep45) = settings(config) else { return };
    if config.sep10.client_attribution == ClientAttribution::Required {
        return;
    }
    let stranger = ContractId::from_bytes(*SigningKey::generate().account().as_bytes()).to_string();
    let home_domain = config.home_domain();
    url.query_pairs_mut().append_pair("account", &stranger).append_pair("home_domain", &home_domain);
    let answer = client.get(&url, ANSWER_MAX).await.map_err(|error| chain(&error));
    let challenge = answer.and_then(|answer| {
        open(&answer)?;
        let answer = json(&answer)?;
        let entries = answer.get("authorization_entries").and_then(Value::as_str);
        let rules = ContractReadRules {
            network: &config.network,
            servers: &[config.signing_key.account()],
            contract: sep45.contract,
            home_domains: &config.sep10.home_domains,
            web_auth_domain: &config.web_auth_domain(),
            now: u64::try_from(SystemClock.now().timestamp()).unwrap_or_default(),
        };
        match read(entries.ok_or("no authorization_entries")?, &rules) {
            // all of it is ours, and nobody has signed for that contract: as it should be
            Err(ContractChallengeError::NotSigned) => Ok(String::new()),
            Err(error) => Err(error.to_string()),
            Ok(_) => Err("is signed for a contract that asked for nothing".into()),
        }
    });
    report.check("WEB_AUTH_FOR_CONTRACTS_ENDPOINT issues challenges", challenge);
}

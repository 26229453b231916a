//! Whether contract accounts can log in: what an operator should hear of before the first wallet does.

use super::ContractLedger;
use crate::account::AccountId;
use crate::config::Sep45Config;
use crate::stellar::{Ledger, LedgerError, SignerKey};

/// What the web authentication contract is called with.
pub const FUNCTION: &str = "web_auth_verify";

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// In words.
    pub what: &'static str,
    /// What was found, or what is wrong.
    pub result: Result<String, String>,
}

/// Looks at the server, at the contract, and at our own account, whose signature the network verifies as anybody's.
pub async fn inspect(
    contracts: &dyn ContractLedger,
    ledger: &dyn Ledger,
    sep45: &Sep45Config,
    server: &AccountId,
) -> Vec<Finding> {
    let reached = contracts.latest_ledger().await;
    let finding = |what, result| Finding { what, result };
    let mut findings = vec![finding(
        "Stellar RPC for contract accounts, same network",
        reached.map(|point| format!("ledger {}", point.sequence)).map_err(|error| error.to_string()),
    )];
    findings.push(finding("WEB_AUTH_CONTRACT_ID", contract(contracts, sep45).await));
    findings.push(finding("account of SIGNING_SEED can authorize", account(ledger, server).await));
    findings
}

async fn contract(contracts: &dyn ContractLedger, sep45: &Sep45Config) -> Result<String, String> {
    let failed = |error: LedgerError| error.to_string();
    let code = contracts.contract_code(&sep45.contract, FUNCTION).await.map_err(failed)?;
    let code =
        code.ok_or("the network knows no such contract, or has archived it: extend its time to live")?;
    if code.has_function == Some(false) {
        return Err(format!("the contract has no function {FUNCTION}"));
    }
    match (sep45.code_hash, code.wasm_hash) {
        (Some(wanted), found) if found != Some(wanted) => {
            Err("the contract has other code than WEB_AUTH_CONTRACT_HASH says: nobody gets in".to_owned())
        }
        (_, Some(hash)) => Ok(format!("code {}", hex::encode(hash))),
        (_, None) => Ok(String::new()),
    }
}

/// The medium threshold, with the one signature that a challenge has.
async fn account(ledger: &dyn Ledger, server: &AccountId) -> Result<String, String> {
    let account = ledger.account(server).await.map_err(|error| error.to_string())?;
    let account =
        account.ok_or_else(|| format!("{server} does not exist: the network cannot verify for it"))?;
    let own = account.signers.iter().find(|(key, _)| *key == SignerKey::Ed25519(*server));
    let weight = own.map_or(0, |(_, weight)| *weight);
    match weight > 0 && weight >= account.medium_threshold {
        true => Ok(String::new()),
        false => Err(format!("{server}: its own key is below its medium threshold")),
    }
}

//! Whether contract accounts can log in.

use super::Report;
use crate::Config;
use crate::cli::Parts;
use crate::config::Sep;
use crate::stellar::contracts::{ContractServers, inspect};

/// Nothing, where they are not to.
pub(super) async fn check(report: &mut Report, config: &Config, context: &Parts) {
    let Some(sep45) = config.sep45.as_ref().filter(|_| config.speaks(Sep::Sep45)) else { return };
    let servers = match ContractServers::of(sep45, &config.network) {
        Ok(Some(servers)) => servers,
        Ok(None) => {
            let missing = "SEP45_RPC_URI or STELLAR_RPC_URI has to name a Stellar RPC server".to_owned();
            report.check("Stellar RPC for contract accounts", Err(missing));
            return;
        }
        Err(error) => {
            report.check("Stellar RPC for contract accounts", Err(super::chain(&error)));
            return;
        }
    };
    let server = config.signing_key.account();
    for found in inspect(&servers, &context.ledger, sep45, &server).await {
        report.check(found.what, found.result);
    }
}

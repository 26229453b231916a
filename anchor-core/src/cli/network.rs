//! The servers of the network that the settings name.

use std::sync::Arc;

use url::Url;

use super::CliError;
use crate::config::{Config, ConfigError};
use crate::stellar::Ledger;
use crate::stellar::failover::{FailoverLedger, FailoverOptions};
use crate::stellar::horizon::{HorizonLedger, HorizonOptions};
use crate::stellar::rpc::{RpcLedger, RpcOptions};

/// A server, with a name for people.
pub(super) type Named = (String, Arc<dyn Ledger>);

/// One ledger, whatever the number of servers.
pub(super) fn open(config: &Config) -> Result<Arc<dyn Ledger>, CliError> {
    let mut servers = servers(config)?;
    if servers.len() == 1
        && let Some((_, only)) = servers.pop()
    {
        return Ok(only);
    }
    let options = FailoverOptions { quorum: config.ledger_quorum, ..FailoverOptions::default() };
    Ok(Arc::new(FailoverLedger::new(servers, options)?))
}

/// Each server with a name for people: those of Stellar RPC, or of Horizon if there are none. Two kinds are never mixed: a
/// position that says nothing to Horizon for a week would be a week of all the network's transactions to Stellar RPC.
pub(super) fn servers(config: &Config) -> Result<Vec<Named>, CliError> {
    let mut servers: Vec<Named> = Vec::new();
    for server in &config.rpc {
        // the assets are made known by whoever has read them from the database
        let ledger = Arc::new(RpcLedger::of(server, config.network.clone(), RpcOptions::default())?);
        servers.push((name(&server.url, &servers), ledger));
    }
    if servers.is_empty() {
        for url in &config.horizon {
            let ledger = HorizonLedger::new(url, config.network.clone(), HorizonOptions::default())?;
            servers.push((name(url, &servers), Arc::new(ledger)));
        }
    }
    if servers.is_empty() {
        let wanted =
            "should be the address of a Horizon server, or STELLAR_RPC_URI that of a Stellar RPC server";
        return Err(CliError::Config(ConfigError { problems: vec![format!("  HORIZON_URI: {wanted}")] }));
    }
    Ok(servers)
}

/// The host, and a number if it is not the first of its name. The rest of an address may hold a key.
fn name(url: &Url, known: &[Named]) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let place = known.len().saturating_add(1);
    if known.iter().any(|(name, _)| *name == host) { format!("{host}#{place}") } else { host }
}

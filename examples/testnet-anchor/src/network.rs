//! The network that the example brings along.

use std::time::Duration;

use anchor_core::account::ContractId;
use anchor_core::cli::Settings;
use anchor_core::keys::SigningKey;
use anchor_devnet::{CloseMode, ContractKind, Devnet};
use anyhow::{Context as _, Result};

/// Where wallets find it.
const ADDRESS: &str = "127.0.0.1:8001";

/// Where contract accounts prove who they are.
const WEB_AUTH: [u8; 32] = [45; 32];

/// A network in this process, or none if there is one elsewhere.
pub(crate) struct Embedded(Option<Devnet>);

impl Embedded {
    /// Stops it; what it has closed is on disk already.
    pub(crate) async fn stop(self) {
        if let Some(devnet) = self.0 {
            devnet.stop().await;
        }
    }
}

/// Starts a network beside the database, unless `HORIZON_URI` or `STELLAR_RPC_URI` names one, or another process of ours runs it.
pub(crate) async fn embed(settings: &mut Settings, required: bool) -> Result<Embedded> {
    if settings.get("HORIZON_URI").or(settings.get("STELLAR_RPC_URI")).is_some() {
        return Ok(Embedded(None));
    }
    let listen = settings.get("DEVNET_LISTEN").unwrap_or_else(|| ADDRESS.into());
    settings.set_default("HORIZON_URI", format!("http://{}", listen.replace("127.0.0.1", "localhost")));
    let started = Devnet::builder()
        .file(settings.get("DEVNET_FILE").unwrap_or_else(|| "network.devnet".into()))
        .close(CloseMode::Every(Duration::from_secs(1)))
        .listen(&listen)
        .start()
        .await;
    contracts_log_in(settings, &listen);
    match started {
        Ok(devnet) => {
            prepare(settings, &devnet).await?;
            Ok(Embedded(Some(devnet)))
        }
        // `transaction list` beside a running anchor: its network serves this command too
        Err(_) if !required => Ok(Embedded(None)),
        Err(error) => Err(error).with_context(|| format!("the embedded network needs {listen}")),
    }
}

/// The network has a contract for it, and a server that knows contracts.
fn contracts_log_in(settings: &mut Settings, listen: &str) {
    settings.set_default("WEB_AUTH_CONTRACT_ID", ContractId::from_bytes(WEB_AUTH).to_string());
    settings.set_default("SEP45_RPC_URI", format!("http://{}/rpc", listen.replace("127.0.0.1", "localhost")));
}

/// Puts the contract there, and makes the account that speaks for the anchor to contract accounts: the network verifies its
/// signature as everybody's.
async fn prepare(settings: &Settings, devnet: &Devnet) -> Result<()> {
    devnet.install_contract(WEB_AUTH, ContractKind::WebAuth);
    let Some(seed) = settings.get("SIGNING_SEED") else { return Ok(()) };
    // one that cannot be read is said by whoever needs it
    let Ok(key) = seed.parse::<SigningKey>() else { return Ok(()) };
    let funded = devnet.fund_key(*key.account().as_bytes()).await;
    funded.context("the account of SIGNING_SEED could not be made")
}

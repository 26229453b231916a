//! What contracts would do, as far as logging in needs it (SEP-45). Horizon knows nothing of that: Stellar RPC does.

use std::sync::Arc;
#[cfg(feature = "rpc")]
use std::time::Duration;

use async_trait::async_trait;

use super::{LedgerError, LedgerPoint};
use crate::account::ContractId;

mod inspect;

pub use inspect::{FUNCTION, Finding, inspect};

/// What came of trying a transaction without sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Simulated {
    /// It would succeed.
    Succeeded {
        /// The ledger that it was tried upon.
        latest: u32,
        /// What it would read and write: the XDR of `SorobanTransactionData` in base64.
        data: String,
    },
    /// The network would refuse it. A definite no.
    Refused {
        /// The ledger that it was tried upon, if the server says so.
        latest: Option<u32>,
        /// In the server's words, shortened; for the log only.
        reason: String,
    },
}

/// What a contract is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractCode {
    /// SHA-256 of its code; `None` for the contract of an asset, which has none of its own.
    pub wasm_hash: Option<[u8; 32]>,
    /// Whether the code has a function of the wanted name; `None` if the code could not be had.
    pub has_function: Option<bool>,
}

/// A server that can try transactions that call contracts.
///
/// As with a [`Ledger`](super::Ledger), `Err` is never an answer: nobody gets in, and nobody has lost their challenge.
#[async_trait]
pub trait ContractLedger: Send + Sync {
    /// The last closed ledger that the server has read.
    ///
    /// # Errors
    /// When that could not be found out, or the server is of another network.
    async fn latest_ledger(&self) -> Result<LedgerPoint, LedgerError>;

    /// Tries an unsigned base64 envelope whose one operation calls a contract. What authorises the call **has to be enforced**: a
    /// server that may choose records what would be needed instead, and calls that success.
    ///
    /// # Errors
    /// When it could not be tried.
    async fn simulate(&self, envelope: &str) -> Result<Simulated, LedgerError>;

    /// A contract's code, and whether it has this function; `None` if the server knows no such contract, which may also be
    /// archived.
    ///
    /// # Errors
    /// When that could not be found out.
    async fn contract_code(
        &self,
        contract: &ContractId,
        function: &str,
    ) -> Result<Option<ContractCode>, LedgerError>;
}

#[async_trait]
impl<L: ContractLedger + ?Sized> ContractLedger for Arc<L> {
    async fn latest_ledger(&self) -> Result<LedgerPoint, LedgerError> {
        (**self).latest_ledger().await
    }

    async fn simulate(&self, envelope: &str) -> Result<Simulated, LedgerError> {
        (**self).simulate(envelope).await
    }

    async fn contract_code(
        &self,
        contract: &ContractId,
        function: &str,
    ) -> Result<Option<ContractCode>, LedgerError> {
        (**self).contract_code(contract, function).await
    }
}

/// Several servers: the next one is asked where one does not answer. What one of them says counts, as with the others'
/// answers to a wallet that waits; whoever trusts one less than the others leaves it out.
#[derive(Clone)]
pub struct ContractServers(Vec<Arc<dyn ContractLedger>>);

impl ContractServers {
    /// In the order in which they are asked.
    pub fn new(servers: impl IntoIterator<Item = Arc<dyn ContractLedger>>) -> Self {
        Self(servers.into_iter().collect())
    }

    /// Those that the settings name; `None` if there is none. Contacts nobody yet.
    ///
    /// # Errors
    /// When a client cannot be set up.
    #[cfg(feature = "rpc")]
    pub fn of(
        settings: &crate::config::Sep45Config,
        network: &super::Network,
    ) -> Result<Option<Self>, super::rpc::RpcError> {
        // a wallet waits, and signed for a few ledgers only; a stranger's contract may have a lot to say
        let options = super::rpc::RpcOptions {
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            body_max: 2 * 1024 * 1024,
            ..super::rpc::RpcOptions::default()
        };
        let mut servers: Vec<Arc<dyn ContractLedger>> = Vec::new();
        for server in &settings.rpc {
            let server = super::rpc::RpcLedger::of(server, network.clone(), options.clone())?;
            servers.push(Arc::new(server));
        }
        Ok(if servers.is_empty() { None } else { Some(Self(servers)) })
    }
}

impl std::fmt::Debug for ContractServers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContractServers").field("servers", &self.0.len()).finish()
    }
}

/// Asks one after the other; the last error if nobody answers.
macro_rules! first_answer {
    ($servers:expr, $method:ident ( $($argument:expr),* )) => {{
        let mut last = LedgerError::Malformed("there is no server".to_owned());
        for server in $servers {
            match server.$method($($argument),*).await {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error,
            }
        }
        Err(last)
    }};
}

#[async_trait]
impl ContractLedger for ContractServers {
    async fn latest_ledger(&self) -> Result<LedgerPoint, LedgerError> {
        first_answer!(&self.0, latest_ledger())
    }

    async fn simulate(&self, envelope: &str) -> Result<Simulated, LedgerError> {
        first_answer!(&self.0, simulate(envelope))
    }

    async fn contract_code(
        &self,
        contract: &ContractId,
        function: &str,
    ) -> Result<Option<ContractCode>, LedgerError> {
        first_answer!(&self.0, contract_code(contract, function))
    }
}

//! Settings of web authentication of contract accounts.

use super::Reader;
use super::rpc::RpcServer;
use crate::account::ContractId;

/// Settings of web authentication of contract accounts (SEP-45).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sep45Config {
    /// `WEB_AUTH_CONTRACT_ID`: the web authentication contract; nothing is served without it.
    pub contract: ContractId,
    /// `WEB_AUTH_CONTRACT_HASH`: SHA-256 of its code, in hex. Nobody gets in while it has other code; not looked at if absent.
    pub code_hash: Option<[u8; 32]>,
    /// `SEP45_RPC_URI`: the Stellar RPC servers that are asked, the next one where one does not answer; those of
    /// `STELLAR_RPC_URI` if absent.
    pub rpc: Vec<RpcServer>,
}

impl Reader<'_> {
    pub(super) fn sep45(&mut self, ledger: &[RpcServer]) -> Option<Sep45Config> {
        let own = self.rpc("SEP45_RPC");
        let code_hash = self.text("WEB_AUTH_CONTRACT_HASH").and_then(|text| {
            let hash = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
            if hash.is_none() {
                self.problem(
                    "WEB_AUTH_CONTRACT_HASH",
                    "the SHA-256 of a contract's code: 64 hexadecimal digits",
                );
            }
            hash
        });
        let contract = self.list("WEB_AUTH_CONTRACT_ID", "a contract (C…)")?;
        let [contract] = contract.as_slice() else {
            self.problem("WEB_AUTH_CONTRACT_ID", "a single contract (C…)");
            return None;
        };
        Some(Sep45Config {
            contract: *contract,
            code_hash,
            rpc: if own.is_empty() { ledger.to_vec() } else { own },
        })
    }
}

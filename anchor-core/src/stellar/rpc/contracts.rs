//! Trying transactions that call contracts, and looking at contracts.

use async_trait::async_trait;
use serde_json::json;
use stellar_xdr::{
    ContractDataDurability, ContractExecutable, Hash, LedgerEntryData, LedgerKey, LedgerKeyContractCode,
    LedgerKeyContractData, ScAddress, ScVal, WriteXdr as _,
};

use super::json::{Entries, SimulateAnswer};
use super::{RpcLedger, malformed};
use crate::account::ContractId;
use crate::stellar::contracts::{ContractCode, ContractLedger, Simulated};
use crate::stellar::{LedgerError, LedgerPoint, codec};

/// A server that calls a question itself wrong; so do those that cannot read what a newer network could.
const INVALID_PARAMS: i64 = -32602;

/// What the network's own machine says begins with this; anything else is a server in trouble.
const HOST_ERROR: &str = "HostError";

/// A server that cannot read an entry of a kind that it does not know yet.
const UNREADABLE: &str = "Could not unmarshal";

#[async_trait]
impl ContractLedger for RpcLedger {
    async fn latest_ledger(&self) -> Result<LedgerPoint, LedgerError> {
        self.point().await
    }

    async fn simulate(&self, envelope: &str) -> Result<Simulated, LedgerError> {
        // never left to the server: without it, a list of entries that is empty makes it record instead
        let params = json!({ "transaction": envelope, "authMode": "enforce" });
        let answer: SimulateAnswer = match self.call("simulateTransaction", &params).await {
            Err(LedgerError::Refused { code: INVALID_PARAMS, message }) => {
                return Ok(Simulated::Refused { latest: None, reason: message });
            }
            answer => answer?,
        };
        let latest = answer.range.latest();
        let has_result = answer.has_result();
        match (answer.error.filter(|error| !error.is_empty()), answer.transaction_data) {
            (Some(error), _) if error.contains(HOST_ERROR) || error.contains(UNREADABLE) => {
                Ok(Simulated::Refused { latest: latest.ok(), reason: super::http::short(&error) })
            }
            (Some(error), _) => Err(malformed(super::http::short(&error))),
            (None, Some(data)) if has_result => Ok(Simulated::Succeeded { latest: latest?, data }),
            (None, _) => Err(malformed("neither an error nor the result of a simulation")),
        }
    }

    async fn contract_code(
        &self,
        contract: &ContractId,
        function: &str,
    ) -> Result<Option<ContractCode>, LedgerError> {
        let instance = LedgerKey::ContractData(LedgerKeyContractData {
            contract: ScAddress::Contract(stellar_xdr::ContractId(Hash(*contract.as_bytes()))),
            key: ScVal::LedgerKeyContractInstance,
            durability: ContractDataDurability::Persistent,
        });
        let Some(data) = self.contract_entry(&instance).await? else { return Ok(None) };
        let LedgerEntryData::ContractData(data) = data else { return Err(malformed("no contract")) };
        let ScVal::ContractInstance(instance) = data.val else { return Err(malformed("no contract")) };
        let hash = match instance.executable {
            ContractExecutable::Wasm(hash) => hash,
            ContractExecutable::StellarAsset => {
                return Ok(Some(ContractCode { wasm_hash: None, has_function: Some(false) }));
            }
            ContractExecutable::ExternalRef(_) => {
                return Ok(Some(ContractCode { wasm_hash: None, has_function: None }));
            }
        };
        let code = LedgerKey::ContractCode(LedgerKeyContractCode { hash: hash.clone() });
        let has_function = match self.contract_entry(&code).await? {
            // names of functions stand in the code as they are
            Some(LedgerEntryData::ContractCode(entry)) => {
                Some(entry.code.as_slice().windows(function.len()).any(|part| part == function.as_bytes()))
            }
            Some(_) => return Err(malformed("no code")),
            None => None,
        };
        Ok(Some(ContractCode { wasm_hash: Some(hash.0), has_function }))
    }
}

impl RpcLedger {
    async fn contract_entry(&self, key: &LedgerKey) -> Result<Option<LedgerEntryData>, LedgerError> {
        let unreadable = |error: &dyn std::fmt::Display| malformed(error.to_string());
        let written = key.to_xdr_base64(codec::limits()).map_err(|error| unreadable(&error))?;
        let answer: Entries = self.call("getLedgerEntries", &json!({ "keys": [written] })).await?;
        let Some(entry) = answer.entries.into_iter().next() else { return Ok(None) };
        let data: LedgerEntryData = codec::read(&entry.xdr).map_err(|error| unreadable(&error))?;
        if data.to_key() == *key { Ok(Some(data)) } else { Err(malformed("another ledger entry")) }
    }
}

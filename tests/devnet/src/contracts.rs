//! Contracts beside the ledger: as many and as much of them as web authentication of contract accounts takes (SEP-45). No
//! code runs here: each is of a kind whose rules the devnet knows.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use stellar_xdr::{
    ContractCodeEntry, ContractCodeEntryExt, ContractDataDurability, ContractDataEntry, ContractExecutable,
    ContractId, ExtensionPoint, Hash, LedgerEntry, LedgerEntryData, LedgerEntryExt, LedgerKey,
    LedgerKeyContractCode, LedgerKeyContractData, ScAddress, ScContractInstance, ScVal,
};

mod authorize;
mod invoke;
mod payload;

pub(crate) use invoke::{Invoked, Mode, invoke};

/// What every contract's code begins with.
const WASM: &[u8] = b"\0asm\x01\0\0\0";

/// What a contract does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContractKind {
    /// `web_auth_verify` of SEP-45: asks those whom its arguments name.
    WebAuth,
    /// The same, and asks nobody: a contract that must never be configured.
    Careless,
    /// The same, and does not ask the client's domain, which it need not.
    Incurious,
    /// An account with one key, which signs as a `G…` does.
    Key {
        /// The public key.
        #[serde(with = "key_text")]
        key: [u8; 32],
    },
    /// An account that has its key's account sign for it (protocol 27, credentials with delegates).
    Delegate {
        /// The public key.
        #[serde(with = "key_text")]
        key: [u8; 32],
    },
    /// An account that wants no signature.
    Open,
    /// An account that refuses every signature.
    Closed,
    /// An account that wants no signature, and writes to its storage while it says so.
    Busy,
}

impl ContractKind {
    /// Its code, different for each kind, with the names of its functions in it.
    fn code(self) -> Vec<u8> {
        let (function, kind) = match self {
            Self::WebAuth => ("web_auth_verify", 0),
            Self::Careless => ("web_auth_verify", 1),
            Self::Incurious => ("web_auth_verify", 2),
            Self::Key { .. } => ("__check_auth", 3),
            Self::Delegate { .. } => ("__check_auth", 4),
            Self::Open => ("__check_auth", 5),
            Self::Closed => ("__check_auth", 6),
            Self::Busy => ("__check_auth", 7),
        };
        [WASM, function.as_bytes(), &[kind]].concat()
    }

    /// What `WEB_AUTH_CONTRACT_HASH` and the like say of it: SHA-256 of its code.
    pub fn code_hash(self) -> [u8; 32] {
        Sha256::digest(self.code()).into()
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Installed {
    pub(crate) kind: ContractKind,
    pub(crate) archived: bool,
}

/// All that were installed.
#[derive(Debug, Default)]
pub(crate) struct Contracts(Mutex<BTreeMap<[u8; 32], Installed>>);

impl Contracts {
    fn all(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Installed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn install(&self, id: [u8; 32], kind: ContractKind) {
        self.all().insert(id, Installed { kind, archived: false });
    }

    pub(crate) fn archive(&self, id: &[u8; 32]) {
        if let Some(installed) = self.all().get_mut(id) {
            installed.archived = true;
        }
    }

    pub(crate) fn find(&self, id: &[u8; 32]) -> Option<Installed> {
        self.all().get(id).copied()
    }

    /// A contract's instance or its code. Archived instances are shown as the live ones are.
    pub(crate) fn entry(&self, key: &LedgerKey) -> Option<LedgerEntry> {
        let data = match key {
            LedgerKey::ContractData(wanted) => {
                let ScAddress::Contract(ContractId(Hash(id))) = &wanted.contract else { return None };
                let installed = self.find(id)?;
                if *key != instance_key(id) {
                    return None;
                }
                let executable = ContractExecutable::Wasm(Hash(installed.kind.code_hash()));
                LedgerEntryData::ContractData(ContractDataEntry {
                    ext: ExtensionPoint::V0,
                    contract: wanted.contract.clone(),
                    key: ScVal::LedgerKeyContractInstance,
                    durability: ContractDataDurability::Persistent,
                    val: ScVal::ContractInstance(ScContractInstance { executable, storage: None }),
                })
            }
            LedgerKey::ContractCode(LedgerKeyContractCode { hash }) => {
                let all = self.all();
                let kind =
                    all.values().map(|installed| installed.kind).find(|kind| kind.code_hash() == hash.0)?;
                LedgerEntryData::ContractCode(ContractCodeEntry {
                    ext: ContractCodeEntryExt::V0,
                    hash: hash.clone(),
                    code: kind.code().try_into().ok()?,
                })
            }
            _ => return None,
        };
        Some(LedgerEntry { last_modified_ledger_seq: 1, data, ext: LedgerEntryExt::V0 })
    }
}

/// Where the ledger keeps a contract.
pub(crate) fn instance_key(id: &[u8; 32]) -> LedgerKey {
    LedgerKey::ContractData(LedgerKeyContractData {
        contract: ScAddress::Contract(ContractId(Hash(*id))),
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    })
}

/// Keys as `G…`.
mod key_text {
    use serde::{Deserialize, Deserializer, de::Error};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let key: stellar_strkey::ed25519::PublicKey =
            text.parse().map_err(|_| Error::custom("a key is written G…"))?;
        Ok(key.0)
    }
}

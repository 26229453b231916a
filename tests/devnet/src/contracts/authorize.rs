//! Whether somebody agrees to a call: what the network does where a contract asks (`require_auth`).

use stellar_xdr::{
    AccountId, ContractDataDurability, ContractId, Hash, InvokeContractArgs, LedgerEntryData, LedgerKey,
    LedgerKeyAccount, LedgerKeyContractData, PublicKey, ScAddress, ScNonceKey, ScVal, SignerKey,
    SorobanAuthorizationEntry, SorobanAuthorizedFunction, SorobanCredentials, SorobanDelegateSignature,
    Uint256,
};

use super::payload::{address_credentials, payload, signatures, verifies};
use super::{ContractKind, Contracts};
use crate::replica::View;

/// The longest that a signature may be good for, in ledgers: as long as a temporary entry lives at most.
const TTL_MAX: u32 = 3_110_400;

/// The first protocol that knows credentials bound to their address, and delegates.
const BOUND: u32 = 27;

/// One call under judgement.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) contracts: &'a Contracts,
    pub(super) view: &'a View,
    pub(super) network_id: [u8; 32],
    pub(super) protocol: u32,
    pub(super) source: &'a AccountId,
    pub(super) auth: &'a [SorobanAuthorizationEntry],
}

impl Judge<'_> {
    /// What would be written to the ledger by it; or why not. Entries that nobody asks for are never looked at.
    pub(super) fn require(
        &self,
        who: &ScAddress,
        call: &InvokeContractArgs,
    ) -> Result<Vec<LedgerKey>, String> {
        let entry = self.auth.iter().find(|entry| self.is_of(entry, who, call));
        let entry =
            entry.ok_or("HostError: Error(Auth, InvalidAction): Unauthorized function call for address")?;
        let Some(it) = address_credentials(&entry.credentials) else {
            // the envelope's signature stands for it, and nobody has looked at that
            return Ok(Vec::new());
        };
        let is_new = !matches!(entry.credentials, SorobanCredentials::Address(_));
        if is_new && self.protocol < BOUND {
            return Err("HostError: Error(Auth, InvalidInput): unsupported credentials".to_owned());
        }
        let latest = self.view.latest();
        if it.signature_expiration_ledger < latest {
            return Err("HostError: Error(Auth, InvalidInput): signature has expired".to_owned());
        }
        if it.signature_expiration_ledger > latest.saturating_add(TTL_MAX) {
            return Err("HostError: Error(Auth, InvalidInput): signature expiration is too late".to_owned());
        }
        let payload = payload(self.network_id, &entry.credentials, &entry.root_invocation);
        let payload = payload.ok_or("HostError: Error(Auth, InternalError)")?;
        let mut written = self.authenticate(who, &payload, &it.signature, &entry.credentials)?;
        written.push(nonce_key(who, it.nonce));
        Ok(written)
    }

    fn is_of(&self, entry: &SorobanAuthorizationEntry, who: &ScAddress, call: &InvokeContractArgs) -> bool {
        let address = address_credentials(&entry.credentials).map(|it| it.address.clone());
        let address = address.unwrap_or_else(|| ScAddress::Account(self.source.clone()));
        let function = &entry.root_invocation.function;
        address == *who
            && matches!(function, SorobanAuthorizedFunction::ContractFn(authorized) if authorized == call)
    }

    fn authenticate(
        &self,
        who: &ScAddress,
        payload: &[u8; 32],
        signature: &ScVal,
        credentials: &SorobanCredentials,
    ) -> Result<Vec<LedgerKey>, String> {
        let failed = || "HostError: Error(Auth, InvalidAction): failed account authentication".to_owned();
        let kind = match who {
            ScAddress::Account(account) => {
                return self.account_agrees(account, payload, signature).map(|()| Vec::new());
            }
            ScAddress::Contract(ContractId(Hash(id))) => self.contracts.find(id),
            _ => None,
        };
        let kind = kind.ok_or("HostError: Error(Storage, MissingValue): contract instance not found")?.kind;
        let agrees = match kind {
            ContractKind::Key { key } => one_key(&key, payload, signature),
            ContractKind::Delegate { key } => match credentials {
                SorobanCredentials::AddressWithDelegates(it) => {
                    self.delegate_agrees(&it.delegates, &key, payload)
                }
                _ => false,
            },
            ContractKind::Open | ContractKind::Busy => true,
            ContractKind::Closed
            | ContractKind::WebAuth
            | ContractKind::Careless
            | ContractKind::Incurious => false,
        };
        match (agrees, kind) {
            (true, ContractKind::Busy) => Ok(vec![storage_key(who)]),
            (true, _) => Ok(Vec::new()),
            (false, _) => Err(failed()),
        }
    }

    fn delegate_agrees(
        &self,
        delegates: &[SorobanDelegateSignature],
        key: &[u8; 32],
        payload: &[u8; 32],
    ) -> bool {
        let account = AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(*key)));
        let address = ScAddress::Account(account.clone());
        let mut fitting = delegates.iter().filter(|delegate| delegate.address == address);
        fitting.any(|delegate| self.account_agrees(&account, payload, &delegate.signature).is_ok())
    }

    /// An account's signers, with the medium threshold.
    fn account_agrees(
        &self,
        account: &AccountId,
        payload: &[u8; 32],
        signature: &ScVal,
    ) -> Result<(), String> {
        let missing = "HostError: Error(Storage, MissingValue): account entry is missing";
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: account.clone() });
        let entry = self.view.entry(&key).ok_or(missing)?;
        let LedgerEntryData::Account(entry) = &entry.data else { return Err(missing.to_owned()) };
        let failed = |why: &str| format!("HostError: Error(Auth, InvalidInput): {why}");
        let signed = signatures(signature).ok_or_else(|| failed("malformed signatures"))?;
        let [master, _, medium, _] = entry.thresholds.0;
        let AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(master_key))) = account;
        let mut weight = 0;
        for (key, signature) in &signed {
            let signer = SignerKey::Ed25519(Uint256(*key));
            let of_signer = entry.signers.iter().find(|each| each.key == signer).map(|each| each.weight);
            let its = if key == master_key { Some(u32::from(master)) } else { of_signer };
            let its = its
                .filter(|weight| *weight > 0)
                .ok_or_else(|| failed("signer does not belong to account"))?;
            if !verifies(key, payload, signature) {
                return Err(failed("failed ED25519 verification"));
            }
            weight += its.min(255);
        }
        if signed.is_empty() || weight < u32::from(medium) {
            return Err(failed("signature weight is lower than threshold"));
        }
        Ok(())
    }
}

fn one_key(key: &[u8; 32], payload: &[u8; 32], signature: &ScVal) -> bool {
    match signatures(signature).as_deref() {
        Some([(signer, signature)]) => signer == key && verifies(key, payload, signature),
        _ => false,
    }
}

fn nonce_key(who: &ScAddress, nonce: i64) -> LedgerKey {
    LedgerKey::ContractData(LedgerKeyContractData {
        contract: who.clone(),
        key: ScVal::LedgerKeyNonce(ScNonceKey { nonce }),
        durability: ContractDataDurability::Temporary,
    })
}

fn storage_key(who: &ScAddress) -> LedgerKey {
    LedgerKey::ContractData(LedgerKeyContractData {
        contract: who.clone(),
        key: ScVal::U32(1),
        durability: ContractDataDurability::Persistent,
    })
}

//! A call of a contract, tried and not applied.

use std::collections::BTreeMap;

use stellar_xdr::{
    AccountId, ContractId, Hash, HostFunction, InvokeContractArgs, InvokeHostFunctionOp, LedgerKey,
    LedgerKeyContractCode, PublicKey, ScAddress, ScVal, SorobanAddressCredentials, SorobanAuthorizationEntry,
    SorobanAuthorizedFunction, SorobanAuthorizedInvocation, SorobanCredentials, Uint256, VecM,
};

use super::authorize::Judge;
use super::{ContractKind, Contracts, instance_key};
use crate::replica::View;

/// What is done about those whom the contract asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They have to agree.
    Enforce,
    /// It is noted whom it asks, and taken for granted that they agree.
    Record,
}

/// The call would succeed.
#[derive(Debug)]
pub(crate) struct Invoked {
    pub(crate) read_only: Vec<LedgerKey>,
    pub(crate) read_write: Vec<LedgerKey>,
    /// The called contract has to be restored for it.
    pub(crate) archived: bool,
    /// Who would have to agree, where that was recorded.
    pub(crate) asked: Vec<SorobanAuthorizationEntry>,
}

/// Tries the one operation of a transaction of `source`.
pub(crate) fn invoke(
    contracts: &Contracts,
    view: &View,
    network_id: [u8; 32],
    protocol: u32,
    source: &AccountId,
    operation: &InvokeHostFunctionOp,
    mode: Mode,
) -> Result<Invoked, String> {
    let HostFunction::InvokeContract(call) = &operation.host_function else {
        return Err("HostError: Error(Context, InternalError): this devnet only calls contracts".to_owned());
    };
    let missing = "HostError: Error(Storage, MissingValue): contract instance not found";
    let ScAddress::Contract(ContractId(Hash(id))) = &call.contract_address else {
        return Err(missing.to_owned());
    };
    let called = contracts.find(id).ok_or(missing)?;
    let asked = asked(called.kind, call)?;
    let judge = Judge { contracts, view, network_id, protocol, source, auth: &operation.auth };
    let instance = instance_key(id);
    let code = LedgerKey::ContractCode(LedgerKeyContractCode { hash: Hash(called.kind.code_hash()) });
    let mut invoked = Invoked {
        read_only: vec![code],
        read_write: Vec::new(),
        archived: called.archived,
        asked: Vec::new(),
    };
    if called.archived { &mut invoked.read_write } else { &mut invoked.read_only }.push(instance);
    for who in asked {
        match mode {
            Mode::Enforce => invoked.read_write.extend(judge.require(&who, call)?),
            Mode::Record => invoked.asked.push(recorded(who, source, call)),
        }
    }
    Ok(invoked)
}

/// Whom the contract asks, in this order.
fn asked(kind: ContractKind, call: &InvokeContractArgs) -> Result<Vec<ScAddress>, String> {
    let (asks, asks_domain) = match kind {
        ContractKind::WebAuth => (true, true),
        ContractKind::Incurious => (true, false),
        ContractKind::Careless => (false, false),
        _ => return Err("HostError: Error(WasmVm, MissingValue): no such function".to_owned()),
    };
    if call.function_name.0.as_slice() != b"web_auth_verify" {
        return Err("HostError: Error(WasmVm, MissingValue): no such function".to_owned());
    }
    let arguments = arguments(&call.args).ok_or("HostError: Error(Value, UnexpectedType)")?;
    let named = |name: &str| arguments.get(name).map(|text| address(text)).transpose();
    let missing = "HostError: Error(Contract, #1)";
    let mut asked =
        vec![named("account")?.ok_or(missing)?, named("web_auth_domain_account")?.ok_or(missing)?];
    if asks_domain {
        asked.extend(named("client_domain_account")?);
    }
    Ok(if asks { asked } else { Vec::new() })
}

fn arguments(args: &[ScVal]) -> Option<BTreeMap<String, String>> {
    let [ScVal::Map(Some(map))] = args else { return None };
    let mut found = BTreeMap::new();
    for entry in map.0.iter() {
        let (ScVal::Symbol(key), ScVal::String(value)) = (&entry.key, &entry.val) else { return None };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        found.insert(text(key.0.as_slice())?, text(value.0.as_slice())?);
    }
    Some(found)
}

fn address(text: &str) -> Result<ScAddress, String> {
    let invalid = "HostError: Error(Value, InvalidInput): not an address";
    if let Ok(stellar_strkey::Contract(id)) = text.parse() {
        return Ok(ScAddress::Contract(ContractId(Hash(id))));
    }
    let key: stellar_strkey::ed25519::PublicKey = text.parse().map_err(|_| invalid)?;
    Ok(ScAddress::Account(AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key.0)))))
}

/// As a server writes down whom it would ask: the transaction's source needs no entry of its own.
fn recorded(who: ScAddress, source: &AccountId, call: &InvokeContractArgs) -> SorobanAuthorizationEntry {
    let credentials = match &who {
        ScAddress::Account(account) if account == source => SorobanCredentials::SourceAccount,
        _ => SorobanCredentials::Address(SorobanAddressCredentials {
            address: who,
            nonce: rand::random(),
            signature_expiration_ledger: 0,
            signature: ScVal::Void,
        }),
    };
    SorobanAuthorizationEntry {
        credentials,
        root_invocation: SorobanAuthorizedInvocation {
            function: SorobanAuthorizedFunction::ContractFn(call.clone()),
            sub_invocations: VecM::default(),
        },
    }
}

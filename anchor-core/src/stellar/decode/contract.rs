//! Assets that a contract paid out: told by the events of the assets' own contracts (CAP-46-6, CAP-67).
//!
//! Anybody's contract may emit an event that reads like a transfer. Only that of the contract that belongs to the asset
//! on this network counts, whose id follows from the asset.

use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    ContractEvent, ContractEventBody, ContractEventType, ContractIdPreimage, Hash, HashIdPreimage,
    HashIdPreimageContractId, Int128Parts, InvokeHostFunctionResult, OperationResult, OperationResultTr,
    ScAddress, ScVal, TransactionMeta, WriteXdr as _,
};

use super::arrival::Arrival;
use super::{is_of, mismatch};
use crate::account::{Account, AccountId, ContractId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::stellar::Network;
use crate::stellar::codec::{self, DecodeError};

/// What a contract call paid to `account`, in the order of its events.
pub(super) fn arrivals(
    result: &OperationResult,
    meta: &TransactionMeta,
    index: usize,
    account: &AccountId,
    network: &Network,
) -> Result<Vec<Arrival>, DecodeError> {
    let OperationResult::OpInner(OperationResultTr::InvokeHostFunction(InvokeHostFunctionResult::Success(_))) =
        result
    else {
        return Err(mismatch());
    };
    let mut arrivals = Vec::new();
    for (number, event) in (1..).zip(events(meta, index)?) {
        let Some(transfer) = transfer(event, account) else { continue };
        if !is_of_asset(event, &transfer.asset, network)? {
            continue;
        }
        let from = transfer.from.ok_or(DecodeError::Content("a transfer from an unknown kind of address"))?;
        let (amount, muxed) = value(transfer.data)?;
        let to = muxed.map_or(transfer.to, |id| Account::Muxed { account: *account, id });
        if !is_of(&from, account) && !amount.is_zero() {
            arrivals.push(Arrival { event: Some(number), from, to, asset: transfer.asset, amount });
        }
    }
    Ok(arrivals)
}

/// A contract call is the only operation of its transaction, so before protocol 23 its events are the transaction's.
fn events(meta: &TransactionMeta, index: usize) -> Result<&[ContractEvent], DecodeError> {
    let events = match meta {
        TransactionMeta::V3(meta) => meta.soroban_meta.as_ref().map(|meta| meta.events.as_slice()),
        TransactionMeta::V4(meta) => meta.operations.get(index).map(|operation| operation.events.as_slice()),
        TransactionMeta::V0(_) | TransactionMeta::V1(_) | TransactionMeta::V2(_) => None,
    };
    events.ok_or(DecodeError::Content("a contract call without its events"))
}

struct Transfer<'a> {
    from: Option<Account>,
    to: Account,
    asset: StellarAsset,
    data: &'a ScVal,
}

/// What reads like a payment to the account: `[transfer, from, to, asset]`, `[mint, to, asset]`, and before
/// protocol 23 `[mint, admin, to, asset]`.
fn transfer<'a>(event: &'a ContractEvent, account: &AccountId) -> Option<Transfer<'a>> {
    if event.type_ != ContractEventType::Contract {
        return None;
    }
    let ContractEventBody::V0(body) = &event.body;
    let (from, to, asset) = match body.topics.as_slice() {
        [name, from, to, asset] if is_symbol(name, "transfer") => (Some(from), to, asset),
        [name, _, to, asset] | [name, to, asset] if is_symbol(name, "mint") => (None, to, asset),
        _ => return None,
    };
    let to = address(to).filter(|to| is_of(to, account))?;
    let asset: StellarAsset = match asset {
        ScVal::String(text) => std::str::from_utf8(text.0.as_slice()).ok()?.parse().ok()?,
        _ => return None,
    };
    // what an issuer pays comes into being
    let from = match from {
        Some(from) => address(from),
        None => asset.issuer().copied().map(Account::Classic),
    };
    Some(Transfer { from, to, asset, data: &body.data })
}

fn is_symbol(value: &ScVal, name: &str) -> bool {
    matches!(value, ScVal::Symbol(symbol) if symbol.0.as_slice() == name.as_bytes())
}

fn address(value: &ScVal) -> Option<Account> {
    let ScVal::Address(address) = value else { return None };
    match address {
        ScAddress::Account(id) => Some(Account::Classic(codec::account_id(id))),
        ScAddress::Contract(id) => Some(Account::Contract(ContractId::from_bytes(id.0.0))),
        ScAddress::MuxedAccount(muxed) => {
            let account = AccountId::from_bytes(muxed.ed25519.0);
            Some(Account::Muxed { account, id: muxed.id })
        }
        _ => None,
    }
}

/// Whether the event is the asset's own word.
fn is_of_asset(event: &ContractEvent, asset: &StellarAsset, network: &Network) -> Result<bool, DecodeError> {
    let preimage = HashIdPreimage::ContractId(HashIdPreimageContractId {
        network_id: Hash(*network.id()),
        contract_id_preimage: ContractIdPreimage::Asset(codec::to_asset(asset)),
    });
    let bytes = preimage.to_xdr(codec::limits()).map_err(|error| DecodeError::Xdr(error.to_string()))?;
    let id: [u8; 32] = Sha256::digest(bytes).into();
    Ok(event.contract_id.as_ref().is_some_and(|contract| contract.0.0 == id))
}

/// An amount, alone or with the user of a muxed account in a map.
fn value(data: &ScVal) -> Result<(StellarAmount, Option<u64>), DecodeError> {
    match data {
        ScVal::I128(parts) => Ok((amount(parts)?, None)),
        ScVal::Map(Some(map)) => {
            let field = |name| map.0.iter().find(|entry| is_symbol(&entry.key, name)).map(|entry| &entry.val);
            let Some(ScVal::I128(parts)) = field("amount") else {
                return Err(DecodeError::Content("a transfer without amount"));
            };
            let muxed = match field("to_muxed_id") {
                Some(ScVal::U64(id)) => Some(*id),
                // copied from the transaction's memo
                _ => None,
            };
            Ok((amount(parts)?, muxed))
        }
        _ => Err(DecodeError::Content("a transfer without amount")),
    }
}

fn amount(parts: &Int128Parts) -> Result<StellarAmount, DecodeError> {
    let stroops = i64::try_from(parts.lo).ok().filter(|_| parts.hi == 0);
    codec::amount(stroops.ok_or(DecodeError::Content("an amount that no account can hold"))?)
}

//! Trying a transaction that calls a contract: `simulateTransaction`.

use serde::Deserialize;
use serde_json::{Value, json};
use stellar_xdr::{
    InvokeHostFunctionOp, LedgerFootprint, Memo, OperationBody, ScVal, SorobanResources,
    SorobanResourcesExtV0, SorobanTransactionData, SorobanTransactionDataExt, TransactionEnvelope,
};

use super::{RpcError, ledger::protocol, window::Window};
use crate::{
    contracts::{Invoked, Mode, invoke},
    horizon::{call::Call, xdr},
    ledger::asset::account_of,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Simulate {
    transaction: String,
    #[serde(default)]
    auth_mode: String,
}

/// Whatever is wrong with the transaction stands in the answer; it is not an error of the call.
pub(super) fn simulate(call: &Call, window: &Window<'_>, params: &Simulate) -> Result<Value, RpcError> {
    Ok(match attempt(call, window, params) {
        Ok(invoked) => succeeded(window, invoked),
        Err(error) => json!({ "error": error, "latestLedger": window.latest }),
    })
}

fn attempt(call: &Call, window: &Window<'_>, params: &Simulate) -> Result<Invoked, String> {
    let envelope = xdr::envelope(&params.transaction).ok_or("Could not unmarshal transaction")?;
    let TransactionEnvelope::Tx(envelope) = &envelope else {
        return Err("Transaction contains unsupported operation type".to_owned());
    };
    let [operation] = envelope.tx.operations.as_slice() else {
        return Err("Transaction contains more than one operation".to_owned());
    };
    if envelope.tx.memo != Memo::None {
        return Err("Transaction contains a memo. Soroban transactions do not support memos.".to_owned());
    }
    let OperationBody::InvokeHostFunction(invocation) = &operation.body else {
        return Err("Transaction contains unsupported operation type".to_owned());
    };
    let mode = mode(&params.auth_mode, invocation)?;
    let source = account_of(operation.source_account.as_ref().unwrap_or(&envelope.tx.source_account));
    let protocol = protocol(window.view);
    let core = &call.core;
    invoke(&core.contracts, window.view, core.network_id, protocol, &source, invocation, mode)
}

/// Without a wish, enforced if there is anything to enforce, and recorded otherwise.
fn mode(wanted: &str, operation: &InvokeHostFunctionOp) -> Result<Mode, String> {
    let has_auth = !operation.auth.is_empty();
    match wanted {
        "" if has_auth => Ok(Mode::Enforce),
        "" => Ok(Mode::Record),
        "enforce" => Ok(Mode::Enforce),
        "record" | "record_allow_nonroot" if has_auth => {
            Err(format!("cannot set authMode to '{wanted}' with an auth footprint"))
        }
        "record" | "record_allow_nonroot" => Ok(Mode::Record),
        _ => {
            Err("optional 'authMode' must be one of enforce,record,record_allow_nonroot when included"
                .to_owned())
        }
    }
}

fn succeeded(window: &Window<'_>, invoked: Invoked) -> Value {
    let auth: Vec<_> = invoked.asked.iter().map(xdr::base64).collect();
    // the contract is the first entry that would be written, if it is one
    let archived = SorobanResourcesExtV0 {
        archived_soroban_entries: [0].into_iter().collect::<Vec<u32>>().try_into().unwrap_or_default(),
    };
    let data = SorobanTransactionData {
        ext: if invoked.archived {
            SorobanTransactionDataExt::V1(archived)
        } else {
            SorobanTransactionDataExt::V0
        },
        resources: SorobanResources {
            footprint: LedgerFootprint {
                read_only: invoked.read_only.try_into().unwrap_or_default(),
                read_write: invoked.read_write.try_into().unwrap_or_default(),
            },
            instructions: 1_000_000,
            disk_read_bytes: 1_000,
            write_bytes: 1_000,
        },
        resource_fee: 50_000,
    };
    let data = xdr::base64(&data);
    let mut answer = json!({
        "transactionData": data,
        "minResourceFee": "50000",
        "events": [],
        "results": [{ "auth": auth, "xdr": xdr::base64(&ScVal::Void) }],
        "latestLedger": window.latest,
    });
    if invoked.archived {
        answer["restorePreamble"] = json!({ "minResourceFee": "50000", "transactionData": data });
    }
    answer
}

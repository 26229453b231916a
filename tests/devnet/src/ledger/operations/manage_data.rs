//! Manage data: named values attached to an account.

use stellar_xdr::{
    DataEntry, DataEntryExt, LedgerEntryData, LedgerEntryExt, ManageDataOp, ManageDataResult,
    OperationResultTr,
};

use super::Context;
use super::outcome::{Failure, Outcome};
use crate::ledger::state::data_key;

pub(super) fn check(op: &ManageDataOp) -> Result<(), Failure> {
    let name = op.data_name.0.as_slice();
    if name.is_empty() || !is_plain(name) {
        return Err(ManageDataResult::InvalidName.into());
    }
    Ok(())
}

pub(super) fn apply(context: &mut Context<'_>, op: &ManageDataOp) -> Outcome {
    let source = context.source.clone();
    let state = &mut *context.state;
    let exists = state.data(&source, &op.data_name).is_some();
    match &op.data_value {
        Some(value) if exists => {
            if let Some(data) = state.data_mut(&source, &op.data_name) {
                data.data_value = value.clone();
            }
        }
        Some(value) => {
            let ext = state
                .reserve_subentry(&source, context.sponsorships.get(&source))
                .map_err(|reason| Failure::no_reserve(reason, ManageDataResult::LowReserve))?;
            let data = DataEntry {
                account_id: source,
                data_name: op.data_name.clone(),
                data_value: value.clone(),
                ext: DataEntryExt::V0,
            };
            state.insert(LedgerEntryData::Data(data), ext);
        }
        None if exists => {
            let key = data_key(&source, &op.data_name);
            let ext = state.entry(&key).map_or(LedgerEntryExt::V0, |entry| entry.ext.clone());
            state.remove(&key);
            state.release_subentry(&source, &ext);
        }
        None => return Err(ManageDataResult::NameNotFound.into()),
    }
    Ok(OperationResultTr::ManageData(ManageDataResult::Success))
}

/// ASCII without control characters, as the network demands of names and home domains.
pub(super) fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_control())
}

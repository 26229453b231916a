//! A claimable balance that an account claimed: what it held stands only in what the operation changed.

use stellar_xdr::{
    ClaimClaimableBalanceResult, ClaimableBalanceEntry, ClaimableBalanceId, LedgerEntry, LedgerEntryChange,
    LedgerEntryChanges, LedgerEntryData, LedgerEntryExt, OperationResult, OperationResultTr, TransactionMeta,
};

use super::arrival::Arrival;
use super::mismatch;
use crate::account::Account;
use crate::stellar::codec::{self, DecodeError};

/// What the claim by `to` brought. As the payer counts who pays the balance's reserve, which is who made it unless
/// somebody else offered to; the ledger does not keep who that was.
pub(super) fn arrival(
    id: &ClaimableBalanceId,
    result: &OperationResult,
    meta: &TransactionMeta,
    index: usize,
    to: Account,
) -> Result<Arrival, DecodeError> {
    if !is_success(result) {
        return Err(mismatch());
    }
    let changes = changes(meta, index).ok_or(DecodeError::Content("meta without the operation"))?;
    let before = changes.iter().find_map(|change| match change {
        LedgerEntryChange::State(entry) => of_balance(entry, id).map(|balance| (entry, balance)),
        _ => None,
    });
    let (entry, balance) = before.ok_or(DecodeError::Content("meta without the claimed balance"))?;
    Ok(Arrival {
        event: None,
        from: sponsor(entry).unwrap_or(to),
        to,
        asset: codec::asset(&balance.asset)?,
        amount: codec::amount(balance.amount)?,
    })
}

pub(super) const fn is_success(result: &OperationResult) -> bool {
    matches!(
        result,
        OperationResult::OpInner(OperationResultTr::ClaimClaimableBalance(
            ClaimClaimableBalanceResult::Success
        ))
    )
}

fn changes(meta: &TransactionMeta, index: usize) -> Option<&LedgerEntryChanges> {
    match meta {
        TransactionMeta::V0(operations) => operations.get(index).map(|operation| &operation.changes),
        TransactionMeta::V1(meta) => meta.operations.get(index).map(|operation| &operation.changes),
        TransactionMeta::V2(meta) => meta.operations.get(index).map(|operation| &operation.changes),
        TransactionMeta::V3(meta) => meta.operations.get(index).map(|operation| &operation.changes),
        TransactionMeta::V4(meta) => meta.operations.get(index).map(|operation| &operation.changes),
    }
}

fn of_balance<'a>(entry: &'a LedgerEntry, id: &ClaimableBalanceId) -> Option<&'a ClaimableBalanceEntry> {
    match &entry.data {
        LedgerEntryData::ClaimableBalance(balance) if balance.balance_id == *id => Some(balance),
        _ => None,
    }
}

fn sponsor(entry: &LedgerEntry) -> Option<Account> {
    let LedgerEntryExt::V1(more) = &entry.ext else { return None };
    more.sponsoring_id.0.as_ref().map(|sponsor| Account::Classic(codec::account_id(sponsor)))
}

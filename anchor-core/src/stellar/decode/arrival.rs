//! One operation: what it brought, and what it created.

use stellar_xdr::{
    AccountMergeResult, CreateAccountResult, CreateClaimableBalanceResult, OperationBody, OperationResult,
    OperationResultTr, PathPaymentStrictReceiveResult, PathPaymentStrictSendResult, PaymentResult,
    SimplePaymentResult,
};

use super::{is_of, mismatch};
use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::stellar::codec::{self, DecodeError};

pub(super) struct Arrival {
    /// The event that tells of it, counted from 1, where one operation has several.
    pub(super) event: Option<usize>,
    pub(super) from: Account,
    pub(super) to: Account,
    pub(super) asset: StellarAsset,
    pub(super) amount: StellarAmount,
}

/// What the operation brought to `account`.
pub(super) fn arrival(
    body: &OperationBody,
    result: &OperationResult,
    source: Account,
    account: &AccountId,
) -> Result<Option<Arrival>, DecodeError> {
    let OperationResult::OpInner(result) = result else { return Err(mismatch()) };
    let arrival = match (body, result) {
        (OperationBody::Payment(payment), OperationResultTr::Payment(PaymentResult::Success)) => {
            let to = codec::account(&payment.destination);
            reaches(to, account, || Ok((codec::asset(&payment.asset)?, codec::amount(payment.amount)?)))?
        }
        (
            OperationBody::PathPaymentStrictReceive(payment),
            OperationResultTr::PathPaymentStrictReceive(PathPaymentStrictReceiveResult::Success(success)),
        ) => reaches(codec::account(&payment.destination), account, || last(&success.last, account))?,
        (
            OperationBody::PathPaymentStrictSend(payment),
            OperationResultTr::PathPaymentStrictSend(PathPaymentStrictSendResult::Success(success)),
        ) => reaches(codec::account(&payment.destination), account, || last(&success.last, account))?,
        (
            OperationBody::CreateAccount(create),
            OperationResultTr::CreateAccount(CreateAccountResult::Success),
        ) => {
            let to = Account::Classic(codec::account_id(&create.destination));
            reaches(to, account, || Ok((StellarAsset::Native, codec::amount(create.starting_balance)?)))?
        }
        (
            OperationBody::AccountMerge(destination),
            OperationResultTr::AccountMerge(AccountMergeResult::Success(lumens)),
        ) => reaches(codec::account(destination), account, || {
            Ok((StellarAsset::Native, codec::amount(*lumens)?))
        })?,
        (OperationBody::InvokeHostFunction(_), _) => {
            return Err(DecodeError::Content("a contract call may have moved value"));
        }
        (
            OperationBody::Payment(_)
            | OperationBody::PathPaymentStrictReceive(_)
            | OperationBody::PathPaymentStrictSend(_)
            | OperationBody::CreateAccount(_)
            | OperationBody::AccountMerge(_),
            _,
        ) => return Err(mismatch()),
        _ => None,
    };
    let arrival = arrival.map(|(to, asset, amount)| Arrival { event: None, from: source, to, asset, amount });
    Ok(arrival.filter(|arrival| !is_of(&source, account) && !arrival.amount.is_zero()))
}

fn reaches(
    to: Account,
    account: &AccountId,
    value: impl FnOnce() -> Result<(StellarAsset, StellarAmount), DecodeError>,
) -> Result<Option<(Account, StellarAsset, StellarAmount)>, DecodeError> {
    if !is_of(&to, account) {
        return Ok(None);
    }
    let (asset, amount) = value()?;
    Ok(Some((to, asset, amount)))
}

/// What the last hop of a path delivered.
fn last(
    last: &SimplePaymentResult,
    account: &AccountId,
) -> Result<(StellarAsset, StellarAmount), DecodeError> {
    if codec::account_id(&last.destination) != *account {
        return Err(mismatch());
    }
    Ok((codec::asset(&last.asset)?, codec::amount(last.amount)?))
}

/// The ids of what was set aside.
pub(super) fn claimable_balances(results: &[OperationResult]) -> Vec<String> {
    let created = results.iter().filter_map(|result| match result {
        OperationResult::OpInner(OperationResultTr::CreateClaimableBalance(
            CreateClaimableBalanceResult::Success(id),
        )) => Some(codec::balance_text(id)),
        _ => None,
    });
    created.collect()
}

//! Whom and what an operation concerns, and so under which accounts and balances it is listed.

use std::collections::BTreeSet;

use stellar_xdr::{
    AccountId, ClaimableBalanceId, Claimant, CreateClaimableBalanceResult, LedgerKey, Operation,
    OperationBody, OperationResultTr, RevokeSponsorshipOp,
};

use super::Applied;
use crate::horizon::{
    envelope::{account, body, bump},
    landed::Landed,
};

/// The accounts under which an operation is listed.
pub(crate) fn of_operation(applied: &Applied<'_>) -> BTreeSet<AccountId> {
    let mut accounts = BTreeSet::from([account(applied.source())]);
    match &applied.operation.body {
        OperationBody::CreateAccount(op) => accounts.extend([op.destination.clone()]),
        OperationBody::Payment(op) => accounts.extend([account(&op.destination)]),
        OperationBody::PathPaymentStrictReceive(op) => accounts.extend([account(&op.destination)]),
        OperationBody::PathPaymentStrictSend(op) => accounts.extend([account(&op.destination)]),
        OperationBody::AllowTrust(op) => accounts.extend([op.trustor.clone()]),
        OperationBody::SetTrustLineFlags(op) => accounts.extend([op.trustor.clone()]),
        OperationBody::Clawback(op) => accounts.extend([account(&op.from)]),
        OperationBody::AccountMerge(into) => accounts.extend([account(into)]),
        OperationBody::BeginSponsoringFutureReserves(op) => accounts.extend([op.sponsored_id.clone()]),
        OperationBody::EndSponsoringFutureReserves => {
            accounts.extend(begin_of(applied).map(|begin| account(applied.source_of(begin))));
        }
        OperationBody::CreateClaimableBalance(op) => accounts.extend(op.claimants.iter().map(|claimant| {
            let Claimant::ClaimantTypeV0(claimant) = claimant;
            claimant.destination.clone()
        })),
        OperationBody::RevokeSponsorship(op) => accounts.extend(revoked(op)),
        _ => {}
    }
    accounts
}

/// The accounts under which a transaction is listed: source, fee source and everyone its operations concern.
pub(crate) fn of_transaction(record: &Landed) -> BTreeSet<AccountId> {
    let fee_source = bump(&record.envelope).map(|bump| account(bump.fee_source));
    let operations = Applied::all(record).flat_map(|applied| of_operation(&applied));
    operations.chain([account(&body(&record.envelope).source)]).chain(fee_source).collect()
}

/// The claimable balances under which an operation is listed.
pub(crate) fn balances_of(applied: &Applied<'_>) -> Vec<ClaimableBalanceId> {
    match &applied.operation.body {
        OperationBody::CreateClaimableBalance(_) => match applied.result() {
            Some(OperationResultTr::CreateClaimableBalance(CreateClaimableBalanceResult::Success(id))) => {
                vec![id.clone()]
            }
            _ => Vec::new(),
        },
        OperationBody::ClaimClaimableBalance(op) => vec![op.balance_id.clone()],
        OperationBody::ClawbackClaimableBalance(op) => vec![op.balance_id.clone()],
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(LedgerKey::ClaimableBalance(
            key,
        ))) => {
            vec![key.balance_id.clone()]
        }
        _ => Vec::new(),
    }
}

/// The claimable balances under which a transaction is listed.
pub(crate) fn balances_of_transaction(record: &Landed) -> BTreeSet<ClaimableBalanceId> {
    Applied::all(record).flat_map(|applied| balances_of(&applied)).collect()
}

/// The operation that opened the sponsorship which this one ends; known for successful transactions only.
pub(crate) fn begin_of<'a>(end: &Applied<'a>) -> Option<&'a Operation> {
    if !end.successful() {
        return None;
    }
    let sponsored = account(end.source());
    end.siblings[..end.index].iter().rev().find(|sibling| match &sibling.body {
        OperationBody::BeginSponsoringFutureReserves(begin) => begin.sponsored_id == sponsored,
        _ => false,
    })
}

fn revoked(op: &RevokeSponsorshipOp) -> Option<AccountId> {
    match op {
        RevokeSponsorshipOp::Signer(signer) => Some(signer.account_id.clone()),
        RevokeSponsorshipOp::LedgerEntry(key) => match key {
            LedgerKey::Account(key) => Some(key.account_id.clone()),
            LedgerKey::Trustline(key) => Some(key.account_id.clone()),
            LedgerKey::Offer(key) => Some(key.seller_id.clone()),
            LedgerKey::Data(key) => Some(key.account_id.clone()),
            _ => None,
        },
    }
}

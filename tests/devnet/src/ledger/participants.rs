//! Whom a transaction concerns.

use std::collections::BTreeSet;

use stellar_xdr::{
    AccountId, Claimant, FeeBumpTransactionInnerTx, LedgerKey, Operation, OperationBody, RevokeSponsorshipOp,
    Transaction, TransactionEnvelope,
};

use super::asset::{account_id, account_of};

/// The accounts of a transaction: its source, its fee source and whoever its operations concern.
pub(crate) fn of_transaction(envelope: &TransactionEnvelope) -> BTreeSet<AccountId> {
    let mut accounts: BTreeSet<AccountId> = of_operations(envelope).into_iter().flatten().collect();
    match envelope {
        TransactionEnvelope::TxV0(v0) => {
            accounts.insert(account_id(v0.tx.source_account_ed25519.0));
        }
        TransactionEnvelope::Tx(v1) => {
            accounts.insert(account_of(&v1.tx.source_account));
        }
        TransactionEnvelope::TxFeeBump(bump) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = &bump.tx.inner_tx;
            accounts.insert(account_of(&bump.tx.fee_source));
            accounts.insert(account_of(&inner.tx.source_account));
        }
    }
    accounts
}

/// The accounts of each operation, its source first, none twice.
pub(crate) fn of_operations(envelope: &TransactionEnvelope) -> Vec<Vec<AccountId>> {
    match envelope {
        TransactionEnvelope::TxV0(v0) => of_transaction_v1(&Transaction::from(&v0.tx)),
        TransactionEnvelope::Tx(v1) => of_transaction_v1(&v1.tx),
        TransactionEnvelope::TxFeeBump(bump) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = &bump.tx.inner_tx;
            of_transaction_v1(&inner.tx)
        }
    }
}

fn of_transaction_v1(tx: &Transaction) -> Vec<Vec<AccountId>> {
    let source = account_of(&tx.source_account);
    tx.operations.iter().map(|operation| of_operation(operation, &source)).collect()
}

fn of_operation(operation: &Operation, tx_source: &AccountId) -> Vec<AccountId> {
    let source = operation.source_account.as_ref().map_or_else(|| tx_source.clone(), account_of);
    let others = match &operation.body {
        OperationBody::CreateAccount(op) => vec![op.destination.clone()],
        OperationBody::Payment(op) => vec![account_of(&op.destination)],
        OperationBody::PathPaymentStrictReceive(op) => vec![account_of(&op.destination)],
        OperationBody::PathPaymentStrictSend(op) => vec![account_of(&op.destination)],
        OperationBody::AllowTrust(op) => vec![op.trustor.clone()],
        OperationBody::SetTrustLineFlags(op) => vec![op.trustor.clone()],
        OperationBody::AccountMerge(destination) => vec![account_of(destination)],
        OperationBody::CreateClaimableBalance(op) => op
            .claimants
            .iter()
            .map(|Claimant::ClaimantTypeV0(claimant)| claimant.destination.clone())
            .collect(),
        OperationBody::BeginSponsoringFutureReserves(op) => vec![op.sponsored_id.clone()],
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::Signer(signer)) => {
            vec![signer.account_id.clone()]
        }
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(key)) => match key {
            LedgerKey::Account(key) => vec![key.account_id.clone()],
            LedgerKey::Trustline(key) => vec![key.account_id.clone()],
            LedgerKey::Offer(key) => vec![key.seller_id.clone()],
            LedgerKey::Data(key) => vec![key.account_id.clone()],
            _ => Vec::new(),
        },
        OperationBody::Clawback(op) => vec![account_of(&op.from)],
        _ => Vec::new(),
    };
    let mut accounts = vec![source];
    for other in others {
        if !accounts.contains(&other) {
            accounts.push(other);
        }
    }
    accounts
}

//! What a foreign transaction did, read from its *result*: value that arrived, and why it failed.
//!
//! Every input is hostile: XDR is read with limits, and whatever does not fit together is an error.

use chrono::{DateTime, Utc};
use stellar_xdr::{
    InnerTransactionResultResult, MuxedAccount, Operation, OperationBody, OperationResult,
    TransactionEnvelope, TransactionResult, TransactionResultResult,
};

use super::codec::{self, DecodeError};
use super::{BalanceClaim, Failure, Movement, Network};
use crate::account::{Account, AccountId};
use crate::transaction::TransactionHash;

use arrival::Arrival;

mod arrival;
mod claim;
mod contract;
mod failure;

/// A transaction as a server lists it.
#[derive(Debug, Clone, Copy)]
pub struct ForeignTransaction<'a> {
    /// The hash under which the server lists it: for a fee bump the outer one.
    pub hash: TransactionHash,
    /// The ledger that holds it.
    pub ledger: u32,
    /// When that ledger closed.
    pub at: DateTime<Utc>,
    /// Ledger and order within it in one number (SEP-35); operations count on from it.
    pub id: u64,
    /// Base64 XDR.
    pub envelope: &'a str,
    /// Base64 XDR.
    pub result: &'a str,
    /// What it changed and which events it emitted (base64 XDR), if the server tells.
    pub meta: Option<&'a str>,
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All operations were applied.
    Succeeded {
        /// Created claimable balances, in order: 72 hex characters each.
        claimable_balances: Vec<String>,
    },
    /// None was.
    Failed(Failure),
}

/// What one transaction brought to an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Brought {
    /// What arrived.
    pub movements: Vec<Movement>,
    /// The claimable balances that it claimed.
    pub claims: Vec<BalanceClaim>,
}

/// What arrived on `account`, in the order of the operations. A failed transaction moved nothing.
///
/// Payments, path payments (by what was received), new accounts, merged accounts; several operations in one
/// transaction; fee bumps by their inner result; muxed accounts on both sides. With the transaction's meta also claimable
/// balances that the account claims, and transfers of assets by contracts. What an account pays to itself does not arrive.
///
/// # Errors
/// When envelope and result do not fit together, the hash is not the envelope's, or the transaction calls a contract
/// and its meta, which would tell what that moved, is not there or makes no sense.
pub fn movements(
    transaction: &ForeignTransaction<'_>,
    account: &AccountId,
    network: &Network,
) -> Result<Vec<Movement>, DecodeError> {
    brought(transaction, account, network).map(|brought| brought.movements)
}

/// As [`movements`], and the claimable balances that `account` claimed, which are known without the transaction's meta.
///
/// # Errors
/// As [`movements`].
pub fn brought(
    transaction: &ForeignTransaction<'_>,
    account: &AccountId,
    network: &Network,
) -> Result<Brought, DecodeError> {
    if transaction.id >> 32 != u64::from(transaction.ledger) {
        return Err(DecodeError::Content("the transaction's id is not of its ledger"));
    }
    let envelope: TransactionEnvelope = codec::read(transaction.envelope)?;
    let hash = envelope.hash(*network.id()).map_err(|error| DecodeError::Xdr(error.to_string()))?;
    if hash != *transaction.hash.as_bytes() {
        return Err(DecodeError::Content("the hash is not the envelope's"));
    }
    let body = Body::of(&envelope);
    let result: TransactionResult = codec::read(transaction.result)?;
    let Ok(results) = success(&result.result) else {
        return Ok(Brought::default());
    };
    if results.len() != body.operations.len() {
        return Err(DecodeError::Content("not one result for every operation"));
    }
    let memo = codec::memo(body.memo)?;
    let mut brought = Brought::default();
    for (index, (operation, result)) in body.operations.iter().zip(results).enumerate() {
        let source = operation.source_account.as_ref().unwrap_or(&body.source);
        let arrivals = arrivals(operation, result, source, account, (transaction.meta, index, network))?;
        let number = u64::try_from(index).map_err(|_| DecodeError::Content("too many operations"))?;
        let id = transaction.id.saturating_add(number).saturating_add(1);
        if let OperationBody::ClaimClaimableBalance(claim) = &operation.body
            && is_of(&codec::account(source), account)
        {
            if !claim::is_success(result) {
                return Err(mismatch());
            }
            brought.claims.push(BalanceClaim {
                id: id.to_string(),
                hash: transaction.hash,
                ledger: transaction.ledger,
                at: transaction.at,
                by: codec::account(source),
                balance: codec::balance_text(&claim.balance_id),
                memo: memo.clone(),
            });
        }
        brought.movements.extend(arrivals.into_iter().map(|arrival| Movement {
            // one contract call may pay several times
            id: arrival.event.map_or_else(|| id.to_string(), |event| format!("{id}-{event}")),
            hash: transaction.hash,
            ledger: transaction.ledger,
            at: transaction.at,
            from: arrival.from,
            to: arrival.to,
            asset: arrival.asset,
            amount: arrival.amount,
            memo: memo.clone(),
        }));
    }
    Ok(brought)
}

/// What one operation brought to the account.
fn arrivals(
    operation: &Operation,
    result: &OperationResult,
    source: &MuxedAccount,
    account: &AccountId,
    (meta, index, network): (Option<&str>, usize, &Network),
) -> Result<Vec<Arrival>, DecodeError> {
    let source = codec::account(source);
    // read only where it is needed: it is the longest part of a transaction
    match (&operation.body, meta) {
        (OperationBody::InvokeHostFunction(_), Some(meta)) => {
            contract::arrivals(result, &codec::read_meta(meta)?, index, account, network)
        }
        (OperationBody::ClaimClaimableBalance(claim), Some(meta)) if is_of(&source, account) => {
            let meta = codec::read_meta(meta)?;
            Ok(vec![claim::arrival(&claim.balance_id, result, &meta, index, source)?])
        }
        (body, _) => Ok(arrival::arrival(body, result, source, account)?.into_iter().collect()),
    }
}

fn is_of(account: &Account, id: &AccountId) -> bool {
    account.ledger_account() == Some(*id)
}

/// What became of a transaction, from the XDR of its result.
///
/// # Errors
/// When that is not the XDR of a result.
pub fn outcome(result: &str) -> Result<Outcome, DecodeError> {
    let result: TransactionResult = codec::read(result)?;
    Ok(match success(&result.result) {
        Ok(results) => Outcome::Succeeded { claimable_balances: arrival::claimable_balances(results) },
        Err(failure) => Outcome::Failed(failure),
    })
}

/// The operations' results of a transaction that succeeded, or why it did not.
fn success(result: &TransactionResultResult) -> Result<&[OperationResult], Failure> {
    match result {
        TransactionResultResult::TxSuccess(results) => Ok(results),
        TransactionResultResult::TxFeeBumpInnerSuccess(inner) => match &inner.result.result {
            InnerTransactionResultResult::TxSuccess(results) => Ok(results),
            failed => Err(failure::inner(failed)),
        },
        TransactionResultResult::TxFeeBumpInnerFailed(inner) => Err(failure::inner(&inner.result.result)),
        failed => Err(failure::outer(failed)),
    }
}

/// The same parts of all kinds of envelope.
struct Body<'a> {
    source: MuxedAccount,
    memo: &'a stellar_xdr::Memo,
    operations: &'a [Operation],
}

impl<'a> Body<'a> {
    fn of(envelope: &'a TransactionEnvelope) -> Self {
        match envelope {
            TransactionEnvelope::TxV0(envelope) => Self {
                source: MuxedAccount::Ed25519(envelope.tx.source_account_ed25519.clone()),
                memo: &envelope.tx.memo,
                operations: &envelope.tx.operations,
            },
            TransactionEnvelope::Tx(envelope) => Self::of_transaction(&envelope.tx),
            TransactionEnvelope::TxFeeBump(envelope) => {
                let stellar_xdr::FeeBumpTransactionInnerTx::Tx(inner) = &envelope.tx.inner_tx;
                Self::of_transaction(&inner.tx)
            }
        }
    }

    fn of_transaction(transaction: &'a stellar_xdr::Transaction) -> Self {
        Self {
            source: transaction.source_account.clone(),
            memo: &transaction.memo,
            operations: &transaction.operations,
        }
    }
}

/// Result and operation of the same kind, or an error.
const fn mismatch() -> DecodeError {
    DecodeError::Content("a result does not belong to its operation")
}

#[cfg(test)]
mod tests;

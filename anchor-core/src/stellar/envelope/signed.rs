//! Signed envelopes of our own, taken apart again for the fake ledger and for tests.

use stellar_xdr::{FeeBumpTransactionInnerTx, TransactionEnvelope};

use super::Operation;
use super::read::{UNEXPECTED, bounds, operation};
use crate::account::{Account, AccountId};
use crate::memo::Memo;
use crate::stellar::Network;
use crate::stellar::codec::{self, DecodeError};
use crate::transaction::TransactionHash;

/// One of our own envelopes, read again.
#[derive(Debug, Clone)]
pub(crate) struct ReadEnvelope {
    pub(crate) hash: TransactionHash,
    pub(crate) source: Account,
    pub(crate) sequence: i64,
    /// 0: none.
    pub(crate) max_time: u64,
    pub(crate) memo: Memo,
    pub(crate) operations: Vec<(Option<Account>, Operation)>,
    pub(crate) signatures: Vec<Vec<u8>>,
    pub(crate) fee: u32,
}

/// An envelope in a wrapping that pays for it.
#[derive(Debug, Clone)]
pub(crate) struct ReadWrapping {
    pub(crate) hash: TransactionHash,
    pub(crate) payer: AccountId,
    pub(crate) fee: i64,
    /// Base64 XDR.
    pub(crate) inner: String,
    pub(crate) signatures: Vec<Vec<u8>>,
}

/// Reads a wrapping such as [`UnsignedBump`](super::bump::UnsignedBump) makes; `None` if it is none. Signatures are not
/// verified.
pub(crate) fn read_wrapped(text: &str, network: &Network) -> Result<Option<ReadWrapping>, DecodeError> {
    let TransactionEnvelope::TxFeeBump(envelope) = codec::read(text)? else { return Ok(None) };
    let hash = envelope.tx.hash(*network.id()).map_err(|error| DecodeError::Xdr(error.to_string()))?;
    let FeeBumpTransactionInnerTx::Tx(inner) = envelope.tx.inner_tx.clone();
    Ok(Some(ReadWrapping {
        hash: TransactionHash::from_bytes(hash),
        payer: codec::account(&envelope.tx.fee_source).ledger_account().ok_or(UNEXPECTED)?,
        fee: envelope.tx.fee,
        inner: super::write(&TransactionEnvelope::Tx(inner))?,
        signatures: envelope.signatures.iter().map(|each| each.signature.0.to_vec()).collect(),
    }))
}

/// Reads a signed envelope such as [`SignedEnvelope`](super::SignedEnvelope) has it. Signatures are not verified.
pub(crate) fn read_signed(text: &str, network: &Network) -> Result<ReadEnvelope, DecodeError> {
    let TransactionEnvelope::Tx(envelope) = codec::read(text)? else { return Err(UNEXPECTED) };
    let transaction = &envelope.tx;
    let mut operations = Vec::with_capacity(transaction.operations.len());
    for each in transaction.operations.iter() {
        operations.push((each.source_account.as_ref().map(codec::account), operation(&each.body)?));
    }
    Ok(ReadEnvelope {
        hash: TransactionHash::from_bytes(super::hash(transaction, network)?),
        source: codec::account(&transaction.source_account),
        sequence: transaction.seq_num.0,
        max_time: bounds(transaction).map_or(0, |(_, max)| max),
        memo: codec::memo(&transaction.memo)?,
        fee: transaction.fee,
        operations,
        signatures: envelope.signatures.iter().map(|each| each.signature.0.to_vec()).collect(),
    })
}

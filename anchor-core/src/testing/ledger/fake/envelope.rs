//! An envelope as the fake ledger got it.

use crate::account::{Account, AccountId};
use crate::keys;
use crate::memo::Memo;
use crate::stellar::envelope::{Operation, read_signed};
use crate::stellar::{DecodeError, Network};
use crate::transaction::TransactionHash;

#[derive(Debug, Clone)]
pub(super) struct ReceivedEnvelope {
    pub(super) hash: TransactionHash,
    pub(super) source: AccountId,
    pub(super) sequence: i64,
    pub(super) max_time: u64,
    pub(super) memo: Memo,
    /// Source and operation.
    pub(super) operations: Vec<(AccountId, Operation)>,
    /// By the master keys of all sources.
    pub(super) is_signed: bool,
}

impl ReceivedEnvelope {
    pub(super) fn read(envelope: &str, network: &Network) -> Result<Self, DecodeError> {
        let read = read_signed(envelope, network)?;
        let ledger_account = |account: Account| {
            account.ledger_account().ok_or(DecodeError::Content("a contract is no source of operations"))
        };
        let source = ledger_account(read.source)?;
        let mut operations = Vec::with_capacity(read.operations.len());
        for (own_source, operation) in read.operations {
            operations.push((own_source.map_or(Ok(source), ledger_account)?, operation));
        }
        let signed_by = |account: &AccountId| {
            read.signatures.iter().any(|signature| keys::verify(account, read.hash.as_bytes(), signature))
        };
        let is_signed = signed_by(&source) && operations.iter().all(|(source, _)| signed_by(source));
        let max_time = if read.max_time == 0 { u64::MAX } else { read.max_time };
        Ok(Self {
            hash: read.hash,
            source,
            sequence: read.sequence,
            max_time,
            memo: read.memo,
            operations,
            is_signed,
        })
    }
}

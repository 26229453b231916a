//! An envelope as the fake ledger got it.

use crate::account::{Account, AccountId};
use crate::keys;
use crate::memo::Memo;
use crate::stellar::envelope::{Operation, read_signed, read_wrapped};
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
    /// By the master keys of all sources, and of the payer of a wrapping.
    pub(super) is_signed: bool,
    /// Bid for one operation, in stroops.
    pub(super) fee: i64,
    /// The hash of the wrapping that pays for it, and who does.
    pub(super) wrapping: Option<(TransactionHash, AccountId)>,
}

impl ReceivedEnvelope {
    pub(super) fn read(envelope: &str, network: &Network) -> Result<Self, DecodeError> {
        let Some(wrapped) = read_wrapped(envelope, network)? else {
            return Self::read_plain(envelope, network);
        };
        let inner = Self::read_plain(&wrapped.inner, network)?;
        let signed =
            wrapped.signatures.iter().any(|one| keys::verify(&wrapped.payer, wrapped.hash.as_bytes(), one));
        let operations = i64::try_from(inner.operations.len()).unwrap_or(i64::MAX).saturating_add(1);
        Ok(Self {
            is_signed: inner.is_signed && signed,
            fee: wrapped.fee.checked_div(operations).unwrap_or_default(),
            wrapping: Some((wrapped.hash, wrapped.payer)),
            ..inner
        })
    }

    fn read_plain(envelope: &str, network: &Network) -> Result<Self, DecodeError> {
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
        let count = i64::try_from(operations.len()).unwrap_or(i64::MAX);
        Ok(Self {
            fee: i64::from(read.fee).checked_div(count).unwrap_or_default(),
            wrapping: None,
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

//! An envelope as the fake ledger got it.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{Account, AccountId};
use crate::keys;
use crate::memo::Memo;
use crate::stellar::envelope::{Operation, read_signed, read_wrapped};
use crate::stellar::{AccountSnapshot, DecodeError, Network, SignerKey};
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
    signatures: Vec<Vec<u8>>,
    /// Bid for one operation, in stroops.
    pub(super) fee: i64,
    /// The hash of the wrapping that pays for it, and who does.
    pub(super) wrapping: Option<(TransactionHash, AccountId)>,
    /// Those of the wrapping.
    outer_signatures: Vec<Vec<u8>>,
}

impl ReceivedEnvelope {
    pub(super) fn read(envelope: &str, network: &Network) -> Result<Self, DecodeError> {
        let Some(wrapped) = read_wrapped(envelope, network)? else {
            return Self::read_plain(envelope, network);
        };
        let inner = Self::read_plain(&wrapped.inner, network)?;
        let operations = i64::try_from(inner.operations.len()).unwrap_or(i64::MAX).saturating_add(1);
        Ok(Self {
            fee: wrapped.fee.checked_div(operations).unwrap_or_default(),
            wrapping: Some((wrapped.hash, wrapped.payer)),
            outer_signatures: wrapped.signatures,
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
            signatures: read.signatures,
            outer_signatures: Vec::new(),
        })
    }

    /// As the network checks it: for each account signatures of its signers, one after the other, until they weigh enough.
    /// What is missing then is an error, and so is what is left over.
    pub(super) fn check_signatures(
        &self,
        accounts: &BTreeMap<AccountId, AccountSnapshot>,
    ) -> Result<(), &'static str> {
        let mut ballot =
            Ballot { accounts, hash: self.hash, signatures: &self.signatures, used: BTreeSet::new() };
        ballot.check(&self.source, false)?;
        for (source, operation) in &self.operations {
            ballot.check(source, !matches!(operation, Operation::AuthorizeTrust { .. }))?;
        }
        ballot.close()?;
        let Some((hash, payer)) = self.wrapping else { return Ok(()) };
        let mut ballot = Ballot { accounts, hash, signatures: &self.outer_signatures, used: BTreeSet::new() };
        ballot.check(&payer, false)?;
        ballot.close()
    }
}

struct Ballot<'a> {
    accounts: &'a BTreeMap<AccountId, AccountSnapshot>,
    hash: TransactionHash,
    signatures: &'a [Vec<u8>],
    used: BTreeSet<usize>,
}

impl Ballot<'_> {
    fn check(&mut self, account: &AccountId, moves_value: bool) -> Result<(), &'static str> {
        let shown = self.accounts.get(account);
        let mut signers =
            shown.map_or_else(|| vec![(SignerKey::Ed25519(*account), 1)], |one| one.signers.clone());
        let wanted = |shown: &AccountSnapshot| {
            if moves_value { shown.medium_threshold } else { shown.low_threshold }
        };
        let wanted = shown.map_or(0, wanted);
        let mut sum: u32 = 0;
        for (place, signature) in self.signatures.iter().enumerate() {
            let is_its = |(key, weight): &(SignerKey, u32)| match key {
                SignerKey::Ed25519(signer) => {
                    *weight > 0 && keys::verify(signer, self.hash.as_bytes(), signature)
                }
                SignerKey::Other => false,
            };
            let Some(found) = signers.iter().position(is_its) else { continue };
            let (_, weight) = signers.remove(found);
            self.used.insert(place);
            sum = sum.saturating_add(weight);
            if sum >= wanted {
                return Ok(());
            }
        }
        Err("tx_bad_auth")
    }

    fn close(self) -> Result<(), &'static str> {
        if self.used.len() == self.signatures.len() { Ok(()) } else { Err("tx_bad_auth_extra") }
    }
}

//! An envelope with its hash, and the two shapes (plain and fee bump) behind one face.

use stellar_xdr::{
    AccountId, FeeBumpTransactionEnvelope, FeeBumpTransactionInnerTx, LedgerBounds, Preconditions,
    PreconditionsV2, SequenceNumber, TimeBounds, Transaction, TransactionEnvelope, TransactionV1Envelope,
    VecM,
};

use super::asset::account_of;
use super::signatures::{Memo, Signatures, Verification};

/// An envelope ready to be judged.
#[derive(Debug)]
pub(crate) struct Frame {
    envelope: TransactionEnvelope,
    /// What the network knows the transaction by: of the fee bump, if it is one.
    pub(crate) hash: [u8; 32],
    /// Of the transaction inside a fee bump.
    pub(crate) inner_hash: Option<[u8; 32]>,
    memo: Memo,
    fee_bump_memo: Memo,
}

impl Frame {
    /// An envelope of the old form (V0) becomes the V1 envelope with the same hash, as the network treats it.
    pub(crate) fn new(
        envelope: TransactionEnvelope,
        network_id: [u8; 32],
    ) -> Result<Self, stellar_xdr::Error> {
        let envelope = match envelope {
            TransactionEnvelope::TxV0(v0) => {
                TransactionEnvelope::Tx(TransactionV1Envelope { tx: v0.tx.into(), signatures: v0.signatures })
            }
            current => current,
        };
        let hash = envelope.hash(network_id)?;
        let inner_hash = match &envelope {
            TransactionEnvelope::TxFeeBump(bump) => Some(bump.tx.inner_tx.hash(network_id)?),
            TransactionEnvelope::TxV0(_) | TransactionEnvelope::Tx(_) => None,
        };
        Ok(Self { envelope, hash, inner_hash, memo: Memo::default(), fee_bump_memo: Memo::default() })
    }

    pub(crate) fn envelope(&self) -> &TransactionEnvelope {
        &self.envelope
    }

    pub(crate) fn fee_bump(&self) -> Option<&FeeBumpTransactionEnvelope> {
        match &self.envelope {
            TransactionEnvelope::TxFeeBump(bump) => Some(bump),
            TransactionEnvelope::TxV0(_) | TransactionEnvelope::Tx(_) => None,
        }
    }

    /// The transaction itself, inside its fee bump if it has one.
    pub(crate) fn tx(&self) -> &Transaction {
        &self.inner().tx
    }

    /// Signatures over the transaction itself.
    pub(crate) fn signatures(&self, verification: Verification) -> Signatures<'_> {
        Signatures::new(self.signed_hash(), &self.inner().signatures, &self.memo, verification)
    }

    /// Signatures over the fee bump around it; none if there is none.
    pub(crate) fn fee_bump_signatures(&self, verification: Verification) -> Signatures<'_> {
        let signatures = self.fee_bump().map_or(&[][..], |bump| &bump.signatures);
        Signatures::new(self.hash, signatures, &self.fee_bump_memo, verification)
    }

    /// Verifies the signatures of those master keys that the envelope itself names, so that judging it later finds
    /// most answers in the memo. Asks no ledger, and so needs no lock on one.
    pub(crate) fn verify_ahead(&self) {
        let mut keys = vec![self.source()];
        for operation in &self.tx().operations {
            let source = operation.source_account.as_ref().map(account_of);
            keys.extend(source.filter(|source| !keys.contains(source)));
        }
        self.signatures(Verification::Full).verify_ahead(&keys);
        if self.fee_bump().is_some() {
            self.fee_bump_signatures(Verification::Full).verify_ahead(&[self.fee_source()]);
        }
    }

    /// Hash that the transaction's own signatures are over.
    pub(crate) fn signed_hash(&self) -> [u8; 32] {
        self.inner_hash.unwrap_or(self.hash)
    }

    pub(crate) fn source(&self) -> AccountId {
        account_of(&self.tx().source_account)
    }

    pub(crate) fn fee_source(&self) -> AccountId {
        self.fee_bump().map_or_else(|| self.source(), |bump| account_of(&bump.tx.fee_source))
    }

    pub(crate) fn sequence(&self) -> i64 {
        self.tx().seq_num.0
    }

    /// The most the fee source is willing to pay.
    pub(crate) fn max_fee(&self) -> i64 {
        self.fee_bump().map_or_else(|| i64::from(self.tx().fee), |bump| bump.tx.fee)
    }

    /// Operations paid for: a fee bump counts as one more.
    pub(crate) fn operation_count(&self) -> u32 {
        let operations = u32::try_from(self.tx().operations.len()).unwrap_or(u32::MAX);
        operations + u32::from(self.fee_bump().is_some())
    }

    pub(crate) fn min_fee(&self, base_fee: i64) -> i64 {
        base_fee.saturating_mul(i64::from(self.operation_count().max(1)))
    }

    pub(crate) fn time_bounds(&self) -> Option<&TimeBounds> {
        match &self.tx().cond {
            Preconditions::None => None,
            Preconditions::Time(bounds) => Some(bounds),
            Preconditions::V2(v2) => v2.time_bounds.as_ref(),
        }
    }

    pub(crate) fn ledger_bounds(&self) -> Option<&LedgerBounds> {
        self.v2()?.ledger_bounds.as_ref()
    }

    pub(crate) fn min_sequence(&self) -> Option<i64> {
        self.v2()?.min_seq_num.as_ref().map(|SequenceNumber(sequence)| *sequence)
    }

    pub(crate) fn v2(&self) -> Option<&PreconditionsV2> {
        match &self.tx().cond {
            Preconditions::V2(v2) => Some(v2),
            Preconditions::None | Preconditions::Time(_) => None,
        }
    }

    fn inner(&self) -> &TransactionV1Envelope {
        match &self.envelope {
            TransactionEnvelope::Tx(envelope) => envelope,
            TransactionEnvelope::TxFeeBump(bump) => match &bump.tx.inner_tx {
                FeeBumpTransactionInnerTx::Tx(envelope) => envelope,
            },
            TransactionEnvelope::TxV0(_) => unreachable!("turned into V1 by `new`"),
        }
    }
}

/// Operation results or the like as an XDR list; the bound is never met because operations are at most 100.
pub(crate) fn list<T>(items: Vec<T>) -> VecM<T> {
    items.try_into().unwrap_or_default()
}

//! One face for the shapes of a transaction envelope.

use base64::{Engine, prelude::BASE64_STANDARD};
use stellar_xdr::{
    AccountId, DecoratedSignature, FeeBumpTransactionInnerTx, Memo, MuxedAccount, Operation, Preconditions,
    PublicKey, TransactionEnvelope, Uint256,
};

/// The transaction proper, inside its fee bump if it has one.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    pub(crate) source: MuxedAccount,
    pub(crate) fee: u32,
    pub(crate) sequence: i64,
    pub(crate) preconditions: Preconditions,
    pub(crate) memo: &'a Memo,
    pub(crate) operations: &'a [Operation],
    pub(crate) signatures: &'a [DecoratedSignature],
}

/// What a fee bump adds.
#[derive(Debug)]
pub(crate) struct Bump<'a> {
    pub(crate) fee_source: &'a MuxedAccount,
    pub(crate) signatures: &'a [DecoratedSignature],
}

pub(crate) fn body(envelope: &TransactionEnvelope) -> Body<'_> {
    let v1 = match envelope {
        TransactionEnvelope::TxV0(envelope) => {
            let preconditions =
                envelope.tx.time_bounds.clone().map_or(Preconditions::None, Preconditions::Time);
            return Body {
                source: MuxedAccount::Ed25519(envelope.tx.source_account_ed25519.clone()),
                fee: envelope.tx.fee,
                sequence: envelope.tx.seq_num.0,
                preconditions,
                memo: &envelope.tx.memo,
                operations: &envelope.tx.operations,
                signatures: &envelope.signatures,
            };
        }
        TransactionEnvelope::Tx(envelope) => envelope,
        TransactionEnvelope::TxFeeBump(envelope) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = &envelope.tx.inner_tx;
            inner
        }
    };
    Body {
        source: v1.tx.source_account.clone(),
        fee: v1.tx.fee,
        sequence: v1.tx.seq_num.0,
        preconditions: v1.tx.cond.clone(),
        memo: &v1.tx.memo,
        operations: &v1.tx.operations,
        signatures: &v1.signatures,
    }
}

pub(crate) fn bump(envelope: &TransactionEnvelope) -> Option<Bump<'_>> {
    match envelope {
        TransactionEnvelope::TxFeeBump(envelope) => {
            Some(Bump { fee_source: &envelope.tx.fee_source, signatures: &envelope.signatures })
        }
        TransactionEnvelope::TxV0(_) | TransactionEnvelope::Tx(_) => None,
    }
}

/// The account behind an address, without the id of a muxed one.
pub(crate) fn account(address: &MuxedAccount) -> AccountId {
    let key = match address {
        MuxedAccount::Ed25519(key) => key,
        MuxedAccount::MuxedEd25519(muxed) => &muxed.ed25519,
    };
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key.0)))
}

/// The `M…` address and its id, for a muxed address.
pub(crate) fn muxed(address: &MuxedAccount) -> Option<(String, u64)> {
    match address {
        MuxedAccount::Ed25519(_) => None,
        MuxedAccount::MuxedEd25519(muxed) => Some((address.to_string(), muxed.id)),
    }
}

pub(crate) fn signatures(signatures: &[DecoratedSignature]) -> Vec<String> {
    signatures.iter().map(|signature| BASE64_STANDARD.encode(signature.signature.0.as_slice())).collect()
}

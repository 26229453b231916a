//! A signed envelope of ours in a wrapping that pays more (CAP-15).

use stellar_xdr::{
    FeeBumpTransaction, FeeBumpTransactionEnvelope, FeeBumpTransactionExt, FeeBumpTransactionInnerTx,
    MuxedAccount, TransactionEnvelope, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, Uint256, VecM, WriteXdr as _,
};

use super::{EnvelopeError, SignedEnvelope, decorate, write};
use crate::account::AccountId;
use crate::keys;
use crate::stellar::Network;
use crate::stellar::codec::{self, DecodeError};
use crate::transaction::TransactionHash;

/// A wrapping that waits for its one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedBump {
    hash: TransactionHash,
    transaction: FeeBumpTransaction,
    payer: AccountId,
}

/// Wraps a signed envelope (base64 XDR): `payer` bids `fee_per_operation` stroops, for the envelope's operations and one
/// more. Sequence number, bounds and operations stay those of the envelope inside.
///
/// # Errors
/// [`EnvelopeError::Unreadable`] if it is no plain signed envelope; [`EnvelopeError::Fee`] if it bids more already.
pub fn wrap(
    network: &Network,
    envelope: &str,
    payer: AccountId,
    fee_per_operation: u32,
) -> Result<UnsignedBump, EnvelopeError> {
    let inner: TransactionEnvelope = codec::read(envelope)?;
    let TransactionEnvelope::Tx(inner) = inner else {
        return Err(EnvelopeError::Mismatch("envelope type"));
    };
    let operations = u32::try_from(inner.tx.operations.len()).map_err(|_| EnvelopeError::Operations)?;
    let bid = fee_per_operation.checked_mul(operations).ok_or(EnvelopeError::Fee)?;
    if bid < inner.tx.fee {
        return Err(EnvelopeError::Fee);
    }
    let fee = i64::from(bid).checked_add(i64::from(fee_per_operation)).ok_or(EnvelopeError::Fee)?;
    let transaction = FeeBumpTransaction {
        fee_source: MuxedAccount::Ed25519(Uint256(*payer.as_bytes())),
        fee,
        inner_tx: FeeBumpTransactionInnerTx::Tx(inner),
        ext: FeeBumpTransactionExt::V0,
    };
    let hash = hash(&transaction, network)?;
    Ok(UnsignedBump { hash, transaction, payer })
}

pub(super) fn hash(
    transaction: &FeeBumpTransaction,
    network: &Network,
) -> Result<TransactionHash, DecodeError> {
    use sha2::Digest as _;
    let payload = TransactionSignaturePayload {
        network_id: stellar_xdr::Hash(*network.id()),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::TxFeeBump(transaction.clone()),
    };
    let bytes = payload.to_xdr(codec::limits()).map_err(|error| DecodeError::Xdr(error.to_string()))?;
    Ok(TransactionHash::from_bytes(sha2::Sha256::digest(bytes).into()))
}

impl UnsignedBump {
    /// What has to be signed, and what some servers know the wrapping by.
    pub const fn hash(&self) -> TransactionHash {
        self.hash
    }

    /// The most that it costs, in stroops.
    pub const fn fee(&self) -> i64 {
        self.transaction.fee
    }

    /// The wrapping without its signature (base64 XDR), for somebody else to sign.
    ///
    /// # Errors
    /// [`EnvelopeError::Unreadable`] if it cannot be written.
    pub fn xdr(&self) -> Result<String, EnvelopeError> {
        let (tx, signatures) = (self.transaction.clone(), VecM::default());
        Ok(write(&TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx, signatures }))?)
    }

    /// Adds the payer's signature over [`hash`](Self::hash), after verifying it.
    ///
    /// # Errors
    /// [`EnvelopeError::Signature`].
    pub fn sign(self, signature: &[u8; 64]) -> Result<SignedEnvelope, EnvelopeError> {
        if !keys::verify(&self.payer, self.hash.as_bytes(), signature) {
            return Err(EnvelopeError::Signature(self.payer));
        }
        let signatures = VecM::try_from(vec![decorate(&self.payer, signature)?]);
        let envelope = TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope {
            tx: self.transaction,
            signatures: signatures.map_err(|_| EnvelopeError::Signatures)?,
        });
        Ok(SignedEnvelope { hash: self.hash, xdr: write(&envelope)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::StellarAsset;
    use crate::keys::SigningKey;
    use crate::memo::Memo;
    use crate::stellar::envelope::{EnvelopeSpec, Payment};

    fn signed(network: &Network, fee_per_operation: u32) -> SignedEnvelope {
        let key = SigningKey::from_seed([1; 32]);
        let payment = Payment::Pay {
            destination: SigningKey::from_seed([2; 32]).account().into(),
            asset: StellarAsset::Native,
            amount: "1".parse().unwrap(),
        };
        let unsigned = EnvelopeSpec {
            network,
            transaction_source: key.account(),
            sequence: 7,
            operation_source: None,
            operations: vec![payment.clone().into(), payment.into()],
            memo: Memo::Id(3),
            fee_per_operation,
            max_time: 1000,
        }
        .build()
        .unwrap();
        let signature = key.sign(unsigned.hash().as_bytes());
        unsigned.sign(&[(key.account(), signature)]).unwrap()
    }

    #[test]
    fn wrapping_keeps_the_envelope_inside_and_has_a_hash_of_its_own() {
        let network = Network::new(Network::TESTNET);
        let envelope = signed(&network, 100);
        let payer = SigningKey::from_seed([3; 32]);
        let unsigned = wrap(&network, &envelope.xdr, payer.account(), 1000).unwrap();
        assert_eq!(unsigned.fee(), 3000);
        let signature = payer.sign(unsigned.hash().as_bytes());
        let bump = unsigned.sign(&signature).unwrap();
        let TransactionEnvelope::TxFeeBump(read) = codec::read(&bump.xdr).unwrap() else { panic!() };
        assert_eq!(read.tx.hash(*network.id()).unwrap(), *bump.hash.as_bytes());
        let FeeBumpTransactionInnerTx::Tx(inner) = read.tx.inner_tx;
        assert_eq!(write(&TransactionEnvelope::Tx(inner)).unwrap(), envelope.xdr);
        assert_ne!(bump.hash, envelope.hash);
    }

    #[test]
    fn cheaper_wrapping_wrong_signature_and_second_wrapping_are_refused() {
        let network = Network::new(Network::TESTNET);
        let envelope = signed(&network, 100);
        let payer = SigningKey::from_seed([3; 32]);
        assert!(matches!(wrap(&network, &envelope.xdr, payer.account(), 99), Err(EnvelopeError::Fee)));
        let unsigned = wrap(&network, &envelope.xdr, payer.account(), 100).unwrap();
        let wrong = SigningKey::from_seed([4; 32]).sign(unsigned.hash().as_bytes());
        assert!(matches!(unsigned.clone().sign(&wrong), Err(EnvelopeError::Signature(_))));
        let signature = payer.sign(unsigned.hash().as_bytes());
        let bump = unsigned.sign(&signature).unwrap();
        assert!(wrap(&network, &bump.xdr, payer.account(), 1000).is_err());
        assert!(wrap(&network, "AAAA", payer.account(), 1000).is_err());
    }
}

//! Signatures for an envelope that was stored without them, in another process perhaps, hours ago.

use stellar_xdr::{
    DecoratedSignature, FeeBumpTransactionEnvelope, OperationBody, TransactionEnvelope,
    TransactionV1Envelope, VecM,
};

use super::{EnvelopeError, SIGNATURES_MAX, SignedEnvelope, bump, decorate, hash, write};
use crate::account::{Account, AccountId};
use crate::keys;
use crate::stellar::Network;
use crate::stellar::codec;
use crate::transaction::TransactionHash;

/// Who has to sign an envelope, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// It is a fee bump around another envelope.
    pub is_wrapping: bool,
    /// Whose sequence number or lumens it uses for fees.
    pub source: AccountId,
    /// Whose value it moves, without repetition; may be `source` too.
    pub payers: Vec<AccountId>,
    /// Who authorises trust lines with it, and nothing else, without repetition.
    pub authorizers: Vec<AccountId>,
}

impl Needed {
    /// All of them, once each.
    pub fn accounts(&self) -> Vec<AccountId> {
        let mut accounts = vec![self.source];
        let others = self.payers.iter().chain(&self.authorizers).copied();
        accounts.extend(others.filter(|other| *other != self.source));
        accounts
    }
}

/// The hash that has to be signed, of an envelope (base64 XDR) of this network.
///
/// # Errors
/// [`EnvelopeError::Unreadable`].
pub fn hash_of(network: &Network, envelope: &str) -> Result<TransactionHash, EnvelopeError> {
    hash_read(network, &codec::read(envelope)?)
}

fn hash_read(network: &Network, envelope: &TransactionEnvelope) -> Result<TransactionHash, EnvelopeError> {
    match envelope {
        TransactionEnvelope::Tx(envelope) => Ok(TransactionHash::from_bytes(hash(&envelope.tx, network)?)),
        TransactionEnvelope::TxFeeBump(envelope) => Ok(bump::hash(&envelope.tx, network)?),
        TransactionEnvelope::TxV0(_) => Err(EnvelopeError::Mismatch("envelope type")),
    }
}

/// Who has to sign one of our own envelopes.
///
/// # Errors
/// [`EnvelopeError`] if it cannot be read, or is none that we build.
pub fn needed(envelope: &str) -> Result<Needed, EnvelopeError> {
    let own = |account: Account| account.ledger_account().ok_or(EnvelopeError::Mismatch("source account"));
    match codec::read(envelope)? {
        TransactionEnvelope::Tx(envelope) => {
            let source = own(codec::account(&envelope.tx.source_account))?;
            let (mut payers, mut authorizers) = (Vec::new(), Vec::new());
            for operation in envelope.tx.operations.iter() {
                let payer =
                    operation.source_account.as_ref().map_or(Ok(source), |one| own(codec::account(one)))?;
                let asks_for = match operation.body {
                    OperationBody::SetTrustLineFlags(_) => &mut authorizers,
                    _ => &mut payers,
                };
                if !asks_for.contains(&payer) {
                    asks_for.push(payer);
                }
            }
            authorizers.retain(|account| !payers.contains(account));
            Ok(Needed { is_wrapping: false, source, payers, authorizers })
        }
        TransactionEnvelope::TxFeeBump(envelope) => {
            let source = own(codec::account(&envelope.tx.fee_source))?;
            Ok(Needed { is_wrapping: true, source, payers: Vec::new(), authorizers: Vec::new() })
        }
        TransactionEnvelope::TxV0(_) => Err(EnvelopeError::Mismatch("envelope type")),
    }
}

/// Adds signatures, each of the key that is named, to an envelope that has none, after reading it again: it has to be the
/// one of this hash.
///
/// # Errors
/// [`EnvelopeError`]: another envelope, a wrong or repeated signature, or more than twenty.
pub fn attach(
    network: &Network,
    unsigned: &str,
    expected: TransactionHash,
    signatures: &[(AccountId, [u8; 64])],
) -> Result<SignedEnvelope, EnvelopeError> {
    let envelope: TransactionEnvelope = codec::read(unsigned)?;
    if hash_read(network, &envelope)? != expected {
        return Err(EnvelopeError::Mismatch("hash"));
    }
    let mut decorated: Vec<DecoratedSignature> = Vec::with_capacity(signatures.len());
    for (index, (signer, signature)) in signatures.iter().enumerate() {
        if signatures.iter().take(index).any(|(earlier, _)| earlier == signer) {
            return Err(EnvelopeError::Signatures);
        }
        if !keys::verify(signer, expected.as_bytes(), signature) {
            return Err(EnvelopeError::Signature(*signer));
        }
        decorated.push(decorate(signer, signature)?);
    }
    if decorated.is_empty() || decorated.len() > SIGNATURES_MAX {
        return Err(EnvelopeError::Signatures);
    }
    let added = VecM::try_from(decorated).map_err(|_| EnvelopeError::Signatures)?;
    let signed = match envelope {
        TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }) if signatures.is_empty() => {
            TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: added })
        }
        TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx, signatures })
            if signatures.is_empty() =>
        {
            TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx, signatures: added })
        }
        _ => return Err(EnvelopeError::Mismatch("signatures")),
    };
    Ok(SignedEnvelope { hash: expected, xdr: write(&signed)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::StellarAsset;
    use crate::keys::SigningKey;
    use crate::memo::Memo;
    use crate::stellar::envelope::{EnvelopeSpec, Payment};

    fn key(number: u8) -> SigningKey {
        SigningKey::from_seed([number; 32])
    }

    fn unsigned(network: &Network) -> (TransactionHash, String) {
        let payment = Payment::Pay {
            destination: key(9).account().into(),
            asset: StellarAsset::Native,
            amount: "1".parse().unwrap(),
        };
        let unsigned = EnvelopeSpec {
            network,
            transaction_source: key(1).account(),
            sequence: 7,
            operation_source: Some(key(2).account()),
            operations: vec![payment.clone().into(), payment.into()],
            memo: Memo::None,
            fee_per_operation: 100,
            max_time: 1000,
        }
        .build()
        .unwrap();
        (unsigned.hash(), unsigned.xdr().unwrap())
    }

    #[test]
    fn signatures_of_several_keys_are_added_to_exactly_the_stored_envelope() {
        let network = Network::new(Network::TESTNET);
        let (hash, text) = unsigned(&network);
        assert_eq!(hash_of(&network, &text).unwrap(), hash);
        let needs = needed(&text).unwrap();
        assert_eq!((needs.is_wrapping, needs.accounts()), (false, vec![key(1).account(), key(2).account()]));
        let sign = |number: u8| (key(number).account(), key(number).sign(hash.as_bytes()));
        let signed = attach(&network, &text, hash, &[sign(1), sign(3), sign(4)]).unwrap();
        let TransactionEnvelope::Tx(read) = codec::read(&signed.xdr).unwrap() else { panic!() };
        assert_eq!(read.signatures.len(), 3);
        assert_eq!(super::hash(&read.tx, &network).unwrap(), *hash.as_bytes());
        let again = attach(&network, &signed.xdr, hash, &[sign(5)]);
        assert!(matches!(again, Err(EnvelopeError::Mismatch("signatures"))), "{again:?}");
    }

    #[test]
    fn wrong_repeated_missing_and_too_many_signatures_are_refused() {
        let network = Network::new(Network::TESTNET);
        let (hash, text) = unsigned(&network);
        let sign = |number: u8| (key(number).account(), key(number).sign(hash.as_bytes()));
        let wrong = (key(1).account(), key(2).sign(hash.as_bytes()));
        assert!(matches!(attach(&network, &text, hash, &[wrong]), Err(EnvelopeError::Signature(_))));
        assert!(matches!(attach(&network, &text, hash, &[sign(1), sign(1)]), Err(EnvelopeError::Signatures)));
        assert!(matches!(attach(&network, &text, hash, &[]), Err(EnvelopeError::Signatures)));
        let many: Vec<_> = (0..21).map(sign).collect();
        assert!(matches!(attach(&network, &text, hash, &many), Err(EnvelopeError::Signatures)));
        let other = Network::new(Network::PUBLIC);
        assert!(matches!(attach(&other, &text, hash, &[sign(1)]), Err(EnvelopeError::Mismatch("hash"))));
        assert!(needed("AAAA").is_err() && hash_of(&network, "").is_err());
    }

    #[test]
    fn wrapping_is_signed_by_its_payer_only() {
        let network = Network::new(Network::TESTNET);
        let (hash, text) = unsigned(&network);
        let sign = |number: u8| (key(number).account(), key(number).sign(hash.as_bytes()));
        let inner = attach(&network, &text, hash, &[sign(1), sign(2)]).unwrap();
        let wrapping = bump::wrap(&network, &inner.xdr, key(3).account(), 1000).unwrap();
        let text = wrapping.xdr().unwrap();
        let needs = needed(&text).unwrap();
        assert_eq!((needs.is_wrapping, needs.accounts()), (true, vec![key(3).account()]));
        let signature = (key(3).account(), key(3).sign(wrapping.hash().as_bytes()));
        let signed = attach(&network, &text, wrapping.hash(), &[signature]).unwrap();
        let direct = wrapping.sign(&key(3).sign(signed.hash.as_bytes())).unwrap();
        assert_eq!(signed, direct);
    }
}

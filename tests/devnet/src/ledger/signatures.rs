//! Which signers of an account have signed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountEntry, AccountId, DecoratedSignature, SignerKey, SignerKeyEd25519SignedPayload, Uint256,
};

use super::asset;

/// Whether signatures are verified or taken on trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verification {
    /// Every signature is verified.
    Full,
    /// Ed25519 signatures with the right hint are believed: replaying a log of envelopes that were verified when
    /// they were submitted.
    Trusting,
}

/// What verifying the signatures of one envelope has shown: by position of the signature and key. An envelope is
/// judged several times (when submitted, before a ledger and in it); this way it is verified once.
#[derive(Debug, Default)]
pub(crate) struct Memo(Mutex<BTreeMap<(usize, [u8; 32]), bool>>);

/// The signatures of one envelope, and which of them have counted for something.
#[derive(Debug)]
pub(crate) struct Signatures<'a> {
    hash: [u8; 32],
    signatures: &'a [DecoratedSignature],
    used: Vec<bool>,
    verification: Verification,
    memo: &'a Memo,
}

/// A signer and its weight.
#[derive(Clone, Debug)]
pub(crate) struct Weighted {
    pub(crate) key: SignerKey,
    pub(crate) weight: u32,
}

impl<'a> Signatures<'a> {
    pub(crate) fn new(
        hash: [u8; 32],
        signatures: &'a [DecoratedSignature],
        memo: &'a Memo,
        verification: Verification,
    ) -> Self {
        Self { hash, signatures, used: vec![false; signatures.len()], verification, memo }
    }

    /// Whether the signers of `account` reach `needed`. A threshold of 0 still asks for one valid signature.
    pub(crate) fn satisfy(&mut self, account: &AccountEntry, needed: u8) -> bool {
        let mut signers = Vec::with_capacity(account.signers.len() + 1);
        if account.thresholds.0[0] > 0 {
            signers.push(Weighted {
                key: master(&account.account_id),
                weight: u32::from(account.thresholds.0[0]),
            });
        }
        signers.extend(
            account.signers.iter().map(|signer| Weighted { key: signer.key.clone(), weight: signer.weight }),
        );
        self.reach(signers, u32::from(needed))
    }

    /// Whether the master key of an account that does not exist (yet) has signed.
    pub(crate) fn satisfy_missing(&mut self, account: &AccountId) -> bool {
        self.reach(vec![Weighted { key: master(account), weight: 1 }], 0)
    }

    /// Whether the weights of the signers that have signed add up to `needed`.
    pub(crate) fn reach(&mut self, signers: Vec<Weighted>, needed: u32) -> bool {
        let mut total = 0;
        for signer in &signers {
            if matches!(&signer.key, SignerKey::PreAuthTx(hash) if hash.0 == self.hash) {
                total += signer.weight.min(255);
                if total >= needed {
                    return true;
                }
            }
        }
        for kind in [Kind::HashX, Kind::Ed25519, Kind::SignedPayload] {
            let mut candidates: Vec<&Weighted> =
                signers.iter().filter(|signer| Kind::of(&signer.key) == Some(kind)).collect();
            for index in 0..self.signatures.len() {
                let Some(found) = candidates.iter().position(|signer| self.verifies(index, &signer.key))
                else {
                    continue;
                };
                self.used[index] = true;
                total += candidates.remove(found).weight.min(255);
                if total >= needed {
                    return true;
                }
            }
        }
        false
    }

    /// Verifies what these accounts' master keys may have signed, for the memo only.
    pub(crate) fn verify_ahead(&self, accounts: &[AccountId]) {
        for account in accounts {
            for index in 0..self.signatures.len() {
                self.verifies(index, &master(account));
            }
        }
    }

    /// Whether every signature has counted for something; the network refuses envelopes with spare ones.
    pub(crate) fn all_used(&self) -> bool {
        self.used.iter().all(|used| *used)
    }

    fn verifies(&self, index: usize, key: &SignerKey) -> bool {
        let DecoratedSignature { hint, signature } = &self.signatures[index];
        let signature = signature.0.as_slice();
        match key {
            SignerKey::Ed25519(Uint256(key)) => {
                hint.0 == tail(key)
                    && self.memo.recall(index, key, || self.verify(key, &self.hash, signature))
            }
            SignerKey::HashX(Uint256(hash)) => {
                hint.0 == tail(hash) && Sha256::digest(signature).as_slice() == hash
            }
            SignerKey::Ed25519SignedPayload(SignerKeyEd25519SignedPayload {
                ed25519: Uint256(key),
                payload,
            }) => {
                hint.0 == payload_hint(key, payload.as_slice())
                    && self.verify(key, payload.as_slice(), signature)
            }
            SignerKey::PreAuthTx(_) => false,
        }
    }

    fn verify(&self, key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        match self.verification {
            Verification::Trusting => true,
            Verification::Full => {
                VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
            }
        }
    }
}

impl Memo {
    fn recall(&self, index: usize, key: &[u8; 32], verify: impl FnOnce() -> bool) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry((index, *key)).or_insert_with(verify)
    }
}

/// The signer key of an account's master key.
pub(crate) fn master(account: &AccountId) -> SignerKey {
    SignerKey::Ed25519(Uint256(asset::public_key(account)))
}

/// The hint of a signed-payload signature: key and payload hints combined.
pub(crate) fn payload_hint(key: &[u8; 32], payload: &[u8]) -> [u8; 4] {
    let mut hint = [0; 4];
    let end = &payload[payload.len().saturating_sub(4)..];
    hint[..end.len()].copy_from_slice(end);
    for (byte, key_byte) in hint.iter_mut().zip(tail(key)) {
        *byte ^= key_byte;
    }
    hint
}

/// The last four bytes, by which a signature hints at its key.
pub(crate) fn tail(key: &[u8; 32]) -> [u8; 4] {
    [key[28], key[29], key[30], key[31]]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    HashX,
    Ed25519,
    SignedPayload,
}

impl Kind {
    fn of(key: &SignerKey) -> Option<Self> {
        match key {
            SignerKey::PreAuthTx(_) => None,
            SignerKey::HashX(_) => Some(Self::HashX),
            SignerKey::Ed25519(_) => Some(Self::Ed25519),
            SignerKey::Ed25519SignedPayload(_) => Some(Self::SignedPayload),
        }
    }
}

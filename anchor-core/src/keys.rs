//! Ed25519 keys of Stellar accounts.

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use stellar_strkey::ed25519::PrivateKey;
use zeroize::Zeroizing;

use crate::account::AccountId;
use crate::secret::Secret;

/// Not a valid `S…` seed. Says nothing about the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid Stellar secret seed (S…)")]
#[non_exhaustive]
pub struct SeedError;

/// A key that signs for an account. Shows its public `G…` only, and is overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key from the thread's cryptographic generator, which the operating system seeds.
    pub fn generate() -> Self {
        Self::from_seed(rand::random())
    }

    /// From the 32 bytes inside an `S…`.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// One of a family of keys: the same seed and number give the same key, and nobody learns the seed from it.
    #[must_use]
    pub fn derive(&self, family: &str, number: u32) -> Self {
        use sha2::Digest as _;
        // of a fixed length and secret: nothing can be appended to what is hashed
        let digest = sha2::Sha256::new()
            .chain_update(self.0.as_bytes())
            .chain_update(family.as_bytes())
            .chain_update(number.to_be_bytes())
            .finalize();
        Self::from_seed(digest.into())
    }

    /// The account whose master key this is.
    pub fn account(&self) -> AccountId {
        AccountId::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// A plain ed25519 signature over `message`; Stellar signs the 32-byte hash of a transaction.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// The seed in its `S…` form, for handing it to a vault or a library.
    #[expect(clippy::expect_used, reason = "writing to a String never fails")]
    pub fn to_strkey(&self) -> Secret<String> {
        let seed = PrivateKey(self.0.to_bytes());
        // room for all of it at once: a growing string would leave copies behind
        let mut text = String::with_capacity(PrivateKey::ENCODED_LEN);
        write!(text, "{}", seed.as_unredacted()).expect("infallible");
        Secret::new(text)
    }

    /// For libraries that sign with dalek keys themselves.
    pub fn dalek(&self) -> &ed25519_dalek::SigningKey {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.account())
    }
}

impl FromStr for SigningKey {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, SeedError> {
        let seed: PrivateKey = text.parse().map_err(|_| SeedError)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed.0)))
    }
}

/// True if `signature` is `account`'s over `message`. Strict: false for keys that are no point of the curve or
/// of small order (for which one signature fits every message), and for altered copies of a signature.
pub fn verify(account: &AccountId, message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) =
        (VerifyingKey::from_bytes(account.as_bytes()), Signature::from_slice(signature))
    else {
        return false;
    };
    key.verify_strict(message, &signature).is_ok()
}

#[cfg(test)]
mod tests;

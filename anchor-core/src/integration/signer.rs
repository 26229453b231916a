//! Who signs for the anchor's accounts.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::account::AccountId;
use crate::keys::SigningKey;

/// The signer could not sign. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// It has no key for this account.
    #[error("no key for account {0}")]
    UnknownAccount(AccountId),
    /// It could not be asked.
    #[error("the signer could not be asked")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Signs transaction hashes for the anchor's accounts.
///
/// # Example
/// ```
/// use anchor_core::integration::{LocalSigner, Signer};
/// use anchor_core::keys::SigningKey;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let key = SigningKey::generate();
/// let account = key.account();
/// let signer = LocalSigner::new([key]);
/// assert_eq!(signer.accounts(), [account]);
/// let signature = signer.sign(&account, &[7; 32]).await.unwrap();
/// assert!(anchor_core::keys::verify(&account, &[7; 32], &signature));
/// # });
/// ```
#[async_trait]
pub trait Signer: Send + Sync {
    /// The accounts it can sign for.
    fn accounts(&self) -> Vec<AccountId>;

    /// An ed25519 signature of `account`'s key over the hash of one of our own transactions.
    ///
    /// # When it is called
    /// Before an attempt is stored; the envelope is sent only after it was stored.
    /// # What to return
    /// The 64 bytes of the signature.
    /// # If it is called twice
    /// Harmless: without being stored, an envelope is never sent.
    /// # If it fails
    /// Nothing was stored or sent; tried again later.
    ///
    /// # Errors
    /// See [`SignError`].
    async fn sign(&self, account: &AccountId, hash: &[u8; 32]) -> Result<[u8; 64], SignError>;
}

/// Keys in this process's memory.
#[derive(Debug, Clone, Default)]
pub struct LocalSigner(BTreeMap<AccountId, SigningKey>);

impl LocalSigner {
    /// Signs with these keys.
    pub fn new(keys: impl IntoIterator<Item = SigningKey>) -> Self {
        Self(keys.into_iter().map(|key| (key.account(), key)).collect())
    }
}

#[async_trait]
impl Signer for LocalSigner {
    fn accounts(&self) -> Vec<AccountId> {
        self.0.keys().copied().collect()
    }

    async fn sign(&self, account: &AccountId, hash: &[u8; 32]) -> Result<[u8; 64], SignError> {
        let key = self.0.get(account).ok_or(SignError::UnknownAccount(*account))?;
        Ok(key.sign(hash))
    }
}

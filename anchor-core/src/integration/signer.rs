//! Who signs for the anchor's accounts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

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
#[derive(Debug, Default)]
pub struct LocalSigner {
    keys: BTreeMap<AccountId, SigningKey>,
    channels: Option<ChannelKeys>,
}

impl LocalSigner {
    /// Signs with these keys.
    pub fn new(keys: impl IntoIterator<Item = SigningKey>) -> Self {
        Self { keys: keys.into_iter().map(|key| (key.account(), key)).collect(), channels: None }
    }

    /// Signs for channel accounts too, whose keys are derived from this seed (`CHANNEL_SEED`).
    #[must_use]
    pub fn with_channels(self, seed: SigningKey) -> Self {
        Self { channels: Some(ChannelKeys { seed, derived: Mutex::default() }), ..self }
    }
}

#[async_trait]
impl Signer for LocalSigner {
    fn accounts(&self) -> Vec<AccountId> {
        self.keys.keys().copied().collect()
    }

    async fn sign(&self, account: &AccountId, hash: &[u8; 32]) -> Result<[u8; 64], SignError> {
        if let Some(key) = self.keys.get(account) {
            return Ok(key.sign(hash));
        }
        let signed = self.channels.as_ref().and_then(|channels| channels.sign(account, hash));
        signed.ok_or(SignError::UnknownAccount(*account))
    }
}

/// The most channel accounts that there can be.
pub const CHANNELS_MAX: u32 = 10_000;

/// The key of the channel account at a place of the pool.
pub fn channel_key(seed: &SigningKey, position: u32) -> SigningKey {
    seed.derive("anchor channel", position)
}

/// Derived when they are first needed: a pool may grow while a worker runs.
#[derive(Debug)]
struct ChannelKeys {
    seed: SigningKey,
    derived: Mutex<BTreeMap<AccountId, SigningKey>>,
}

impl ChannelKeys {
    fn sign(&self, account: &AccountId, hash: &[u8; 32]) -> Option<[u8; 64]> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        while !derived.contains_key(account) {
            let next = u32::try_from(derived.len()).ok().filter(|next| *next < CHANNELS_MAX)?;
            let key = channel_key(&self.seed, next);
            derived.insert(key.account(), key);
        }
        derived.get(account).map(|key| key.sign(hash))
    }
}

//! Keys in this process's memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::IntegrationError;
use super::signer::{AccountSignature, Signer, SigningOutcome, SigningRequest};
use crate::account::AccountId;
use crate::keys::SigningKey;

/// Nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// There is no key for this account.
    #[error("no key for account {0}")]
    UnknownAccount(AccountId),
}

/// Keys in this process's memory: those of `DISTRIBUTION_SEEDS`, `FEE_SEED` and `CHANNEL_SEED`. What they alone have to
/// sign is signed at once, before it is stored.
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

    /// A signature of the account's own key.
    ///
    /// # Errors
    /// [`SignError::UnknownAccount`].
    pub fn sign_hash(&self, account: &AccountId, hash: &[u8; 32]) -> Result<[u8; 64], SignError> {
        if let Some(key) = self.keys.get(account) {
            return Ok(key.sign(hash));
        }
        let signed = self.channels.as_ref().and_then(|channels| channels.sign(account, hash));
        signed.ok_or(SignError::UnknownAccount(*account))
    }

    /// Whether there is a key of the channel at this place of the pool: it may have been made with another seed.
    pub(crate) fn has_channel(&self, account: &AccountId, position: u32) -> bool {
        self.has(account) || self.channels.as_ref().is_some_and(|channels| channels.makes(account, position))
    }

    /// Whether there is a key of this account, channels aside.
    pub(crate) fn has(&self, account: &AccountId) -> bool {
        self.keys.contains_key(account)
    }
}

#[async_trait]
impl Signer for LocalSigner {
    fn accounts(&self) -> Vec<AccountId> {
        self.keys.keys().copied().collect()
    }

    async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
        if let Err(error) = request.check() {
            return Ok(SigningOutcome::Refused { reason: error.to_string() });
        }
        let sign = |account: &AccountId| {
            let signature = self.sign_hash(account, request.hash.as_bytes())?;
            Ok(AccountSignature { signer: *account, signature })
        };
        let signatures: Result<Vec<_>, SignError> = request.accounts.iter().map(sign).collect();
        Ok(match signatures {
            Ok(signatures) => SigningOutcome::Signed(signatures),
            Err(unknown) => SigningOutcome::Refused { reason: unknown.to_string() },
        })
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
    fn makes(&self, account: &AccountId, position: u32) -> bool {
        let derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        derived.contains_key(account) || channel_key(&self.seed, position).account() == *account
    }

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

//! Who signs for the anchor's accounts, if not this process: an HSM, a policy engine, people with keys of their own.

use std::sync::Arc;

use async_trait::async_trait;

use super::IntegrationError;
use crate::account::AccountId;
use crate::id::AttemptId;
use crate::stellar::Network;
use crate::stellar::envelope::{EnvelopeError, hash_of};
use crate::transaction::{AttemptPurpose, TransactionHash};

/// An envelope of ours that waits for signatures. It was stored before anybody saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningRequest {
    /// **Your idempotency key**: it names exactly these bytes. Compute it yourself from `envelope` and `network`
    /// ([`check`](Self::check)) before you sign it.
    pub hash: TransactionHash,
    /// The attempt that the envelope belongs to, as the anchor's own rows and logs name it. A dearer wrapping belongs to
    /// the attempt of the envelope inside, and has a hash of its own.
    pub attempt: AttemptId,
    /// What it is for.
    pub purpose: AttemptPurpose,
    /// It is a fee bump (CAP-15) around an envelope that was signed before.
    pub is_wrapping: bool,
    /// The network that it is for.
    pub network: Network,
    /// Base64 XDR, whole, without any of the signatures that it waits for.
    pub envelope: Arc<str>,
    /// The accounts whose signatures are wanted: those of [`Signer::accounts`] that the envelope takes value or fees
    /// from. For each of them as many signatures as its medium threshold asks for.
    pub accounts: Vec<AccountId>,
    /// The upper bound, in Unix seconds of ledger time: a signature that comes later is of no use.
    pub max_time: u64,
}

impl SigningRequest {
    /// Computes the hash of the envelope for its network, and compares.
    ///
    /// # Errors
    /// [`EnvelopeError`] if the envelope cannot be read, or has another hash.
    pub fn check(&self) -> Result<(), EnvelopeError> {
        if hash_of(&self.network, &self.envelope)? == self.hash {
            Ok(())
        } else {
            Err(EnvelopeError::Mismatch("hash"))
        }
    }
}

/// A signature over [`SigningRequest::hash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSignature {
    /// The key that made it, as the account that it is the master key of: a signer of one of the accounts.
    pub signer: AccountId,
    /// Ed25519.
    pub signature: [u8; 64],
}

/// How a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningOutcome {
    /// All that is needed, at once. For an account with several signers one signature of each who has signed: the
    /// anchor sends no more of them than the thresholds ask for.
    Signed(Vec<AccountSignature>),
    /// Not signed yet.
    Pending,
    /// Will not be signed. Nobody is asked again for this envelope; when its bound has passed, its transactions go on
    /// hold for the operator.
    Refused {
        /// For the operator.
        reason: String,
    },
}

/// Signs whole envelopes for accounts whose keys this process does not have.
///
/// # Example
/// ```
/// use anchor_core::account::AccountId;
/// use anchor_core::integration::*;
/// use async_trait::async_trait;
///
/// struct Vault {
///     distribution: AccountId,
/// }
/// # impl Vault {
/// #     async fn file(&self, _key: String, _envelope: &str) -> std::io::Result<()> { Ok(()) }
/// #     async fn approvals(&self, _key: String) -> std::io::Result<Vec<(AccountId, [u8; 64])>> { Ok(Vec::new()) }
/// # }
///
/// #[async_trait]
/// impl Signer for Vault {
///     fn accounts(&self) -> Vec<AccountId> {
///         vec![self.distribution]
///     }
///
///     async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
///         // the vault keeps one request for each key, and shows it to two people
///         let key = request.hash.to_string();
///         self.file(key.clone(), &request.envelope).await.map_err(IntegrationError::transient)?;
///         let approvals = self.approvals(key).await.map_err(IntegrationError::transient)?;
///         if approvals.len() < 2 {
///             return Ok(SigningOutcome::Pending);
///         }
///         let signature = |(signer, signature)| AccountSignature { signer, signature };
///         Ok(SigningOutcome::Signed(approvals.into_iter().map(signature).collect()))
///     }
/// }
/// ```
#[async_trait]
pub trait Signer: Send + Sync {
    /// The accounts that it signs for; read once, when the anchor is built. Local keys sign for all others, and beside
    /// it where they are signers of these accounts and weight is missing. Channel accounts never belong here: their keys
    /// are always local, and what they sign first is sent first.
    fn accounts(&self) -> Vec<AccountId>;

    /// Sign this envelope, or say how that stands.
    ///
    /// # When it is called
    /// By `sign_payments`, after the envelope was stored, and again with growing pauses while it is `Pending`, until the
    /// attempt is closed by what the ledger proves.
    /// # What to return
    /// The signatures, or how the request stands. Each signature is verified, and has to be of a signer that the ledger
    /// shows; if they do not reach the threshold, that is an alarm, and you are asked again.
    /// # If it is called twice
    /// Must be idempotent on `request.hash`: the same request, not a second one. What is `Signed` or `Refused` stays so.
    /// # If it fails
    /// `Err` is "unknown": asked again. `Err(permanent)` is asked no more, and means the same as a refusal: whether or
    /// not somebody signed, the envelope is looked for on the ledger until its bound has passed.
    async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError>;
}

//! Who may hold a token whose issuer wants to be asked.

use async_trait::async_trait;

use super::IntegrationError;
use crate::account::AccountId;
use crate::asset::StellarAsset;
use crate::transaction::Transaction;

/// A deposit that can be paid only if the issuer authorises the recipient's trust line.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TrustRequest {
    /// The deposit as it stands; the money has arrived.
    pub transaction: Transaction,
    /// Who is to hold the token.
    pub holder: AccountId,
    /// The token.
    pub asset: StellarAsset,
}

/// What the business says to that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustOutcome {
    /// This account may hold the token from now on.
    Authorize,
    /// Not yet: asked again later, the less often the longer it lasts.
    NotYet,
    /// Never. The deposit is put on hold, for the operator to give back.
    Refuse {
        /// For the operator.
        reason: String,
    },
}

/// Decides about trust lines to assets that are set to [`Authorization::Ask`](crate::asset::Authorization::Ask): where
/// regulation lets only known customers hold the token.
///
/// # Example
/// ```
/// use anchor_core::integration::{IntegrationError, TrustIntegration, TrustOutcome, TrustRequest};
///
/// /// Knows its customers by their accounts.
/// struct KnownCustomers(Vec<String>);
///
/// #[async_trait::async_trait]
/// impl TrustIntegration for KnownCustomers {
///     async fn may_hold(&self, request: &TrustRequest) -> Result<TrustOutcome, IntegrationError> {
///         let is_known = self.0.contains(&request.holder.to_string());
///         Ok(if is_known { TrustOutcome::Authorize } else { TrustOutcome::NotYet })
///     }
/// }
/// ```
#[async_trait]
pub trait TrustIntegration: Send + Sync {
    /// Whether the anchor may authorise this trust line.
    ///
    /// # When it is called
    /// When a deposit has arrived and its trust line is there, has room, and was never authorised. A line that was
    /// revoked is not asked about.
    /// # What to return
    /// The business's decision about this account, now.
    /// # If it is called twice
    /// It is asked again for every new envelope, and whenever the trust line changes: answer from your own records.
    /// # If it fails
    /// Nothing is authorised and nothing is paid; asked again later.
    ///
    /// # Errors
    /// When the decision is not known.
    async fn may_hold(&self, request: &TrustRequest) -> Result<TrustOutcome, IntegrationError>;
}

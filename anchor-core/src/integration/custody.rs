//! A custodian: it has the keys, signs and sends by itself.

use async_trait::async_trait;

use super::IntegrationError;
use crate::transaction::{CustodyOrder, TransactionHash};

/// What became of a payment that was ordered from the custodian.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustodyOutcome {
    /// It is on the ledger, in this transaction. The anchor looks for itself: until the ledger shows a payment from
    /// `order.source`, to `order.destination`, of exactly this amount with this memo, and one that stands for no other
    /// order, nothing is believed.
    Applied {
        /// The hash by which it is found on the ledger.
        hash: TransactionHash,
    },
    /// Under way.
    Pending,
    /// Definitely not made, and never will be under this id. The transaction goes on hold.
    Rejected {
        /// For the operator.
        reason: String,
    },
    /// The order never reached the custodian. Only a *look-up* may answer this, and it is **the only answer that allows
    /// another `hand_over`**.
    NeverSeen,
}

/// The business's connection to a custodian who pays deposits and refunds on the ledger.
///
/// Where one is attached, `submit_payments` and `confirm_payments` order payments here and follow them, instead of signing
/// and sending envelopes. Claimable balances are switched off: custodians do not make them.
///
/// # Example
/// ```
/// use anchor_core::integration::*;
/// use anchor_core::transaction::{CustodyOrder, TransactionHash};
/// use async_trait::async_trait;
///
/// struct Custodian;
/// # struct Transfer { hash: Option<TransactionHash>, refused: Option<String> }
/// # impl Custodian {
/// #     async fn transfer(&self, _key: &str, _to: String, _amount: String, _memo: String) -> std::io::Result<()> { Ok(()) }
/// #     async fn transfer_by_key(&self, _key: &str) -> std::io::Result<Option<Transfer>> { Ok(None) }
/// # }
///
/// #[async_trait]
/// impl CustodyIntegration for Custodian {
///     async fn hand_over(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
///         // the custodian refuses a second transfer under the same key
///         let (to, amount) = (order.destination.to_string(), order.amount.to_string());
///         let sent = self.transfer(&order.id.to_string(), to, amount, format!("{:?}", order.memo)).await;
///         sent.map_err(IntegrationError::transient)?;
///         Ok(CustodyOutcome::Pending)
///     }
///
///     async fn find(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
///         let found = self.transfer_by_key(&order.id.to_string()).await.map_err(IntegrationError::transient)?;
///         Ok(match found {
///             None => CustodyOutcome::NeverSeen,
///             Some(Transfer { hash: Some(hash), .. }) => CustodyOutcome::Applied { hash },
///             Some(Transfer { refused: Some(reason), .. }) => CustodyOutcome::Rejected { reason },
///             Some(_) => CustodyOutcome::Pending,
///         })
///     }
/// }
/// ```
#[async_trait]
pub trait CustodyIntegration: Send + Sync {
    /// Make this payment.
    ///
    /// # When it is called
    /// By `submit_payments`, right after the order was stored, and again only after [`find`](Self::find) answered
    /// `NeverSeen`.
    /// # What to return
    /// How the order stands. `Rejected` only if it is certain that nothing was paid and nothing will be.
    /// # If it is called twice
    /// Must be idempotent on `order.id`: hand it to the custodian as the idempotency key.
    /// # If it fails
    /// `Err` is "unknown": the framework calls `find` next, never `hand_over` again at once.
    async fn hand_over(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError>;

    /// Has this order ever reached you, and what became of it?
    ///
    /// # When it is called
    /// By `confirm_payments`, to follow an order, after a crash or an `Err` of `hand_over`; and before another order for a
    /// transaction whose earlier one was rejected.
    /// # What to return
    /// How the order stands, or `NeverSeen` if it is certain that the custodian has never heard of `order.id`.
    /// # If it is called twice
    /// It is a question: it must not change anything.
    /// # If it fails
    /// `Err` is "unknown": asked again later. `Err(permanent)`: the transaction goes on hold, visible and never paid
    /// twice; released, the same question is asked again.
    async fn find(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError>;
}

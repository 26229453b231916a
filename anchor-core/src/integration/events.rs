//! News for the business's own systems.

use async_trait::async_trait;

use super::IntegrationError;
use crate::transaction::Event;

/// Receives every change of every transaction: for notifications, accounting, analytics.
///
/// # Example
/// ```
/// use anchor_core::integration::{EventSink, IntegrationError};
/// use anchor_core::transaction::Event;
/// use async_trait::async_trait;
///
/// struct Print;
///
/// #[async_trait]
/// impl EventSink for Print {
///     async fn deliver(&self, event: &Event) -> Result<(), IntegrationError> {
///         println!("{} is now {}", event.transaction.id, event.transaction.status());
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait EventSink: Send + Sync {
    /// One piece of news.
    ///
    /// # When it is called
    /// By `deliver_events`, in order within a transaction, at least once.
    /// # What to return
    /// `Ok` acknowledges: this news is not delivered again.
    /// # If it is called twice
    /// `event.id` is the same.
    /// # If it fails
    /// Delivered again later, with growing pauses; later news of the same transaction waits. Transactions
    /// themselves are never delayed by it.
    async fn deliver(&self, event: &Event) -> Result<(), IntegrationError>;
}

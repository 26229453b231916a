//! How a transaction is written for wallets.

use crate::transaction::Transaction;

/// Writes a transaction in its protocol's JSON. Implemented by `anchor-web`, which alone knows the wire forms;
/// handed to the builder so that jobs can send the same document to wallets' callbacks.
pub trait TransactionDocuments: Send + Sync {
    /// `{"transaction": {…}}`, exactly as the wallet's own request for it would be answered.
    fn document(&self, transaction: &Transaction) -> serde_json::Value;
}

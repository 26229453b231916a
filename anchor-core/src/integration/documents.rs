//! How a transaction, and how a customer stands, is written for wallets.

use crate::customer::Answer;
use crate::transaction::Transaction;

/// Writes transactions and customers in their protocols' JSON. Implemented by `anchor-web`, which alone knows the wire forms;
/// handed to the builder so that jobs can send the same document to wallets' callbacks.
pub trait TransactionDocuments: Send + Sync {
    /// `{"transaction": {…}}`, exactly as the wallet's own request for it would be answered.
    fn document(&self, transaction: &Transaction) -> serde_json::Value;
    /// What `GET /customer` answers (SEP-12), in English.
    fn customer(&self, answer: &Answer) -> serde_json::Value;
}

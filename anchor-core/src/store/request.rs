//! Requests that may come again.

use crate::id::TransactionId;

/// What makes asking for something again the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Whose ([`Subject::key`](crate::account::Subject::key)).
    pub subject: String,
    /// SHA-256 of what they call it.
    pub key: [u8; 32],
    /// A fingerprint of what they ask for.
    pub digest: [u8; 32],
}

/// A request that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRequest {
    /// What it led to.
    pub transaction: TransactionId,
    /// A fingerprint of what was asked for.
    pub digest: [u8; 32],
}

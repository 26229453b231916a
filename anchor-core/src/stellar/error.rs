//! "I could not find out", from a ledger server.

use std::sync::Arc;
use std::time::Duration;

/// A ledger server did not answer the question. Never an answer in itself.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The server could not be reached, or the connection broke.
    #[error("the ledger server could not be reached")]
    Unreachable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// No complete answer in time.
    #[error("the ledger server did not answer within {0:?}")]
    Timeout(Duration),
    /// Too many requests.
    #[error("the ledger server asks to slow down")]
    Throttled {
        /// How long it asked to wait.
        after: Option<Duration>,
    },
    /// An error of the server's own.
    #[error("the ledger server answered with status {status}")]
    Server {
        /// HTTP status.
        status: u16,
    },
    /// The server refuses the question.
    #[error("the ledger server refuses the question ({code}): {message}")]
    Refused {
        /// JSON-RPC's code.
        code: i64,
        /// In the server's words, shortened.
        message: String,
    },
    /// A long question of which a part was answered: the same question again goes on from there.
    #[error("the ledger server's history is still being searched")]
    Unfinished,
    /// An answer that makes no sense, or that is too large.
    #[error("the ledger server's answer could not be read: {0}")]
    Malformed(String),
    /// The wanted history is older than what the server keeps: reading on would skip payments.
    #[error("the ledger server no longer has the history after {cursor}")]
    HistoryGone {
        /// Where reading should have gone on.
        cursor: String,
    },
    /// No server has read as far as one of them had before: what they show is the past.
    #[error("the ledger servers have read up to ledger {reached} only, and {wanted} was shown before")]
    Behind {
        /// As far as the best of them.
        reached: u32,
        /// What was shown before.
        wanted: u32,
    },
    /// Several servers contradict each other: at least one of them is wrong.
    #[error("the ledger servers contradict each other: {0}")]
    Disagreement(String),
    /// Fewer servers than the quorum gave a negative answer that counts.
    #[error("{said} ledger servers say so, and {wanted} have to")]
    NoQuorum {
        /// So many did.
        said: usize,
        /// So many have to.
        wanted: usize,
    },
    /// The server speaks to another network than the configured one.
    #[error("the ledger server belongs to another network")]
    OtherNetwork,
}

impl LedgerError {
    /// How long to wait before asking again, if the server said so.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { after } => *after,
            _ => None,
        }
    }
}

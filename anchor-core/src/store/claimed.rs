//! What a job has taken for itself, for the time of its lease.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Channel, EventProgress};
use crate::id::TransactionId;
use crate::transaction::{Attempt, Event, Transaction, TransactionHash, Unsigned};

/// Who claims, for how long, how many.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Names the worker, for the operator.
    pub owner: String,
    /// Now.
    pub now: DateTime<Utc>,
    /// How long nobody else may work on the claimed rows.
    pub lease: Duration,
    /// At most this many, oldest due first.
    pub limit: u32,
}

/// A claimed transaction.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// As it stands.
    pub transaction: Transaction,
    /// Proves the claim when it is given back.
    pub lease: LeaseToken,
}

/// A claimed attempt, with everything that it pays for.
#[derive(Debug, Clone)]
pub struct ClaimedAttempt {
    /// The open attempt.
    pub attempt: Attempt,
    /// The same envelope in dearer wrappings, oldest first.
    pub bumps: Vec<Bump>,
    /// When it was stored, and so about when it was first sent.
    pub opened_at: DateTime<Utc>,
    /// Its transactions as they stand, one for each operation, in order. None if it feeds channel accounts.
    pub transactions: Vec<Transaction>,
    /// Proves the claim when it is given back.
    pub lease: LeaseToken,
}

/// An attempt's envelope, wrapped once more with a higher fee, under a hash of its own. It uses the attempt's sequence
/// number and bound, so that at most one of them lands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bump {
    /// The hash of the wrapping.
    pub hash: TransactionHash,
    /// The signed wrapping: base64 XDR.
    pub envelope: Arc<str>,
    /// The most that it may cost, in stroops.
    pub fee: i64,
    /// When it was stored.
    pub opened_at: DateTime<Utc>,
    /// What somebody else has to sign, as for [`Attempt::unsigned`]; then `envelope` is empty until it is signed.
    pub unsigned: Option<Unsigned>,
}

/// An envelope, or a dearer wrapping of one, that somebody else has to sign. Nobody else asks while the lease lasts.
#[derive(Debug, Clone)]
pub struct ClaimedSigning {
    /// What has to be signed: the attempt's hash, or that of a wrapping.
    pub hash: TransactionHash,
    /// The open attempt that it belongs to.
    pub attempt: Attempt,
    /// Base64 XDR, without signatures.
    pub envelope: Arc<str>,
    /// When it was stored.
    pub opened_at: DateTime<Utc>,
    /// Proves the claim when it is signed or given back.
    pub lease: LeaseToken,
}

/// How an envelope that somebody else has to sign ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningEnd {
    /// It can be sent.
    Signed {
        /// Base64 XDR, with all signatures.
        envelope: Arc<str>,
    },
    /// Nobody is asked again.
    Refused {
        /// For the operator.
        reason: String,
    },
}

/// What is known of an envelope that somebody else has to sign, or had to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The last ledger's close time when it was built: [`Unsigned::since`].
    pub since: u64,
    /// Why it was not signed and never will be.
    pub refused: Option<String>,
}

/// An attempt that was closed as void, for one of the transactions that it was to pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The transaction.
    pub transaction: TransactionId,
    /// The attempt.
    pub attempt: Attempt,
    /// The hashes of its dearer wrappings.
    pub wrappings: Vec<TransactionHash>,
    /// The ledger that failed it, and has used its sequence number for it.
    pub ledger: Option<u32>,
    /// A ledger holds another envelope of ours with its sequence number.
    pub is_superseded: bool,
}

/// A channel that nobody else uses while the lease lasts, without an open attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedChannel {
    /// The channel.
    pub channel: Channel,
    /// Proves the claim when it is given back.
    pub lease: LeaseToken,
}

/// Grows with every claim of the same row: an older one has lost its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseToken(pub i64);

/// A claimed piece of news.
#[derive(Debug, Clone)]
pub struct ClaimedEvent {
    /// The news.
    pub event: Event,
    /// How often delivery was tried before.
    pub tries: u32,
    /// Whether the wallet and the business's own sink have it already.
    pub progress: EventProgress,
    /// Proves the claim.
    pub lease: LeaseToken,
}

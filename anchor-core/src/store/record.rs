//! What is kept beside the transactions themselves.

use chrono::{DateTime, Utc};

use super::SuspenseReason;
use crate::account::AccountId;
use crate::asset::StellarAsset;
use crate::id::{AttemptId, TransactionId};
use crate::transaction::{CustodyOrder, CustodyStatus, Protocol, TransactionHash, Variant};

/// An account whose sequence numbers envelopes use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The account.
    pub account: AccountId,
    /// Its place in the pool, from which its key is derived; `None` for a distribution account, which stands in as long
    /// as there is no pool.
    pub position: Option<u32>,
    /// Nobody takes it any more.
    pub retired: bool,
    /// The last used sequence number, where that is proved.
    pub sequence: Option<i64>,
    /// Its open attempt.
    pub attempt: Option<AttemptId>,
}

/// How many channels there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelCount {
    /// That could be used now.
    pub free: u32,
    /// That are not retired.
    pub all: u32,
    /// They are accounts of their own, which pay the fees; not distribution accounts that stand in.
    pub has_pool: bool,
}

/// A stored order to the custodian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyRecord {
    /// The order.
    pub order: CustodyOrder,
    /// How it stands.
    pub status: CustodyStatus,
    /// When it was stored.
    pub opened_at: DateTime<Utc>,
}

/// Which transactions to list. Newest first by (`started_at`, id).
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    /// Only this user's ([`Subject::key`](crate::account::Subject::key)).
    pub subject: Option<String>,
    /// Only of this protocol.
    pub protocol: Option<Protocol>,
    /// Only this asset.
    pub asset: Option<StellarAsset>,
    /// Only these kinds; all if there are none.
    pub variants: Vec<Variant>,
    /// Only started at this time or later.
    pub no_older_than: Option<DateTime<Utc>>,
    /// Only with this ledger transaction.
    pub stellar: Option<TransactionHash>,
    /// Only with this reference of the rails.
    pub external: Option<String>,
    /// Only those that stand here now ([`State::name`](crate::transaction::State::name)). Not asked of `before`, which may
    /// have gone on since it was listed.
    pub state: Option<&'static str>,
    /// Only older than this transaction (exclusive).
    pub before: Option<TransactionId>,
    /// At most this many; the store caps it at 200.
    pub limit: Option<u32>,
}

/// How to find one transaction of a user. All given ones have to fit.
#[derive(Debug, Clone, Default)]
pub struct TransactionLookup {
    /// By our id.
    pub id: Option<TransactionId>,
    /// By ledger transaction; the newest if several share it.
    pub stellar: Option<TransactionHash>,
    /// By the rails' reference; the newest if several share it.
    pub external: Option<String>,
}

/// Where a wallet wants to hear of a transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callbacks {
    /// Once, when the interactive flow is finished.
    pub finished: Option<String>,
    /// At every change of status.
    pub on_change: Option<String>,
}

/// Who has a piece of news already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventProgress {
    /// The business's event sink acknowledged it.
    pub sink: bool,
    /// The wallet's callback got it, or will never.
    pub callback: bool,
}

/// A browser's right to one transaction's pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The only transaction it is good for.
    pub transaction: TransactionId,
    /// Has to come back with every form.
    pub csrf: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Counts for health and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// [`State::name`](crate::transaction::State::name).
    pub state: String,
    /// How many.
    pub count: u64,
    /// When the one that waits longest reached its status; `None` at the ends, where nobody waits.
    pub oldest: Option<DateTime<Utc>>,
}

/// What an operator should see; counted for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Payments in suspense, by reason; a reason without any is left out.
    pub suspense: Vec<(SuspenseReason, u64)>,
    /// Records on watched accounts that could not be read.
    pub poison: u64,
    /// Dearer wrappings of envelopes that were stored since then.
    pub bumps: u64,
}

/// When a job last did its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Its name.
    pub job: String,
    /// When it last came to its end without an error, on whatever machine.
    pub at: DateTime<Utc>,
}

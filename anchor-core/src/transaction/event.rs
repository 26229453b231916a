//! News of a transaction for others: the outbox is written in the same commit as the change.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Transaction;
use crate::id::EventId;

/// What the news is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The user finished the interactive flow (SEP-24 `callback`, at most once).
    FlowFinished,
    /// The status as wallets see it changed (SEP-24 `on_change_callback`).
    StatusChanged,
}

impl EventKind {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FlowFinished => "flow_finished",
            Self::StatusChanged => "status_changed",
        }
    }
}

/// One piece of news. Delivered at least once, in the order of `transaction.version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The same for every delivery of this news: receivers can recognise a repetition.
    pub id: EventId,
    /// What it is about.
    pub kind: EventKind,
    /// The transaction as it was right after the change.
    pub transaction: Transaction,
    /// When it changed.
    pub at: DateTime<Utc>,
}

//! What was read on a watched account, and what it was found to be.

use chrono::{DateTime, Utc};

use super::LeaseToken;
use crate::account::AccountId;
use crate::id::TransactionId;
use crate::stellar::{Cursor, Movement, PoisonRecord};
use crate::transaction::Change;

/// The exclusive right to read on one account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchLease {
    /// The watched account.
    pub account: AccountId,
    /// Where to read on; `None` if it was never watched.
    pub cursor: Option<Cursor>,
    /// Proves the claim.
    pub token: LeaseToken,
}

/// Why a movement on a watched account was not credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SuspenseReason {
    /// No transaction has this memo.
    Unmatched,
    /// The memo's transaction is about another asset.
    WrongAsset,
    /// The memo's transaction was funded already.
    Duplicate,
    /// The memo's transaction cannot take it in its state.
    Unexpected,
    /// The memo's transaction has ended without money.
    Late,
    /// Less than the memo's transaction agreed on.
    Underpaid,
    /// More than the memo's transaction agreed on.
    Overpaid,
    /// Set aside for a user who did not claim it, and taken back.
    Reclaimed,
}

impl SuspenseReason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::Unmatched,
        Self::WrongAsset,
        Self::Duplicate,
        Self::Unexpected,
        Self::Late,
        Self::Underpaid,
        Self::Overpaid,
        Self::Reclaimed,
    ];

    /// The reason of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unmatched => "unmatched",
            Self::WrongAsset => "wrong_asset",
            Self::Duplicate => "duplicate",
            Self::Unexpected => "unexpected",
            Self::Late => "late",
            Self::Underpaid => "underpaid",
            Self::Overpaid => "overpaid",
            Self::Reclaimed => "reclaimed",
        }
    }
}

/// What a movement was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Credited to a transaction by this change, in the same commit.
    Matched(Box<Change>),
    /// Kept for the operator.
    Suspense {
        /// Why.
        reason: SuspenseReason,
        /// The transaction that it was perhaps meant for.
        transaction: Option<TransactionId>,
    },
    /// Nobody's, and on its way back from the same commit on, as the asset's policy wants it.
    Returned {
        /// Why.
        reason: SuspenseReason,
        /// The transaction that it was perhaps meant for.
        transaction: Option<TransactionId>,
        /// The transaction that returns it begins with this.
        by: Box<Change>,
    },
    /// A balance that was set aside, taken back by the anchor's account: kept for the operator, for
    /// [`Reclaimed`](SuspenseReason::Reclaimed).
    Reclaimed {
        /// Its id.
        balance: String,
        /// The deposit that it was set aside for.
        transaction: TransactionId,
    },
    /// The anchor's own doing (a payment between its accounts, an issuance): kept, nothing to do.
    Own,
}

/// One movement and what it was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What arrived.
    pub movement: Movement,
    /// What it is.
    pub disposition: Disposition,
}

/// A stretch of a watched account's history, written together with the new cursor.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The right to write it.
    pub lease: WatchLease,
    /// Where reading goes on afterwards.
    pub next: Cursor,
    /// What arrived.
    pub observed: Vec<Observed>,
    /// What could not be read: kept with its raw bytes.
    pub poison: Vec<PoisonRecord>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What became of an [`Observation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// Written, all of it. Movements that were known already were skipped, with their changes.
    Recorded,
    /// The lease or the cursor is somebody else's by now; nothing was written.
    Fenced,
    /// A matched transaction changed meanwhile; nothing was written. Decide again from a fresh read.
    Stale,
}

/// What became of the end of a payment's time in suspense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// Written, with the change.
    Settled,
    /// It is not in suspense, or no longer; nothing was written.
    Taken,
    /// The transaction changed meanwhile; nothing was written. Decide again from a fresh read.
    Stale,
}

/// A stored movement.
#[derive(Debug, Clone)]
pub struct PaymentRecord {
    /// The account on whose history it was read.
    pub account: AccountId,
    /// What arrived.
    pub movement: Movement,
    /// The transaction that it belongs to, or was perhaps meant for.
    pub transaction: Option<TransactionId>,
    /// Why it was not credited when it came; `None` if it was, or is the anchor's own.
    pub suspense: Option<SuspenseReason>,
    /// The transaction that returned it, or was credited for it since; `None` while it is in suspense.
    pub settled_by: Option<TransactionId>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

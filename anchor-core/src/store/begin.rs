//! What the verb takes and answers that begins a transaction together with what was decided about it at once.

use chrono::{DateTime, Utc};

use super::{Callbacks, KnownRequest, RequestKey};
use crate::account::{AccountId, Sharing};
use crate::customer::Kept;
use crate::id::QuoteId;
use crate::transaction::{Change, Transaction};

/// A transaction that begins, with everything that has to be written together with it, or not at all.
#[derive(Debug, Clone)]
pub struct Begin {
    /// As it begins.
    pub transaction: Transaction,
    /// Its first change, if something was decided at once: the terms, or what the user has to tell.
    pub first: Option<Change>,
    /// Its user uses this account so.
    pub sharing: Option<(AccountId, Sharing)>,
    /// The firm quote that it uses.
    pub quote: Option<QuoteId>,
    /// Where the wallet wants to hear of it.
    pub callbacks: Callbacks,
    /// What the wallet told with its request.
    pub answers: Option<Kept>,
    /// What makes asking for it again the same request, if anything does.
    pub key: Option<RequestKey>,
    /// Now: a quote has to end later.
    pub at: DateTime<Utc>,
}

impl Begin {
    /// The transaction alone, now.
    pub fn new(transaction: Transaction) -> Self {
        let (callbacks, at) = (Callbacks::default(), transaction.started_at);
        Self { transaction, first: None, sharing: None, quote: None, callbacks, answers: None, key: None, at }
    }
}

/// What became of a transaction that was to begin. Unless it is [`Begun::Begun`], nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Begun {
    /// It is written, with all that belongs to it.
    Begun,
    /// The request came before, and led to something.
    Known(KnownRequest),
    /// The account is not used as it would have to be.
    NotAdmitted(Sharing),
    /// The quote is another transaction's.
    QuoteTaken,
    /// The quote has ended, or never was.
    QuoteEnded,
    /// The receiving (account, memo) pair belongs to another transaction.
    MemoTaken,
}

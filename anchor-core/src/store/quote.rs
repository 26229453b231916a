//! What the verbs about firm quotes take and answer.

use crate::account::Sharing;

/// What a firm quote keeps in reserve, and how much may be in reserve with it: in the smallest units of what is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteHold {
    /// What the quote promises.
    pub amount: i64,
    /// How many unused quotes the user may have, this one included.
    pub open_of_user: u32,
    /// How much of the asset may be in reserve for the user; no limit if absent.
    pub of_user: Option<i64>,
    /// How much of the asset may be in reserve for all users together; no limit if absent.
    pub of_all: Option<i64>,
}

/// What became of a new quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quoted {
    /// Written, and its amount is in reserve.
    Stored,
    /// The user has too many unused quotes; nothing was written.
    TooManyOpen,
    /// Too much would be in reserve for the user; nothing was written.
    TooMuchOpen,
    /// Too much would be in reserve for all; nothing was written.
    NothingLeft,
}

/// What became of the use of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuoteUsed {
    /// The transaction is written, and the quote is its own.
    Used,
    /// It is another transaction's; nothing was written.
    Taken,
    /// It has ended, or never was; nothing was written.
    Ended,
    /// The account is not used as it would have to be; nothing was written.
    NotAdmitted(Sharing),
}

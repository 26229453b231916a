use crate::account::AccountId;
use crate::stellar::Failure;

/// What goes wrong, once, the next time that it can.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The next submission is lost on its way; the caller cannot know.
    SubmitLostBefore,
    /// The next submission is taken, but its answer is lost; the caller cannot know.
    SubmitLostAfter,
    /// The next submission is refused with this.
    SubmitRejected(Failure),
    /// The next submission meets a busy server.
    SubmitTryAgain,
    /// The next look-up of a claimable balance fails.
    Balance,
    /// The next look-up of a transaction fails.
    Lookup,
    /// The next look-up of a transaction is answered by another server than the question how far it had read: one
    /// that does not know the transaction yet.
    LookupLags,
    /// The next look-up of an account fails.
    Account,
    /// The next look-up of this account is answered by a server that has not read the account's last transaction, and
    /// that says so or does not.
    AccountLags(AccountId, bool),
    /// The next question for the latest ledger fails.
    Latest,
    /// The next page of history fails.
    Movements,
    /// The next page of history answers that older history is gone.
    HistoryGone,
    /// The next envelope to be applied fails on the ledger with this: fee and sequence number are gone.
    Apply(Failure),
}

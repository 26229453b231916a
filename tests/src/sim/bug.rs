//! What is planted to be found: a simulation that does not find it proves nothing.

use std::fmt;
use std::str::FromStr;

/// A rule of the protocol that is broken, somewhere between the jobs and the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bug {
    /// An envelope is given up although its upper bound has not passed.
    NoTimeBound,
    /// Claims hand out what somebody else has already: the update does not repeat the search's condition.
    SharedClaims,
    /// A watched account's cursor is committed before what was read.
    CursorFirst,
    /// An order is executed again without the bank being asked for it.
    BlindExecute,
    /// A change is written although its transaction was changed since it was read.
    IgnoredVersion,
    /// An envelope is sent before it is stored.
    SentFirst,
    /// A bank's "I do not know" is taken for a no.
    ErrorIsNo,
    /// A ledger server's "I do not know" is taken for a failure on the ledger.
    SilenceIsFailure,
    /// An envelope is shown to whoever has to sign it before it is stored.
    ShownFirst,
    /// A custodian who did not answer gets the payment again under a key of its own, without being asked for the first one.
    AnotherKey,
    /// What the anchor's account claims is not read.
    UnreadClaims,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::NoTimeBound,
        Self::SharedClaims,
        Self::CursorFirst,
        Self::BlindExecute,
        Self::IgnoredVersion,
        Self::SentFirst,
        Self::ErrorIsNo,
        Self::SilenceIsFailure,
        Self::ShownFirst,
        Self::AnotherKey,
        Self::UnreadClaims,
    ];

    /// As it is written on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoTimeBound => "no-time-bound",
            Self::SharedClaims => "shared-claims",
            Self::CursorFirst => "cursor-first",
            Self::BlindExecute => "blind-execute",
            Self::IgnoredVersion => "ignored-version",
            Self::SentFirst => "sent-first",
            Self::ErrorIsNo => "error-is-no",
            Self::SilenceIsFailure => "silence-is-failure",
            Self::ShownFirst => "shown-first",
            Self::AnotherKey => "another-key",
            Self::UnreadClaims => "unread-claims",
        }
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Bug {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let unknown = || format!("the bugs are: {}", Self::ALL.map(Self::name).join(", "));
        Self::ALL.into_iter().find(|bug| bug.name() == name).ok_or_else(unknown)
    }
}

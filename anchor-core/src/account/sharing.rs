use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Account, AccountId, Subject};

/// How an account is used (SEP-24, shared accounts): its owner's own, or by several users that are told apart by
/// memos or by numbers in `M…`. Mixing the two would let the wallet that holds the account show one user's money as
/// everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// By one user, without a memo.
    Single,
    /// By users with memos.
    Shared,
    /// Both, because the operator says so.
    Both,
}

impl Sharing {
    /// How a user's token uses its account; `None` for a contract, which has one owner for ever.
    pub const fn of(subject: &Subject) -> Option<(AccountId, Self)> {
        match subject.account() {
            Account::Contract(_) => None,
            Account::Muxed { account, .. } => Some((account, Self::Shared)),
            Account::Classic(account) => match subject.memo() {
                Some(_) => Some((account, Self::Shared)),
                None => Some((account, Self::Single)),
            },
        }
    }

    /// Whether an account that is used so may be used like this too.
    pub fn admits(self, wanted: Self) -> bool {
        self == Self::Both || self == wanted
    }

    /// The word that is stored and that operators use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Shared => "shared",
            Self::Both => "both",
        }
    }
}

impl fmt::Display for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is none of `single`, `shared`, `both`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("should be single, shared or both")]
pub struct SharingError;

impl FromStr for Sharing {
    type Err = SharingError;

    fn from_str(word: &str) -> Result<Self, SharingError> {
        [Self::Single, Self::Shared, Self::Both]
            .into_iter()
            .find(|sharing| sharing.as_str() == word)
            .ok_or(SharingError)
    }
}

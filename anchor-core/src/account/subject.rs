use std::fmt;
use std::str::FromStr;

use super::{Account, AccountError};

/// Whom a token speaks for, written as in its `sub` claim (SEP-10, SEP-45): `G…`, `G…:123`, `M…` or `C…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    account: Account,
    memo: Option<u64>,
}

impl Subject {
    /// A user of `account`, told apart by `memo` when the account is shared; memo 0 is a user too.
    ///
    /// # Errors
    /// [`AccountError::MemoNotAllowed`] for a memo with anything but a `G…`.
    pub const fn new(account: Account, memo: Option<u64>) -> Result<Self, AccountError> {
        match (account, memo) {
            (Account::Muxed { .. } | Account::Contract(_), Some(_)) => Err(AccountError::MemoNotAllowed),
            (Account::Classic(_), _) | (_, None) => Ok(Self { account, memo }),
        }
    }

    /// The address that authenticated.
    pub const fn account(&self) -> Account {
        self.account
    }

    /// The memo next to a `G…`; an `M…` carries its number inside, see [`Account::muxed_id`].
    pub const fn memo(&self) -> Option<u64> {
        self.memo
    }

    /// The key under which a user's data is kept: `G…`, `G…:id` or `C…`. SEP-10 calls `G…:id` and the `M…`
    /// with that id the same user, so they share a key; the bare `G…` is another user.
    pub fn key(&self) -> String {
        match (self.account, self.memo) {
            (Account::Muxed { account, id }, _) | (Account::Classic(account), Some(id)) => {
                format!("{account}:{id}")
            }
            (account @ (Account::Classic(_) | Account::Contract(_)), _) => account.to_string(),
        }
    }
}

impl From<Account> for Subject {
    fn from(account: Account) -> Self {
        Self { account, memo: None }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.account.fmt(f)?;
        self.memo.map_or(Ok(()), |memo| write!(f, ":{memo}"))
    }
}

impl FromStr for Subject {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        let Some((account, memo)) = text.split_once(':') else {
            return Self::new(text.parse()?, None);
        };
        let id: u64 = memo.parse().map_err(|_| AccountError::SubjectMemo)?;
        if id.to_string() != memo {
            return Err(AccountError::SubjectMemo); // "+1" and "01" would be second names for the same user
        }
        Self::new(account.parse()?, Some(id))
    }
}

serde_text!(Subject);

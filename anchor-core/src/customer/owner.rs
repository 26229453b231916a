//! Whose a customer is: the account, and the memo that tells its users apart.

use std::fmt;

use crate::account::{Account, Subject};
use crate::memo::Memo;

/// The principal that a customer is registered under. SEP-10 calls `G…:7` and the `M…` with that number the same user,
/// and so they are the same owner; the bare `G…` is another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CustomerOwner {
    account: Account,
    memo: Memo,
}

impl CustomerOwner {
    /// The user that a token speaks for.
    pub const fn of(subject: &Subject) -> Self {
        match (subject.account(), subject.memo()) {
            (Account::Muxed { account, id }, _) | (Account::Classic(account), Some(id)) => {
                Self { account: Account::Classic(account), memo: Memo::Id(id) }
            }
            (account @ (Account::Classic(_) | Account::Contract(_)), _) => Self { account, memo: Memo::None },
        }
    }

    /// A user that the owner of a shared account tells apart by this memo; `None` where accounts have no memos.
    pub fn with_memo(account: Account, memo: Memo) -> Option<Self> {
        match (account, memo) {
            (Account::Classic(_), Memo::Return(_)) => None,
            (Account::Classic(_), memo) => Some(Self { account, memo }),
            (Account::Contract(_), Memo::None) => Some(Self { account, memo: Memo::None }),
            (Account::Muxed { .. } | Account::Contract(_), _) => None,
        }
    }

    /// `G…` or `C…`.
    pub const fn account(&self) -> Account {
        self.account
    }

    /// What tells the users of the account apart.
    pub const fn memo(&self) -> &Memo {
        &self.memo
    }

    /// Under which it is kept. For users told apart by numbers it is [`Subject::key`], under which their transactions
    /// are kept.
    pub fn key(&self) -> String {
        match &self.memo {
            Memo::None => self.account.to_string(),
            Memo::Id(id) => format!("{}:{id}", self.account),
            memo => format!("{}:{memo}", self.account),
        }
    }

    /// Whether whoever this token speaks for may know of the customer: the user itself, and the bare `G…` that all users
    /// of the account share.
    pub fn admits(&self, subject: &Subject) -> bool {
        let shares = matches!(subject.account(), Account::Classic(_)) && subject.memo().is_none();
        Self::of(subject) == *self || (shares && subject.account() == self.account)
    }
}

impl fmt::Display for CustomerOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const G: &str = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";
    const OTHER: &str = "GDQP2KPQGKIHYJGXNUIYOMHARUARCA7DJT5FO2FFOOKY3B2WSQHG4W37";
    const M1: &str = "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAAGZFQ";
    const C: &str = "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA";

    fn subject(text: &str) -> Subject {
        text.parse().unwrap()
    }

    #[test]
    fn r_12_012_r_12_022_muxed_number_and_memo_are_the_same_user() {
        let owner = |text: &str| CustomerOwner::of(&subject(text));
        assert_eq!(owner(M1), owner(&format!("{G}:1")));
        assert_eq!(owner(M1).key(), subject(M1).key());
        let keys = [owner(G).key(), owner(M1).key(), owner(&format!("{G}:0")).key(), owner(C).key()];
        assert_eq!(keys, [G.to_owned(), format!("{G}:1"), format!("{G}:0"), C.to_owned()]);
        let text = CustomerOwner::with_memo(G.parse().unwrap(), Memo::parse("text", "1").unwrap()).unwrap();
        assert_ne!(text.key(), owner(M1).key());
        assert_eq!(CustomerOwner::with_memo(C.parse().unwrap(), Memo::Id(1)), None);
    }

    #[test]
    fn r_12_024_owner_and_whoever_shares_the_account_are_admitted() {
        let parsed = |text: &str| -> Subject { text.parse().unwrap() };
        let admits = |owner: &str, subject: &str| CustomerOwner::of(&parsed(owner)).admits(&parsed(subject));
        let (one, two) = (format!("{G}:1"), format!("{G}:2"));
        for (owner, subject, admitted) in [
            (G, G, true),
            (&one, &one, true),
            (&one, M1, true),
            (M1, &one, true),
            (&one, G, true),
            (G, &one, false),
            (&one, &two, false),
            (&two, M1, false),
            (&one, OTHER, false),
            (C, C, true),
            (C, G, false),
            (G, C, false),
        ] {
            assert_eq!(admits(owner, subject), admitted, "{owner} {subject}");
        }
    }
}

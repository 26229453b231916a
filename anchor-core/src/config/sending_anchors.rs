//! Whose payments are taken.

use std::collections::BTreeSet;

use super::Reader;
use crate::account::{AccountId, Subject};

/// `SENDING_ANCHORS`: the accounts of those with whom there is an agreement (SEP-31). Nobody's, if absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SendingAnchors(BTreeSet<AccountId>);

impl SendingAnchors {
    /// Those of these accounts.
    pub fn new(accounts: impl IntoIterator<Item = AccountId>) -> Self {
        Self(accounts.into_iter().collect())
    }

    /// Whether there is an agreement with this user, by its account: whom it tells apart by memos is its own business. A
    /// contract is nobody's account here.
    pub fn admit(&self, subject: &Subject) -> bool {
        subject.account().ledger_account().is_some_and(|account| self.0.contains(&account))
    }
}

impl Reader<'_> {
    pub(super) fn sending_anchors(&mut self) -> SendingAnchors {
        let wanted = "Stellar accounts (G…), separated by commas";
        SendingAnchors::new(self.list("SENDING_ANCHORS", wanted).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::testing::fakes::samples;

    #[test]
    fn r_31_004_r_31_005_only_known_accounts_are_admitted_and_no_contract() {
        let (account, other) = (samples::user().account(), samples::issuer().account());
        let known = SendingAnchors::new([account]);
        let shared = Subject::new(account.into(), Some(7)).unwrap();
        for subject in
            [Subject::from(Account::from(account)), shared, Account::Muxed { account, id: 7 }.into()]
        {
            assert!(known.admit(&subject), "{subject}");
            assert!(!SendingAnchors::default().admit(&subject), "nobody without the setting");
        }
        assert!(!known.admit(&Account::from(other).into()));
        let contract = "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA".parse::<Subject>().unwrap();
        assert!(!known.admit(&contract));
    }
}

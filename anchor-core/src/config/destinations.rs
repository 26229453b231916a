use std::collections::BTreeSet;

use super::Reader;
use crate::account::{Account, AccountError};

/// Whom deposits may be paid to (`DEPOSIT_DESTINATIONS`). A wallet may name any account (SEP-24); a business that
/// knows its customers by their accounts may not want that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destinations {
    /// `any`: whomever the wallet names.
    Any,
    /// `own`, or a list of accounts: the account that authenticated, and these.
    Own {
        /// Besides the user's own: accounts as wallets write them. A `G…` allows every `M…` on it too.
        others: BTreeSet<Account>,
    },
}

impl Destinations {
    /// `any`, `own`, or accounts separated by commas.
    fn parse(text: &str) -> Result<Self, AccountError> {
        if text.eq_ignore_ascii_case("any") {
            return Ok(Self::Any);
        }
        let words = text.split(',').map(str::trim).filter(|word| !word.eq_ignore_ascii_case("own"));
        Ok(Self::Own { others: words.map(str::parse).collect::<Result<_, _>>()? })
    }

    /// Whether the user of `own` may have a deposit paid to `destination`. An `M…` is its `G…` here: which of
    /// the account's users gets the money is the account's own business.
    pub fn allow(&self, own: &Account, destination: &Account) -> bool {
        let Self::Own { others } = self else { return true };
        let same_ledger_account =
            destination.ledger_account().is_some() && destination.ledger_account() == own.ledger_account();
        let holder = destination.ledger_account().map(Account::Classic);
        same_ledger_account
            || destination == own
            || others.contains(destination)
            || holder.is_some_and(|holder| others.contains(&holder))
    }
}

impl Reader<'_> {
    pub(super) fn destinations(&mut self) -> Destinations {
        let Some(text) = self.text("DEPOSIT_DESTINATIONS") else { return Destinations::Any };
        Destinations::parse(&text).unwrap_or_else(|_| {
            self.problem("DEPOSIT_DESTINATIONS", "any, own, or Stellar accounts separated by commas");
            Destinations::Any
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SigningKey;

    fn account(seed: u8) -> Account {
        SigningKey::from_seed([seed; 32]).account().into()
    }

    #[test]
    fn r_24_037_own_account_is_always_allowed_and_others_only_if_listed() {
        let (own, other, muxed) = (account(1), account(2), |seed, id| {
            let account = SigningKey::from_seed([seed; 32]).account();
            Account::Muxed { account, id }
        });
        assert!(Destinations::parse("any").unwrap().allow(&own, &other));
        let strict = Destinations::parse("own").unwrap();
        assert!(strict.allow(&own, &own) && strict.allow(&own, &muxed(1, 7)));
        assert!(!strict.allow(&own, &other) && !strict.allow(&own, &muxed(2, 7)));
        let listed = Destinations::parse(&format!("own, {other}")).unwrap();
        assert!(listed.allow(&own, &other) && listed.allow(&own, &muxed(2, 7)));
        assert!(!listed.allow(&own, &account(3)));
        let one_user = Destinations::parse(&muxed(2, 7).to_string()).unwrap();
        assert!(one_user.allow(&own, &muxed(2, 7)) && !one_user.allow(&own, &other));
        assert!(Destinations::parse("everybody").is_err() && Destinations::parse("").is_err());
    }
}

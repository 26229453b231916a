//! Which local keys sign for an issuer: its own one, or signers that the ledger shows.

use crate::account::AccountId;
use crate::integration::LocalSigner;
use crate::stellar::{AccountSnapshot, SignerKey};

/// An issuer that authorises trust lines, as the ledger showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ops) struct Issuer {
    pub(in crate::ops) id: AccountId,
    /// The heaviest first.
    signers: Vec<(AccountId, u32)>,
    /// What an authorisation asks for.
    wanted: u32,
}

impl Issuer {
    pub(in crate::ops) fn of(account: &AccountSnapshot) -> Self {
        let signers = account.signers.iter().filter_map(|(key, weight)| match key {
            SignerKey::Ed25519(signer) if *weight > 0 => Some((*signer, *weight)),
            SignerKey::Ed25519(_) | SignerKey::Other => None,
        });
        let mut signers: Vec<_> = signers.collect();
        signers.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        // a threshold of nothing still asks for one signature
        Self { id: account.id, signers, wanted: account.low_threshold.max(1) }
    }

    #[cfg(test)]
    pub(in crate::ops) const fn named(id: AccountId) -> Self {
        Self { id, signers: Vec::new(), wanted: 1 }
    }

    /// The keys that have to sign besides those that sign anyway, and whose signatures come before theirs; `None` if all of
    /// them together weigh too little. Not one more than it takes: the network refuses an envelope with a signature
    /// that was not needed.
    pub(in crate::ops) fn keys(&self, local: &LocalSigner, signing: &[AccountId]) -> Option<Vec<AccountId>> {
        let signs = |signer: &AccountId| signing.contains(signer);
        let anyway = self.signers.iter().filter(|(signer, _)| signs(signer)).map(|(_, weight)| *weight);
        let mut sum = anyway.fold(0, u32::saturating_add);
        let mut keys = Vec::new();
        for (signer, weight) in self.signers.iter().filter(|(signer, _)| !signs(signer) && local.has(signer))
        {
            if sum < self.wanted {
                sum = sum.saturating_add(*weight);
                keys.push(*signer);
            }
        }
        (sum >= self.wanted).then_some(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SigningKey;

    fn key(number: u8) -> SigningKey {
        SigningKey::from_seed([number; 32])
    }

    /// With signers 1 to 3 of weights 1, 2 and 3.
    fn keys(wanted: u32, local: &[u8], signing: &[u8]) -> Option<Vec<AccountId>> {
        let signers = [3, 2, 1].map(|number| (key(number).account(), u32::from(number))).to_vec();
        let issuer = Issuer { id: key(1).account(), signers, wanted };
        let local = LocalSigner::new(local.iter().map(|number| key(*number)));
        let signing: Vec<_> = signing.iter().map(|number| key(*number).account()).collect();
        issuer.keys(&local, &signing)
    }

    fn accounts(numbers: &[u8]) -> Option<Vec<AccountId>> {
        Some(numbers.iter().map(|number| key(*number).account()).collect())
    }

    #[test]
    fn any_signer_with_weight_will_do_and_none_signs_in_vain() {
        assert_eq!(keys(1, &[1], &[]), accounts(&[1]));
        assert_eq!(keys(1, &[2, 1], &[]), accounts(&[2]));
        assert_eq!(keys(4, &[1, 2, 3], &[]), accounts(&[3, 2]));
        assert_eq!(keys(6, &[1, 2, 3], &[]), accounts(&[3, 2, 1]));
    }

    #[test]
    fn weight_that_is_missing_and_keys_of_others_are_no_signature() {
        assert_eq!(keys(4, &[1, 2], &[]), None);
        assert_eq!(keys(1, &[9], &[9]), None);
    }

    #[test]
    fn who_signs_anyway_counts_and_does_not_sign_twice() {
        assert_eq!(keys(2, &[1, 2, 3], &[2]), accounts(&[]));
        assert_eq!(keys(3, &[1, 2], &[2]), accounts(&[1]));
    }
}

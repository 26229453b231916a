//! Which signatures go on an envelope: enough weight for each account, and not one more.

use crate::account::AccountId;
use crate::integration::{AccountSignature, LocalSigner};
use crate::keys;
use crate::stellar::{AccountSnapshot, SignerKey};
use crate::transaction::TransactionHash;

/// What is wrong with the signatures that somebody gave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("the signature of {0} is wrong")]
    Wrong(AccountId),
    #[error("{0} signed twice")]
    Twice(AccountId),
    #[error("{0} is no signer of the accounts that have to sign")]
    Stranger(AccountId),
    #[error("those for {account} weigh {weight} of {wanted}")]
    TooLight { account: AccountId, weight: u32, wanted: u32 },
}

/// The signatures that were given, and those that are taken.
#[derive(Debug)]
pub(super) struct Ballot {
    hash: TransactionHash,
    given: Vec<AccountSignature>,
    /// Signers that some account knows.
    known: Vec<AccountId>,
    elected: Vec<(AccountId, [u8; 64])>,
}

impl Ballot {
    /// Verifies each of them.
    pub(super) fn count(hash: TransactionHash, given: Vec<AccountSignature>) -> Result<Self, Flaw> {
        for (index, one) in given.iter().enumerate() {
            if given.iter().take(index).any(|earlier| earlier.signer == one.signer) {
                return Err(Flaw::Twice(one.signer));
            }
            if !keys::verify(&one.signer, hash.as_bytes(), &one.signature) {
                return Err(Flaw::Wrong(one.signer));
            }
        }
        Ok(Self { hash, given, known: Vec::new(), elected: Vec::new() })
    }

    /// A signature that is not up for election.
    pub(super) fn add(&mut self, signer: AccountId, signature: [u8; 64]) {
        if self.elected.iter().all(|(known, _)| *known != signer) {
            self.elected.push((signer, signature));
        }
    }

    /// Takes the heaviest until the account has what it wants, after those that were taken already; local keys help where that
    /// is not enough.
    pub(super) fn elect(
        &mut self,
        account: &AccountSnapshot,
        wanted: u32,
        local: &LocalSigner,
    ) -> Result<(), Flaw> {
        // a threshold of nothing still asks for one signature
        let wanted = wanted.max(1);
        let signers = account.signers.iter().filter_map(|(key, weight)| match key {
            SignerKey::Ed25519(signer) if *weight > 0 => Some((*signer, *weight)),
            SignerKey::Ed25519(_) | SignerKey::Other => None,
        });
        let mut signers: Vec<(AccountId, u32)> = signers.collect();
        signers.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        self.known.extend(signers.iter().map(|(signer, _)| *signer));
        let is_taken = |signer: &AccountId| self.elected.iter().any(|(taken, _)| taken == signer);
        let taken = signers.iter().filter(|(signer, _)| is_taken(signer)).map(|(_, weight)| *weight);
        let mut sum = taken.fold(0, u32::saturating_add);
        signers.retain(|(signer, _)| !is_taken(signer));
        for (signer, weight) in &signers {
            let given = self.given.iter().find(|given| given.signer == *signer).map(|given| given.signature);
            if let Some(signature) = given.filter(|_| sum < wanted) {
                sum = sum.saturating_add(*weight);
                self.add(*signer, signature);
            }
        }
        for (signer, weight) in signers {
            let is_missing = sum < wanted && self.given.iter().all(|given| given.signer != signer);
            if !is_missing || !local.has(&signer) {
                continue;
            }
            if let Ok(signature) = local.sign_hash(&signer, self.hash.as_bytes()) {
                sum = sum.saturating_add(weight);
                self.add(signer, signature);
            }
        }
        if sum < wanted {
            return Err(Flaw::TooLight { account: account.id, weight: sum, wanted });
        }
        Ok(())
    }

    /// All that were taken, if nobody signed who has nothing to say.
    pub(super) fn elected(self) -> Result<Vec<(AccountId, [u8; 64])>, Flaw> {
        match self.given.iter().find(|given| !self.known.contains(&given.signer)) {
            Some(stranger) => Err(Flaw::Stranger(stranger.signer)),
            None => Ok(self.elected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::StellarAmount;
    use crate::keys::SigningKey;

    const HASH: [u8; 32] = [7; 32];

    fn key(number: u8) -> SigningKey {
        SigningKey::from_seed([number; 32])
    }

    fn given(numbers: &[u8]) -> Vec<AccountSignature> {
        let sign = |number: &u8| AccountSignature {
            signer: key(*number).account(),
            signature: key(*number).sign(&HASH),
        };
        numbers.iter().map(sign).collect()
    }

    /// With signers 1 to 4 of weights 1, 1, 2 and 3.
    fn account(medium_threshold: u32) -> AccountSnapshot {
        let weights = [(1, 1), (2, 1), (3, 2), (4, 3)];
        let signer = |(number, weight)| (SignerKey::Ed25519(key(number).account()), weight);
        AccountSnapshot {
            id: key(1).account(),
            as_of: None,
            sequence: 1,
            balance: StellarAmount::ZERO,
            selling_liabilities: StellarAmount::ZERO,
            subentries: 0,
            sponsoring: 0,
            sponsored: 0,
            signers: weights.into_iter().map(signer).chain([(SignerKey::Other, 9)]).collect(),
            low_threshold: 0,
            medium_threshold,
            trust_lines: Vec::new(),
            memo_required: false,
            auth_required: false,
            home_domain: None,
        }
    }

    fn elected(threshold: u32, numbers: &[u8], local: &[u8]) -> Result<Vec<AccountId>, Flaw> {
        let local = LocalSigner::new(local.iter().map(|number| key(*number)));
        let mut ballot = Ballot::count(TransactionHash::from_bytes(HASH), given(numbers))?;
        ballot.elect(&account(threshold), threshold, &local)?;
        Ok(ballot.elected()?.into_iter().map(|(signer, _)| signer).collect())
    }

    fn accounts(numbers: &[u8]) -> Vec<AccountId> {
        numbers.iter().map(|number| key(*number).account()).collect()
    }

    #[test]
    fn heaviest_signatures_are_taken_until_the_threshold_and_no_more() {
        assert_eq!(elected(0, &[1, 2, 3], &[]), Ok(accounts(&[3])));
        assert_eq!(elected(2, &[1, 2], &[]), Ok(accounts(&[1, 2])));
        assert_eq!(elected(2, &[1, 2, 3], &[]), Ok(accounts(&[3])));
        assert_eq!(elected(5, &[1, 2, 3, 4], &[]), Ok(accounts(&[4, 3])));
        assert_eq!(elected(7, &[1, 2, 3, 4], &[]), Ok(accounts(&[4, 3, 1, 2])));
    }

    #[test]
    fn local_keys_help_only_where_weight_is_missing() {
        assert_eq!(elected(3, &[1, 2], &[3]), Ok(accounts(&[1, 2, 3])));
        assert_eq!(elected(2, &[3], &[4]), Ok(accounts(&[3])));
        assert_eq!(elected(2, &[], &[4, 9]), Ok(accounts(&[4])));
    }

    #[test]
    fn too_light_wrong_repeated_and_strange_signatures_are_refused() {
        let light = Flaw::TooLight { account: key(1).account(), weight: 2, wanted: 5 };
        assert_eq!(elected(5, &[1, 2], &[]), Err(light));
        assert_eq!(elected(1, &[1, 1], &[]), Err(Flaw::Twice(key(1).account())));
        assert_eq!(elected(1, &[4, 9], &[]), Err(Flaw::Stranger(key(9).account())));
        let wrong = AccountSignature { signer: key(1).account(), signature: [0; 64] };
        let ballot = Ballot::count(TransactionHash::from_bytes(HASH), vec![wrong]);
        assert_eq!(ballot.unwrap_err(), Flaw::Wrong(key(1).account()));
    }
}

//! Whether whoever has to sign can: the keys in the settings, or somebody else, against what the ledger shows.

use super::super::Parts;
use super::{Report, chain};
use crate::account::AccountId;
use crate::config::Config;
use crate::integration::channel_key;
use crate::keys::SigningKey;
use crate::stellar::{AccountSnapshot, Ledger as _, SignerKey};
use crate::store::Store as _;

/// So many channels are named that do not fit; the others are counted.
const NAMED_MAX: usize = 3;

/// Who has which keys, as far as the settings and the integrator's binary say.
#[derive(Debug)]
pub(super) struct Hands {
    local: Vec<AccountId>,
    elsewhere: Vec<AccountId>,
    custodian: bool,
}

/// What an account has to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    /// Payments, with its own key.
    Pays,
    /// Authorisations of trust lines, with any keys that are its signers.
    Authorizes,
    /// Fees and sequence numbers, with its own key.
    Carries,
}

impl Duty {
    /// The weight that it takes: a threshold of nothing still asks for one signature.
    fn wanted(self, account: &AccountSnapshot) -> u32 {
        let threshold = match self {
            Self::Pays => account.medium_threshold.max(account.low_threshold),
            Self::Authorizes | Self::Carries => account.low_threshold,
        };
        threshold.max(1)
    }
}

impl Hands {
    pub(super) fn of(config: &Config, elsewhere: &[AccountId], custodian: bool) -> Self {
        let keys = config.distribution_keys.iter().chain(&config.issuer_keys).chain(&config.fee_key);
        Self { local: keys.map(SigningKey::account).collect(), elsewhere: elsewhere.to_vec(), custodian }
    }

    /// Whether enough of an account's signers can be had; `setting`: where its keys would be.
    pub(super) fn sign(
        &self,
        account: &AccountSnapshot,
        duty: Duty,
        setting: &str,
    ) -> Result<String, String> {
        match (self.custodian, duty) {
            (true, Duty::Pays) => return Ok("your custodian pays from it".to_owned()),
            (true, Duty::Authorizes) => {
                return Err("a custodian only pays: nobody authorises trust lines".to_owned());
            }
            _ => {}
        }
        let wanted = duty.wanted(account);
        let weight_of = |counts: &dyn Fn(&AccountId) -> bool| {
            let weights = account.signers.iter().filter_map(|(key, weight)| match key {
                SignerKey::Ed25519(signer) if counts(signer) => Some(*weight),
                SignerKey::Ed25519(_) | SignerKey::Other => None,
            });
            weights.fold(0, u32::saturating_add)
        };
        let is_here = |key: &AccountId| self.local.contains(key);
        let (all, here) = (weight_of(&|_| true), weight_of(&is_here));
        if self.elsewhere.contains(&account.id) {
            return match (all >= wanted, here) {
                (false, _) => Err(format!(
                    "all its signers weigh {all} on the ledger, and {wanted} are wanted: nobody can sign for it"
                )),
                (true, 0) => Ok(format!("your Signer signs, with a weight of {wanted} of {all}")),
                (true, here) => Ok(format!(
                    "your Signer signs, with a weight of {wanted} of {all}; keys that are here have {here} of that"
                )),
            };
        }
        if duty == Duty::Authorizes {
            return match here {
                here if here >= wanted => Ok(String::new()),
                0 => Err(format!(
                    "missing in {setting} (fine on machines without workers): none of the keys here is a signer of it, \
                     and no Signer signs for it"
                )),
                here => Err(format!(
                    "the keys here weigh {here} on the ledger, and {wanted} are wanted (low threshold)"
                )),
            };
        }
        if !is_here(&account.id) {
            let others = if here > 0 {
                format!("; keys here that are other signers of it (weight {here}) only help a Signer")
            } else {
                String::new()
            };
            return Err(format!(
                "missing in {setting} (fine on machines without workers), and no Signer signs for it{others}"
            ));
        }
        match weight_of(&|key| *key == account.id) {
            0 => Err("its own key has no weight on the ledger: a Signer has to sign with the keys that have"
                .to_owned()),
            own if own < wanted => Err(format!(
                "its own key weighs {own} on the ledger, and {wanted} are wanted: a Signer has to collect the others"
            )),
            _ => Ok(String::new()),
        }
    }
}

/// Accounts that belong to no asset: whoever pays for fee bumps, and the pool of channels.
pub(super) async fn check(report: &mut Report, context: &Parts, hands: &Hands) {
    let config = &context.config;
    let payer = config.fee_key.as_ref().map(SigningKey::account).or(config.fee_account);
    if let Some(payer) = payer {
        let found = match context.ledger.account(&payer).await {
            Ok(Some(account)) => hands.sign(&account, Duty::Carries, "FEE_SEED"),
            Ok(None) => Err(format!("{payer} does not exist")),
            Err(error) => Err(chain(&error)),
        };
        report.check("account that pays for fee bumps", found);
    }
    let pool = match context.store.channel_list().await {
        Ok(channels) => channels.into_iter().filter(|one| !one.retired),
        Err(error) => {
            report.check("channel accounts", Err(chain(&error)));
            return;
        }
    };
    let pool: Vec<(AccountId, u32)> =
        pool.filter_map(|one| one.position.map(|at| (one.account, at))).collect();
    if pool.is_empty() || hands.custodian {
        return;
    }
    let Some(seed) = &config.channel_seed else {
        let missing = "CHANNEL_SEED is missing (fine on machines without workers)".to_owned();
        report.check("channel accounts", Err(missing));
        return;
    };
    let ids: Vec<AccountId> = pool.iter().map(|(account, _)| *account).collect();
    let shown = context.ledger.accounts(&ids).await;
    let mut wrong = Vec::new();
    for ((account, position), shown) in pool.iter().zip(shown) {
        let what = match shown {
            Ok(Some(shown)) => channel(hands, seed, &shown, *position).err(),
            Ok(None) => Some("does not exist".to_owned()),
            Err(error) => Some(chain(&error)),
        };
        wrong.extend(what.map(|what| format!("{account} {what}")));
    }
    let found = match wrong.get(NAMED_MAX..) {
        _ if wrong.is_empty() => Ok(pool.len().to_string()),
        None => Err(wrong.join("; ")),
        Some(others) => {
            let named = wrong.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("; ");
            Err(if others.is_empty() { named } else { format!("{named}; and {} others", others.len()) })
        }
    };
    report.check("channel accounts", found);
}

fn channel(hands: &Hands, seed: &SigningKey, shown: &AccountSnapshot, position: u32) -> Result<(), String> {
    if channel_key(seed, position).account() != shown.id {
        return Err("is of another CHANNEL_SEED".to_owned());
    }
    if hands.elsewhere.contains(&shown.id) {
        return Err("is a channel, which no Signer may have: its key is here and has to sign last".to_owned());
    }
    let own = Hands { local: vec![shown.id], elsewhere: Vec::new(), custodian: false };
    own.sign(shown, Duty::Carries, "CHANNEL_SEED").map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fakes::samples;
    use crate::testing::ledger::FakeLedger;

    fn key(number: u8) -> AccountId {
        SigningKey::from_seed([number; 32]).account()
    }

    /// The account of key 1 with these signers, and these low and medium thresholds.
    async fn account(signers: &[(u8, u32)], low: u32, medium: u32) -> AccountSnapshot {
        let ledger = FakeLedger::new(samples::config().network, 0);
        ledger.fund(key(1), "10".parse().unwrap());
        ledger.edit(key(1), |account| {
            let signer = |(number, weight): &(u8, u32)| (SignerKey::Ed25519(key(*number)), *weight);
            account.signers = signers.iter().map(signer).collect();
            (account.low_threshold, account.medium_threshold) = (low, medium);
        });
        ledger.account(&key(1)).await.unwrap().unwrap()
    }

    fn hands(local: &[u8], elsewhere: &[u8]) -> Hands {
        let keys = |numbers: &[u8]| numbers.iter().map(|number| key(*number)).collect();
        Hands { local: keys(local), elsewhere: keys(elsewhere), custodian: false }
    }

    #[tokio::test]
    async fn own_key_signs_alone_or_it_is_said_why_it_cannot() {
        let plain = account(&[(1, 1)], 0, 0).await;
        assert!(hands(&[1], &[]).sign(&plain, Duty::Pays, "SEEDS").is_ok());
        let said = |hands: Hands, account: &AccountSnapshot, duty| {
            hands.sign(account, duty, "SEEDS").expect_err("somebody is missing")
        };
        assert!(said(hands(&[], &[]), &plain, Duty::Pays).contains("missing in SEEDS"));
        let shared = account(&[(1, 1), (2, 1)], 1, 2).await;
        assert!(hands(&[1], &[]).sign(&shared, Duty::Carries, "SEEDS").is_ok());
        assert!(said(hands(&[1, 2], &[]), &shared, Duty::Pays).contains("weighs 1 on the ledger, and 2"));
        assert!(said(hands(&[2], &[]), &shared, Duty::Pays).contains("only help a Signer"));
        let locked = account(&[(1, 0), (2, 5)], 1, 1).await;
        assert!(said(hands(&[1], &[]), &locked, Duty::Pays).contains("no weight"));
    }

    #[tokio::test]
    async fn signer_elsewhere_is_believed_unless_nobody_could_sign() {
        let shared = account(&[(1, 1), (2, 1)], 1, 2).await;
        let detail = hands(&[2], &[1]).sign(&shared, Duty::Pays, "SEEDS").unwrap();
        assert!(detail.contains("2 of 2") && detail.contains("1 of that"), "{detail}");
        let impossible = account(&[(1, 1)], 1, 2).await;
        let said = hands(&[], &[1]).sign(&impossible, Duty::Pays, "SEEDS").unwrap_err();
        assert!(said.contains("nobody can sign"), "{said}");
    }

    #[tokio::test]
    async fn any_signers_of_an_issuer_do_if_they_reach_its_low_threshold() {
        let issuer = account(&[(1, 0), (2, 1), (3, 1)], 2, 200).await;
        assert!(hands(&[2, 3], &[]).sign(&issuer, Duty::Authorizes, "SEEDS").is_ok());
        let said = hands(&[2], &[]).sign(&issuer, Duty::Authorizes, "SEEDS").unwrap_err();
        assert!(said.contains("weigh 1"), "{said}");
        let said = hands(&[1], &[]).sign(&issuer, Duty::Authorizes, "SEEDS").unwrap_err();
        assert!(said.contains("missing in SEEDS"), "{said}");
    }

    #[tokio::test]
    async fn custodian_pays_and_authorizes_nothing() {
        let plain = account(&[(1, 1)], 0, 0).await;
        let hands = Hands { custodian: true, ..hands(&[], &[]) };
        assert!(hands.sign(&plain, Duty::Pays, "SEEDS").is_ok());
        assert!(hands.sign(&plain, Duty::Authorizes, "SEEDS").is_err());
    }

    #[tokio::test]
    async fn channel_is_of_this_seed_and_signs_itself() {
        let seed = SigningKey::from_seed([7; 32]);
        let mut shown = account(&[(1, 1)], 0, 0).await;
        shown.id = channel_key(&seed, 3).account();
        shown.signers = vec![(SignerKey::Ed25519(shown.id), 1)];
        assert_eq!(channel(&hands(&[], &[]), &seed, &shown, 3), Ok(()));
        assert!(channel(&hands(&[], &[]), &seed, &shown, 4).unwrap_err().contains("another CHANNEL_SEED"));
        let elsewhere = Hands { elsewhere: vec![shown.id], ..hands(&[], &[]) };
        assert!(channel(&elsewhere, &seed, &shown, 3).unwrap_err().contains("no Signer may have"));
        shown.low_threshold = 2;
        assert!(channel(&hands(&[], &[]), &seed, &shown, 3).unwrap_err().contains("weighs 1"));
    }
}

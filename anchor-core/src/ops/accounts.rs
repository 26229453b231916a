//! Accounts as the ledger shows them, read once for a round of payments; what is planned is booked on them, so that the
//! next plan of the round sees it.

use std::collections::HashMap;

use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::anchor::Anchor;
use crate::asset::StellarAsset;
use crate::stellar::envelope::Payment;
use crate::stellar::{AccountSnapshot, LedgerError};

/// Some accounts. What could not be found out about one says nothing about the others.
#[derive(Debug, Default)]
pub(super) struct Accounts(HashMap<AccountId, Result<Option<AccountSnapshot>, LedgerError>>);

impl Accounts {
    /// Asks the ledger, once for each account.
    pub(super) async fn read(anchor: &Anchor, ids: Vec<AccountId>) -> Self {
        let mut accounts = Self::default();
        accounts.read_more(anchor, ids).await;
        accounts
    }

    /// Asks for those that were not asked for yet.
    pub(super) async fn read_more(&mut self, anchor: &Anchor, mut ids: Vec<AccountId>) {
        ids.retain(|id| !self.0.contains_key(id));
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return;
        }
        let answers = anchor.ledger().accounts(&ids).await;
        self.0.extend(ids.into_iter().zip(answers));
    }

    /// The account, or `None` if it is proved that it does not exist.
    pub(super) fn get(&self, id: &AccountId) -> Result<Option<&AccountSnapshot>, LedgerError> {
        match self.0.get(id) {
            Some(Ok(account)) => Ok(account.as_ref()),
            Some(Err(error)) => Err(error.clone()),
            None => Err(LedgerError::Malformed("an account was not answered for".to_owned())),
        }
    }

    /// `from` will pay this, and `fee` at most.
    pub(super) fn book(&mut self, from: &AccountId, payment: &Payment, fee: StellarAmount) {
        let (asset, amount, reserves) = match payment {
            Payment::Pay { asset, amount, .. } => (asset, *amount, 0),
            Payment::CreateAccount { starting_balance, .. } => (&StellarAsset::Native, *starting_balance, 0),
            Payment::ClaimableBalance { claimants, asset, amount } => (asset, *amount, claimants.len()),
        };
        if let Some(Ok(Some(payer))) = self.0.get_mut(from) {
            spend(payer, asset, amount);
            spend(payer, &StellarAsset::Native, fee);
            payer.sponsoring = payer.sponsoring.saturating_add(u32::try_from(reserves).unwrap_or(u32::MAX));
        }
        let Payment::Pay { destination, asset, amount } = payment else { return };
        let receiver = destination.ledger_account().and_then(|id| self.0.get_mut(&id));
        if let Some(Ok(Some(receiver))) = receiver {
            for line in receiver.trust_lines.iter_mut().filter(|line| line.asset == *asset) {
                line.balance = line.balance.checked_add(*amount).unwrap_or(StellarAmount::MAX);
            }
        }
    }
}

fn spend(account: &mut AccountSnapshot, asset: &StellarAsset, amount: StellarAmount) {
    let rest = |balance: StellarAmount| balance.checked_sub(amount).unwrap_or(StellarAmount::ZERO);
    match asset {
        StellarAsset::Native => account.balance = rest(account.balance),
        StellarAsset::Credit { .. } => {
            for line in account.trust_lines.iter_mut().filter(|line| line.asset == *asset) {
                line.balance = rest(line.balance);
            }
        }
    }
}

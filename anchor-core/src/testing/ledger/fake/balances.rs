//! What is set aside on the fake ledger.

use std::sync::Arc;

use super::FakeLedger;
use super::apply::{credit, digest, failed, time};
use super::world::{Entry, World};
use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::Memo;
use crate::stellar::envelope::Claimant;
use crate::stellar::{BalanceClaim, BalanceLookup, Failure, FailureKind, Movement};
use crate::transaction::TransactionHash;

#[derive(Debug, Clone)]
pub(super) struct Balance {
    claimants: Vec<Claimant>,
    asset: StellarAsset,
    amount: StellarAmount,
}

impl World {
    pub(super) fn set_aside(
        &mut self,
        id: &str,
        claimants: &[Claimant],
        asset: &StellarAsset,
        amount: StellarAmount,
    ) {
        let balance = Balance { claimants: claimants.to_vec(), asset: asset.clone(), amount };
        self.balances.insert(id.to_owned(), balance);
    }

    pub(super) fn balance(&self, id: &str) -> BalanceLookup {
        match self.balances.get(id) {
            Some(balance) => BalanceLookup::Held {
                asset: balance.asset.clone(),
                amount: balance.amount,
                as_of: self.point.sequence,
            },
            None => BalanceLookup::Absent { checked: self.point },
        }
    }

    pub(super) fn claim(
        &mut self,
        by: AccountId,
        id: &str,
        hash: TransactionHash,
        memo: Memo,
    ) -> Result<(), Failure> {
        let other = |code| failed(FailureKind::Other, code);
        let balance = self.balances.get(id).cloned().ok_or_else(|| other("op_does_not_exist"))?;
        let now = self.point.closed_at;
        let may =
            |claimant: &Claimant| claimant.account == by && claimant.from.is_none_or(|from| from <= now);
        if !balance.claimants.iter().any(may) {
            return Err(other("op_cannot_claim"));
        }
        let account = self.accounts.get_mut(&by).ok_or_else(|| other("op_no_source_account"))?;
        credit(account, &balance.asset, balance.amount)?;
        self.balances.remove(id);
        let number = self.history.len() as u64;
        let id_of_claim = (u64::from(self.point.sequence) << 32 | number << 12 | 1).to_string();
        if self.tells_claims {
            self.history.push(Entry::Movement(Arc::new(Movement {
                id: id_of_claim.clone(),
                hash,
                ledger: self.point.sequence,
                at: time(now),
                from: by.into(),
                to: by.into(),
                asset: balance.asset,
                amount: balance.amount,
                memo: memo.clone(),
            })));
        }
        self.history.push(Entry::Claim(Arc::new(BalanceClaim {
            id: id_of_claim,
            hash,
            ledger: self.point.sequence,
            at: time(now),
            by: by.into(),
            balance: id.to_owned(),
            memo,
        })));
        Ok(())
    }
}

impl FakeLedger {
    /// Somebody sets something aside for these, from nowhere.
    pub fn sets_aside(&self, id: &str, claimants: &[AccountId], asset: &StellarAsset, amount: StellarAmount) {
        let claimants: Vec<_> =
            claimants.iter().map(|account| Claimant { account: *account, from: None }).collect();
        self.state().world.set_aside(id, &claimants, asset, amount);
    }

    /// Every claim of a balance, by whomever, oldest first.
    pub fn claimed(&self) -> Vec<BalanceClaim> {
        let state = self.state();
        let claims = state.world.history.iter().filter_map(|entry| match entry {
            Entry::Claim(claim) => Some(BalanceClaim::clone(claim)),
            Entry::Movement(_) | Entry::Poison(..) => None,
        });
        claims.collect()
    }

    /// From now on it also tells what a claim brought, like a server that shows what transactions changed.
    pub fn tell_claims(&self) {
        self.state().world.tells_claims = true;
    }

    /// Somebody who has the key of this account claims a balance, with a program that nobody here knows: in the next ledger,
    /// which closes at once. `false` if the ledger refuses it.
    pub fn claims(&self, by: AccountId, balance: &str, memo: Memo) -> bool {
        self.close();
        let mut state = self.state();
        let number = state.world.history.len();
        let hash = TransactionHash::from_bytes(digest(&[b"claims", &number.to_be_bytes()]));
        let is_claimed = state.world.claim(by, balance, hash, memo).is_ok();
        drop(state);
        self.closed.send_modify(|_| ());
        is_claimed
    }
}

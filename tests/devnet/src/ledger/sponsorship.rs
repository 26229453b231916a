//! Who pays the reserve of an entry.

use std::collections::BTreeMap;

use stellar_xdr::{
    AccountId, LedgerEntryData, LedgerEntryExt, LedgerEntryExtensionV1, LedgerEntryExtensionV1Ext,
    SponsorshipDescriptor,
};

use super::account::{self, SUBENTRY_LIMIT};
use super::state::State;

/// Sponsorships open inside one transaction: sponsored account to sponsor.
pub(crate) type Sponsorships = BTreeMap<AccountId, AccountId>;

/// Why a reserve could not be set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoReserve {
    /// Whoever has to pay has too few lumens.
    LowReserve,
    /// The owner has as many entries as an account may have.
    TooManySubentries,
    /// The sponsor's counter is full.
    TooManySponsoring,
}

/// Reserves that an entry costs.
pub(crate) fn multiplier(data: &LedgerEntryData) -> u32 {
    match data {
        LedgerEntryData::Account(_) => 2,
        LedgerEntryData::ClaimableBalance(balance) => {
            u32::try_from(balance.claimants.len()).unwrap_or(u32::MAX)
        }
        _ => 1,
    }
}

/// Who pays for an entry, as its extension tells.
pub fn sponsor_of(ext: &LedgerEntryExt) -> Option<&AccountId> {
    match ext {
        LedgerEntryExt::V0 => None,
        LedgerEntryExt::V1(v1) => v1.sponsoring_id.0.as_ref(),
    }
}

impl State {
    /// Sets aside the reserve of a new sub-entry of `owner`, from the sponsor if one is open.
    pub(crate) fn reserve_subentry(
        &mut self,
        owner: &AccountId,
        sponsor: Option<&AccountId>,
    ) -> Result<LedgerEntryExt, NoReserve> {
        let subentries = self.account(owner).map_or(0, |account| account.num_sub_entries);
        if subentries >= SUBENTRY_LIMIT {
            return Err(NoReserve::TooManySubentries);
        }
        let ext = match sponsor {
            Some(sponsor) => {
                self.sponsor(sponsor, 1)?;
                if let Some(account) = self.account_mut(owner) {
                    account::v2_mut(account).num_sponsored += 1;
                }
                sponsored_by(sponsor)
            }
            None => {
                self.require_available(owner, 1)?;
                LedgerEntryExt::V0
            }
        };
        if let Some(account) = self.account_mut(owner) {
            account.num_sub_entries += 1;
        }
        Ok(ext)
    }

    /// Gives the reserve of a sub-entry of `owner` back to whoever paid it.
    pub(crate) fn release_subentry(&mut self, owner: &AccountId, ext: &LedgerEntryExt) {
        let sponsor = sponsor_of(ext);
        if let Some(account) = self.account_mut(owner) {
            account.num_sub_entries = account.num_sub_entries.saturating_sub(1);
            if sponsor.is_some() {
                let v2 = account::v2_mut(account);
                v2.num_sponsored = v2.num_sponsored.saturating_sub(1);
            }
        }
        if let Some(sponsor) = sponsor {
            self.unsponsor(sponsor, 1);
        }
    }

    /// Charges `sponsor` with `count` reserves.
    pub(crate) fn sponsor(&mut self, sponsor: &AccountId, count: u32) -> Result<(), NoReserve> {
        self.require_available(sponsor, count)?;
        let Some(account) = self.account_mut(sponsor) else { return Err(NoReserve::LowReserve) };
        let total =
            account::num_sponsoring(account).checked_add(count).ok_or(NoReserve::TooManySponsoring)?;
        account::v2_mut(account).num_sponsoring = total;
        Ok(())
    }

    /// Frees `sponsor` from `count` reserves.
    pub(crate) fn unsponsor(&mut self, sponsor: &AccountId, count: u32) {
        if let Some(account) = self.account_mut(sponsor) {
            let v2 = account::v2_mut(account);
            v2.num_sponsoring = v2.num_sponsoring.saturating_sub(count);
        }
    }

    /// Whether `payer` could set aside `count` more reserves.
    pub(crate) fn require_available(&self, payer: &AccountId, count: u32) -> Result<(), NoReserve> {
        let needed = i64::from(count) * i64::from(self.header.base_reserve);
        match self.account(payer) {
            Some(account) if account::available(account, self.header.base_reserve) >= needed => Ok(()),
            Some(_) | None => Err(NoReserve::LowReserve),
        }
    }
}

/// The extension of an entry whose reserve `sponsor` pays.
pub(crate) fn sponsored_by(sponsor: &AccountId) -> LedgerEntryExt {
    LedgerEntryExt::V1(LedgerEntryExtensionV1 {
        sponsoring_id: SponsorshipDescriptor(Some(sponsor.clone())),
        ext: LedgerEntryExtensionV1Ext::V0,
    })
}

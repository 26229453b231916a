//! What an account holds of an asset: lumens in the account entry, credit in a trust line, and no limit at all
//! for the asset's own issuer, who creates units by paying them out and destroys them by taking them back.

use stellar_xdr::{
    AccountId, Asset, Liabilities, TrustLineEntry, TrustLineEntryExt, TrustLineEntryV1, TrustLineEntryV1Ext,
    TrustLineFlags,
};

use super::account;
use super::asset::is_issuer;
use super::state::State;

pub(crate) const AUTHORIZED: u32 = TrustLineFlags::AuthorizedFlag as u32;
pub(crate) const MAINTAIN: u32 = TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag as u32;
pub(crate) const CLAWBACK: u32 = TrustLineFlags::TrustlineClawbackEnabledFlag as u32;

/// How an account stands to an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Lumens, or the issuer itself: nothing to authorise.
    Unlimited,
    /// A trust line the issuer has fully authorised.
    Authorized,
    /// A trust line that is not, or not fully, authorised.
    NotAuthorized,
    /// No trust line.
    NoTrust,
}

/// What the open offers of a trust line may bring in or take out.
pub fn line_liabilities(line: &TrustLineEntry) -> Liabilities {
    match &line.ext {
        TrustLineEntryExt::V0 => Liabilities { buying: 0, selling: 0 },
        TrustLineEntryExt::V1(v1) => v1.liabilities.clone(),
    }
}

pub(crate) fn line_liabilities_mut(line: &mut TrustLineEntry) -> &mut Liabilities {
    if let TrustLineEntryExt::V0 = line.ext {
        line.ext = TrustLineEntryExt::V1(TrustLineEntryV1 {
            liabilities: Liabilities { buying: 0, selling: 0 },
            ext: TrustLineEntryV1Ext::V0,
        });
    }
    match &mut line.ext {
        TrustLineEntryExt::V1(v1) => &mut v1.liabilities,
        TrustLineEntryExt::V0 => unreachable!("set just above"),
    }
}

/// Adds `delta` to a trust line within its limit and liabilities, whatever its authorisation.
#[must_use]
pub(crate) fn add_to_line(line: &mut TrustLineEntry, delta: i64) -> bool {
    let liabilities = line_liabilities(line);
    let Some(balance) = line.balance.checked_add(delta).filter(|balance| *balance >= 0) else { return false };
    if balance > line.limit - liabilities.buying || balance < liabilities.selling {
        return false;
    }
    line.balance = balance;
    true
}

impl State {
    pub(crate) fn standing(&self, account: &AccountId, asset: &Asset) -> Standing {
        if *asset == Asset::Native || is_issuer(account, asset) {
            return Standing::Unlimited;
        }
        match self.trust_line(account, asset) {
            None => Standing::NoTrust,
            Some(line) if line.flags & AUTHORIZED != 0 => Standing::Authorized,
            Some(_) => Standing::NotAuthorized,
        }
    }

    /// The most `account` can give of `asset` now; 0 when it cannot give any.
    pub(crate) fn spendable(&self, account: &AccountId, asset: &Asset) -> i64 {
        self.available(account, asset).max(0)
    }

    /// Like [`State::spendable`], but below zero when lumens are short of a raised reserve.
    pub(crate) fn available(&self, account: &AccountId, asset: &Asset) -> i64 {
        if *asset == Asset::Native {
            return self
                .account(account)
                .map_or(0, |entry| account::available(entry, self.header.base_reserve));
        }
        if is_issuer(account, asset) {
            return i64::MAX;
        }
        match self.trust_line(account, asset) {
            Some(line) if line.flags & (AUTHORIZED | MAINTAIN) != 0 => {
                line.balance - line_liabilities(line).selling
            }
            Some(_) | None => 0,
        }
    }

    /// The most `account` can take of `asset` now.
    pub(crate) fn receivable(&self, account: &AccountId, asset: &Asset) -> i64 {
        if *asset == Asset::Native {
            return self.account(account).map_or(0, account::receivable);
        }
        if is_issuer(account, asset) {
            return i64::MAX;
        }
        match self.trust_line(account, asset) {
            Some(line) if line.flags & (AUTHORIZED | MAINTAIN) != 0 => {
                line.limit - line.balance - line_liabilities(line).buying
            }
            Some(_) | None => 0,
        }
    }

    /// Adds `delta` (negative to take) to what `account` holds of `asset`, within reserve, limit, liabilities and
    /// authorisation. `false` leaves everything as it was.
    #[must_use]
    pub(crate) fn add_balance(&mut self, account: &AccountId, asset: &Asset, delta: i64) -> bool {
        if *asset == Asset::Native {
            let base_reserve = self.header.base_reserve;
            return self
                .account_mut(account)
                .is_some_and(|entry| account::add_balance(entry, delta, base_reserve));
        }
        if is_issuer(account, asset) || delta == 0 {
            return true;
        }
        match self.trust_line(account, asset) {
            Some(line) if line.flags & (AUTHORIZED | MAINTAIN) != 0 => {}
            Some(_) | None => return false,
        }
        self.trust_line_mut(account, asset).is_some_and(|line| add_to_line(line, delta))
    }

    /// Moves the liabilities of `account` in `asset`; `false` when they would not be covered.
    #[must_use]
    pub(crate) fn add_liabilities(&mut self, account: &AccountId, asset: &Asset, delta: Liabilities) -> bool {
        if *asset == Asset::Native {
            let base_reserve = self.header.base_reserve;
            let Some(entry) = self.account_mut(account) else { return false };
            let (balance, floor) = (entry.balance, account::min_balance(entry, base_reserve));
            let grows = delta.selling > 0;
            let liabilities = account::liabilities_mut(entry);
            add(liabilities, &delta)
                && liabilities.buying <= i64::MAX - balance
                && (!grows || liabilities.selling <= balance - floor)
        } else if is_issuer(account, asset) {
            true
        } else {
            let Some(line) = self.trust_line_mut(account, asset) else { return false };
            let (balance, limit) = (line.balance, line.limit);
            let liabilities = line_liabilities_mut(line);
            add(liabilities, &delta)
                && liabilities.buying <= limit - balance
                && liabilities.selling <= balance
        }
    }
}

fn add(liabilities: &mut Liabilities, delta: &Liabilities) -> bool {
    match (liabilities.buying.checked_add(delta.buying), liabilities.selling.checked_add(delta.selling)) {
        (Some(buying @ 0..), Some(selling @ 0..)) => {
            *liabilities = Liabilities { buying, selling };
            true
        }
        _ => false,
    }
}

//! What allow trust and set trust line flags have in common.

use stellar_xdr::{AccountId, Asset, LedgerEntryData};

use super::crossing;
use super::outcome::Failure;
use crate::ledger::holding::{AUTHORIZED, MAINTAIN};
use crate::ledger::state::{State, offer_key};

/// Flags that say how far a trust line is authorised; at most one of them may be set.
pub(super) const AUTHORIZATION: u32 = AUTHORIZED | MAINTAIN;

pub(super) fn authorization_valid(flags: u32) -> bool {
    flags & AUTHORIZATION != AUTHORIZATION
}

/// Sets the flags of an existing trust line. One that may no longer even keep its offers loses them.
pub(super) fn set(state: &mut State, trustor: &AccountId, asset: &Asset, flags: u32) -> Result<(), Failure> {
    let Some(line) = state.trust_line_mut(trustor, asset) else { return Err(Failure::Inconsistent) };
    let loses_offers = line.flags & AUTHORIZATION != 0 && flags & AUTHORIZATION == 0;
    if loses_offers {
        for offer_id in offers_in(state, trustor, asset) {
            crossing::remove_offer(state, trustor, offer_id).ok_or(Failure::Inconsistent)?;
        }
    }
    if let Some(line) = state.trust_line_mut(trustor, asset) {
        line.flags = flags;
    }
    Ok(())
}

fn offers_in(state: &State, trustor: &AccountId, asset: &Asset) -> Vec<i64> {
    let from = offer_key(trustor, i64::MIN);
    state
        .entries_from(from)
        .map_while(|(_, entry)| match &entry.data {
            LedgerEntryData::Offer(offer) if offer.seller_id == *trustor => Some(offer),
            _ => None,
        })
        .filter(|offer| offer.selling == *asset || offer.buying == *asset)
        .map(|offer| offer.offer_id)
        .collect()
}

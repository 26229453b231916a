//! The two ends of a payment, and the conversions between them.

use stellar_xdr::{AccountId, Asset, ClaimAtom};

use super::crossing::{self, Filter, Stop, Taking};
use crate::ledger::asset::is_issuer;
use crate::ledger::exchange::Rounding;
use crate::ledger::holding::Standing;
use crate::ledger::state::State;

/// Why a payment fails; payment and path payments give it their own codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Underfunded,
    SourceNoTrust,
    SourceNotAuthorized,
    NoDestination,
    NoTrust,
    NotAuthorized,
    LineFull,
    TooFewOffers,
    OfferCrossSelf,
    TooMuchWork,
    Inconsistent,
}

/// The destination must exist, except that credit can always go straight back to its issuer.
pub(super) fn require_destination(
    state: &State,
    destination: &AccountId,
    sent: &Asset,
    delivered: &Asset,
    path: &[Asset],
) -> Result<(), Refusal> {
    let back_to_issuer = path.is_empty() && sent == delivered && is_issuer(destination, delivered);
    if back_to_issuer || state.account(destination).is_some() { Ok(()) } else { Err(Refusal::NoDestination) }
}

/// Gives `amount` to the destination.
pub(super) fn credit(
    state: &mut State,
    destination: &AccountId,
    asset: &Asset,
    amount: i64,
) -> Result<(), Refusal> {
    match state.standing(destination, asset) {
        Standing::NoTrust => return Err(Refusal::NoTrust),
        Standing::NotAuthorized => return Err(Refusal::NotAuthorized),
        Standing::Unlimited | Standing::Authorized => {}
    }
    if state.add_balance(destination, asset, amount) { Ok(()) } else { Err(Refusal::LineFull) }
}

/// Takes `amount` from the source.
pub(super) fn debit(
    state: &mut State,
    source: &AccountId,
    asset: &Asset,
    amount: i64,
) -> Result<(), Refusal> {
    match state.standing(source, asset) {
        Standing::NoTrust => return Err(Refusal::SourceNoTrust),
        Standing::NotAuthorized => return Err(Refusal::SourceNotAuthorized),
        Standing::Unlimited | Standing::Authorized => {}
    }
    if state.add_balance(source, asset, -amount) { Ok(()) } else { Err(Refusal::Underfunded) }
}

/// One hop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop<'a> {
    pub(super) give: &'a Asset,
    pub(super) max_give: i64,
    pub(super) take: &'a Asset,
    pub(super) max_take: i64,
    pub(super) rounding: Rounding,
}

/// What a hop did.
#[derive(Debug)]
pub(super) struct Converted {
    pub(super) given: i64,
    pub(super) taken: i64,
    pub(super) trail: Vec<ClaimAtom>,
}

/// Converts along the order book for `source`; `budget` is what is left of the offers one operation may cross.
pub(super) fn convert(
    state: &mut State,
    source: &AccountId,
    hop: Hop<'_>,
    budget: &mut usize,
) -> Result<Converted, Refusal> {
    let mut not_own = |offer: &stellar_xdr::OfferEntry| {
        if offer.seller_id == *source { Filter::StopOwnOffer } else { Filter::Take }
    };
    let Taking { give, max_give, take, max_take, rounding } = Taking {
        give: hop.give,
        max_give: hop.max_give,
        take: hop.take,
        max_take: hop.max_take,
        rounding: hop.rounding,
    };
    let crossed =
        crossing::convert(state, Taking { give, max_give, take, max_take, rounding }, &mut not_own, *budget)
            .ok_or(Refusal::Inconsistent)?;
    *budget = budget.saturating_sub(crossed.trail.len());
    let complete = match rounding {
        Rounding::StrictSend => crossed.given == max_give,
        Rounding::StrictReceive | Rounding::Offer => crossed.taken == max_take,
    };
    match crossed.stop {
        Stop::Done if complete => {
            Ok(Converted { given: crossed.given, taken: crossed.taken, trail: crossed.trail })
        }
        Stop::Done | Stop::BookEmpty | Stop::BadPrice => Err(Refusal::TooFewOffers),
        Stop::OwnOffer => Err(Refusal::OfferCrossSelf),
        Stop::TooMuchWork => Err(Refusal::TooMuchWork),
    }
}

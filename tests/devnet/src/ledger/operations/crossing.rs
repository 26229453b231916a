//! Taking offers from the book.

use stellar_xdr::{AccountId, Asset, ClaimAtom, ClaimOfferAtom, LedgerEntryExt, Liabilities, OfferEntry};

use crate::ledger::exchange::{self, Limits, Rounding};
use crate::ledger::state::{State, offer_key};

/// Most offers one operation may cross.
pub(super) const MAX_OFFERS_TO_CROSS: usize = 1_000;

/// What the taker wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taking<'a> {
    pub(super) give: &'a Asset,
    pub(super) max_give: i64,
    pub(super) take: &'a Asset,
    pub(super) max_take: i64,
    pub(super) rounding: Rounding,
}

/// What the taker makes of the next offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Take,
    StopBadPrice,
    StopOwnOffer,
}

/// Why crossing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// A limit of the taker was reached.
    Done,
    BookEmpty,
    BadPrice,
    OwnOffer,
    TooMuchWork,
}

/// What crossing did.
#[derive(Debug)]
pub(super) struct Crossed {
    pub(super) given: i64,
    pub(super) taken: i64,
    pub(super) trail: Vec<ClaimAtom>,
    pub(super) stop: Stop,
}

/// Crosses the best offers until the taker has enough. The makers' balances move here, the taker's do not.
/// `None` means the ledger contradicts itself.
pub(super) fn convert(
    state: &mut State,
    taking: Taking<'_>,
    filter: &mut dyn FnMut(&OfferEntry) -> Filter,
    budget: usize,
) -> Option<Crossed> {
    let mut crossed = Crossed { given: 0, taken: 0, trail: Vec::new(), stop: Stop::Done };
    let (mut max_give, mut max_take) = (taking.max_give, taking.max_take);
    if max_give > 0 && max_take > 0 && budget == 0 {
        crossed.stop = Stop::TooMuchWork;
        return Some(crossed);
    }
    while max_give > 0 && max_take > 0 {
        let Some(place) = state.book().best(taking.take, taking.give).cloned() else {
            crossed.stop = Stop::BookEmpty;
            break;
        };
        let offer = state.offer(&place.seller, place.offer_id)?.clone();
        match filter(&offer) {
            Filter::Take => {}
            Filter::StopBadPrice => crossed.stop = Stop::BadPrice,
            Filter::StopOwnOffer => crossed.stop = Stop::OwnOffer,
        }
        if crossed.stop == Stop::Done && crossed.trail.len() >= budget {
            crossed.stop = Stop::TooMuchWork;
        }
        if crossed.stop != Stop::Done {
            break;
        }
        let (atom, maker_stays) = cross_one(state, &offer, Taking { max_give, max_take, ..taking })?;
        crossed.given += atom.amount_bought;
        crossed.taken += atom.amount_sold;
        max_give -= atom.amount_bought;
        max_take -= atom.amount_sold;
        crossed.trail.push(ClaimAtom::OrderBook(atom));
        if maker_stays {
            break;
        }
    }
    Some(crossed)
}

/// Sets the liabilities of an offer's owner that come with the offer.
pub(super) fn acquire_liabilities(state: &mut State, offer: &OfferEntry) -> Option<()> {
    move_liabilities(state, offer, 1)
}

/// Gives the liabilities of an offer's owner back.
pub(super) fn release_liabilities(state: &mut State, offer: &OfferEntry) -> Option<()> {
    move_liabilities(state, offer, -1)
}

/// Takes an offer off the book with its liabilities and its reserve.
pub(super) fn remove_offer(state: &mut State, seller: &AccountId, offer_id: i64) -> Option<()> {
    let offer = state.offer(seller, offer_id)?.clone();
    release_liabilities(state, &offer)?;
    erase(state, &offer);
    Some(())
}

fn cross_one(state: &mut State, offer: &OfferEntry, taking: Taking<'_>) -> Option<(ClaimOfferAtom, bool)> {
    let maker = &offer.seller_id;
    release_liabilities(state, offer)?;
    let gives = offer.amount.min(state.spendable(maker, &offer.selling));
    let takes = state.receivable(maker, &offer.buying).max(0);
    let gives = exchange::adjusted_amount(&offer.price, gives, takes)?;
    let limits = Limits {
        maker_gives: gives,
        maker_takes: takes,
        taker_takes: taking.max_take,
        taker_gives: taking.max_give,
    };
    let done = exchange::cross(&offer.price, limits, taking.rounding)?;
    let moved = state.add_balance(maker, &offer.buying, done.paid)
        && state.add_balance(maker, &offer.selling, -done.bought);
    if !moved {
        return None;
    }
    let mut left = 0;
    if done.maker_stays {
        let gives = (gives - done.bought).min(state.spendable(maker, &offer.selling));
        left = exchange::adjusted_amount(&offer.price, gives, state.receivable(maker, &offer.buying).max(0))?;
    }
    if left == 0 {
        erase(state, offer);
    } else {
        state.set_offer_amount(maker, offer.offer_id, left);
        acquire_liabilities(state, &OfferEntry { amount: left, ..offer.clone() })?;
    }
    let atom = ClaimOfferAtom {
        seller_id: maker.clone(),
        offer_id: offer.offer_id,
        asset_sold: offer.selling.clone(),
        amount_sold: done.bought,
        asset_bought: offer.buying.clone(),
        amount_bought: done.paid,
    };
    Some((atom, done.maker_stays))
}

fn erase(state: &mut State, offer: &OfferEntry) {
    let key = offer_key(&offer.seller_id, offer.offer_id);
    let ext = state.entry(&key).map_or(LedgerEntryExt::V0, |entry| entry.ext.clone());
    state.remove(&key);
    state.release_subentry(&offer.seller_id, &ext);
}

fn move_liabilities(state: &mut State, offer: &OfferEntry, sign: i64) -> Option<()> {
    let (selling, buying) = exchange::offer_liabilities(&offer.price, offer.amount, i64::MAX)?;
    let out = Liabilities { buying: 0, selling: sign * selling };
    let into = Liabilities { buying: sign * buying, selling: 0 };
    let covered = state.add_liabilities(&offer.seller_id, &offer.selling, out)
        && state.add_liabilities(&offer.seller_id, &offer.buying, into);
    covered.then_some(())
}

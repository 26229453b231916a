//! Manage sell offer, manage buy offer, create passive sell offer.

use std::cmp::Ordering;

use stellar_xdr::{
    AccountId, Asset, CreatePassiveSellOfferOp, LedgerEntryData, LedgerEntryExt, ManageBuyOfferOp,
    ManageBuyOfferResult, ManageOfferSuccessResult, ManageOfferSuccessResultOffer, ManageSellOfferOp,
    ManageSellOfferResult, OfferEntry, OfferEntryExt, OfferEntryFlags, OperationResult, OperationResultTr,
    Price,
};

use super::Context;
use super::crossing::{self, Filter, MAX_OFFERS_TO_CROSS, Stop, Taking};
use super::outcome::{Failure, Outcome};
use crate::ledger::asset;
use crate::ledger::exchange::{self, Rounding};
use crate::ledger::frame::list;
use crate::ledger::holding::Standing;
use crate::ledger::orderbook::compare;
use crate::ledger::sponsorship::NoReserve;
use crate::ledger::state::{State, offer_key};

const PASSIVE: u32 = OfferEntryFlags::PassiveFlag as u32;

pub(super) fn check_sell(op: &ManageSellOfferOp) -> Result<(), Failure> {
    check(&sell(op)).map_err(|()| sell_failure(Refusal::Malformed, false))
}

pub(super) fn check_buy(op: &ManageBuyOfferOp) -> Result<(), Failure> {
    check(&buy(op)).map_err(|()| buy_failure(Refusal::Malformed))
}

pub(super) fn check_passive(op: &CreatePassiveSellOfferOp) -> Result<(), Failure> {
    check(&passive(op)).map_err(|()| sell_failure(Refusal::Malformed, true))
}

pub(super) fn apply_sell(context: &mut Context<'_>, op: &ManageSellOfferOp) -> Outcome {
    let success = manage(context, &sell(op)).map_err(|refusal| sell_failure(refusal, false))?;
    Ok(OperationResultTr::ManageSellOffer(ManageSellOfferResult::Success(success)))
}

pub(super) fn apply_buy(context: &mut Context<'_>, op: &ManageBuyOfferOp) -> Outcome {
    let success = manage(context, &buy(op)).map_err(buy_failure)?;
    Ok(OperationResultTr::ManageBuyOffer(ManageBuyOfferResult::Success(success)))
}

pub(super) fn apply_passive(context: &mut Context<'_>, op: &CreatePassiveSellOfferOp) -> Outcome {
    let success = manage(context, &passive(op)).map_err(|refusal| sell_failure(refusal, true))?;
    Ok(OperationResultTr::CreatePassiveSellOffer(ManageSellOfferResult::Success(success)))
}

/// The three operations as one.
#[derive(Clone, Copy, Debug)]
struct Request<'a> {
    selling: &'a Asset,
    buying: &'a Asset,
    amount: Amount,
    /// Of what is sold, in terms of what is bought.
    n: i32,
    d: i32,
    offer_id: i64,
    passive: bool,
}

/// The side on which the amount is fixed.
#[derive(Clone, Copy, Debug)]
enum Amount {
    Sell(i64),
    Buy(i64),
}

/// Why an offer is refused, before it gets the code of its operation.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Malformed,
    SellNoTrust,
    BuyNoTrust,
    SellNotAuthorized,
    BuyNotAuthorized,
    LineFull,
    Underfunded,
    CrossSelf,
    NotFound,
    NoReserve(NoReserve),
    TooMuchWork,
    Inconsistent,
}

fn sell(op: &ManageSellOfferOp) -> Request<'_> {
    Request {
        selling: &op.selling,
        buying: &op.buying,
        amount: Amount::Sell(op.amount),
        n: op.price.n,
        d: op.price.d,
        offer_id: op.offer_id,
        passive: false,
    }
}

fn buy(op: &ManageBuyOfferOp) -> Request<'_> {
    Request {
        selling: &op.selling,
        buying: &op.buying,
        amount: Amount::Buy(op.buy_amount),
        n: op.price.d,
        d: op.price.n,
        offer_id: op.offer_id,
        passive: false,
    }
}

fn passive(op: &CreatePassiveSellOfferOp) -> Request<'_> {
    Request {
        selling: &op.selling,
        buying: &op.buying,
        amount: Amount::Sell(op.amount),
        n: op.price.n,
        d: op.price.d,
        offer_id: 0,
        passive: true,
    }
}

impl Request<'_> {
    fn price(&self) -> Price {
        Price { n: self.n, d: self.d }
    }

    fn stated(&self) -> i64 {
        match self.amount {
            Amount::Sell(amount) | Amount::Buy(amount) => amount,
        }
    }

    fn deletes(&self) -> bool {
        self.stated() == 0
    }

    /// Caps what may be sold and bought at what is left of the request.
    fn limit(&self, (sell, sold): (i64, i64), (buy, bought): (i64, i64)) -> (i64, i64) {
        match self.amount {
            Amount::Sell(amount) => (sell.min(amount - sold), buy),
            Amount::Buy(amount) => (sell, buy.min(amount - bought)),
        }
    }

    /// What the offer would take out and bring in.
    fn liabilities(&self) -> Option<(i64, i64)> {
        match self.amount {
            Amount::Sell(amount) => exchange::offer_liabilities(&self.price(), amount, i64::MAX),
            Amount::Buy(amount) => exchange::offer_liabilities(&self.price(), i64::MAX, amount),
        }
    }
}

fn check(request: &Request<'_>) -> Result<(), ()> {
    let sound = asset::is_valid(request.selling)
        && asset::is_valid(request.buying)
        && request.selling != request.buying
        && request.stated() >= 0
        && request.n > 0
        && request.d > 0
        && request.offer_id >= 0
        && !(request.offer_id == 0 && request.deletes());
    if sound { Ok(()) } else { Err(()) }
}

fn manage(context: &mut Context<'_>, request: &Request<'_>) -> Result<ManageOfferSuccessResult, Refusal> {
    let source = context.source.clone();
    let state = &mut *context.state;
    if !request.deletes() {
        check_standing(state, &source, request)?;
    }
    let (flags, ext) = if request.offer_id == 0 {
        let sponsor = context.sponsorships.get(&source);
        let ext = state.reserve_subentry(&source, sponsor).map_err(Refusal::NoReserve)?;
        (if request.passive { PASSIVE } else { 0 }, ext)
    } else {
        take_back(state, &source, request.offer_id)?
    };
    let mut trail = Vec::new();
    let mut left = 0;
    if !request.deletes() {
        (trail, left) = trade(state, &source, request, flags & PASSIVE != 0)?;
    }
    let offer = if left == 0 {
        state.release_subentry(&source, &ext);
        ManageOfferSuccessResultOffer::Deleted
    } else {
        place(state, &source, request, Placement { amount: left, flags, ext })?
    };
    Ok(ManageOfferSuccessResult { offers_claimed: list(trail), offer })
}

fn check_standing(state: &State, source: &AccountId, request: &Request<'_>) -> Result<(), Refusal> {
    match state.standing(source, request.selling) {
        Standing::NoTrust => return Err(Refusal::SellNoTrust),
        standing @ (Standing::Authorized | Standing::NotAuthorized) => {
            if state.trust_line(source, request.selling).is_some_and(|line| line.balance == 0) {
                return Err(Refusal::Underfunded);
            }
            if standing == Standing::NotAuthorized {
                return Err(Refusal::SellNotAuthorized);
            }
        }
        Standing::Unlimited => {}
    }
    match state.standing(source, request.buying) {
        Standing::NoTrust => Err(Refusal::BuyNoTrust),
        Standing::NotAuthorized => Err(Refusal::BuyNotAuthorized),
        Standing::Unlimited | Standing::Authorized => Ok(()),
    }
}

/// Takes the offer to be changed off the book; its reserve stays set aside.
fn take_back(state: &mut State, source: &AccountId, offer_id: i64) -> Result<(u32, LedgerEntryExt), Refusal> {
    let offer = state.offer(source, offer_id).ok_or(Refusal::NotFound)?.clone();
    let key = offer_key(source, offer_id);
    let ext = state.entry(&key).map_or(LedgerEntryExt::V0, |entry| entry.ext.clone());
    crossing::release_liabilities(state, &offer).ok_or(Refusal::Inconsistent)?;
    state.remove(&key);
    Ok((offer.flags, ext))
}

/// Crosses the book and settles the source's side; says what was claimed and how much goes on the book.
fn trade(
    state: &mut State,
    source: &AccountId,
    request: &Request<'_>,
    passive: bool,
) -> Result<(Vec<stellar_xdr::ClaimAtom>, i64), Refusal> {
    let (selling, buying) = request.liabilities().ok_or(Refusal::Inconsistent)?;
    if state.receivable(source, request.buying) < buying {
        return Err(Refusal::LineFull);
    }
    if state.available(source, request.selling) < selling {
        return Err(Refusal::Underfunded);
    }
    let spendable = state.spendable(source, request.selling);
    let receivable = state.receivable(source, request.buying).max(0);
    let (max_give, max_take) = request.limit((spendable, 0), (receivable, 0));
    if max_take == 0 {
        return Err(Refusal::LineFull);
    }
    let worst = Price { n: request.d, d: request.n };
    let mut filter = |offer: &OfferEntry| match compare(&offer.price, &worst) {
        Ordering::Greater => Filter::StopBadPrice,
        Ordering::Equal if passive => Filter::StopBadPrice,
        Ordering::Equal | Ordering::Less if offer.seller_id == *source => Filter::StopOwnOffer,
        Ordering::Equal | Ordering::Less => Filter::Take,
    };
    let taking =
        Taking { give: request.selling, max_give, take: request.buying, max_take, rounding: Rounding::Offer };
    let crossed =
        crossing::convert(state, taking, &mut filter, MAX_OFFERS_TO_CROSS).ok_or(Refusal::Inconsistent)?;
    let rests = match crossed.stop {
        Stop::Done => false,
        Stop::BookEmpty | Stop::BadPrice => true,
        Stop::OwnOffer => return Err(Refusal::CrossSelf),
        Stop::TooMuchWork => return Err(Refusal::TooMuchWork),
    };
    let settled = crossed.taken == 0
        || state.add_balance(source, request.buying, crossed.taken)
            && state.add_balance(source, request.selling, -crossed.given);
    if !settled {
        return Err(Refusal::Inconsistent);
    }
    let left = if rests {
        let spendable = state.spendable(source, request.selling);
        let receivable = state.receivable(source, request.buying).max(0);
        let (gives, takes) = request.limit((spendable, crossed.given), (receivable, crossed.taken));
        exchange::adjusted_amount(&request.price(), gives, takes).ok_or(Refusal::Inconsistent)?
    } else {
        0
    };
    Ok((crossed.trail, left))
}

struct Placement {
    amount: i64,
    flags: u32,
    ext: LedgerEntryExt,
}

fn place(
    state: &mut State,
    source: &AccountId,
    request: &Request<'_>,
    placement: Placement,
) -> Result<ManageOfferSuccessResultOffer, Refusal> {
    let created = request.offer_id == 0;
    let offer = OfferEntry {
        seller_id: source.clone(),
        offer_id: if created { state.next_id() } else { request.offer_id },
        selling: request.selling.clone(),
        buying: request.buying.clone(),
        amount: placement.amount,
        price: request.price(),
        flags: placement.flags,
        ext: OfferEntryExt::V0,
    };
    state.insert(LedgerEntryData::Offer(offer.clone()), placement.ext);
    crossing::acquire_liabilities(state, &offer).ok_or(Refusal::Inconsistent)?;
    Ok(if created {
        ManageOfferSuccessResultOffer::Created(offer)
    } else {
        ManageOfferSuccessResultOffer::Updated(offer)
    })
}

/// The code of either result type for a refusal, or what stands instead of a code.
macro_rules! offer_code {
    ($result:ident, $refusal:expr) => {
        match $refusal {
            Refusal::Malformed => Ok($result::Malformed),
            Refusal::SellNoTrust => Ok($result::SellNoTrust),
            Refusal::BuyNoTrust => Ok($result::BuyNoTrust),
            Refusal::SellNotAuthorized => Ok($result::SellNotAuthorized),
            Refusal::BuyNotAuthorized => Ok($result::BuyNotAuthorized),
            Refusal::LineFull => Ok($result::LineFull),
            Refusal::Underfunded => Ok($result::Underfunded),
            Refusal::CrossSelf => Ok($result::CrossSelf),
            Refusal::NotFound => Ok($result::NotFound),
            Refusal::NoReserve(NoReserve::LowReserve) => Ok($result::LowReserve),
            Refusal::NoReserve(NoReserve::TooManySubentries) => {
                Err(OperationResult::OpTooManySubentries.into())
            }
            Refusal::NoReserve(NoReserve::TooManySponsoring) => {
                Err(OperationResult::OpTooManySponsoring.into())
            }
            Refusal::TooMuchWork => Err(OperationResult::OpExceededWorkLimit.into()),
            Refusal::Inconsistent => Err(Failure::Inconsistent),
        }
    };
}

fn sell_failure(refusal: Refusal, passive: bool) -> Failure {
    match offer_code!(ManageSellOfferResult, refusal) {
        Ok(code) if passive => {
            OperationResult::OpInner(OperationResultTr::CreatePassiveSellOffer(code)).into()
        }
        Ok(code) => OperationResult::OpInner(OperationResultTr::ManageSellOffer(code)).into(),
        Err(failure) => failure,
    }
}

fn buy_failure(refusal: Refusal) -> Failure {
    match offer_code!(ManageBuyOfferResult, refusal) {
        Ok(code) => code.into(),
        Err(failure) => failure,
    }
}

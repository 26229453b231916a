//! Path payments: strict receive (deliver exactly) and strict send (spend exactly).

use stellar_xdr::{
    Asset, OperationResult, OperationResultTr, PathPaymentStrictReceiveOp, PathPaymentStrictReceiveResult,
    PathPaymentStrictReceiveResultSuccess, PathPaymentStrictSendOp, PathPaymentStrictSendResult,
    PathPaymentStrictSendResultSuccess, SimplePaymentResult,
};

use super::Context;
use super::crossing::MAX_OFFERS_TO_CROSS;
use super::outcome::{Failure, Outcome};
use super::path::{self, Hop, Refusal};
use crate::ledger::asset::{self, account_of};
use crate::ledger::exchange::Rounding;
use crate::ledger::frame::list;

pub(super) fn check_receive(op: &PathPaymentStrictReceiveOp) -> Result<(), Failure> {
    if op.dest_amount <= 0 || op.send_max <= 0 || !assets_valid(&op.send_asset, &op.dest_asset, &op.path) {
        return Err(PathPaymentStrictReceiveResult::Malformed.into());
    }
    Ok(())
}

pub(super) fn check_send(op: &PathPaymentStrictSendOp) -> Result<(), Failure> {
    if op.send_amount <= 0 || op.dest_min <= 0 || !assets_valid(&op.send_asset, &op.dest_asset, &op.path) {
        return Err(PathPaymentStrictSendResult::Malformed.into());
    }
    Ok(())
}

/// Walks from the destination back to the source: each hop must deliver what the next one spends.
pub(super) fn apply_receive(context: &mut Context<'_>, op: &PathPaymentStrictReceiveOp) -> Outcome {
    let destination = account_of(&op.destination);
    let state = &mut *context.state;
    path::require_destination(state, &destination, &op.send_asset, &op.dest_asset, &op.path)
        .map_err(receive_failure)?;
    path::credit(state, &destination, &op.dest_asset, op.dest_amount).map_err(receive_failure)?;
    let mut budget = MAX_OFFERS_TO_CROSS;
    let mut offers = Vec::new();
    let mut needed = op.dest_amount;
    let mut take = &op.dest_asset;
    for give in op.path.iter().rev().chain([&op.send_asset]) {
        if give == take {
            continue;
        }
        let hop = Hop { give, max_give: i64::MAX, take, max_take: needed, rounding: Rounding::StrictReceive };
        let mut converted =
            path::convert(state, &context.source, hop, &mut budget).map_err(receive_failure)?;
        needed = converted.given;
        take = give;
        converted.trail.append(&mut offers);
        offers = converted.trail;
    }
    if needed > op.send_max {
        return Err(PathPaymentStrictReceiveResult::OverSendmax.into());
    }
    path::debit(state, &context.source, &op.send_asset, needed).map_err(receive_failure)?;
    let last = SimplePaymentResult { destination, asset: op.dest_asset.clone(), amount: op.dest_amount };
    let success = PathPaymentStrictReceiveResultSuccess { offers: list(offers), last };
    Ok(OperationResultTr::PathPaymentStrictReceive(PathPaymentStrictReceiveResult::Success(success)))
}

/// Walks from the source to the destination: each hop spends what the one before delivered.
pub(super) fn apply_send(context: &mut Context<'_>, op: &PathPaymentStrictSendOp) -> Outcome {
    let destination = account_of(&op.destination);
    let state = &mut *context.state;
    path::require_destination(state, &destination, &op.send_asset, &op.dest_asset, &op.path)
        .map_err(send_failure)?;
    path::debit(state, &context.source, &op.send_asset, op.send_amount).map_err(send_failure)?;
    let mut budget = MAX_OFFERS_TO_CROSS;
    let mut offers = Vec::new();
    let mut amount = op.send_amount;
    let mut give = &op.send_asset;
    for take in op.path.iter().chain([&op.dest_asset]) {
        if give == take {
            continue;
        }
        let hop = Hop { give, max_give: amount, take, max_take: i64::MAX, rounding: Rounding::StrictSend };
        let mut converted = path::convert(state, &context.source, hop, &mut budget).map_err(send_failure)?;
        amount = converted.taken;
        give = take;
        offers.append(&mut converted.trail);
    }
    if amount < op.dest_min {
        return Err(PathPaymentStrictSendResult::UnderDestmin.into());
    }
    path::credit(state, &destination, &op.dest_asset, amount).map_err(send_failure)?;
    let last = SimplePaymentResult { destination, asset: op.dest_asset.clone(), amount };
    let success = PathPaymentStrictSendResultSuccess { offers: list(offers), last };
    Ok(OperationResultTr::PathPaymentStrictSend(PathPaymentStrictSendResult::Success(success)))
}

fn assets_valid(send: &Asset, dest: &Asset, path: &[Asset]) -> bool {
    asset::is_valid(send) && asset::is_valid(dest) && path.iter().all(asset::is_valid)
}

/// The code of either path payment for a refusal.
macro_rules! path_failure {
    ($name:ident, $result:ident) => {
        fn $name(refusal: Refusal) -> Failure {
            match refusal {
                Refusal::Underfunded => $result::Underfunded,
                Refusal::SourceNoTrust => $result::SrcNoTrust,
                Refusal::SourceNotAuthorized => $result::SrcNotAuthorized,
                Refusal::NoDestination => $result::NoDestination,
                Refusal::NoTrust => $result::NoTrust,
                Refusal::NotAuthorized => $result::NotAuthorized,
                Refusal::LineFull => $result::LineFull,
                Refusal::TooFewOffers => $result::TooFewOffers,
                Refusal::OfferCrossSelf => $result::OfferCrossSelf,
                Refusal::TooMuchWork => return OperationResult::OpExceededWorkLimit.into(),
                Refusal::Inconsistent => return Failure::Inconsistent,
            }
            .into()
        }
    };
}

path_failure!(receive_failure, PathPaymentStrictReceiveResult);
path_failure!(send_failure, PathPaymentStrictSendResult);

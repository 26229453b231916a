//! Begin and end sponsoring future reserves: inside one transaction, one account pays the reserves of another.

use stellar_xdr::{
    AccountId, BeginSponsoringFutureReservesOp, BeginSponsoringFutureReservesResult,
    EndSponsoringFutureReservesResult, OperationResultTr,
};

use super::Context;
use super::outcome::{Failure, Outcome};

pub(super) fn check_begin(op: &BeginSponsoringFutureReservesOp, source: &AccountId) -> Result<(), Failure> {
    if op.sponsored_id == *source {
        return Err(BeginSponsoringFutureReservesResult::Malformed.into());
    }
    Ok(())
}

pub(super) fn apply_begin(context: &mut Context<'_>, op: &BeginSponsoringFutureReservesOp) -> Outcome {
    let open = &mut *context.sponsorships;
    if open.contains_key(&op.sponsored_id) {
        return Err(BeginSponsoringFutureReservesResult::AlreadySponsored.into());
    }
    if open.contains_key(&context.source) || open.values().any(|sponsor| *sponsor == op.sponsored_id) {
        return Err(BeginSponsoringFutureReservesResult::Recursive.into());
    }
    open.insert(op.sponsored_id.clone(), context.source.clone());
    Ok(OperationResultTr::BeginSponsoringFutureReserves(BeginSponsoringFutureReservesResult::Success))
}

/// The sponsored account ends it, which is how it agrees.
pub(super) fn apply_end(context: &mut Context<'_>) -> Outcome {
    if context.sponsorships.remove(&context.source).is_none() {
        return Err(EndSponsoringFutureReservesResult::NotSponsored.into());
    }
    Ok(OperationResultTr::EndSponsoringFutureReserves(EndSponsoringFutureReservesResult::Success))
}

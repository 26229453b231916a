//! Payment: a path payment with no path.

use stellar_xdr::{Asset, OperationResultTr, PaymentOp, PaymentResult};

use super::Context;
use super::outcome::{Failure, Outcome};
use super::path::{self, Refusal};
use crate::ledger::asset::{self, account_of};

pub(super) fn check(op: &PaymentOp) -> Result<(), Failure> {
    if op.amount <= 0 || !asset::is_valid(&op.asset) {
        return Err(PaymentResult::Malformed.into());
    }
    Ok(())
}

pub(super) fn apply(context: &mut Context<'_>, op: &PaymentOp) -> Outcome {
    let destination = account_of(&op.destination);
    // Lumens to oneself succeed without a look at the balance, as on the network.
    if !(op.asset == Asset::Native && destination == context.source) {
        path::require_destination(context.state, &destination, &op.asset, &op.asset, &[]).map_err(failure)?;
        path::credit(context.state, &destination, &op.asset, op.amount).map_err(failure)?;
        path::debit(context.state, &context.source, &op.asset, op.amount).map_err(failure)?;
    }
    Ok(OperationResultTr::Payment(PaymentResult::Success))
}

fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Underfunded => PaymentResult::Underfunded,
        Refusal::SourceNoTrust => PaymentResult::SrcNoTrust,
        Refusal::SourceNotAuthorized => PaymentResult::SrcNotAuthorized,
        Refusal::NoDestination => PaymentResult::NoDestination,
        Refusal::NoTrust => PaymentResult::NoTrust,
        Refusal::NotAuthorized => PaymentResult::NotAuthorized,
        Refusal::LineFull => PaymentResult::LineFull,
        Refusal::TooFewOffers | Refusal::OfferCrossSelf | Refusal::TooMuchWork | Refusal::Inconsistent => {
            return Failure::Inconsistent;
        }
    }
    .into()
}

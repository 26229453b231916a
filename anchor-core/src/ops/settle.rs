//! What to do with money that arrived: decided by what arrived, never by what was announced.

use super::amounts::{self, AmountsError};
use crate::amount::Amount;
use crate::asset::Asset;
use crate::integration::FeeIntegration;
use crate::transaction::{Settlement, Transaction};

/// Exactly what was agreed is accepted as agreed, whatever the prices are by now. Another amount is computed
/// anew, and goes back if it is outside the limits or not more than the fee.
///
/// `asset` is `None` where the asset is no longer configured: then only the agreed amount can be accepted.
pub(crate) fn settlement(
    fees: &dyn FeeIntegration,
    asset: Option<&Asset>,
    transaction: &Transaction,
    received: Amount,
) -> Settlement {
    if let Some(agreed) = transaction.terms.as_ref().map(|terms| &terms.amounts)
        && agreed.amount_in.amount == received
    {
        return Settlement::Accept(agreed.clone());
    }
    let Some(asset) = asset else { return back(AmountsError::NotOffered) };
    match amounts::agreed(fees, asset, transaction.kind, received) {
        Ok(amounts) => Settlement::Accept(amounts),
        Err(error) => back(error),
    }
}

fn back(why: AmountsError) -> Settlement {
    Settlement::Return { reason: why.sent_back() }
}

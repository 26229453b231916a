//! What to do with money that arrived: decided by what arrived, never by what was announced.

use super::amounts::{self, AmountsError};
use crate::amount::{Amount, Money};
use crate::asset::{Asset, OtherAmount};
use crate::integration::FeeIntegration;
use crate::stellar::Movement;
use crate::transaction::{Kind, LedgerReceipt, Receipt, Settlement, Transaction};

/// What the user is told about another amount than the agreed one, where the operator wants it so.
const SENT_BACK_OTHER_AMOUNT: &str = "The money is sent back: it is not the amount that was agreed.";

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
    if transaction.kind == Kind::Withdrawal && asset.suspense.other_amount == OtherAmount::Refund {
        return Settlement::Return { reason: SENT_BACK_OTHER_AMOUNT.to_owned() };
    }
    match amounts::agreed(fees, asset, transaction.kind, received) {
        Ok(amounts) => Settlement::Accept(amounts),
        Err(error) => back(error),
    }
}

fn back(why: AmountsError) -> Settlement {
    Settlement::Return { reason: why.sent_back() }
}

/// What a movement on the ledger brought. `return_fee`: what is kept of it, if it goes back for what it is.
pub(super) fn receipt(movement: &Movement, return_fee: Option<Amount>) -> Receipt {
    Receipt {
        reference: movement.id.clone(),
        amount: Money { amount: movement.amount.into(), asset: movement.asset.clone().into() },
        from: Some(movement.from.to_string()),
        ledger: Some(LedgerReceipt { hash: movement.hash, from: movement.from, memo: movement.memo.clone() }),
        return_fee: return_fee.filter(|fee| !fee.is_zero()),
    }
}

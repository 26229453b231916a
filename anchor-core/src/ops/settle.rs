//! What to do with money that arrived: decided by what arrived, never by what was announced.

use chrono::{DateTime, Utc};

use super::amounts::{self, AmountsError};
use crate::amount::{Amount, Money};
use crate::asset::{Asset, OtherAmount};
use crate::integration::FeeIntegration;
use crate::stellar::Movement;
use crate::transaction::{Kind, LedgerReceipt, Receipt, Settlement, Transaction};

/// What the user is told about another amount than the agreed one, where the operator wants it so.
const SENT_BACK_OTHER_AMOUNT: &str = "The money is sent back: it is not the amount that was agreed.";

/// What the user is told about money that a quote was made for.
const SENT_BACK_AFTER_QUOTE: &str = "The money is sent back: it came after the quote had ended.";

/// Whether money that came `at` this moment is too late for the quote that was agreed on. A promise ends: at another
/// price the user would have to agree again, and nobody can be asked.
pub(crate) fn is_after_quote(transaction: &Transaction, at: DateTime<Utc>) -> bool {
    transaction.quote.as_ref().is_some_and(|quote| quote.has_ended(at))
}

/// Exactly what was agreed is accepted as agreed, whatever the prices are by now. Another amount is computed
/// anew, and goes back if it is outside the limits or not more than the fee.
///
/// A firm quote is about one amount, and for money that is here before its end; everything else goes back.
///
/// `asset` is `None` where the asset is no longer configured: then only the agreed amount can be accepted.
pub(crate) fn settlement(
    fees: &dyn FeeIntegration,
    asset: Option<&Asset>,
    transaction: &Transaction,
    received: Amount,
    at: DateTime<Utc>,
) -> Settlement {
    if is_after_quote(transaction, at) {
        return Settlement::Return { reason: SENT_BACK_AFTER_QUOTE.to_owned() };
    }
    if let Some(agreed) = transaction.terms.as_ref().and_then(|terms| terms.amounts.as_ref())
        && agreed.amount_in.amount == received
    {
        return Settlement::Accept(agreed.clone());
    }
    if transaction.quote.is_some() {
        return Settlement::Return { reason: SENT_BACK_OTHER_AMOUNT.to_owned() };
    }
    let Some(asset) = asset else { return back(AmountsError::NotOffered) };
    let asset = &*transaction.exchanged(asset);
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

//! From what the user gives to what the user gets. Used for previews, for terms, and again for what arrived.

use std::cmp::Ordering;

use crate::amount::{Amount, AmountError, Money, Rounding};
use crate::anchor::Anchor;
use crate::asset::Asset;
use crate::fee::{FeeBreakdown, FeeDetail, FeeError};
use crate::integration::{FeeInput, FeeIntegration, ScheduledFee};
use crate::transaction::{Amounts, Kind, Transaction};

/// Why there are no amounts for what the user gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountsError {
    /// This direction is off.
    #[error("this is not offered for this asset")]
    NotOffered,
    /// More decimals than the asset has.
    #[error("the amount has more than {0} decimals")]
    TooPrecise(u8),
    /// Below the asset's minimum, or not more than the fee.
    #[error("the amount is too small")]
    TooSmall,
    /// Above the asset's maximum, or above what the ledger can hold.
    #[error("the amount is too large")]
    TooLarge,
    /// There is no fee for this amount.
    #[error("the fee could not be computed")]
    Fee(#[from] FeeError),
}

impl AmountsError {
    /// What the user is told about money that arrived and is not possible; the hosted pages know it by this text.
    pub fn sent_back(&self) -> String {
        format!("The money is sent back: {self}.")
    }
}

/// What the user is told about money that came after the transaction had ended.
pub const SENT_BACK_LATE: &str = "The money is sent back: it came after the transaction had ended.";

/// What `amount` buys, within the limits of the asset: for previews and terms.
///
/// # Errors
/// See [`AmountsError`].
pub fn agreed(
    fees: &dyn FeeIntegration,
    asset: &Asset,
    kind: Kind,
    amount: Amount,
) -> Result<Amounts, AmountsError> {
    let offer = asset.offer(kind).ok_or(AmountsError::NotOffered)?;
    if offer.min.is_some_and(|min| amount < min) {
        return Err(AmountsError::TooSmall);
    }
    if offer.max.is_some_and(|max| amount > max) {
        return Err(AmountsError::TooLarge);
    }
    received(fees, asset, kind, amount)
}

/// What `amount` buys in this transaction: as [`agreed`], or with a firm quote what was quoted, and no other amount.
///
/// # Errors
/// See [`AmountsError`].
pub fn agreed_with(
    fees: &dyn FeeIntegration,
    asset: &Asset,
    transaction: &Transaction,
    amount: Amount,
) -> Result<Amounts, AmountsError> {
    let (Some(_), Some(quoted)) = (&transaction.quote, &transaction.amounts) else {
        return agreed(fees, asset, transaction.kind, amount);
    };
    match amount.cmp(&quoted.amount_in.amount) {
        Ordering::Less => Err(AmountsError::TooSmall),
        Ordering::Equal => Ok(quoted.clone()),
        Ordering::Greater => Err(AmountsError::TooLarge),
    }
}

/// What `amount` buys, whatever the limits: for money that is here already.
///
/// The fee takes what the outgoing asset cannot express, so that `amount_in = fee + amount_out` holds exactly.
///
/// # Errors
/// See [`AmountsError`]; [`AmountsError::TooSmall`] if nothing is left after the fee.
pub fn received(
    fees: &dyn FeeIntegration,
    asset: &Asset,
    kind: Kind,
    amount: Amount,
) -> Result<Amounts, AmountsError> {
    let scale = asset.scale_in(kind);
    let amount_in = amount.rescale_exact(scale).ok_or(AmountsError::TooPrecise(scale))?;
    let charged = fees.fee(&FeeInput::new(kind, asset, amount_in))?;
    let rest = amount_in.checked_sub(charged.total).ok_or(AmountsError::TooSmall)?;
    let too_large = |_: AmountError| AmountsError::TooLarge;
    let amount_out = rest.rescale(asset.scale_out(kind), Rounding::Down).map_err(too_large)?;
    if amount_out.is_zero() {
        return Err(AmountsError::TooSmall);
    }
    // both sides have to fit the ledger, whichever of them is on it
    for side in [amount_in, amount_out] {
        side.to_stellar().map_err(too_large)?;
    }
    let lost = rest.checked_sub(amount_out).ok_or(AmountsError::TooLarge)?;
    Ok(Amounts {
        amount_in: Money { amount: amount_in, asset: asset.asset_in(kind) },
        fee: with_rounding(charged, lost)?,
        fee_asset: None,
        amount_out: Money { amount: amount_out, asset: asset.asset_out(kind) },
    })
}

/// What would be enough instead of an amount that is [too small](AmountsError::TooSmall); `None` if nothing is, or nobody
/// knows: where the business computes its fees by itself, a larger amount may cost more than it brings.
pub fn enough(anchor: &Anchor, asset: &Asset, kind: Kind, amount: Amount) -> Option<Amount> {
    let min = asset.offer(kind)?.min;
    let is_possible = |amount: &Amount| agreed(anchor.fee(), asset, kind, *amount).is_ok();
    if let Some(min) = min.filter(|min| amount < *min && is_possible(min)) {
        return Some(min);
    }
    if anchor.fee_is_own() { None } else { least(asset, kind).filter(is_possible) }
}

/// The smallest amount of which a scheduled fee leaves something. What is left never shrinks while the amount grows, because
/// a share of it is at most all of it; so it is searched for by halves.
fn least(asset: &Asset, kind: Kind) -> Option<Amount> {
    let scale = asset.scale_in(kind);
    let leaves_something = |minor: i128| {
        let amount = Amount::new(minor, scale).ok()?;
        match received(&ScheduledFee, asset, kind, amount) {
            Ok(_) => Some(true),
            Err(AmountsError::TooSmall) => Some(false),
            Err(_) => None,
        }
    };
    let (mut less, mut enough) = (0_i128, 1_i128);
    while !leaves_something(enough)? {
        (less, enough) = (enough, enough.checked_mul(2)?);
    }
    while enough.saturating_sub(less) > 1 {
        let middle = less.saturating_add(enough.saturating_sub(less).checked_div(2)?);
        if leaves_something(middle)? { enough = middle } else { less = middle }
    }
    Amount::new(enough, scale).ok()
}

fn with_rounding(charged: FeeBreakdown, lost: Amount) -> Result<FeeBreakdown, AmountsError> {
    if lost.is_zero() {
        return Ok(charged);
    }
    let total = charged.total.checked_add(lost).ok_or(AmountsError::TooLarge)?;
    let line = |name: &str, amount| FeeDetail { name: name.to_owned(), description: None, amount };
    let mut details = charged.details;
    if details.is_empty() && !charged.total.is_zero() {
        details.push(line("Fee", charged.total));
    }
    details.push(line("Rounding", lost));
    Ok(FeeBreakdown::new(total, details)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fakes::samples;

    #[test]
    fn least_amount_is_the_first_of_which_the_fee_leaves_something() {
        for (fee, kind) in [
            (r#"{"fixed": "1", "percent": "0.5"}"#, Kind::Withdrawal),
            (r#"{"fixed": "1", "percent": "0.5"}"#, Kind::Deposit),
            (r#"{"fixed": "0", "percent": "33.3", "minimum": "2.5"}"#, Kind::Deposit),
            (r#"{"fixed": "0", "percent": "0"}"#, Kind::Withdrawal),
            (r#"{"fixed": "12345.67", "percent": "99.9"}"#, Kind::Withdrawal),
        ] {
            let mut asset = samples::asset();
            let offer = match kind {
                Kind::Deposit => asset.deposit.as_mut(),
                Kind::Withdrawal => asset.withdrawal.as_mut(),
            };
            offer.unwrap().fee = serde_json::from_str(fee).unwrap();
            let enough = least(&asset, kind).unwrap();
            assert!(received(&ScheduledFee, &asset, kind, enough).is_ok(), "{fee} {enough}");
            let less = Amount::new(enough.minor() - 1, enough.scale()).unwrap();
            let refused = received(&ScheduledFee, &asset, kind, less);
            assert_eq!(refused, Err(AmountsError::TooSmall), "{fee} {less}");
        }
        let mut asset = samples::asset();
        asset.withdrawal.as_mut().unwrap().fee.percent = "100".parse().unwrap();
        assert_eq!(least(&asset, Kind::Withdrawal), None, "nothing is ever left");
    }
}

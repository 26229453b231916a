//! Fees: a fixed part, a percentage and a minimum, and how they are explained to the user.
#![warn(clippy::arithmetic_side_effects, clippy::as_conversions)]

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, AmountError, Rounding};

/// Decimals of a [`Percent`].
const PERCENT_SCALE: u8 = 7;

/// 100 %, counted in units of 10^-7 per cent.
const HUNDRED_PERCENT: NonZero<u128> = NonZero::new(1_000_000_000).unwrap();

/// Why there is no such fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeeError {
    /// Not a decimal from 0 to 100 with at most seven decimals.
    #[error("a percentage is a decimal from 0 to 100 with at most 7 decimals")]
    Percent,
    /// The parts of a fee do not add up to its total.
    #[error("the details of the fee do not add up to its total")]
    Sum,
    /// The fee cannot be computed as an amount.
    #[error("the fee is out of range")]
    Amount(#[from] AmountError),
}

/// An exact share of 0 to 100 per cent, with at most seven decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u32);

impl Percent {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// True for 0 %.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The share and what it is a share of, as whole numbers.
    pub(crate) const fn share(self) -> (u32, u32) {
        (self.0, 1_000_000_000)
    }

    /// This share of `amount`, with `scale` decimals.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] near the upper bound of [`Amount`].
    pub fn of(self, amount: &Amount, scale: u8, rounding: Rounding) -> Result<Amount, AmountError> {
        amount.mul_ratio(u128::from(self.0), HUNDRED_PERCENT, scale, rounding)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Amount::new(i128::from(self.0), PERCENT_SCALE).map_err(|_| fmt::Error)?.fmt(f)
    }
}

impl FromStr for Percent {
    type Err = FeeError;

    fn from_str(text: &str) -> Result<Self, FeeError> {
        let parsed = Amount::parse(text, PERCENT_SCALE).map_err(|_| FeeError::Percent)?;
        let units = u32::try_from(parsed.minor()).map_err(|_| FeeError::Percent)?;
        if u128::from(units) > HUNDRED_PERCENT.get() { Err(FeeError::Percent) } else { Ok(Self(units)) }
    }
}

serde_text!(Percent);

/// What an anchor charges for one kind of transaction; free by default.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeeSchedule {
    /// Charged always.
    pub fixed: Amount,
    /// Charged on the amount, on top of `fixed`.
    pub percent: Percent,
    /// Charged if `fixed` and `percent` together are less.
    pub minimum: Option<Amount>,
}

impl Default for FeeSchedule {
    fn default() -> Self {
        Self { fixed: Amount::zero(0), percent: Percent::ZERO, minimum: None }
    }
}

impl FeeSchedule {
    /// The fee for `amount`: `fixed + percent`, or `minimum` if that is more, rounded **up** once, to `scale`
    /// decimals, so that fractions too small to pay never add up against the books.
    ///
    /// May exceed `amount`: whether a transaction is too small is the caller's question.
    ///
    /// # Errors
    /// [`FeeError::Amount`] if the numbers are too large to be money.
    pub fn fee(&self, amount: &Amount, scale: u8) -> Result<FeeBreakdown, FeeError> {
        // Rounding up twice, first finely and then coarsely, equals rounding up once.
        let finest = scale.max(amount.scale()).max(self.fixed.scale());
        let share = self.percent.of(amount, finest, Rounding::Up)?;
        let fixed = self.fixed.rescale(scale, Rounding::Up)?;
        let charged =
            self.fixed.checked_add(share).ok_or(AmountError::TooLarge)?.rescale(scale, Rounding::Up)?;
        let minimum = self.minimum.unwrap_or(Amount::zero(scale)).rescale(scale, Rounding::Up)?;
        let total = charged.max(minimum);

        // By difference, so that the parts add up whatever was rounded.
        let steps = [("Fixed fee", fixed), ("Service fee", charged), ("Minimum fee", total)];
        let mut details = Vec::new();
        let mut before = Amount::zero(scale);
        for (name, until) in steps {
            let amount = until.checked_sub(before).ok_or(FeeError::Sum)?;
            before = until;
            if !amount.is_zero() {
                details.push(FeeDetail { name: name.to_owned(), description: None, amount });
            }
        }
        FeeBreakdown::new(total, details)
    }
}

/// One line of a fee's explanation (SEP-38 `fee.details`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeeDetail {
    /// Short name, for people.
    pub name: String,
    /// Longer text, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// This line's part of the total.
    pub amount: Amount,
}

/// A fee and what it is made of. Build it with [`FeeBreakdown::new`], which checks the sum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
#[non_exhaustive]
pub struct FeeBreakdown {
    /// What is charged.
    pub total: Amount,
    /// Empty, or lines that add up to `total`.
    pub details: Vec<FeeDetail>,
}

impl FeeBreakdown {
    /// A fee with its explanation, or without one.
    ///
    /// # Errors
    /// [`FeeError::Sum`] if there are details and they do not add up to `total`.
    pub fn new(total: Amount, details: Vec<FeeDetail>) -> Result<Self, FeeError> {
        let sum = details.iter().try_fold(Amount::zero(0), |sum, detail| sum.checked_add(detail.amount));
        if details.is_empty() || sum == Some(total) {
            Ok(Self { total, details })
        } else {
            Err(FeeError::Sum)
        }
    }
}

/// What a stored [`FeeBreakdown`] claims to be.
#[derive(Deserialize)]
struct Unchecked {
    total: Amount,
    #[serde(default)]
    details: Vec<FeeDetail>,
}

impl TryFrom<Unchecked> for FeeBreakdown {
    type Error = FeeError;

    fn try_from(stored: Unchecked) -> Result<Self, FeeError> {
        Self::new(stored.total, stored.details)
    }
}

#[cfg(test)]
mod tests;

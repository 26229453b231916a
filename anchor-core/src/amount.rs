//! Money: exact, non-negative, without operators that can wrap. Nothing outside this module rounds.
#![warn(clippy::arithmetic_side_effects, clippy::as_conversions)]

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::num::NonZero;

mod money;
mod rounding;
mod stellar;
mod text;

pub use money::Money;
pub use rounding::Rounding;
pub use stellar::{STELLAR_SCALE, StellarAmount};

/// The most decimals an [`Amount`] can carry.
pub const MAX_SCALE: u8 = 18;

/// Largest [`Amount::minor`]: 10^30, so that every [`StellarAmount`] fits at every scale.
const MAX_MINOR: u128 = 10_u128.pow(30);

/// Why a number is not an amount. Never repeats the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Anything but digits with at most one point between them: signs, exponents, spaces, `.5`, `5.`, NaN.
    #[error("an amount is written as plain decimal digits, for example 10 or 10.25")]
    Syntax,
    /// More decimals than this place allows, even if they are zeros.
    #[error("an amount has at most {max} decimals here")]
    TooPrecise {
        /// The number of decimals that are allowed.
        max: u8,
    },
    /// The value does not fit.
    #[error("the amount is too large")]
    TooLarge,
    /// Amounts are never below zero.
    #[error("an amount is never negative")]
    Negative,
}

/// An exact, non-negative decimal number: `minor` units of 10^-`scale`.
///
/// Equality, order and hash go by value: `1.50 == 1.5`. The scale only says how many decimals a result keeps, and
/// text does not carry it: use [`rescale_exact`](Self::rescale_exact) before storing [`minor`](Self::minor).
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    minor: u128,
    scale: u8,
}

impl Amount {
    /// Nothing, with `scale` decimals (at most [`MAX_SCALE`] are kept).
    pub const fn zero(scale: u8) -> Self {
        Self { minor: 0, scale: if scale > MAX_SCALE { MAX_SCALE } else { scale } }
    }

    /// `minor` units of 10^-`scale`.
    ///
    /// # Errors
    /// `minor` below zero or above 10^30, `scale` above [`MAX_SCALE`].
    pub fn new(minor: i128, scale: u8) -> Result<Self, AmountError> {
        let minor = u128::try_from(minor).map_err(|_| AmountError::Negative)?;
        Self::bounded(Some(minor), scale)
    }

    /// The whole value counted in units of 10^-[`scale`](Self::scale); never negative.
    pub fn minor(self) -> i128 {
        i128::try_from(self.minor).unwrap_or(i128::MAX) // 10^30 always fits
    }

    /// How many decimals are carried, at most [`MAX_SCALE`].
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// True for zero at any scale.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The same value with `scale` decimals, rounded if they do not suffice.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`], or [`AmountError::TooPrecise`] for a scale above [`MAX_SCALE`].
    pub fn rescale(self, scale: u8, rounding: Rounding) -> Result<Self, AmountError> {
        self.mul_ratio(1, NonZero::<u128>::MIN, scale, rounding)
    }

    /// The same value with `scale` decimals, or `None` if it cannot be written so.
    pub fn rescale_exact(self, scale: u8) -> Option<Self> {
        self.rescale(scale, Rounding::Down).ok().filter(|rescaled| *rescaled == self)
    }

    /// `self × numerator ÷ denominator`, rounded once, to `scale` decimals. For prices and percentages.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] if the result, or the exact product before the division, exceeds its bound.
    pub fn mul_ratio(
        self,
        numerator: u128,
        denominator: NonZero<u128>,
        scale: u8,
        rounding: Rounding,
    ) -> Result<Self, AmountError> {
        let quotient = || {
            let more = power_of_ten(scale.saturating_sub(self.scale));
            let fewer = power_of_ten(self.scale.saturating_sub(scale));
            let dividend = self.minor.checked_mul(numerator)?.checked_mul(more.get())?;
            Some(rounding.divide(dividend, denominator.checked_mul(fewer)?))
        };
        Self::bounded(quotient(), scale)
    }

    /// The sum at the larger scale of the two; `None` when it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (one, two) = self.aligned(other)?;
        Self::bounded(one.minor.checked_add(two.minor), one.scale).ok()
    }

    /// The difference at the larger scale of the two; `None` when `other` is the larger one.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let (one, two) = self.aligned(other)?;
        Self::bounded(one.minor.checked_sub(two.minor), one.scale).ok()
    }

    fn bounded(minor: Option<u128>, scale: u8) -> Result<Self, AmountError> {
        if scale > MAX_SCALE {
            return Err(AmountError::TooPrecise { max: MAX_SCALE });
        }
        let minor = minor.filter(|minor| *minor <= MAX_MINOR).ok_or(AmountError::TooLarge)?;
        Ok(Self { minor, scale })
    }

    fn aligned(self, other: Self) -> Option<(Self, Self)> {
        let scale = self.scale.max(other.scale);
        Some((self.rescale(scale, Rounding::Down).ok()?, other.rescale(scale, Rounding::Down).ok()?))
    }

    /// Whole units and the fraction in 10^-18: the form in which equal values are equal.
    fn parts(self) -> (u128, u128) {
        let unit = power_of_ten(self.scale);
        let padding = power_of_ten(MAX_SCALE.saturating_sub(self.scale));
        (self.minor / unit, (self.minor % unit).saturating_mul(padding.get()))
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl Hash for Amount {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// An exponent beyond 38 gives `u128::MAX`: the product with it fails, and [`Amount::bounded`] refuses the scale.
fn power_of_ten(exponent: u8) -> NonZero<u128> {
    const TEN: NonZero<u128> = NonZero::new(10).unwrap();
    TEN.saturating_pow(u32::from(exponent))
}

#[cfg(test)]
mod tests;

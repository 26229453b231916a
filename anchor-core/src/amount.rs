//! Money: exact, non-negative, without operators that can wrap. [`Rounding`] is applied here and nowhere else.
#![warn(clippy::arithmetic_side_effects, clippy::as_conversions)]

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZero;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::asset::AssetId;

/// Decimals of every amount on the Stellar ledger: one unit is 10^7 stroops.
pub const STELLAR_SCALE: u8 = 7;

/// The most decimals an [`Amount`] can carry.
pub const MAX_SCALE: u8 = 18;

/// Largest [`Amount::minor`]: 10^30, so that every [`StellarAmount`] fits at every scale.
const MAX_MINOR: u128 = 10_u128.pow(30);

/// Longer texts are refused unread; the longest canonical amount has 32 characters.
const MAX_TEXT_LEN: usize = 64;

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

/// How to drop decimals that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// Towards zero: what we pay out.
    Down,
    /// Away from zero: what we charge.
    Up,
    /// To the nearest, ties to the even digit: what nobody should profit from.
    HalfEven,
}

/// An amount on the Stellar ledger, in stroops (10^-7 units), `0 ..= i64::MAX`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StellarAmount(i64);

impl StellarAmount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The smallest amount the ledger knows, 0.0000001.
    pub const ONE_STROOP: Self = Self(1);

    /// From the integer that the ledger uses.
    ///
    /// # Errors
    /// [`AmountError::Negative`].
    pub const fn from_stroops(stroops: i64) -> Result<Self, AmountError> {
        if stroops < 0 { Err(AmountError::Negative) } else { Ok(Self(stroops)) }
    }

    /// The integer that the ledger uses, never negative.
    pub const fn stroops(self) -> i64 {
        self.0
    }

    /// True for [`Self::ZERO`] only.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `None` when the sum does not fit the ledger.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `None` when `other` is the larger one.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|stroops| *stroops >= 0).map(Self)
    }
}

impl fmt::Display for StellarAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Amount::from(*self).fmt(f)
    }
}

impl FromStr for StellarAmount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        Amount::parse(text, STELLAR_SCALE)?.to_stellar()
    }
}

/// An exact, non-negative decimal number: `minor` units of 10^-`scale`.
///
/// Equality, order and hash go by value: `1.50 == 1.5`. The scale only says how many decimals a result keeps.
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

    /// Reads a plain decimal with at most `max_scale` decimals; the result has the scale `max_scale`.
    ///
    /// # Errors
    /// See [`AmountError`]; too many decimals are refused, never rounded.
    pub fn parse(text: &str, max_scale: u8) -> Result<Self, AmountError> {
        let parsed = Self::from_str(text)?;
        if parsed.scale > max_scale {
            return Err(AmountError::TooPrecise { max: max_scale });
        }
        parsed.rescale(max_scale, Rounding::Down)
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
            Some(divide(dividend, denominator.checked_mul(fewer)?, rounding))
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

    /// The same value in stroops, exactly.
    ///
    /// # Errors
    /// [`AmountError::TooPrecise`] when it needs more than seven decimals, [`AmountError::TooLarge`].
    pub fn to_stellar(self) -> Result<StellarAmount, AmountError> {
        let stroops = self.rescale(STELLAR_SCALE, Rounding::Down)?;
        if stroops != self {
            return Err(AmountError::TooPrecise { max: STELLAR_SCALE });
        }
        i64::try_from(stroops.minor).map(StellarAmount).map_err(|_| AmountError::TooLarge)
    }

    /// Plain decimal with *at least* `scale` decimals (`10.50`). Pads with zeros and never rounds.
    pub fn display_fixed(self, scale: u8) -> String {
        let (whole, fraction) = self.parts();
        let digits = format!("{fraction:018}");
        let digits = digits.trim_end_matches('0');
        match (digits, usize::from(scale)) {
            ("", 0) => whole.to_string(),
            (digits, width) => format!("{whole}.{digits:0<width$}"),
        }
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

impl From<StellarAmount> for Amount {
    fn from(amount: StellarAmount) -> Self {
        Self { minor: u128::from(amount.0.unsigned_abs()), scale: STELLAR_SCALE }
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

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display_fixed(0))
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Takes the scale from the text: `1.50` has two decimals.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() > MAX_TEXT_LEN {
            return Err(AmountError::TooLarge);
        }
        if !is_digits(whole) || !is_digits(fraction) {
            return Err(AmountError::Syntax);
        }
        let fraction = if text.contains('.') { fraction } else { "" };
        let scale = u8::try_from(fraction.len()).map_err(|_| AmountError::TooPrecise { max: MAX_SCALE })?;
        Self::bounded(format!("{whole}{fraction}").parse().ok(), scale)
    }
}

serde_text!(StellarAmount, Amount);

/// An amount of something. Compares and adds only within one asset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub asset: AssetId,
}

impl Money {
    /// `None` for another asset or when the sum does not fit.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        self.combine(other, Amount::checked_add)
    }

    /// `None` for another asset or when `other` is the larger one.
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        self.combine(other, Amount::checked_sub)
    }

    fn combine(&self, other: &Self, f: impl FnOnce(Amount, Amount) -> Option<Amount>) -> Option<Self> {
        if self.asset != other.asset {
            return None;
        }
        f(self.amount, other.amount).map(|amount| Self { amount, asset: self.asset.clone() })
    }
}

impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.asset == other.asset).then(|| self.amount.cmp(&other.amount))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.asset)
    }
}

fn power_of_ten(exponent: u8) -> NonZero<u128> {
    const TEN: NonZero<u128> = NonZero::new(10).unwrap();
    TEN.saturating_pow(u32::from(exponent)) // callers stay below 10^38: see `bounded`
}

fn divide(dividend: u128, divisor: NonZero<u128>, rounding: Rounding) -> u128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let up = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest != 0,
        Rounding::HalfEven => match rest.cmp(&divisor.get().saturating_sub(rest)) {
            Ordering::Less => false,
            Ordering::Equal => quotient % 2 == 1,
            Ordering::Greater => true,
        },
    };
    if up { quotient.saturating_add(1) } else { quotient }
}

#[cfg(test)]
mod tests;

//! Prices: exact ratios to compute with, exact decimals to show.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigUint;

use crate::amount::AmountError;

/// Longer texts are refused unread.
const MAX_TEXT_LEN: usize = 80;

/// An exact ratio above zero: units of the sold asset for one unit of the bought asset.
///
/// ```
/// use anchor_core::quote::Ratio;
///
/// let price: Ratio = "5.42".parse()?;
/// assert_eq!(Some(price), Ratio::new(271, 50));
/// # Ok::<(), anchor_core::amount::AmountError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ratio {
    pub(super) numerator: BigUint,
    pub(super) denominator: BigUint,
}

impl Ratio {
    /// `None` where one of the two is zero.
    pub fn new(numerator: u128, denominator: u128) -> Option<Self> {
        Self::of(numerator.into(), denominator.into())
    }

    pub(super) fn of(numerator: BigUint, denominator: BigUint) -> Option<Self> {
        let is_zero = |number: &BigUint| number.bits() == 0;
        (!is_zero(&numerator) && !is_zero(&denominator)).then_some(Self { numerator, denominator })
    }

    /// The price of the opposite direction, as it is without any margin.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { numerator: self.denominator, denominator: self.numerator }
    }

    /// Both ratios one after the other.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self {
            numerator: &self.numerator * &other.numerator,
            denominator: &self.denominator * &other.denominator,
        }
    }

    /// The least whole number `n`, not below zero, with `10^n` not less than this.
    pub(super) fn digits(&self) -> u32 {
        let mut digits = 0;
        let mut power = self.denominator.clone();
        while power < self.numerator {
            power *= 10_u8;
            digits += 1;
        }
        digits
    }
}

/// By value: 2/4 is 1/2.
impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        &self.numerator * &other.denominator == &other.numerator * &self.denominator
    }
}

impl Eq for Ratio {}

impl FromStr for Ratio {
    type Err = AmountError;

    /// Plain decimals, above zero.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        text.parse::<Price>().map(|price| price.ratio())
    }
}

/// A price as it is shown: an exact decimal above zero, of any precision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Price {
    digits: BigUint,
    scale: u32,
}

impl Price {
    /// `digits` units of 10^-`scale`, without zeros at its end; `None` for zero.
    pub(super) fn of(mut digits: BigUint, mut scale: u32) -> Option<Self> {
        if digits.bits() == 0 {
            return None;
        }
        while scale > 0 && (&digits % 10_u8).bits() == 0 {
            digits /= 10_u8;
            scale -= 1;
        }
        Some(Self { digits, scale })
    }

    /// The same value, to compute with.
    pub fn ratio(&self) -> Ratio {
        Ratio { numerator: self.digits.clone(), denominator: power_of_ten(self.scale) }
    }
}

impl fmt::Display for Price {
    /// Plain decimals, never an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.digits.to_string();
        let scale = usize::try_from(self.scale).map_err(|_| fmt::Error)?;
        if scale == 0 {
            return f.write_str(&text);
        }
        let padded = format!("{text:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        write!(f, "{whole}.{fraction}")
    }
}

impl FromStr for Price {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.len() > MAX_TEXT_LEN {
            return Err(AmountError::TooLarge);
        }
        let (whole, fraction) = match text.split_once('.') {
            None => (text, ""),
            Some((_, "")) => return Err(AmountError::Syntax),
            Some(parts) => parts,
        };
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits {
            return Err(AmountError::Syntax);
        }
        let digits = format!("{whole}{fraction}").parse().map_err(|_| AmountError::Syntax)?;
        let scale = u32::try_from(fraction.len()).map_err(|_| AmountError::TooLarge)?;
        // zero is no price
        Self::of(digits, scale).ok_or(AmountError::Syntax)
    }
}

serde_text!(Price);

pub(super) fn power_of_ten(exponent: u32) -> BigUint {
    BigUint::from(10_u8).pow(exponent)
}

/// `numerator ÷ denominator`, rounded up.
pub(super) fn divide_up(numerator: &BigUint, denominator: &BigUint) -> BigUint {
    (numerator + denominator - 1_u8) / denominator
}

/// `numerator ÷ denominator`, rounded to the nearest, halves up.
pub(super) fn divide_nearest(numerator: &BigUint, denominator: &BigUint) -> BigUint {
    (numerator * 2_u8 + denominator) / (denominator * 2_u8)
}

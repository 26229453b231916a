use std::fmt;
use std::str::FromStr;

use super::{Amount, AmountError, Rounding};

/// Decimals of every amount on the Stellar ledger: one unit is 10^7 stroops.
pub const STELLAR_SCALE: u8 = 7;

/// An amount on the Stellar ledger, in stroops (10^-7 units), `0 ..= i64::MAX`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StellarAmount(i64);

impl StellarAmount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// All that one entry of the ledger can hold.
    pub const MAX: Self = Self(i64::MAX);
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

serde_text!(StellarAmount);

impl From<StellarAmount> for Amount {
    fn from(amount: StellarAmount) -> Self {
        Self { minor: u128::from(amount.0.unsigned_abs()), scale: STELLAR_SCALE }
    }
}

impl Amount {
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
}

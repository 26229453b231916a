use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Amount;
use crate::asset::AssetId;

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

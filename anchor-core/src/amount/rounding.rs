use std::cmp::Ordering;
use std::num::NonZero;

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

impl Rounding {
    /// The whole number that stands for `dividend ÷ divisor`.
    pub(super) fn divide(self, dividend: u128, divisor: NonZero<u128>) -> u128 {
        let (quotient, rest) = (dividend / divisor, dividend % divisor);
        let up = match self {
            Self::Down => false,
            Self::Up => rest != 0,
            Self::HalfEven => match rest.cmp(&divisor.get().saturating_sub(rest)) {
                Ordering::Less => false,
                Ordering::Equal => quotient % 2 == 1,
                Ordering::Greater => true,
            },
        };
        if up { quotient.saturating_add(1) } else { quotient }
    }
}

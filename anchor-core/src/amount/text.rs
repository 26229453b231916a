//! How amounts are read and written: plain decimals only.

use std::fmt;
use std::str::FromStr;

use super::{Amount, AmountError, MAX_SCALE, Rounding};

/// Longer texts are refused unread; the longest canonical amount has 32 characters.
const MAX_TEXT_LEN: usize = 64;

impl Amount {
    /// Reads a plain decimal with at most `max_scale` decimals; the result has the scale `max_scale`.
    ///
    /// # Errors
    /// See [`AmountError`]; too many decimals are refused, never rounded.
    pub fn parse(text: &str, max_scale: u8) -> Result<Self, AmountError> {
        let too_precise = AmountError::TooPrecise { max: max_scale };
        match Self::from_str(text) {
            Ok(parsed) if parsed.scale > max_scale => Err(too_precise),
            Ok(parsed) => parsed.rescale(max_scale, Rounding::Down),
            Err(AmountError::TooPrecise { .. }) => Err(too_precise),
            Err(error) => Err(error),
        }
    }

    /// Plain decimal with *at least* `scale` decimals (`10.50`). Pads with zeros and never rounds.
    pub fn display_fixed(self, scale: u8) -> String {
        let mut text = String::new();
        // a string takes everything
        let _ = self.write(&mut text, scale);
        text
    }

    fn write(self, out: &mut impl fmt::Write, scale: u8) -> fmt::Result {
        let (whole, fraction) = self.parts();
        write!(out, "{whole}")?;
        // below 10^18: it always fits, and divides much faster
        let mut fraction = u64::try_from(fraction).map_err(|_| fmt::Error)?;
        let mut digits = if fraction == 0 { 0 } else { MAX_SCALE };
        while digits > 0 && fraction.is_multiple_of(10) {
            (fraction, digits) = (fraction / 10, digits.saturating_sub(1));
        }
        if digits > 0 {
            write!(out, ".{fraction:0width$}", width = usize::from(digits))?;
        } else if scale > 0 {
            out.write_char('.')?;
        }
        (digits..scale).try_for_each(|_| out.write_char('0'))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Takes the scale from the text: `1.50` has two decimals.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.len() > MAX_TEXT_LEN {
            return Err(AmountError::TooLarge);
        }
        let (whole, fraction) = match text.split_once('.') {
            None => (text, ""),
            Some((_, "")) => return Err(AmountError::Syntax),
            Some(parts) => parts,
        };
        let digits = || whole.bytes().chain(fraction.bytes());
        if whole.is_empty() || !digits().all(|byte| byte.is_ascii_digit()) {
            return Err(AmountError::Syntax);
        }
        let scale = u8::try_from(fraction.len()).map_err(|_| AmountError::TooLarge)?;
        let minor = digits().try_fold(0_u128, |minor, digit| {
            minor.checked_mul(10)?.checked_add(u128::from(digit.wrapping_sub(b'0')))
        });
        Self::bounded(minor, scale)
    }
}

serde_text!(Amount);

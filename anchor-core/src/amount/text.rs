//! How amounts are read and written: plain decimals only.

use std::fmt;
use std::str::FromStr;

use super::{Amount, AmountError, Rounding};

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
        let (whole, fraction) = self.parts();
        let digits = format!("{fraction:018}");
        let digits = digits.trim_end_matches('0');
        match (digits, usize::from(scale)) {
            ("", 0) => whole.to_string(),
            (digits, width) => format!("{whole}.{digits:0<width$}"),
        }
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
        if text.len() > MAX_TEXT_LEN {
            return Err(AmountError::TooLarge);
        }
        let (whole, fraction) = match text.split_once('.') {
            None => (text, ""),
            Some((_, "")) => return Err(AmountError::Syntax),
            Some(parts) => parts,
        };
        let digits = format!("{whole}{fraction}");
        if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AmountError::Syntax);
        }
        let scale = u8::try_from(fraction.len()).map_err(|_| AmountError::TooLarge)?;
        Self::bounded(digits.parse().ok(), scale)
    }
}

serde_text!(Amount);

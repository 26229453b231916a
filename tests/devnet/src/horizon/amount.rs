//! Amounts as the API writes them: stroops with seven decimals.

/// Writes stroops as a decimal with exactly seven places, as every amount of the API is.
pub(crate) fn decimal(stroops: i64) -> String {
    wide_decimal(i128::from(stroops))
}

/// As [`decimal`] for sums over many accounts, which may pass `i64`.
pub(crate) fn wide_decimal(stroops: i128) -> String {
    let sign = if stroops < 0 { "-" } else { "" };
    let digits = stroops.unsigned_abs();
    format!("{sign}{}.{:07}", digits / 10_000_000, digits % 10_000_000)
}

/// Reads a positive decimal of at most seven places.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 7 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<7}").parse().ok()?;
    whole.checked_mul(10_000_000)?.checked_add(fraction).filter(|stroops| *stroops > 0)
}

/// Writes the ratio `numerator / denominator` with seven places, rounded half up.
pub(crate) fn price(numerator: i64, denominator: i64) -> String {
    if denominator <= 0 || numerator < 0 {
        return decimal(0);
    }
    let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
    wide_decimal((numerator * 10_000_000 + denominator / 2) / denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stroops_have_seven_places() {
        assert_eq!(decimal(0), "0.0000000");
        assert_eq!(decimal(1), "0.0000001");
        assert_eq!(decimal(-15), "-0.0000015");
        assert_eq!(decimal(i64::MAX), "922337203685.4775807");
    }

    #[test]
    fn only_positive_decimals_are_read() {
        assert_eq!(parse("1"), Some(10_000_000));
        assert_eq!(parse("0.0000001"), Some(1));
        assert_eq!(parse("922337203685.4775807"), Some(i64::MAX));
        for bad in ["", "0", "-1", "+1", "1e3", "1.00000001", "922337203685.4775808", ".5", "0x1"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn prices_round_to_seven_places() {
        assert_eq!(price(1, 3), "0.3333333");
        assert_eq!(price(2, 3), "0.6666667");
        assert_eq!(price(5, 0), "0.0000000");
    }
}

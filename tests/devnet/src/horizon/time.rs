//! Times as the API writes them.

use chrono::{DateTime, Datelike, Utc};

/// RFC 3339 in UTC with a `Z`; years beyond 9999 get a `+`, as Horizon writes claim predicates.
pub(crate) fn rfc3339(unix_seconds: u64) -> String {
    i64::try_from(unix_seconds).map(rfc3339_signed).unwrap_or_default()
}

/// As [`rfc3339`], for times that a client chose and that may lie anywhere.
pub(crate) fn rfc3339_signed(unix_seconds: i64) -> String {
    let Some(time) = DateTime::<Utc>::from_timestamp(unix_seconds, 0) else { return String::new() };
    let plus = if time.year() > 9999 { "+" } else { "" };
    let year = time.year();
    format!("{plus}{year:04}{}", time.format("-%m-%dT%H:%M:%SZ"))
}

/// The form of the HTTP `Date` header.
pub(crate) fn http_date(unix_seconds: u64) -> String {
    let time =
        i64::try_from(unix_seconds).ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    time.unwrap_or_default().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_seconds() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339_signed(253_402_300_800), "+10000-01-01T00:00:00Z");
        assert_eq!(rfc3339_signed(i64::MAX), "");
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}

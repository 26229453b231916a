//! Time, injected so that deadlines can be tested without waiting.
//!
//! Every instant is cut to microseconds, the precision that both databases keep and that [`format_utc`] prints:
//! what a wallet reads is exactly what its `no_older_than` is compared with.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};

/// Not a date and time of RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written like 2026-01-31T12:00:00Z (RFC 3339)")]
#[non_exhaustive]
pub struct TimeError;

/// What time it is.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now, cut to microseconds.
    fn now(&self) -> DateTime<Utc>;
}

/// The operating system's clock. May jump when the machine's clock is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until told otherwise. Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock that shows `at`, cut to microseconds.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(at.trunc_subsecs(6))))
    }

    /// Moves forward, at most to the end of representable time.
    pub fn advance(&self, by: Duration) {
        self.update(|now| {
            let by = chrono::Duration::from_std(by).unwrap_or(chrono::Duration::MAX);
            now.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
        });
    }

    /// Jumps to `at`, also backwards.
    pub fn set(&self, at: DateTime<Utc>) {
        self.update(|_| at);
    }

    fn update(&self, f: impl FnOnce(DateTime<Utc>) -> DateTime<Utc>) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = f(*now).trunc_subsecs(6);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// RFC 3339 in UTC with six decimals and `Z`, always of the same length for the years 0 to 9999, so that text
/// order is time order. Ends in `Z` because the `+` of `+00:00` becomes a space in URLs.
pub fn format_utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Reads RFC 3339 with any offset; decimals beyond microseconds are cut off.
///
/// # Errors
/// [`TimeError`].
pub fn parse_utc(text: &str) -> Result<DateTime<Utc>, TimeError> {
    let at = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError)?;
    Ok(at.to_utc().trunc_subsecs(6))
}

#[cfg(test)]
mod tests;

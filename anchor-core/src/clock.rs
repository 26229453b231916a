//! Time, injected so that deadlines can be tested without waiting.
//!
//! Every instant is cut to microseconds, the precision that both databases keep and that [`format_utc`] prints:
//! what a wallet reads is exactly what its `no_older_than` is compared with.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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

/// The time of somebody else's clock, as it was told, and what has passed since: whatever this machine's clock shows, and
/// however it is set meanwhile. All machines that keep the time of one database agree on when a lease ends.
#[derive(Debug)]
pub struct ToldClock(Mutex<(DateTime<Utc>, Instant)>);

impl ToldClock {
    /// It is `told` now.
    pub fn new(told: DateTime<Utc>) -> Self {
        Self(Mutex::new((told, Instant::now())))
    }

    /// It is `told` now. The time that the telling took is no reason to go back.
    pub fn set(&self, told: DateTime<Utc>) {
        let off = self.now().signed_duration_since(told);
        if off.abs() < chrono::Duration::milliseconds(100) {
            return;
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (told, Instant::now());
    }
}

impl Clock for ToldClock {
    fn now(&self) -> DateTime<Utc> {
        let (told, at) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = chrono::Duration::from_std(at.elapsed()).unwrap_or(chrono::Duration::MAX);
        told.checked_add_signed(passed).unwrap_or(DateTime::<Utc>::MAX_UTC).trunc_subsecs(6)
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

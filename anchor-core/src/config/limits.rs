//! How much one client, one account and all together may ask of a server process.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Reader;

/// Requests at once unless the operator says otherwise: far more than a database pool works on, and few enough that
/// a database that hangs does not fill the memory with those who wait for it.
const AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(255);

/// For a body of a few hundred bytes: a phone in a train sends it in this time.
const BODY_TIME: Duration = Duration::from_secs(20);
/// For photos of a few mebibytes.
const UPLOAD_TIME: Duration = Duration::from_secs(120);

/// Six requests with as many large photos as they may have, or a hundred with what telephones usually send: a sixth of
/// what a small machine has.
const UPLOAD_BYTES: NonZeroU32 = NonZeroU32::MIN.saturating_add(256 * 1024 * 1024 - 1);

/// Limits of one server process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LimitsConfig {
    /// `REQUESTS_PER_MINUTE`: of one client's address, without a valid token; no limit if absent.
    pub requests_per_minute: Option<NonZeroU32>,
    /// `ACCOUNT_REQUESTS_PER_MINUTE`: of one user with a token, from wherever; no limit if absent.
    pub account_requests_per_minute: Option<NonZeroU32>,
    /// `REQUESTS_AT_ONCE`: that need the ledger, the database or the business's code; 256 if absent.
    pub requests_at_once: NonZeroU32,
    /// `BODY_SECONDS`: how long a client may take to send the body of a request; 20 if absent.
    pub body_time: Duration,
    /// `UPLOAD_SECONDS`: the same for a body that may hold files; 120 if absent.
    pub upload_time: Duration,
    /// `BODIES_AT_ONCE`: bodies that are half read, of those who are known, and as many of those who are not; 256 if
    /// absent.
    pub bodies_at_once: NonZeroU32,
    /// `UPLOAD_BYTES_AT_ONCE`: bytes of uploads in memory, of all together; 256 MiB if absent, and never less than one
    /// request may have.
    pub upload_bytes_at_once: NonZeroU32,
    /// `TRUSTED_PROXIES`: how many proxies of our own stand in front and extend `X-Forwarded-For`.
    pub trusted_proxies: u8,
}

impl Reader<'_> {
    pub(super) fn limits(&mut self) -> LimitsConfig {
        let above_zero = "a number above 0";
        LimitsConfig {
            requests_per_minute: self.number("REQUESTS_PER_MINUTE", above_zero),
            account_requests_per_minute: self.number("ACCOUNT_REQUESTS_PER_MINUTE", above_zero),
            requests_at_once: self.number("REQUESTS_AT_ONCE", above_zero).unwrap_or(AT_ONCE),
            body_time: self.seconds("BODY_SECONDS").unwrap_or(BODY_TIME),
            upload_time: self.seconds("UPLOAD_SECONDS").unwrap_or(UPLOAD_TIME),
            bodies_at_once: self.number("BODIES_AT_ONCE", above_zero).unwrap_or(AT_ONCE),
            upload_bytes_at_once: self.number("UPLOAD_BYTES_AT_ONCE", above_zero).unwrap_or(UPLOAD_BYTES),
            trusted_proxies: self.number("TRUSTED_PROXIES", "a number from 0 to 255").unwrap_or(0),
        }
    }

    /// More than an hour is no limit.
    fn seconds(&mut self, name: &str) -> Option<Duration> {
        let wanted = "a number of seconds from 1 to 3600";
        let seconds: NonZeroU32 = self.number(name, wanted)?;
        if seconds.get() > 3600 {
            self.problem(name, wanted);
        }
        Some(Duration::from_secs(seconds.get().into()))
    }
}

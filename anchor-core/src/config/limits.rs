//! How much one client, one account and all together may ask of a server process.

use std::num::NonZeroU32;

use super::Reader;

/// Requests at once unless the operator says otherwise: far more than a database pool works on, and few enough that
/// a database that hangs does not fill the memory with those who wait for it.
const AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(255);

/// Limits of one server process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LimitsConfig {
    /// `REQUESTS_PER_MINUTE`: of one client's address, without a valid token; no limit if absent.
    pub requests_per_minute: Option<NonZeroU32>,
    /// `ACCOUNT_REQUESTS_PER_MINUTE`: of one user with a token, from wherever; no limit if absent.
    pub account_requests_per_minute: Option<NonZeroU32>,
    /// `REQUESTS_AT_ONCE`: that need the ledger, the database or the business's code to decide something; 256 if
    /// absent.
    pub requests_at_once: NonZeroU32,
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
            trusted_proxies: self.number("TRUSTED_PROXIES", "a number from 0 to 255").unwrap_or(0),
        }
    }
}

//! How often one client may ask, and how many may be worked for at once. Liveness is never behind any of it.

use std::num::NonZeroU32;

use actix_web::HttpRequest;
use anchor_core::Config;
use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, SemaphorePermit};

mod address;
mod bodies;
mod rate;
mod upload_bytes;

pub(crate) use bodies::{Bodies, Interrupted};
use rate::RateLimit;
pub(crate) use upload_bytes::{Held, UploadBytes};

use crate::config::upload_bytes_max;
use crate::error::SepError;

/// What all endpoints of a process share.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Those who show no token.
    pub(crate) addresses: AddressLimit,
    /// Those who do, by [`Subject::key`](anchor_core::account::Subject::key).
    pub(crate) users: RateLimit<String>,
    /// Bodies of those who have shown a token or come with a cookie.
    pub(crate) known_bodies: Bodies,
    /// All others: they can only push out each other's.
    pub(crate) foreign_bodies: Bodies,
    /// Of all uploads together.
    pub(crate) upload_bytes: UploadBytes,
    at_once: Semaphore,
}

/// Too often: come back after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooOften {
    pub(crate) retry_after_seconds: u64,
}

impl Limits {
    pub(crate) fn new(all: &Config) -> Self {
        let config = &all.limits;
        let number = |number: NonZeroU32| usize::try_from(number.get()).unwrap_or(usize::MAX);
        Self {
            addresses: AddressLimit::new(config.requests_per_minute, config.trusted_proxies),
            users: RateLimit::new(config.account_requests_per_minute),
            known_bodies: Bodies::new(number(config.bodies_at_once)),
            foreign_bodies: Bodies::new(number(config.bodies_at_once)),
            // one request always fits
            upload_bytes: UploadBytes::new(
                number(config.upload_bytes_at_once).max(upload_bytes_max(all.file_bytes_max)),
            ),
            at_once: Semaphore::new(number(config.requests_at_once).min(Semaphore::MAX_PERMITS)),
        }
    }

    /// The right to let others work, until it is dropped. Taken when the request has been read: a client that sends
    /// slowly keeps nobody waiting.
    ///
    /// # Errors
    /// 503: enough is being worked on. Waiting here would only make the queue longer.
    pub(crate) fn turn(&self) -> Result<SemaphorePermit<'_>, SepError> {
        self.at_once.try_acquire().map_err(|_| {
            tracing::warn!("REQUESTS_AT_ONCE are being worked on: a request was turned away");
            SepError::busy()
        })
    }
}

/// Counts requests by their client's address.
#[derive(Debug)]
pub(crate) struct AddressLimit {
    rate: RateLimit<std::net::IpAddr>,
    trusted_proxies: u8,
}

impl AddressLimit {
    pub(crate) fn new(per_minute: Option<NonZeroU32>, trusted_proxies: u8) -> Self {
        Self { rate: RateLimit::new(per_minute), trusted_proxies }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The client asked too often.
    pub(crate) fn admit(&self, request: &HttpRequest, now: DateTime<Utc>) -> Result<(), TooOften> {
        self.rate.admit(address::network(address::client(request, self.trusted_proxies)), now)
    }
}

impl From<Interrupted> for SepError {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::TooSlow => Self::too_slow(),
            Interrupted::GaveWay => Self::busy(),
        }
    }
}

impl From<TooOften> for SepError {
    fn from(TooOften { retry_after_seconds }: TooOften) -> Self {
        Self::too_many_requests(retry_after_seconds)
    }
}

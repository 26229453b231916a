//! How often one client may ask: each address has a minute's worth at once, refilled steadily (GCRA).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use actix_web::HttpRequest;
use anchor_core::config::Sep10Config;
use chrono::{DateTime, Utc};

use crate::error::SepError;

const MINUTE_MICROS: i64 = 60_000_000;
/// Clients that are remembered. When there are more, all begin anew: better than no memory left.
const CLIENTS_MAX: usize = 50_000;

/// Counts requests by their client's address.
#[derive(Debug)]
pub(super) struct RateLimit {
    /// Between two requests, on average; `None`: nobody counts.
    interval_micros: Option<i64>,
    trusted_proxies: u8,
    /// When each client will have used nothing.
    refilled: Mutex<HashMap<IpAddr, i64>>,
}

impl RateLimit {
    pub(super) fn new(config: &Sep10Config) -> Self {
        let interval =
            |per_minute: std::num::NonZeroU32| (MINUTE_MICROS / i64::from(per_minute.get())).max(1);
        Self {
            interval_micros: config.requests_per_minute.map(interval),
            trusted_proxies: config.trusted_proxies,
            refilled: Mutex::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// 429 with the seconds after which it may be repeated.
    pub(super) fn admit(&self, request: &HttpRequest, now: DateTime<Utc>) -> Result<(), SepError> {
        let Some(interval) = self.interval_micros else { return Ok(()) };
        let now = now.timestamp_micros();
        let client = network(client(request, self.trusted_proxies));
        let mut refilled = self.refilled.lock().unwrap_or_else(PoisonError::into_inner);
        if refilled.len() >= CLIENTS_MAX && !refilled.contains_key(&client) {
            refilled.retain(|_, at| *at > now);
            if refilled.len() >= CLIENTS_MAX {
                refilled.clear();
            }
        }
        let at = refilled.entry(client).or_insert(now);
        let next = (*at).max(now).saturating_add(interval);
        let early = next.saturating_sub(now).saturating_sub(MINUTE_MICROS);
        if early > 0 {
            return Err(SepError::too_many_requests(early.unsigned_abs().div_ceil(1_000_000)));
        }
        *at = next;
        Ok(())
    }
}

/// Who asks: the peer, or whom the outermost of our own proxies saw. What stands further left in the header was
/// written by the client itself.
fn client(request: &HttpRequest, trusted_proxies: u8) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let Some(from_right) = usize::from(trusted_proxies).checked_sub(1) else { return peer };
    let headers = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let seen: Vec<&str> = headers.flat_map(|value| value.split(',')).map(str::trim).collect();
    let at = seen.len().checked_sub(1).and_then(|last| last.checked_sub(from_right));
    at.and_then(|at| seen.get(at)?.parse().ok()).unwrap_or(peer)
}

/// One customer has a whole IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

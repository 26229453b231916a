//! Each client has a minute's worth at once, refilled steadily (GCRA).

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::TooOften;

const MINUTE_MICROS: i64 = 60_000_000;
/// Clients that are remembered. When there are more, all begin anew: better than no memory left.
const CLIENTS_MAX: usize = 50_000;

/// Counts requests by whom they are from.
#[derive(Debug)]
pub(crate) struct RateLimit<K> {
    /// Between two requests, on average; `None`: nobody counts.
    interval_micros: Option<i64>,
    /// When each client will have used nothing.
    refilled: Mutex<HashMap<K, i64>>,
}

impl<K: Eq + Hash> RateLimit<K> {
    pub(super) fn new(per_minute: Option<NonZeroU32>) -> Self {
        let interval = |per_minute: NonZeroU32| (MINUTE_MICROS / i64::from(per_minute.get())).max(1);
        Self { interval_micros: per_minute.map(interval), refilled: Mutex::default() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The client asked too often.
    pub(crate) fn admit(&self, client: K, now: DateTime<Utc>) -> Result<(), TooOften> {
        let Some(interval) = self.interval_micros else { return Ok(()) };
        let now = now.timestamp_micros();
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
            return Err(TooOften { retry_after_seconds: early.unsigned_abs().div_ceil(1_000_000) });
        }
        *at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_whoever_asks() {
        let limit = RateLimit::new(NonZeroU32::new(1));
        let start = DateTime::UNIX_EPOCH;
        for client in 0..=CLIENTS_MAX {
            assert_eq!(limit.admit(client, start), Ok(()));
        }
        assert!(limit.refilled.lock().unwrap().len() <= CLIENTS_MAX);
        // who has used nothing lately is forgotten first
        let later = start + chrono::TimeDelta::minutes(2);
        for client in 0..CLIENTS_MAX {
            limit.refilled.lock().unwrap().insert(client, 0);
        }
        assert_eq!(limit.admit(CLIENTS_MAX + 1, later), Ok(()));
        assert_eq!(limit.refilled.lock().unwrap().len(), 1);
    }

    #[test]
    fn without_a_limit_nobody_is_remembered() {
        let limit = RateLimit::new(None);
        for _ in 0..1000 {
            assert_eq!(limit.admit("client", DateTime::UNIX_EPOCH), Ok(()));
        }
        assert!(limit.refilled.lock().unwrap().is_empty());
    }
}

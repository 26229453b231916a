//! How many transactions have ended: the only number that takes the longer the more there ever were.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::collect::in_time;
use crate::Anchor;
use crate::store::StateCount;

/// Counted anew at most this often, by each process.
const INTERVAL: TimeDelta = TimeDelta::minutes(5);
/// More than for anything else on the page, and less than Prometheus waits for the whole.
const DEADLINE: Duration = Duration::from_secs(8);

/// The last count.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// When counting was last begun, with or without success: a count that takes too long is not begun at each scrape.
    begun_at: Option<DateTime<Utc>>,
    /// Empty until it succeeded.
    pub(super) counts: Vec<StateCount>,
}

impl Ended {
    /// Counts, if it is time.
    pub(super) async fn refresh(&mut self, anchor: &Anchor) {
        let now = anchor.clock().now();
        let is_fresh = |begun_at: DateTime<Utc>| (TimeDelta::zero()..INTERVAL).contains(&(now - begun_at));
        if self.begun_at.is_some_and(is_fresh) {
            return;
        }
        self.begun_at = Some(now);
        let counted = anchor.store().transaction_count_ended();
        if let Some(counts) = in_time("transactions that have ended", DEADLINE, counted).await {
            self.counts = counts;
        }
    }
}

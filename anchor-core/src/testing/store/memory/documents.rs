//! Heartbeats.

use chrono::{DateTime, Utc};

use super::books::Books;

impl Books {
    /// Workers' clocks differ: the latest time stays.
    pub(super) fn heartbeat_put(&mut self, job: &str, at: DateTime<Utc>) {
        let beaten = self.heartbeats.entry(job.to_owned()).or_insert(at);
        *beaten = at.max(*beaten);
    }
}

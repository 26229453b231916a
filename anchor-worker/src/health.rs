//! When each job last did its work: for health checks and metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::ops::Progress;
use chrono::{DateTime, Utc};

/// How one job is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobHealth {
    /// How often it was activated.
    pub activations: u64,
    /// What it did in all of them.
    pub progress: Progress,
    /// When it last came to its end without an error; for the watcher: when it last heard of the ledger.
    pub last_success: Option<DateTime<Utc>>,
    /// It sleeps until then, by plan: it is as well as its last success. `None` while it works, and after an error.
    pub asleep_until: Option<DateTime<Utc>>,
    /// When it last failed, and why. Never personal data.
    pub last_error: Option<(DateTime<Utc>, String)>,
    /// How often it did not come to its end.
    pub failures: u64,
    /// How often it was started again after a panic.
    pub panics: u64,
}

impl JobHealth {
    /// When it was last known to be well, up to now: one that sleeps by plan is, until it should have woken.
    pub(crate) fn well_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let worked = self.last_success?;
        Some(self.asleep_until.map_or(worked, |until| worked.max(until.min(now))))
    }
}

/// The health of all jobs of one worker. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct WorkerHealth(Arc<Mutex<BTreeMap<&'static str, JobHealth>>>);

impl WorkerHealth {
    /// By name of the job.
    pub fn snapshot(&self) -> BTreeMap<&'static str, JobHealth> {
        self.jobs().clone()
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<&'static str, JobHealth>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where one job reports how it is doing.
#[derive(Debug, Clone)]
pub struct Pulse {
    health: WorkerHealth,
    anchor: Anchor,
    job: &'static str,
}

impl Pulse {
    pub(crate) const fn new(health: WorkerHealth, anchor: Anchor, job: &'static str) -> Self {
        Self { health, anchor, job }
    }

    /// It came to its end.
    pub fn succeeded(&self, progress: Progress) {
        let at = self.anchor.clock().now();
        self.update(|health| {
            health.activations = health.activations.saturating_add(1);
            health.progress = health.progress.and(progress);
            health.last_success = Some(at);
        });
    }

    /// It has nothing to do for so long.
    pub fn sleeps(&self, pause: Duration) {
        let until = chrono::Duration::from_std(pause).ok();
        let until = until.and_then(|pause| self.anchor.clock().now().checked_add_signed(pause));
        self.update(|health| health.asleep_until = until);
    }

    /// It is at work again: only its success says that it is well.
    pub fn woke(&self) {
        self.update(|health| health.asleep_until = None);
    }

    /// It did not.
    pub fn failed(&self, error: String) {
        let at = self.anchor.clock().now();
        self.update(|health| {
            health.activations = health.activations.saturating_add(1);
            health.failures = health.failures.saturating_add(1);
            health.asleep_until = None;
            health.last_error = Some((at, error));
        });
    }

    pub(crate) fn panicked(&self) {
        let at = self.anchor.clock().now();
        self.update(|health| {
            health.panics = health.panics.saturating_add(1);
            health.asleep_until = None;
            health.last_error = Some((at, "it panicked".to_owned()));
        });
    }

    fn update(&self, f: impl FnOnce(&mut JobHealth)) {
        f(self.health.jobs().entry(self.job).or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_that_sleeps_by_plan_is_well_until_it_should_have_woken_and_a_stuck_one_is_not() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut job =
            JobHealth { last_success: Some(at(10)), asleep_until: Some(at(310)), ..JobHealth::default() };
        assert_eq!(job.well_at(at(210)), Some(at(210)), "asleep");
        assert_eq!(job.well_at(at(500)), Some(at(310)), "it did not wake");
        job.asleep_until = None;
        assert_eq!(job.well_at(at(210)), Some(at(10)), "at work, and stuck");
        assert_eq!(JobHealth::default().well_at(at(210)), None);
    }
}

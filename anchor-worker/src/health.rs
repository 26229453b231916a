//! When each job last did its work: for health checks and metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// When it last failed, and why. Never personal data.
    pub last_error: Option<(DateTime<Utc>, String)>,
    /// How often it did not come to its end.
    pub failures: u64,
    /// How often it was started again after a panic.
    pub panics: u64,
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

    /// It did not.
    pub fn failed(&self, error: String) {
        let at = self.anchor.clock().now();
        self.update(|health| {
            health.activations = health.activations.saturating_add(1);
            health.failures = health.failures.saturating_add(1);
            health.last_error = Some((at, error));
        });
    }

    pub(crate) fn panicked(&self) {
        let at = self.anchor.clock().now();
        self.update(|health| {
            health.panics = health.panics.saturating_add(1);
            health.last_error = Some((at, "it panicked".to_owned()));
        });
    }

    fn update(&self, f: impl FnOnce(&mut JobHealth)) {
        f(self.health.jobs().entry(self.job).or_default());
    }
}

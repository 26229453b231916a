//! What the jobs of one worker did.

use anchor_core::metrics::{Registry, Source};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::health::{JobHealth, WorkerHealth};

type Labels = Vec<(&'static str, &'static str)>;

/// The limit that this worker keeps, in stroops.
pub(crate) struct FeeBudget(pub(crate) i64);

impl Source for FeeBudget {
    fn register(&self, registry: &mut Registry) {
        let budget = Gauge::<i64>::default();
        budget.set(self.0);
        let help = "What fees may cost in 24 hours, in stroops";
        registry.register("fee_budget_stroops", help, budget);
    }
}

impl Source for WorkerHealth {
    fn register(&self, registry: &mut Registry) {
        let jobs = self.snapshot();
        let counter = |count: fn(&JobHealth) -> u64| {
            let family = Family::<Labels, Counter>::default();
            for (job, health) in &jobs {
                family.get_or_create(&vec![("job", *job)]).inc_by(count(health));
            }
            family
        };
        registry.register("job_activations", "How often a job was activated", counter(|job| job.activations));
        registry.register(
            "job_failures",
            "How often it did not come to its end",
            counter(|job| job.failures),
        );
        registry.register("job_panics", "How often it was started again", counter(|job| job.panics));
        let moved = counter(|job| job.progress.moved.into());
        registry.register("job_moved", "What it changed", moved);
        let postponed = counter(|job| job.progress.failed.into());
        registry.register("job_postponed", "What it gave back because something was not known", postponed);
        let last = Family::<Labels, Gauge>::default();
        for (job, health) in &jobs {
            if let Some(at) = health.last_success {
                last.get_or_create(&vec![("job", *job)]).set(at.timestamp());
            }
        }
        let help = "When it last came to its end without an error in this process, in Unix seconds";
        registry.register("job_last_success_timestamp_seconds", help, last);
    }
}

//! How many requests came, how they ended, and how long they took.

use std::time::Duration;

use anchor_core::metrics::{Registry, Source};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

type Labels = Vec<(&'static str, String)>;

/// In seconds. A login asks the ledger, a form the business: both may take seconds on a bad day.
const BUCKETS: [f64; 9] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Requests that were answered, by route, method and status. Clones share the counts.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    answered: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram>,
}

impl Requests {
    pub(crate) fn new() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        Self { answered: Family::default(), seconds: Family::new_with_constructor(histogram) }
    }

    /// The labels are few: `route` is a pattern of ours, `method` one of a list.
    pub(crate) fn count(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let route = ("route", route.to_owned());
        self.seconds.get_or_create(&vec![route.clone()]).observe(took.as_secs_f64());
        let labels = vec![route, ("method", method.to_owned()), ("status", status.to_string())];
        self.answered.get_or_create(&labels).inc();
    }
}

impl Source for Requests {
    fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests by route, method and status", self.answered.clone());
        let help = "How long a request took until its answer began";
        registry.register("http_request_seconds", help, self.seconds.clone());
    }
}

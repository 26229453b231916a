//! What one process tells a Prometheus server, at an address of its own: never where wallets ask.
//!
//! Database and ledger are looked at when somebody asks, by every process that is asked: all of them say the same about
//! these. Labels are names from the code, states, and the anchor's own accounts: nothing that a user can make more of.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
pub use prometheus_client::registry::Registry;

use crate::Anchor;

mod collect;
mod ended;
mod serve;

use ended::Ended;

pub use serve::serve;

/// Somebody who counts.
pub trait Source: Send + Sync {
    /// Adds what was counted so far. The registry is a fresh one each time, and prefixes names with `anchor_`.
    fn register(&self, registry: &mut Registry);
}

/// All that a process tells. Clones share everything.
#[derive(Clone)]
pub struct Metrics {
    anchor: Anchor,
    sources: Vec<Arc<dyn Source>>,
    /// Impatient questions wait for each other, and do not multiply what the database is asked.
    ended: Arc<tokio::sync::Mutex<Ended>>,
}

impl Metrics {
    /// What database and ledger say: transactions by state and age, balances, the ledger's lag, heartbeats of jobs.
    pub fn new(anchor: Anchor) -> Self {
        Self { anchor, sources: Vec::new(), ended: Arc::default() }
    }

    /// And what this one counts.
    #[must_use]
    pub fn with(mut self, source: impl Source + 'static) -> Self {
        self.sources.push(Arc::new(source));
        self
    }

    /// The page, in the OpenMetrics text format. What cannot be found out within seconds is left out, and said to be
    /// down (`anchor_database_up`, `anchor_ledger_up`).
    pub async fn page(&self) -> String {
        let mut ended = self.ended.lock().await;
        let (mut facts, ()) = tokio::join!(collect::facts(&self.anchor), ended.refresh(&self.anchor));
        facts.ended.clone_from(&ended.counts);
        let mut registry = Registry::with_prefix("anchor");
        facts.register(&mut registry);
        for source in &self.sources {
            source.register(&mut registry);
        }
        let mut page = String::new();
        if encode(&mut page, &registry).is_err() {
            tracing::error!("the metrics could not be written");
        }
        page
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

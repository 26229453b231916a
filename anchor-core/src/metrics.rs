//! What one process tells a Prometheus server, at an address of its own: never where wallets ask.
//!
//! Database and ledger are looked at when somebody asks, by every process that is asked: all of them say the same about
//! these. Labels are names from the code, states, and the anchor's own accounts: nothing that a user can make more of.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
pub use prometheus_client::registry::Registry;

use crate::Anchor;

mod books;
mod collect;
mod ended;
mod noted;
mod serve;
mod watches;

use books::Books;
use ended::Ended;
use watches::Watches;

pub(crate) use noted::Noted;

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
    is_watching: bool,
    /// Impatient questions wait for each other, and do not multiply what the database is asked.
    slow: Arc<tokio::sync::Mutex<Slow>>,
}

/// What is not asked for at every scrape.
#[derive(Default)]
struct Slow {
    ended: Ended,
    books: Books,
    watches: Watches,
}

impl Metrics {
    /// What database and ledger say: transactions by state and age, balances, the ledger's lag, heartbeats of jobs.
    pub fn new(anchor: Anchor) -> Self {
        Self { anchor, sources: Vec::new(), is_watching: false, slow: Arc::default() }
    }

    /// And how far watching has come, which the ledger has to be asked about for each account. For processes that watch:
    /// the answer is the same everywhere.
    #[must_use]
    pub fn watching(mut self) -> Self {
        self.is_watching = true;
        self
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
        let mut slow = self.slow.lock().await;
        let Slow { ended, books, watches } = &mut *slow;
        let watching = async {
            if self.is_watching {
                watches.refresh(&self.anchor).await;
            }
        };
        let (mut facts, (), (), ()) = tokio::join!(
            collect::facts(&self.anchor),
            ended.refresh(&self.anchor),
            books.refresh(&self.anchor),
            watching
        );
        facts.ended.clone_from(&ended.counts);
        let mut registry = Registry::with_prefix("anchor");
        facts.register(&mut registry);
        books.register(&mut registry);
        watches.register(&mut registry);
        self.anchor.noted().register(&mut registry);
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

//! Asking database and ledger: one question at a time, whoever asks how often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::stellar::{Endpoints, LedgerPoint};
use anchor_core::store::Heartbeat;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

/// A dependency that takes longer than this is not well.
const DEADLINE: Duration = Duration::from_secs(5);
/// What was found is told for this long. Balancers ask every few seconds; anybody else may ask as often as they like.
const FRESH: TimeDelta = TimeDelta::seconds(2);
/// So long somebody may still wait for an answer.
const UNDER_WAY: TimeDelta = TimeDelta::seconds(5);

/// What database and ledger said.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Every job that ever worked; `None` if the database is not well.
    pub(super) jobs: Option<Vec<Heartbeat>>,
    /// `None` if the ledger's server is not well.
    pub(super) ledger: Option<LedgerPoint>,
    /// The ledger's servers, if there are several.
    pub(super) endpoints: Option<Endpoints>,
}

type Probe = Shared<BoxFuture<'static, Arc<Found>>>;

/// The last probe, shared by all that ask while it lasts and for a moment afterwards.
#[derive(Debug, Default)]
pub(crate) struct Probes(Mutex<Option<(DateTime<Utc>, Probe)>>);

impl Probes {
    /// What is found now, or was found a moment ago.
    pub(super) async fn found(&self, anchor: &Anchor) -> Arc<Found> {
        self.current(anchor).await
    }

    fn current(&self, anchor: &Anchor) -> Probe {
        let now = anchor.clock().now();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked_at, probe)) = &*last {
            // without an answer it is under way, or was left by all that asked: then its answer may be an old one
            let kept = if probe.peek().is_some() { FRESH } else { UNDER_WAY };
            // a clock that was set back makes nothing fresh
            if (TimeDelta::zero()..kept).contains(&(now - *asked_at)) {
                return probe.clone();
            }
        }
        // a task of its own: it comes to its end even if all that asked have hung up
        let asked = tokio::spawn(ask(anchor.clone()));
        let probe = async move { Arc::new(asked.await.unwrap_or_default()) }.boxed().shared();
        *last = Some((now, probe.clone()));
        probe
    }
}

async fn ask(anchor: Anchor) -> Found {
    // balancers ask every few seconds: often enough to keep the clock by the database's
    in_time("the database's clock", anchor.set_clock()).await;
    let jobs = in_time("the database", anchor.store().heartbeat_list());
    let ledger = in_time("the ledger", anchor.ledger().latest());
    let (jobs, ledger) = tokio::join!(jobs, ledger);
    Found { jobs, ledger, endpoints: anchor.ledger().endpoints() }
}

async fn in_time<T, E: std::error::Error>(
    what: &'static str,
    asked: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match tokio::time::timeout(DEADLINE, asked).await {
        Ok(Ok(told)) => return Some(told),
        Ok(Err(error)) => tracing::warn!(%error, "health: {what} is not well"),
        Err(_) => tracing::warn!("health: {what} does not answer"),
    }
    None
}

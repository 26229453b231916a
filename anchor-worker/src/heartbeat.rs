//! Tells the database when jobs last did their work, or slept by plan: servers have nothing else from which they could know. And keeps the
//! clock by the database's, so that leases end at the same moment for all machines.

use std::collections::BTreeMap;
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::ops::chain;
use chrono::{DateTime, Utc};

use crate::health::WorkerHealth;
use crate::shutdown::Shutdown;

/// Seldom enough to cost nothing.
const PERIOD: Duration = Duration::from_secs(10);
/// The first time, so that a fresh worker is soon known.
const FIRST: Duration = Duration::from_secs(2);

/// Beats until told to stop, and once more then.
pub(crate) async fn keep(anchor: Anchor, health: WorkerHealth, shutdown: Shutdown) {
    let mut told = BTreeMap::new();
    let mut pause = FIRST;
    while !shutdown.is_asked() {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.asked() => {}
        }
        pause = PERIOD;
        if let Err(error) = anchor.set_clock().await {
            tracing::warn!(error = chain(&error), "the clock could not be set by the database's; it runs on");
        }
        beat(&anchor, &health, &mut told).await;
    }
}

/// Tells what was not `told` before. Nothing depends on it: an error is only logged.
pub(crate) async fn beat(
    anchor: &Anchor,
    health: &WorkerHealth,
    told: &mut BTreeMap<&'static str, DateTime<Utc>>,
) {
    let now = anchor.clock().now();
    for (job, health) in health.snapshot() {
        // a job that looks every five minutes is not late in between
        let Some(at) = health.well_at(now).filter(|at| told.get(job) != Some(at)) else { continue };
        match anchor.store().heartbeat_put(job, at).await {
            Ok(()) => {
                told.insert(job, at);
            }
            Err(error) => {
                tracing::warn!(job, error = chain(&error), "a heartbeat could not be written");
                return;
            }
        }
    }
}

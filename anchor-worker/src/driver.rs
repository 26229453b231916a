//! When jobs are activated, and what happens when they fail.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anchor_core::ops::chain;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tracing::Instrument as _;

use crate::health::Pulse;
use crate::job::Job;
use crate::shutdown::Shutdown;

/// When to work, when to pause, when to stop; and where to report.
#[derive(Debug, Clone)]
pub struct Rhythm {
    /// The usual pause.
    pub period: Duration,
    /// The longest pause after errors.
    pub error_pause_max: Duration,
    /// Says when to stop.
    pub shutdown: Shutdown,
    /// Where to report.
    pub pulse: Pulse,
}

impl Rhythm {
    /// Sleeps, but not beyond the request to stop.
    pub async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.shutdown.asked() => {}
        }
    }

    /// The pause after so many errors in a row: doubled each time, with jitter, so that many workers that failed
    /// together do not come back together.
    pub fn after_errors(&self, errors: u32) -> Duration {
        let doubled = self.period.saturating_mul(2_u32.saturating_pow(errors.saturating_sub(1)));
        let pause = doubled.min(self.error_pause_max);
        pause / 2 + pause / 2 * u32::from(rand::random::<u8>()) / 256
    }
}

/// The loop of an ordinary job, in each of its lanes.
pub(crate) async fn activate_until_stopped<J: Job + ?Sized>(job: &J, rhythm: &Rhythm) {
    join_all((0..job.lanes().max(1)).map(|_| lane(job, rhythm))).await;
}

/// As long as it makes progress it goes on without a pause.
async fn lane<J: Job + ?Sized>(job: &J, rhythm: &Rhythm) {
    let mut errors: u32 = 0;
    while !rhythm.shutdown.is_asked() {
        let pause = match job.activate_once().await {
            Ok(progress) => {
                errors = 0;
                rhythm.pulse.succeeded(progress);
                if progress.moved > 0 {
                    continue;
                }
                rhythm.period
            }
            Err(error) => {
                errors = errors.saturating_add(1);
                let error = chain(&error);
                tracing::warn!(job = job.name(), error, errors, "a job failed and is tried again");
                rhythm.pulse.failed(error);
                rhythm.pause(rhythm.after_errors(errors)).await;
                continue;
            }
        };
        rhythm.pulse.sleeps(pause);
        tokio::select! {
            () = rhythm.pause(pause) => {}
            () = ring(job) => {}
        }
        rhythm.pulse.woke();
    }
}

async fn ring<J: Job + ?Sized>(job: &J) {
    match job.bell() {
        Some(bell) => bell.notified().await,
        None => std::future::pending().await,
    }
}

/// Runs a job until it was told to stop; one that panics is started again.
pub(crate) async fn supervise(job: Arc<dyn Job>, rhythm: Rhythm) {
    let mut panics: u32 = 0;
    // an error's span: it is there whatever RUST_LOG leaves out
    let span = tracing::error_span!("job", job = job.name());
    loop {
        if AssertUnwindSafe(job.run(&rhythm).instrument(span.clone())).catch_unwind().await.is_ok() {
            tracing::debug!(job = job.name(), "job stopped");
            return;
        }
        panics = panics.saturating_add(1);
        tracing::error!(job = job.name(), panics, "a job panicked and is started again");
        rhythm.pulse.panicked();
        rhythm.pause(rhythm.after_errors(panics)).await;
        if rhythm.shutdown.is_asked() {
            return;
        }
    }
}

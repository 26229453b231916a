//! All jobs of one process.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::config::ConfigError;
use anchor_core::http::GuardedClient;
use anchor_core::metrics::Metrics;
use anchor_core::ops::Progress;
use anchor_core::ops::callback::CallbackSender;
use tokio::task::JoinSet;

use crate::config::WorkerConfig;
use crate::driver::{self, Rhythm};
use crate::health::{Pulse, WorkerHealth};
use crate::heartbeat;
use crate::job::{Job, JobError};
use crate::jobs;
use crate::metrics::FeeBudget;
use crate::shutdown::Shutdown;

/// After so many rounds [`Worker::run_until_idle`] gives up: something moves in a circle.
const ROUNDS_MAX: u32 = 1000;

/// A worker could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// There is no such job.
    #[error("there is no job {0:?}; the jobs are: {names}", names = jobs::NAMES.join(", "))]
    UnknownJob(String),
    /// A job failed.
    #[error("{job} failed")]
    Job {
        /// Which one.
        job: &'static str,
        /// Why.
        #[source]
        source: JobError,
    },
    /// Transactions kept moving and moving.
    #[error("the jobs did not come to rest after {ROUNDS_MAX} rounds")]
    Restless,
    /// Jobs were still busy when their time was up. What they were doing is done again at the next start.
    #[error("jobs were still busy after {0:?} and were stopped")]
    Busy(Duration),
    /// The settings.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// The address for metrics is taken, or not ours.
    #[error("{address} cannot be listened on; WORKER_METRICS_LISTEN says where")]
    MetricsAddress {
        /// Which one.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The listener for metrics failed.
    #[error("metrics cannot be served")]
    Metrics(#[source] std::io::Error),
    /// What reaches the wallets could not be set up.
    #[error("the client for callbacks could not be set up")]
    Callbacks(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The jobs of one process.
pub struct Worker {
    anchor: Anchor,
    config: WorkerConfig,
    jobs: Vec<Arc<dyn Job>>,
    health: WorkerHealth,
}

impl Worker {
    /// All jobs.
    ///
    /// # Errors
    /// [`WorkerError::Callbacks`], on a machine without root certificates, say.
    pub fn new(anchor: Anchor, config: WorkerConfig) -> Result<Self, WorkerError> {
        let sender = GuardedClient::new(anchor.config().local_mode);
        let sender = sender.map_err(|error| WorkerError::Callbacks(error.into()))?;
        Ok(Self::with_sender(anchor, config, Arc::new(sender)))
    }

    /// All jobs, with another way to reach wallets: for tests, or behind a proxy.
    pub fn with_sender(anchor: Anchor, mut config: WorkerConfig, sender: Arc<dyn CallbackSender>) -> Self {
        if config.settings.owner.is_empty() {
            config.settings.owner = format!("worker-{}", anchor.ids().next());
        }
        let jobs = jobs::all(&anchor, &config.settings, sender);
        Self { anchor, config, jobs, health: WorkerHealth::default() }
    }

    /// Only these jobs; all of them if none is named.
    ///
    /// # Errors
    /// [`WorkerError::UnknownJob`].
    pub fn jobs<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Result<Self, WorkerError> {
        let names: Vec<N> = names.into_iter().collect();
        for name in &names {
            self.job(name.as_ref())?;
        }
        if !names.is_empty() {
            self.jobs.retain(|job| names.iter().any(|name| name.as_ref() == job.name()));
        }
        Ok(self)
    }

    /// Adds a job of the business's own.
    #[must_use]
    pub fn with(mut self, job: impl Job + 'static) -> Self {
        self.jobs.push(Arc::new(job));
        self
    }

    /// How the jobs are doing; stays readable while they run.
    pub fn health(&self) -> WorkerHealth {
        self.health.clone()
    }

    /// What this worker tells a Prometheus server, for [`anchor_core::metrics::serve`]; stays readable while it runs.
    pub fn metrics(&self) -> Metrics {
        let metrics = Metrics::new(self.anchor.clone()).with(self.health());
        let metrics = match self.config.settings.fee_budget {
            Some(budget) => metrics.with(FeeBudget(budget)),
            None => metrics,
        };
        if self.job("watch_transactions").is_ok() { metrics.watching() } else { metrics }
    }

    /// Runs the jobs until told to stop; then they finish the work at hand. A job that panics is started again.
    ///
    /// # Errors
    /// [`WorkerError::Busy`] if they did not finish within the grace period.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), WorkerError> {
        let mut running = JoinSet::new();
        for job in &self.jobs {
            let rhythm = Rhythm {
                period: self.config.period,
                error_pause_max: self.config.error_pause_max,
                shutdown: shutdown.clone(),
                pulse: self.pulse(&**job),
            };
            running.spawn(driver::supervise(Arc::clone(job), rhythm));
        }
        running.spawn(heartbeat::keep(self.anchor.clone(), self.health(), shutdown.clone()));
        tracing::info!(owner = self.config.settings.owner, jobs = self.jobs.len(), "worker started");
        shutdown.asked().await;
        let finish = async { while running.join_next().await.is_some() {} };
        // dropping the set ends those that are still busy
        tokio::time::timeout(self.config.grace, finish)
            .await
            .map_err(|_| WorkerError::Busy(self.config.grace))?;
        tracing::info!("worker stopped");
        Ok(())
    }

    /// Activates one job once.
    ///
    /// # Errors
    /// The job's, or that there is none of this name.
    pub async fn activate_once(&self, name: &str) -> Result<Progress, WorkerError> {
        let job = self.job(name)?;
        let pulse = self.pulse(&**job);
        match job.activate_once().await {
            Ok(progress) => {
                pulse.succeeded(progress);
                Ok(progress)
            }
            Err(source) => {
                pulse.failed(anchor_core::ops::chain(&source));
                Err(WorkerError::Job { job: job.name(), source })
            }
        }
    }

    /// Activates all jobs again and again until none of them changes anything: what is due later stays undone.
    /// For cron, and for tests. One job's error does not keep the others from working.
    ///
    /// # Errors
    /// The first error of the last round, or [`WorkerError::Restless`].
    pub async fn run_until_idle(&self) -> Result<Progress, WorkerError> {
        let rested = self.rounds().await;
        heartbeat::beat(&self.anchor, &self.health, &mut BTreeMap::new()).await;
        rested
    }

    async fn rounds(&self) -> Result<Progress, WorkerError> {
        let mut total = Progress::default();
        for _ in 0..ROUNDS_MAX {
            let mut round = Progress::default();
            let mut trouble = None;
            for job in &self.jobs {
                match self.activate_once(job.name()).await {
                    Ok(progress) => round = round.and(progress),
                    Err(error) => trouble = trouble.or(Some(error)),
                }
            }
            total = total.and(round);
            if round.moved == 0 {
                return trouble.map_or(Ok(total), Err);
            }
        }
        Err(WorkerError::Restless)
    }

    fn job(&self, name: &str) -> Result<&Arc<dyn Job>, WorkerError> {
        let unknown = || WorkerError::UnknownJob(name.to_owned());
        self.jobs.iter().find(|job| job.name() == name).ok_or_else(unknown)
    }

    fn pulse(&self, job: &dyn Job) -> Pulse {
        Pulse::new(self.health.clone(), self.anchor.clone(), job.name())
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs: Vec<_> = self.jobs.iter().map(|job| job.name()).collect();
        f.debug_struct("Worker").field("jobs", &jobs).finish_non_exhaustive()
    }
}

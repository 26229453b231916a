//! The `worker` subcommand for the integrator's own binary (feature `cli`).

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anchor_core::Anchor;
use clap::Args;

use crate::config::WorkerConfig;
use crate::shutdown::Shutdown;
use crate::worker::{Worker, WorkerError};

/// Arguments of a `worker` subcommand.
///
/// ```
/// #[derive(clap::Subcommand)]
/// enum Command {
///     /// Run jobs
///     Worker(anchor_worker::cli::WorkerArgs),
/// }
/// ```
#[derive(Debug, Clone, Args)]
#[non_exhaustive]
pub struct WorkerArgs {
    /// The jobs to run; all of them if none is named
    #[arg(value_name = "JOB", value_parser = clap::builder::PossibleValuesParser::new(crate::jobs::NAMES))]
    pub jobs: Vec<String>,
    /// Work until nothing is due, then end: for cron
    #[arg(long)]
    pub once: bool,
    /// How many seconds nobody else works on what a killed worker had claimed; at least four times what your
    /// slowest integration needs for an answer
    #[arg(long, env = "WORKER_LEASE_SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub lease_seconds: u16,
    /// How many seconds of ledger time somebody else has to sign an envelope; then it is given up and built anew
    #[arg(long, env = "SIGNER_LIFETIME", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(60..=43_200))]
    pub signer_lifetime: u32,
    /// The most that is bid for one operation on the ledger, in stroops
    #[arg(long, env = "FEE_CAP", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=100_000_000))]
    pub fee_cap: u32,
    /// The most that fees may cost in any 24 hours, in stroops; payments wait where it is reached. No limit if absent
    #[arg(long, env = "FEE_BUDGET", value_parser = clap::value_parser!(i64).range(1..))]
    pub fee_budget: Option<i64>,
    /// How many payments without a memo share an envelope; 1 sends each alone
    #[arg(long, env = "OPERATIONS_MAX", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub operations_max: u8,
    /// How many transactions a job takes at once; of payments on the ledger five times as many
    #[arg(long, env = "WORKER_BATCH", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub batch: u16,
    /// Address and port for `GET /metrics` of these jobs; nothing is served if absent. Not for the public
    #[arg(long, env = "WORKER_METRICS_LISTEN")]
    pub worker_metrics_listen: Option<SocketAddr>,
}

impl WorkerArgs {
    /// Runs the jobs until the process is interrupted or terminated; then they finish the work at hand.
    ///
    /// # Errors
    /// See [`WorkerError`].
    pub async fn run(self, anchor: Anchor) -> Result<(), WorkerError> {
        let mut config = WorkerConfig::default();
        config.settings.lease = Duration::from_secs(self.lease_seconds.into());
        config.settings.signer_lifetime = Duration::from_secs(self.signer_lifetime.into());
        config.settings.fee_cap = self.fee_cap;
        config.settings.fee_budget = self.fee_budget;
        config.settings.operations_max = self.operations_max.into();
        config.settings.batch = self.batch.into();
        let worker = Worker::new(anchor, config)?.jobs(&self.jobs)?;
        if self.once {
            return worker.run_until_idle().await.map(drop);
        }
        let Some(address) = self.worker_metrics_listen else {
            return worker.run(Shutdown::on_signal()).await;
        };
        let listener = TcpListener::bind(address).map_err(WorkerError::Metrics)?;
        tracing::info!(listen = %address, "metrics");
        let metrics = anchor_core::metrics::serve(worker.metrics(), listener);
        tokio::select! {
            ended = worker.run(Shutdown::on_signal()) => ended,
            failed = metrics => failed.map_err(WorkerError::Metrics),
        }
    }
}

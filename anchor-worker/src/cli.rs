//! The `worker` subcommand for the integrator's own binary (feature `cli`).

use std::net::{SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::cli::{Flags, Settings};
use anchor_core::config::ConfigError;
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
    /// slowest integration needs for an answer (setting WORKER_LEASE_SECONDS) (default: 120)
    #[arg(long, value_parser = clap::value_parser!(u16).range(LEASE_SECONDS))]
    pub lease_seconds: Option<u16>,
    /// How many seconds of ledger time somebody else has to sign an envelope; then it is given up and built anew (setting
    /// SIGNER_LIFETIME) (default: 3600)
    #[arg(long, value_parser = clap::value_parser!(u32).range(SIGNER_LIFETIME))]
    pub signer_lifetime: Option<u32>,
    /// The most that is bid for one operation on the ledger, in stroops (setting FEE_CAP) (default: 100000)
    #[arg(long, value_parser = clap::value_parser!(u32).range(FEE_CAP))]
    pub fee_cap: Option<u32>,
    /// The most that fees may cost in any 24 hours, in stroops; payments wait where it is reached. No limit if absent
    /// (setting FEE_BUDGET)
    #[arg(long, value_parser = clap::value_parser!(i64).range(FEE_BUDGET))]
    pub fee_budget: Option<i64>,
    /// How many payments without a memo share an envelope; 1 sends each alone (setting OPERATIONS_MAX) (default: 100)
    #[arg(long, value_parser = clap::value_parser!(u8).range(OPERATIONS_MAX))]
    pub operations_max: Option<u8>,
    /// How many transactions a job takes at once; of payments on the ledger five times as many (setting WORKER_BATCH)
    /// (default: 100)
    #[arg(long, value_parser = clap::value_parser!(u16).range(BATCH))]
    pub batch: Option<u16>,
    /// Address and port for `GET /metrics` of these jobs; nothing is served if absent. Not for the public (setting
    /// WORKER_METRICS_LISTEN)
    #[arg(long)]
    pub worker_metrics_listen: Option<SocketAddr>,
}

const LEASE_SECONDS: RangeInclusive<i64> = 1..=3600;
const SIGNER_LIFETIME: RangeInclusive<i64> = 60..=43_200;
const FEE_CAP: RangeInclusive<i64> = 100..=100_000_000;
const FEE_BUDGET: RangeInclusive<i64> = 1..=i64::MAX;
const OPERATIONS_MAX: RangeInclusive<i64> = 1..=100;
const BATCH: RangeInclusive<i64> = 1..=500;

impl WorkerArgs {
    /// Runs the jobs until the process is interrupted or terminated; then they finish the work at hand. What no flag says,
    /// the settings do.
    ///
    /// # Errors
    /// See [`WorkerError`].
    pub async fn run(self, settings: &Settings, anchor: Anchor) -> Result<(), WorkerError> {
        let (config, metrics) = self.config(settings)?;
        let worker = Worker::new(anchor, config)?.jobs(&self.jobs)?;
        if self.once {
            return worker.run_until_idle().await.map(drop);
        }
        let Some(address) = metrics else {
            return worker.run(Shutdown::on_signal()).await;
        };
        let listener =
            TcpListener::bind(address).map_err(|source| WorkerError::MetricsAddress { address, source })?;
        tracing::info!(listen = %address, "metrics");
        let metrics = anchor_core::metrics::serve(worker.metrics(), listener);
        tokio::select! {
            ended = worker.run(Shutdown::on_signal()) => ended,
            failed = metrics => failed.map_err(WorkerError::Metrics),
        }
    }

    /// How the jobs are driven, and where the metrics are.
    fn config(&self, settings: &Settings) -> Result<(WorkerConfig, Option<SocketAddr>), ConfigError> {
        let mut flags = Flags::new(settings);
        let lease = flags.number(self.lease_seconds, "WORKER_LEASE_SECONDS", LEASE_SECONDS).unwrap_or(120);
        let lifetime = flags.number(self.signer_lifetime, "SIGNER_LIFETIME", SIGNER_LIFETIME).unwrap_or(3600);
        let mut config = WorkerConfig::default();
        config.settings.lease = Duration::from_secs(lease.into());
        config.settings.signer_lifetime = Duration::from_secs(lifetime.into());
        config.settings.fee_cap = flags.number(self.fee_cap, "FEE_CAP", FEE_CAP).unwrap_or(100_000);
        config.settings.fee_budget = flags.number(self.fee_budget, "FEE_BUDGET", FEE_BUDGET);
        config.settings.operations_max =
            flags.number(self.operations_max, "OPERATIONS_MAX", OPERATIONS_MAX).unwrap_or(100).into();
        config.settings.batch = flags.number(self.batch, "WORKER_BATCH", BATCH).unwrap_or(100).into();
        let metrics = flags.address(self.worker_metrics_listen, "WORKER_METRICS_LISTEN");
        flags.check().map(|()| (config, metrics))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        worker: WorkerArgs,
    }

    fn args(flags: &[&str]) -> WorkerArgs {
        Cli::try_parse_from([&["worker"], flags].concat()).unwrap().worker
    }

    fn settings(folder: &tempfile::TempDir, text: &str) -> Settings {
        let path = folder.path().join(".env");
        std::fs::write(&path, text).unwrap();
        Settings::load(path).unwrap()
    }

    #[test]
    fn every_setting_of_a_worker_is_read_from_the_file_alone_the_fee_limits_among_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = "WORKER_LEASE_SECONDS=7\nSIGNER_LIFETIME=61\nFEE_CAP=101\nFEE_BUDGET=102\nOPERATIONS_MAX=3\n\
                    WORKER_BATCH=4\nWORKER_METRICS_LISTEN=127.0.0.1:82\n";
        let settings = settings(&folder, file);
        let (config, metrics) = args(&[]).config(&settings).unwrap();
        assert_eq!(config.settings.lease, Duration::from_secs(7));
        assert_eq!(config.settings.signer_lifetime, Duration::from_secs(61));
        assert_eq!((config.settings.fee_cap, config.settings.fee_budget), (101, Some(102)));
        assert_eq!((config.settings.operations_max, config.settings.batch), (3, 4));
        assert_eq!(metrics.unwrap().port(), 82);
        let (config, _) = args(&["--fee-budget", "7", "--batch", "8"]).config(&settings).unwrap();
        assert_eq!((config.settings.fee_budget, config.settings.batch), (Some(7), 8));
    }

    #[test]
    fn without_settings_the_documented_defaults_hold() {
        let folder = tempfile::tempdir().unwrap();
        let (config, metrics) = args(&[]).config(&settings(&folder, "")).unwrap();
        assert_eq!(config.settings.lease, Duration::from_secs(120));
        assert_eq!(config.settings.signer_lifetime, Duration::from_secs(3600));
        assert_eq!((config.settings.fee_cap, config.settings.fee_budget), (100_000, None));
        assert_eq!((config.settings.operations_max, config.settings.batch), (100, 100));
        assert_eq!(metrics, None);
    }

    #[test]
    fn settings_out_of_bounds_are_refused_as_flags_are() {
        let folder = tempfile::tempdir().unwrap();
        let wrong =
            settings(&folder, "FEE_BUDGET=0\nOPERATIONS_MAX=101\nWORKER_LEASE_SECONDS=x\nWORKER_BATCH=501\n");
        assert_eq!(args(&[]).config(&wrong).unwrap_err().problems.len(), 4);
        assert!(Cli::try_parse_from(["worker", "--fee-budget", "0"]).is_err());
        assert!(Cli::try_parse_from(["worker", "--operations-max", "101"]).is_err());
    }
}

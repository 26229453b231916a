//! The `worker` subcommand for the integrator's own binary (feature `cli`).

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
#[derive(Debug, Clone, Default, Args)]
#[non_exhaustive]
pub struct WorkerArgs {
    /// The jobs to run; all of them if none is named
    #[arg(value_name = "JOB", value_parser = clap::builder::PossibleValuesParser::new(crate::jobs::NAMES))]
    pub jobs: Vec<String>,
    /// Work until nothing is due, then end: for cron
    #[arg(long)]
    pub once: bool,
}

impl WorkerArgs {
    /// Runs the jobs until the process is interrupted or terminated; then they finish the work at hand.
    ///
    /// # Errors
    /// See [`WorkerError`].
    pub async fn run(self, anchor: Anchor) -> Result<(), WorkerError> {
        let worker = Worker::new(anchor, WorkerConfig::default())?.jobs(&self.jobs)?;
        if self.once {
            return worker.run_until_idle().await.map(drop);
        }
        worker.run(Shutdown::on_signal()).await
    }
}

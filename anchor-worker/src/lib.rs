//! The jobs of a Stellar anchor: they ask, pay, watch and confirm, as restartable reconcilers.
//!
//! A job has no input: it looks at what is stored and does what is due. So the normal path and the recovery after
//! a crash are the same path, and any number of processes may run the same jobs on one database.
//!
//! ```no_run
//! # use anchor_core::{Anchor, ops::callback::CallbackSender};
//! # use std::sync::Arc;
//! # async fn example(anchor: Anchor, callbacks: Arc<dyn CallbackSender>) -> Result<(), anchor_worker::WorkerError> {
//! use anchor_worker::{Shutdown, Worker, WorkerConfig};
//!
//! let worker = Worker::with_sender(anchor, WorkerConfig::default(), callbacks);
//! worker.run(Shutdown::on_signal()).await
//! # }
//! ```

#[cfg(feature = "cli")]
pub mod cli;
mod config;
mod driver;
mod health;
mod job;
pub mod jobs;
pub mod shutdown;
mod worker;

pub use config::WorkerConfig;
pub use driver::Rhythm;
pub use health::{JobHealth, Pulse, WorkerHealth};
pub use job::{Job, JobError};
pub use shutdown::{Shutdown, ShutdownTrigger};
pub use worker::{Worker, WorkerError};

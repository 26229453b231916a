#![doc = include_str!("../README.md")]

#[cfg(feature = "cli")]
pub mod cli;
mod config;
mod driver;
mod health;
mod heartbeat;
mod job;
pub mod jobs;
mod metrics;
pub mod shutdown;
mod worker;

pub use config::WorkerConfig;
pub use driver::Rhythm;
pub use health::{JobHealth, Pulse, WorkerHealth};
pub use job::{Job, JobError};
pub use shutdown::{Shutdown, ShutdownTrigger};
pub use worker::{Worker, WorkerError};

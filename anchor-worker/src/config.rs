//! How the jobs are driven.

use std::time::Duration;

use anchor_core::ops::JobSettings;

/// Rhythm and limits of a [`Worker`](crate::Worker).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WorkerConfig {
    /// What each job is told; an empty `owner` becomes a name that no other process has.
    pub settings: JobSettings,
    /// A job looks for work this often, and at once when it is told of some; 1 second.
    pub period: Duration,
    /// After an error a job waits for a period, then for two, for four… up to this; 1 minute.
    pub error_pause_max: Duration,
    /// Asked to stop, jobs have this long to finish what they are doing; 30 seconds.
    pub grace: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            settings: JobSettings::new(String::new()),
            period: Duration::from_secs(1),
            error_pause_max: Duration::from_secs(60),
            grace: Duration::from_secs(30),
        }
    }
}

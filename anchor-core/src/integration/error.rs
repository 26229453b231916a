//! "I do not know": the only error an integration can report.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// When to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Soon, with growing pauses.
    Transient,
    /// Not before this time has passed.
    After(Duration),
    /// Asking again will not help: the transaction is held and an operator looks at it.
    Permanent,
}

/// The integration could not find out. **Never means that the thing asked about did not happen.**
///
/// A definite no is not an error but an outcome (`Ok(Refused { .. })`).
pub struct IntegrationError {
    retry: Retry,
    source: Box<dyn StdError + Send + Sync>,
}

impl IntegrationError {
    /// Ask again soon: a timeout, a 503, a broken connection.
    pub fn transient(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { retry: Retry::Transient, source: source.into() }
    }

    /// Ask again, but not before `pause` has passed: a rate limit, a bank's night.
    pub fn transient_after(pause: Duration, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { retry: Retry::After(pause), source: source.into() }
    }

    /// Do not ask again: somebody has to look. A funded transaction goes on hold, unpaid.
    pub fn permanent(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { retry: Retry::Permanent, source: source.into() }
    }

    /// When to ask again.
    pub const fn retry(&self) -> Retry {
        self.retry
    }
}

impl fmt::Debug for IntegrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntegrationError").field("retry", &self.retry).field("source", &self.source).finish()
    }
}

impl fmt::Display for IntegrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the integration does not know the answer")
    }
}

impl StdError for IntegrationError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

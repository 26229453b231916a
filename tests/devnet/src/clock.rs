//! The devnet's time: the system clock plus an offset that tests may advance.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Unix time in seconds. It runs with the system clock and can be put forward, never back. Clones show the
/// same time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicU64>,
}

impl Clock {
    /// Now, in seconds since 1970.
    pub fn now(&self) -> u64 {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        system.saturating_add(self.offset_seconds.load(Ordering::Acquire))
    }

    /// Puts the clock forward. Ledgers that close from now on carry the later time.
    pub fn advance(&self, seconds: u64) {
        let add = |offset: u64| Some(offset.saturating_add(seconds));
        let _ = self.offset_seconds.fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
    }
}

//! What jobs of this process found out, and what is too dear to be asked for at every scrape.

use std::sync::{Mutex, PoisonError};

use prometheus_client::metrics::gauge::Gauge;

use super::{Registry, Source};

/// What was found last; nothing before the first time.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    channels_short: Mutex<Option<u32>>,
}

impl Noted {
    /// So many channels held too little when they were last looked at.
    pub(crate) fn channels_short(&self, count: u32) {
        *self.channels_short.lock().unwrap_or_else(PoisonError::into_inner) = Some(count);
    }
}

impl Source for Noted {
    fn register(&self, registry: &mut Registry) {
        let short = *self.channels_short.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = short {
            let gauge = Gauge::<i64>::default();
            gauge.set(count.into());
            registry.register(
                "channels_short",
                "Channel accounts that lack lumens, or the whole account",
                gauge,
            );
        }
    }
}

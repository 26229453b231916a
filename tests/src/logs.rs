//! What is logged, as an operator's tools get it.
//!
//! There is one subscriber for the whole process, installed before anything is logged: those that come and go would
//! race with call sites that other tests reach for the first time.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use anyhow::{Context as _, Result};
use tracing::Level;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

thread_local! {
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Everything that this thread logs, in JSON, also what nobody wants to see every day.
#[derive(Debug)]
#[non_exhaustive]
pub struct Log {}

/// Makes [`Log`] possible; any number of times, and before anything is logged.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let listens = || LINES.with_borrow(Option::is_some);
        let filter = dynamic_filter_fn(move |of, _| *of.level() <= Level::DEBUG && listens());
        let layer = tracing_subscriber::fmt::layer().json().with_writer(|| Lines).with_filter(filter);
        // a test program with a subscriber of its own keeps it
        let _ = tracing_subscriber::registry().with(layer).try_init();
    });
}

impl Log {
    /// Begins to listen.
    #[must_use]
    pub fn of_this_thread() -> Self {
        install();
        LINES.set(Some(Vec::new()));
        Self {}
    }

    /// The whole text; listening is over.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn end(self) -> Result<String> {
        Ok(String::from_utf8(LINES.take().context("somebody else ended it")?)?)
    }
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

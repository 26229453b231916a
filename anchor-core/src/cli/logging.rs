//! Logs for binaries.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

/// Logs to standard error, filtered by `RUST_LOG` (`info` if absent), as JSON with `LOG_FORMAT=json`. A process
/// that has a logger already keeps it. Colours are for terminals only.
pub fn init_logging() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    let json = std::env::var("LOG_FORMAT").is_ok_and(|format| format == "json");
    let _ = if json { logs.json().try_init() } else { logs.compact().try_init() };
}

//! Logs for binaries.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

use super::Settings;

/// Logs to standard error, filtered by `RUST_LOG` (`info` if absent), as JSON with `LOG_FORMAT=json`. A process
/// that has a logger already keeps it. Colours are for terminals only.
pub fn init_logging(settings: &Settings) {
    let wanted = settings.get("RUST_LOG").and_then(|filter| EnvFilter::try_new(filter).ok());
    let filter = wanted.unwrap_or_else(|| EnvFilter::new("info,actix_server=warn"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    let json = settings.get("LOG_FORMAT").is_some_and(|format| format.trim() == "json");
    let _ = if json { logs.json().try_init() } else { logs.compact().try_init() };
}

//! What commands say: lines for people, or one object a line for programs.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};

use clap::Args;

use super::CliError;

/// How a list is written.
#[derive(Debug, Clone, Copy, Args)]
pub struct Format {
    /// One JSON object a line, for programs. More members may come with later versions.
    #[arg(long)]
    pub(super) json: bool,
}

/// One line to standard output. Who has read enough (`| head -1`) ends the command.
pub(super) fn say(line: impl Display) -> Result<(), CliError> {
    writeln!(std::io::stdout().lock(), "{line}").map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => CliError::NobodyReads,
        _ => CliError::Output(error),
    })
}

/// One line about work that goes on, whether anybody reads it or not.
pub(super) fn note(line: impl Display) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

//! Runs the scripts of `tests/clients`: official SDKs, unmodified, in processes of their own.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::found::{Node, Python};

/// Far more than a script takes; for one that hangs.
const PATIENCE: Duration = Duration::from_secs(300);

impl Node {
    /// Runs `script` with `--name value` for each option and returns its report.
    ///
    /// A script that ends with anything but 0 is an error that holds its report and what it said.
    pub async fn run(&self, script: &str, options: &[(&str, &str)]) -> Result<Value> {
        run(&self.program, &self.clients.join(script), options).await
    }
}

impl Python {
    /// As [`Node::run`].
    pub async fn run(&self, script: &str, options: &[(&str, &str)]) -> Result<Value> {
        run(&self.program, &self.clients.join(script), options).await
    }
}

async fn run(program: &Path, script: &Path, options: &[(&str, &str)]) -> Result<Value> {
    let mut command = Command::new(program);
    command.arg(script).stdin(Stdio::null()).kill_on_drop(true);
    // Compiled Python files would land among the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, value) in options {
        command.arg(format!("--{name}")).arg(value);
    }
    let output = tokio::time::timeout(PATIENCE, command.output()).await.context("the client hangs")??;
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{} ended with {}:\n{printed}\n{said}", script.display(), output.status);
    serde_json::from_str(&printed).with_context(|| format!("{} printed {printed}", script.display()))
}

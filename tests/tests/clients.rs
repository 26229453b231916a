//! The official SDKs, unmodified, against a devnet: what they do on the public test network has to work here too.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anchor_devnet::{CloseMode, Devnet};
use anchor_tests::found;
use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

/// Far more than a script takes; for one that hangs.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test]
async fn javascript_sdk_works_on_a_network_that_closes_at_once() -> Result<()> {
    let Some(node) = found::node() else { return Ok(()) };
    passes(CloseMode::Instant, &node.program, &node.clients.join("devnet.mjs")).await
}

#[tokio::test]
async fn javascript_sdk_works_on_a_network_that_closes_at_intervals() -> Result<()> {
    let Some(node) = found::node() else { return Ok(()) };
    passes(CloseMode::Every(Duration::from_millis(100)), &node.program, &node.clients.join("devnet.mjs"))
        .await
}

#[tokio::test]
async fn python_sdk_works_on_a_network_that_closes_at_once() -> Result<()> {
    let Some(python) = found::python() else { return Ok(()) };
    passes(CloseMode::Instant, &python.program, &python.clients.join("devnet.py")).await
}

#[tokio::test]
async fn python_sdk_works_on_a_network_that_closes_at_intervals() -> Result<()> {
    let Some(python) = found::python() else { return Ok(()) };
    passes(CloseMode::Every(Duration::from_millis(100)), &python.program, &python.clients.join("devnet.py"))
        .await
}

async fn passes(mode: CloseMode, program: &Path, script: &Path) -> Result<()> {
    let devnet = Devnet::builder().in_memory().close(mode).start().await?;
    let horizon = devnet.url();
    let report = run(program, [script.as_os_str(), OsStr::new("--horizon"), OsStr::new(&horizon)]).await;
    devnet.stop().await;
    let passed = report?["passed"].as_object().map_or(0, serde_json::Map::len);
    ensure!(passed >= 10, "only {passed} scenarios ran");
    Ok(())
}

/// Runs a client and returns its report; an error holds the report of one that failed.
async fn run(program: &Path, arguments: [&OsStr; 3]) -> Result<serde_json::Value> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    // Compiled Python files would land among the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tokio::time::timeout(PATIENCE, command.output()).await.context("the client hangs")??;
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{command:?}: {}\n{printed}\n{said}", output.status);
    serde_json::from_str(&printed).with_context(|| format!("{command:?} printed {printed}"))
}

//! The official SDKs, unmodified, against a devnet: what they do on the public test network has to work here too.

use std::time::Duration;

use anchor_devnet::{CloseMode, Devnet};
use anchor_tests::found;
use anyhow::Result;
use serde_json::Value;

#[path = "clients/suite_config.rs"]
mod suite_config;

/// Real enough for submissions to wait, short enough for a test.
const AT_INTERVALS: CloseMode = CloseMode::Every(Duration::from_millis(100));

#[tokio::test]
async fn javascript_sdk_works_on_a_network_that_closes_at_once() -> Result<()> {
    let Some(node) = found::node() else { return Ok(()) };
    let devnet = Devnet::builder().close(CloseMode::Instant).start().await?;
    all_passed(&node.run("devnet.mjs", &[("horizon", &devnet.url())]).await?);
    Ok(())
}

#[tokio::test]
async fn javascript_sdk_works_on_a_network_that_closes_at_intervals() -> Result<()> {
    let Some(node) = found::node() else { return Ok(()) };
    let devnet = Devnet::builder().close(AT_INTERVALS).start().await?;
    all_passed(&node.run("devnet.mjs", &[("horizon", &devnet.url())]).await?);
    Ok(())
}

#[tokio::test]
async fn python_sdk_works_on_a_network_that_closes_at_once() -> Result<()> {
    let Some(python) = found::python() else { return Ok(()) };
    let devnet = Devnet::builder().close(CloseMode::Instant).start().await?;
    all_passed(&python.run("devnet.py", &[("horizon", &devnet.url())]).await?);
    Ok(())
}

#[tokio::test]
async fn python_sdk_works_on_a_network_that_closes_at_intervals() -> Result<()> {
    let Some(python) = found::python() else { return Ok(()) };
    let devnet = Devnet::builder().close(AT_INTERVALS).start().await?;
    all_passed(&python.run("devnet.py", &[("horizon", &devnet.url())]).await?);
    Ok(())
}

#[tokio::test]
async fn failing_client_fails_its_test() -> Result<()> {
    let (Some(node), Some(python)) = (found::node(), found::python()) else { return Ok(()) };
    // Port 9 discards; nobody listens there.
    let nobody = [("horizon", "http://127.0.0.1:9")];
    let errors = [node.run("devnet.mjs", &nobody).await.err(), python.run("devnet.py", &nobody).await.err()];
    for error in errors {
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("friendbot_creates_an_account"), "{error}");
    }
    Ok(())
}

fn all_passed(report: &Value) {
    let count = |of: &str| report[of].as_object().map_or(0, serde_json::Map::len);
    assert!(count("passed") >= 10 && count("failed") == 0, "{report:#}");
}

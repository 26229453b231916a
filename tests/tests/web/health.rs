//! Whether the anchor is well.

use anchor_core::testing::ledger::Fault;
use anchor_tests::web::TestAnchor;
use anyhow::Result;
use std::time::Duration;

#[actix_web::test]
async fn healthy_anchor_says_how_old_its_ledger_is() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    anchor.clock.advance(Duration::from_secs(7));
    let answer = anchor.get("/health", "").await;
    let body = answer.json()?;
    assert_eq!(answer.status, 200);
    assert_eq!((&body["status"], &body["database"]), (&"ok".into(), &"ok".into()));
    assert_eq!((&body["ledger"]["sequence"], &body["ledger"]["age_seconds"]), (&2.into(), &7.into()));
    assert!(body["version"].is_string());
    assert_eq!(answer.header("access-control-allow-origin"), "");
    Ok(())
}

#[actix_web::test]
async fn silent_or_old_ledger_is_503_while_the_process_lives() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    anchor.ledger.inject(Fault::Latest);
    assert_eq!(anchor.get("/health", "").await.status, 503);
    assert_eq!(anchor.get("/health", "").await.status, 200);
    anchor.clock.advance(Duration::from_secs(61));
    let behind = anchor.get("/health", "").await;
    assert_eq!((behind.status, &behind.json()?["ledger"]["status"]), (503, &"behind".into()));
    assert_eq!(anchor.get("/health/live", "").await.status, 200);
    Ok(())
}

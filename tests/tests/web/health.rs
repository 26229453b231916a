//! Whether the anchor is well.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::spawn;
use anchor_core::testing::ledger::Fault;
use anchor_tests::web::TestAnchor;
use anyhow::Result;
use futures_util::future::join_all;

use super::slow_ledger::SlowLedger;

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
    anchor.clock.advance(Duration::from_secs(2));
    assert_eq!(anchor.get("/health", "").await.status, 200);
    anchor.clock.advance(Duration::from_secs(59));
    let behind = anchor.get("/health", "").await;
    assert_eq!((behind.status, &behind.json()?["ledger"]["status"]), (503, &"behind".into()));
    assert_eq!(anchor.get("/health/live", "").await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn however_many_ask_database_and_ledger_are_asked_once_in_two_seconds() -> Result<()> {
    let ledger = SlowLedger::new()?;
    let anchor = TestAnchor::with(&[], |builder| builder.ledger(ledger.clone())).await?;
    for probes in 1..4 {
        let answers = join_all((0..50).map(|_| anchor.get("/health", ""))).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
        assert_eq!(anchor.get("/health", "").await.status, 200);
        assert_eq!(ledger.latest.asked(), probes);
        anchor.clock.advance(Duration::from_secs(2));
    }
    Ok(())
}

#[actix_web::test]
async fn who_hangs_up_leaves_the_question_to_those_who_ask_next() -> Result<()> {
    let ledger = SlowLedger::new()?;
    ledger.latest.close();
    let anchor = Arc::new(TestAnchor::with(&[], |builder| builder.ledger(ledger.clone())).await?);
    for _ in 0..20 {
        let anchor = Arc::clone(&anchor);
        let asking = spawn(async move { anchor.get("/health", "").await });
        ledger.latest.is_asked(1).await;
        asking.abort();
        assert!(asking.await.is_err());
    }
    assert_eq!(anchor.get("/health/live", "").await.status, 200);
    ledger.latest.open();
    assert_eq!(anchor.get("/health", "").await.status, 200);
    assert_eq!(ledger.latest.asked(), 1);
    Ok(())
}

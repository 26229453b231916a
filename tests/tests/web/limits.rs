//! How much one client, one user and all together may ask of a server.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::account::Account;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;
use serde_json::json;

use super::sep10::key;
use super::slow_ledger::SlowLedger;

const LIMIT: (&str, &str) = ("REQUESTS_PER_MINUTE", "2");
const USER_LIMIT: (&str, &str) = ("ACCOUNT_REQUESTS_PER_MINUTE", "2");
const START: &str = "/sep24/transactions/deposit/interactive";

async fn from(anchor: &TestAnchor, peer: &str, method: Method, path: &str) -> Answer {
    anchor.call(TestRequest::default().method(method).uri(path).peer_addr(peer.parse().unwrap())).await
}

#[actix_web::test]
async fn r_10_009_r_24_007_one_address_has_one_share_of_all_open_endpoints_and_429_is_open() -> Result<()> {
    for path in ["/.well-known/stellar.toml", "/sep24/info", "/auth"] {
        let anchor = TestAnchor::with(&[LIMIT], |builder| builder).await?;
        for _ in 0..2 {
            assert_eq!(from(&anchor, "192.0.2.1:1", Method::GET, "/sep24/info").await.status, 200);
        }
        let refused = from(&anchor, "192.0.2.1:2", Method::GET, path).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, "30"), "{path}");
        refused.error()?;
        assert!(refused.header("access-control-expose-headers").contains("Retry-After"), "{path}");
        assert_ne!(from(&anchor, "192.0.2.2:1", Method::GET, path).await.status, 429, "another client");
        let preflight = from(&anchor, "192.0.2.1:1", Method::OPTIONS, path).await;
        assert_eq!(preflight.status, 204, "a browser could not say why it failed: {path}");
        anchor.clock.advance(Duration::from_secs(30));
        assert_ne!(from(&anchor, "192.0.2.1:1", Method::GET, path).await.status, 429, "{path}");
    }
    Ok(())
}

#[actix_web::test]
async fn liveness_and_health_are_behind_no_limit() -> Result<()> {
    let anchor = TestAnchor::with(&[LIMIT, USER_LIMIT, ("REQUESTS_AT_ONCE", "1")], |builder| builder).await?;
    for _ in 0..10 {
        from(&anchor, "192.0.2.1:1", Method::GET, "/sep24/info").await;
    }
    for path in ["/health/live", "/health"] {
        for _ in 0..10 {
            assert_eq!(from(&anchor, "192.0.2.1:1", Method::GET, path).await.status, 200, "{path}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn users_are_counted_by_account_wherever_they_are() -> Result<()> {
    let anchor = TestAnchor::with(&[USER_LIMIT], |builder| builder).await?;
    let (one, other) = (anchor.log_in(&samples::user()).await?, anchor.log_in(&key(40)).await?);
    let ask = |token: &str, peer: &str| {
        let request = TestRequest::get().uri("/sep24/transactions?asset_code=USDC");
        let request = request.insert_header(("authorization", format!("Bearer {token}")));
        anchor.call(request.peer_addr(peer.parse().unwrap()))
    };
    assert_eq!(ask(&one, "192.0.2.1:1").await.status, 200);
    assert_eq!(ask(&one, "192.0.2.2:1").await.status, 200);
    let refused = ask(&one, "192.0.2.3:1").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "30"));
    assert!(refused.error()?.contains("try again"));
    // a second token is the same user
    let again = anchor.log_in(&samples::user()).await?;
    assert_eq!(ask(&again, "192.0.2.1:1").await.status, 429);
    let started = anchor.post(START, &one, json!({ "asset_code": "USDC" })).await;
    assert_eq!(started.status, 429, "one share of all endpoints");
    assert_eq!(ask(&other, "192.0.2.1:1").await.status, 200, "another user behind the same address");
    Ok(())
}

#[actix_web::test]
async fn users_of_one_shared_account_have_a_share_each() -> Result<()> {
    let anchor = TestAnchor::with(&[("ACCOUNT_REQUESTS_PER_MINUTE", "1")], |builder| builder).await?;
    let account = samples::user().account();
    let muxed = Account::Muxed { account, id: 2 };
    for query in [format!("account={account}&memo=1"), format!("account={muxed}")] {
        let token = anchor.log_in_as(&query, &samples::user()).await?;
        assert_eq!(anchor.get("/sep24/transactions?asset_code=USDC", &token).await.status, 200);
        assert_eq!(anchor.get("/sep24/transactions?asset_code=USDC", &token).await.status, 429);
    }
    Ok(())
}

#[actix_web::test]
async fn useless_tokens_count_for_the_address_that_sends_them_and_valid_ones_do_not() -> Result<()> {
    let anchor = TestAnchor::with(&[LIMIT], |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?; // two requests: the share is used up
    anchor.clock.advance(Duration::from_secs(60));
    for status in [403, 403, 429] {
        let answer = anchor.get("/sep24/transactions?asset_code=USDC", "not.a.token").await;
        assert_eq!(answer.status, status);
        answer.error()?;
    }
    for _ in 0..5 {
        assert_eq!(anchor.get("/sep24/transactions?asset_code=USDC", &token).await.status, 200);
    }
    Ok(())
}

#[actix_web::test]
async fn hosted_pages_are_limited_too_with_a_page_that_says_when() -> Result<()> {
    let anchor = TestAnchor::with(&[LIMIT], |builder| builder).await?;
    for _ in 0..2 {
        from(&anchor, "192.0.2.1:1", Method::GET, "/sep24/interactive/unknown").await;
    }
    let refused = from(&anchor, "192.0.2.1:1", Method::GET, "/sep24/interactive/unknown").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "30"));
    assert!(refused.header("content-type").starts_with("text/html"));
    assert!(refused.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(refused.header("access-control-allow-origin"), "");
    Ok(())
}

#[actix_web::test]
async fn work_beyond_the_limit_is_turned_away_at_once_and_nothing_else_is() -> Result<()> {
    let anchor = TestAnchor::with(&[("REQUESTS_AT_ONCE", "1")], |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let start = || anchor.post(START, &token, json!({ "asset_code": "USDC" }));
    let metrics = anchor.web.metrics();
    let one = "/sep24/transaction?id=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let list = "/sep24/transactions?asset_code=USDC";
    // polled in this order: the first one waits for the database while the others come
    let (first, second, one, list, live, info, page) = futures_util::join!(
        start(),
        start(),
        anchor.get(one, &token),
        anchor.get(list, &token),
        anchor.get("/health/live", ""),
        anchor.get("/sep24/info", ""),
        metrics.page(),
    );
    assert_eq!(first.status, 200);
    for refused in [second, one, list] {
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
        refused.error()?;
    }
    assert_eq!((live.status, info.status), (200, 200));
    assert!(page.contains("anchor_database_up 1"), "{page}");
    assert_eq!(start().await.status, 200, "the turn was given back");
    Ok(())
}

#[actix_web::test]
async fn reading_takes_turns_as_writing_does() -> Result<()> {
    let ledger = SlowLedger::new()?;
    let settings = [("REQUESTS_AT_ONCE", "1")];
    let anchor = TestAnchor::with(&settings, |builder| builder.ledger(ledger.clone())).await?;
    let anchor = Arc::new(anchor);
    let token = anchor.log_in(&samples::user()).await?;
    let started = anchor.post(START, &token, json!({ "asset_code": "USDC" })).await.json()?;
    let id = started["id"].as_str().unwrap();
    let one = format!("/sep24/transaction?id={id}");
    let shown = anchor.get(&one, &token).await.json()?;
    let path_of = |address: &serde_json::Value| -> Result<String> {
        let address = url::Url::parse(address.as_str().unwrap_or_default())?;
        Ok(format!("{}?{}", address.path(), address.query().unwrap_or_default()))
    };
    let paths = [
        (one, 200),
        ("/sep24/transactions?asset_code=USDC".to_owned(), 200),
        (path_of(&shown["transaction"]["more_info_url"])?, 200),
        (path_of(&started["url"])?, 303),
        (format!("/sep24/interactive/{id}"), 403),
    ];
    // somebody logs in, and the ledger takes its time
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    let asked = ledger.account.asked();
    ledger.account.close();
    let working = Arc::clone(&anchor);
    let logging_in =
        actix_web::rt::spawn(async move { working.redeem(&challenge, &[&samples::user()]).await });
    ledger.account.is_asked(asked + 1).await;
    for (path, _) in &paths {
        assert_eq!(anchor.get(path, &token).await.status, 503, "{path}");
    }
    for path in ["/health/live", "/health", "/sep24/info", "/.well-known/stellar.toml"] {
        assert_eq!(anchor.get(path, "").await.status, 200, "{path}");
    }
    ledger.account.open();
    assert_eq!(logging_in.await??.status, 200);
    for (path, status) in &paths {
        assert_eq!(anchor.get(path, &token).await.status, *status, "the turn was given back: {path}");
    }
    Ok(())
}

#[actix_web::test]
async fn limits_that_are_no_limits_are_refused_at_start() {
    for name in [
        "REQUESTS_PER_MINUTE",
        "ACCOUNT_REQUESTS_PER_MINUTE",
        "REQUESTS_AT_ONCE",
        "BODIES_AT_ONCE",
        "BODY_SECONDS",
        "UPLOAD_SECONDS",
        "UPLOAD_BYTES_AT_ONCE",
    ] {
        for value in ["0", "-1", "many", "1.5", "4294967296"] {
            let problem = anchor_tests::web::config(&[(name, value)]).unwrap_err().to_string();
            assert!(problem.contains(name) && !problem.contains("many"), "{problem}");
        }
    }
}

//! What operators see of requests: in the log, and in the answers.

use std::collections::BTreeSet;

use actix_web::test::TestRequest;
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_tests::logs::Log;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;
use serde_json::{Value, json};

fn id(answer: &Answer) -> String {
    answer.header("x-request-id").to_owned()
}

/// The lines of one request.
fn lines_of<'a>(log: &'a str, id: &'a str) -> impl Iterator<Item = Value> + 'a {
    log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(move |line| {
        let mut spans = line["spans"].as_array().into_iter().flatten();
        spans.any(|span| span["request_id"] == id)
    })
}

#[actix_web::test]
async fn every_answer_has_an_id_of_its_own() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let paths = [
        "/.well-known/stellar.toml",
        "/auth",
        "/sep24/info",
        "/sep24/transaction",
        "/sep24/nothing/here",
        "/sep24/interactive/unknown",
        "/sep24/transaction/more_info",
        "/health",
        "/health/live",
    ];
    let mut ids = BTreeSet::new();
    for path in paths {
        let id = id(&anchor.get(path, "").await);
        assert_eq!(id.len(), 32, "{path}: {id}");
        assert!(ids.insert(id), "{path}");
    }
    let info = anchor.get("/sep24/info", "").await;
    assert!(info.header("access-control-expose-headers").contains("X-Request-Id"));
    Ok(())
}

#[actix_web::test]
async fn only_our_own_proxies_name_requests_and_only_plainly() -> Result<()> {
    let named =
        |name: &str| TestRequest::get().uri("/sep24/info").insert_header(("x-request-id", name.to_owned()));
    let direct = TestAnchor::new().await?;
    assert_ne!(id(&direct.call(named("mine")).await), "mine");
    let behind = TestAnchor::with(&[("TRUSTED_PROXIES", "1")], |builder| builder).await?;
    assert_eq!(id(&behind.call(named("7f-A_1.b")).await), "7f-A_1.b");
    for strange in ["", "two words", "a\"b", "a=b", "{}", "x".repeat(65).as_str()] {
        assert_eq!(id(&behind.call(named(strange)).await).len(), 32, "{strange}");
    }
    Ok(())
}

#[actix_web::test]
async fn every_line_of_a_request_has_its_id_and_one_says_how_it_went() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    anchor.ledger.inject(Fault::Account);
    let log = Log::of_this_thread();
    let failed = anchor.redeem(&challenge, &[&samples::user()]).await?;
    let succeeded = anchor.redeem(&challenge, &[&samples::user()]).await?;
    let log = log.end()?;
    assert_eq!((failed.status, succeeded.status), (503, 200));
    for (answer, said) in [(&failed, "ledger"), (&succeeded, "a wallet authenticated")] {
        let lines: Vec<Value> = lines_of(&log, &id(answer)).collect();
        let messages: Vec<_> = lines.iter().filter_map(|line| line["fields"]["message"].as_str()).collect();
        assert!(messages.iter().any(|message| message.contains(said)), "{messages:?}");
        let last = lines.last().unwrap();
        assert_eq!(last["fields"]["status"], answer.status);
        assert_eq!((&last["span"]["method"], &last["span"]["route"]), (&json!("POST"), &json!("/auth")));
    }
    Ok(())
}

#[actix_web::test]
async fn what_stands_in_addresses_and_forms_is_never_logged() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let log = Log::of_this_thread();
    let body = json!({ "asset_code": "USDC", "email_address": "ada@users.example", "lang": "de" });
    let started = anchor.post("/sep24/transactions/deposit/interactive", &token, body).await.json()?;
    let address = url::Url::parse(started["url"].as_str().unwrap())?;
    let secret = address.query_pairs().find(|(name, _)| name == "token").unwrap().1.into_owned();
    let entered = anchor.get(&format!("{}?{}", address.path(), address.query().unwrap()), "").await;
    assert_eq!(entered.status, 303);
    let cookie = entered.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    anchor.get("/sep24/transaction?id=1&external_transaction_id=IBAN1234", &token).await;
    let strange = TestRequest::default().method("STEAL".parse()?).uri("/sep24/info");
    anchor.call(strange).await;
    let log = log.end()?;
    assert!(log.contains("/sep24/interactive/{id}"), "{log}");
    for secret in [&token, &secret, &cookie, "ada@users.example", "IBAN1234", "STEAL"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    Ok(())
}

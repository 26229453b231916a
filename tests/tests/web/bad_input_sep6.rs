//! Every endpoint and parameter of SEP-6 against everything that should not be sent.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::integration::StartStep;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::InfoField;
use anyhow::Result;
use serde_json::{Value, json};

use crate::bad_input::{assert_told, hostile};
use crate::bad_input_doors::signed;
use crate::sep6::{STARTS, account, asking, assert_refused, good, logged_in, started};

const ALL: [&str; 22] = [
    "asset_code",
    "source_asset",
    "destination_asset",
    "amount",
    "account",
    "funding_method",
    "type",
    "memo",
    "memo_type",
    "refund_memo",
    "refund_memo_type",
    "quote_id",
    "lang",
    "email_address",
    "on_change_callback",
    "country_code",
    "claimable_balance_supported",
    "customer_id",
    "location_id",
    "dest",
    "dest_extra",
    "wallet_url",
];

#[actix_web::test]
async fn every_parameter_of_sep6_against_every_hostile_value() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let hostile: Vec<Value> = hostile();
    for path in STARTS {
        assert_eq!(anchor.get(&good(path, &[]), &token).await.status, 200, "{path}");
        for name in ALL {
            for value in hostile.iter().filter_map(Value::as_str) {
                let what = format!("{path} {name} {}", &value.chars().take(40).collect::<String>());
                assert_told(&anchor.get(&good(path, &[(name, value)]), &token).await, &what);
            }
        }
    }
    let account = account();
    let list = [("asset_code", "USDC"), ("account", account.as_str())];
    for name in ["asset_code", "account", "no_older_than", "limit", "kind", "paging_id", "lang"] {
        for value in hostile.iter().filter_map(Value::as_str) {
            let rest = list.into_iter().filter(|(other, _)| *other != name);
            let pairs: Vec<_> = rest.chain([(name, value)]).collect();
            assert_told(&anchor.get(&asking("transactions", &pairs), &token).await, name);
        }
    }
    for name in ["id", "stellar_transaction_id", "external_transaction_id", "lang"] {
        for value in hostile.iter().filter_map(Value::as_str) {
            assert_told(&anchor.get(&asking("transaction", &[(name, value)]), &token).await, name);
        }
    }
    Ok(())
}

#[actix_web::test]
async fn queries_of_sep6_that_cannot_be_read_are_400() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let long = format!("asset_code=USDC&x={}", "x".repeat(9000));
    let many = format!("asset_code=USDC{}", (0..300).map(|index| format!("&k{index}=1")).collect::<String>());
    for path in STARTS.into_iter().chain(["transaction", "transactions"]) {
        for query in
            ["asset_code=USDC&asset_code=USDC", "asset_code=%ff", "%ff=1", long.as_str(), many.as_str()]
        {
            assert_refused(&anchor.get(&format!("/sep6/{path}?{query}"), &token).await, path);
        }
    }
    Ok(())
}

#[actix_web::test]
async fn every_hostile_value_is_told_about_a_transaction() -> Result<()> {
    let (anchor, terms, token) = logged_in().await?;
    let fields = vec![InfoField::new("branch", "Which branch")];
    terms.say(StartStep::NeedsTransactionInfo { fields, message: None });
    for value in hostile() {
        let (_, stored) = started(&anchor, &token, "withdraw", &[]).await?;
        for body in
            [json!({ "transaction": { "branch": value } }), json!({ "transaction": value }), value.clone()]
        {
            let request = TestRequest::patch().uri(&format!("/sep6/transactions/{}", stored.id));
            let request = request.insert_header(("authorization", format!("Bearer {token}")));
            let answer = anchor.call(request.set_json(&body)).await;
            assert_told(&answer, &body.to_string().chars().take(60).collect::<String>());
        }
    }
    Ok(())
}

#[actix_web::test]
async fn tokens_of_every_other_kind_are_403_at_every_door_of_sep6() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let now = samples::start().timestamp();
    let claims = json!({
        "iss": "http://localhost:8000", "sub": samples::user().account().to_string(), "iat": now,
        "exp": now + 60, "jti": "00", "home_domain": "localhost:8000",
    });
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let foreign = [
        signed("hand-over+jwt", &claims)?,
        signed("return+jwt", &claims)?,
        signed("JWT", &with("iss", json!("https://other.example")))?,
        signed("JWT", &with("exp", json!(now)))?,
        signed("JWT", &with("sub", json!("admin")))?,
        format!("{token}x"),
        "x".repeat(6000),
    ];
    let own = ("account", account());
    let doors = STARTS.map(|path| (Method::GET, good(path, &[]))).into_iter().chain([
        (Method::GET, "/sep6/transaction?id=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d".to_owned()),
        (Method::GET, asking("transactions", &[("asset_code", "USDC"), (own.0, &own.1)])),
        (Method::PATCH, "/sep6/transactions/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d".to_owned()),
    ]);
    for (method, path) in doors {
        for token in &foreign {
            let request = TestRequest::with_uri(&path).method(method.clone());
            let request = request.insert_header(("authorization", format!("Bearer {token}")));
            let request = request.insert_header(("content-type", "application/json"));
            let answer = anchor.call(request.set_payload(r#"{"transaction":{}}"#)).await;
            assert_eq!(answer.status, 403, "{path}");
            assert_eq!(answer.json()?["type"], "authentication_required");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn wrong_methods_are_405_at_every_door_of_sep6() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let reading = STARTS.into_iter().chain(["info", "transaction", "transactions"]);
    for path in reading {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let request = TestRequest::with_uri(&format!("/sep6/{path}")).method(method);
            let answer =
                anchor.call(request.insert_header(("authorization", format!("Bearer {token}")))).await;
            assert_eq!(answer.status, 405, "{path}");
            answer.error()?;
        }
    }
    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
        let request = TestRequest::with_uri("/sep6/transactions/1").method(method);
        let answer = anchor.call(request.insert_header(("authorization", format!("Bearer {token}")))).await;
        assert_eq!(answer.status, 405);
        assert!(answer.header("allow").contains("PATCH"), "{answer:?}");
    }
    Ok(())
}

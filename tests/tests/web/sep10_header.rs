//! The optional `Authorization` header of a challenge request (SEP-10 3.4.0).

use actix_web::test::TestRequest;
use anchor_core::account::Account;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

const ENDPOINT: &str = "http://localhost:8000/auth";

fn claims(extra: &Value) -> Value {
    let now = samples::start().timestamp();
    let mut claims = json!({
        "iat": now, "exp": now + 900, "web_auth_endpoint": ENDPOINT,
        "account": samples::user().account().to_string(),
    });
    for (name, value) in extra.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "EdDSA" })), part(claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

async fn ask(anchor: &TestAnchor, query: &str, header: &str) -> Answer {
    let request = TestRequest::get().uri(&format!("/auth?{query}")).insert_header(("authorization", header));
    anchor.call(request).await
}

#[actix_web::test]
async fn r_10_026_r_10_027_r_10_028_r_10_029_r_10_031_signed_requests_are_served() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = samples::user().account();
    let user = samples::user();
    let plain = signed(&user, &claims(&json!({})));
    assert_eq!(ask(&anchor, &format!("account={account}"), &format!("Bearer {plain}")).await.status, 200);
    assert_eq!(ask(&anchor, &format!("account={account}"), &format!("bearer {plain}")).await.status, 200);
    let full = signed(&user, &claims(&json!({ "memo": "1234567", "home_domain": "localhost:8000" })));
    let query = format!("account={account}&memo=1234567&home_domain=localhost:8000");
    assert_eq!(ask(&anchor, &query, &format!("Bearer {full}")).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_10_038_muxed_account_signs_with_its_key() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = Account::Muxed { account: samples::user().account(), id: 7 }.to_string();
    let token = signed(&samples::user(), &claims(&json!({ "account": account })));
    assert_eq!(ask(&anchor, &format!("account={account}"), &format!("Bearer {token}")).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_10_030_r_10_033_r_10_036_r_10_037_r_10_039_headers_that_do_not_hold_are_400() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let query = format!("account={}", samples::user().account());
    let now = samples::start().timestamp();
    let by_user = |extra: Value| signed(&samples::user(), &claims(&extra));
    let secret = EncodingKey::from_secret(samples::user().account().as_bytes());
    let by_hmac = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(&json!({})), &secret)?;
    let unsigned = format!(
        "{}.{}.",
        BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        BASE64_URL_SAFE_NO_PAD.encode(claims(&json!({})).to_string())
    );
    let tokens = [
        ("another key", signed(&samples::issuer(), &claims(&json!({})))),
        ("the public key as a secret", by_hmac),
        ("no signature", unsigned),
        ("no token", "x".to_owned()),
        ("expired", by_user(json!({ "exp": now }))),
        ("never ending", by_user(json!({ "exp": null }))),
        ("no beginning", by_user(json!({ "iat": null }))),
        ("from the future", by_user(json!({ "iat": now + 120 }))),
        ("too long", by_user(json!({ "exp": now + 3601 }))),
        ("a trailing slash", by_user(json!({ "web_auth_endpoint": format!("{ENDPOINT}/") }))),
        ("no endpoint", by_user(json!({ "web_auth_endpoint": null }))),
        ("another account", by_user(json!({ "account": samples::issuer().account().to_string() }))),
        ("no account", by_user(json!({ "account": null }))),
        ("a memo that is not asked", by_user(json!({ "memo": "1" }))),
    ];
    for (what, token) in tokens {
        let answer = ask(&anchor, &query, &format!("Bearer {token}")).await;
        assert_eq!(answer.status, 400, "{what}");
        assert!(answer.error()?.contains("Authorization"), "{what}: {answer:?}");
    }
    let good = by_user(json!({}));
    let unsigned_memo = ask(&anchor, &format!("{query}&memo=1"), &format!("Bearer {good}")).await;
    assert_eq!(unsigned_memo.status, 400, "a memo that is not signed");
    assert_eq!(ask(&anchor, &query, &format!("Basic {good}")).await.status, 400);
    Ok(())
}

#[actix_web::test]
async fn r_10_034_client_domain_cannot_be_ignored_with_a_header() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let query = format!("account={}&client_domain=wallet.example", samples::user().account());
    let token = signed(&samples::user(), &claims(&json!({ "client_domain": "wallet.example" })));
    let answer = ask(&anchor, &query, &format!("Bearer {token}")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error()?.contains("client domains"));
    Ok(())
}

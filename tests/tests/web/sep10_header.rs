//! The optional `Authorization` header of a challenge request (SEP-10 3.4.0).

use actix_web::test::TestRequest;
use anchor_core::account::Account;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_tests::wallet_host::WalletHost;
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
    let anchor = TestAnchor::with(&[("SEP10_CLIENT_ATTRIBUTION", "off")], |builder| builder).await?;
    let query = format!("account={}&client_domain=wallet.localhost", samples::user().account());
    let token = signed(&samples::user(), &claims(&json!({ "client_domain": "wallet.localhost" })));
    let answer = ask(&anchor, &query, &format!("Bearer {token}")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error()?.contains("client domains"));
    Ok(())
}

/// A request of a wallet with this domain, whose token is signed by `key`.
async fn ask_as_wallet(anchor: &TestAnchor, domain: &str, key: &SigningKey) -> Answer {
    let query = format!("account={}&client_domain={domain}", samples::user().account());
    let token = signed(key, &claims(&json!({ "client_domain": domain })));
    ask(anchor, &query, &format!("Bearer {token}")).await
}

#[actix_web::test]
async fn r_10_029_wallets_token_is_signed_by_the_key_of_its_domain() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let wallet = SigningKey::from_seed([40; 32]);
    let host = WalletHost::with_key(wallet.account()).await?;
    assert_eq!(ask_as_wallet(&anchor, &host.domain(), &wallet).await.status, 200);
    // not by the account's own
    let answer = ask_as_wallet(&anchor, &host.domain(), &samples::user()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error()?.contains("SIGNING_KEY"));
    assert_eq!(host.asked(), 1, "a wrong signature fetches nothing again at once");
    Ok(())
}

#[actix_web::test]
async fn r_01_028_wallets_new_key_is_fetched_when_its_token_does_not_fit_the_known_one() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let (old, new) = (SigningKey::from_seed([40; 32]), SigningKey::from_seed([41; 32]));
    let host = WalletHost::with_key(old.account()).await?;
    assert_eq!(ask_as_wallet(&anchor, &host.domain(), &old).await.status, 200);
    host.serve(&format!("SIGNING_KEY = \"{}\"", new.account()));
    anchor.clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(ask_as_wallet(&anchor, &host.domain(), &new).await.status, 200);
    assert_eq!(ask_as_wallet(&anchor, &host.domain(), &old).await.status, 400);
    assert_eq!(host.asked(), 2);
    Ok(())
}

#[actix_web::test]
async fn r_10_039_token_that_cannot_hold_makes_nobody_fetch_anything() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let wallet = SigningKey::from_seed([40; 32]);
    let host = WalletHost::with_key(wallet.account()).await?;
    let query = format!("account={}&client_domain={}", samples::user().account(), host.domain());
    let expired = json!({ "client_domain": host.domain(), "exp": samples::start().timestamp() });
    for header in [format!("Bearer {}", signed(&wallet, &claims(&expired))), "Bearer x.y.z".to_owned()] {
        assert_eq!(ask(&anchor, &query, &header).await.status, 400);
    }
    assert_eq!(host.asked(), 0);
    Ok(())
}

#[actix_web::test]
async fn r_10_032_r_10_035_anchor_for_trusted_applications_says_401_and_403() -> Result<()> {
    let wallet = SigningKey::from_seed([40; 32]);
    let (host, other) =
        (WalletHost::with_key(wallet.account()).await?, WalletHost::with_key(wallet.account()).await?);
    let settings = [
        ("SEP10_AUTHORIZATION_REQUIRED", "1"),
        ("SEP10_CLIENT_ATTRIBUTION", "required"),
        ("SEP10_CLIENT_ATTRIBUTION_ALLOWLIST", &host.domain()),
    ];
    let anchor = TestAnchor::with(&settings, |builder| builder).await?;
    let query = format!("account={}&client_domain={}", samples::user().account(), host.domain());
    let absent = anchor.get(&format!("/auth?{query}"), "").await;
    assert_eq!((absent.status, absent.header("www-authenticate")), (401, "Bearer"));
    absent.error()?;
    let foreign = ask_as_wallet(&anchor, &other.domain(), &wallet).await;
    assert_eq!((foreign.status, other.asked()), (403, 0));
    foreign.error()?;
    assert_eq!(ask_as_wallet(&anchor, &host.domain(), &samples::user()).await.status, 400);
    assert_eq!(ask_as_wallet(&anchor, &host.domain(), &wallet).await.status, 200);
    // a domain that is not wanted cannot be ignored, because the token is its
    let choosy = [("SEP10_CLIENT_ATTRIBUTION_ALLOWLIST", host.domain())];
    let choosy = TestAnchor::with(&[(choosy[0].0, &choosy[0].1)], |builder| builder).await?;
    assert_eq!(ask_as_wallet(&choosy, &other.domain(), &wallet).await.status, 403);
    Ok(())
}

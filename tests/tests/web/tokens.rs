//! Which tokens open the API.

use actix_web::test::TestRequest;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

const KEY: &str = "a-key-for-tests-0123456789-abcdefgh";
const LIST: &str = "/sep24/transactions?asset_code=USDC";

fn claims() -> Value {
    let now = samples::start().timestamp();
    json!({
        "iss": "http://localhost:8000",
        "sub": samples::user().account().to_string(),
        "iat": now,
        "exp": now + 60,
        "jti": "00",
        "home_domain": "localhost:8000",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn signed(algorithm: Algorithm, key: &str, typ: &str, claims: &Value) -> String {
    let header = Header { typ: Some(typ.to_owned()), ..Header::new(algorithm) };
    encode(&header, claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

fn good(claims: &Value) -> String {
    signed(Algorithm::HS256, KEY, "JWT", claims)
}

fn is_refused(answer: &Answer) -> Result<bool> {
    answer.error()?;
    Ok(answer.status == 403 && answer.json()?["type"] == "authentication_required")
}

#[actix_web::test]
async fn r_10_097_r_10_101_forged_expired_and_foreign_tokens_are_refused() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    assert_eq!(anchor.get(LIST, &good(&claims())).await.status, 200, "the reference is good");
    let now = samples::start().timestamp();
    let mut without_exp = claims();
    without_exp.as_object_mut().unwrap().remove("exp");
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let (_, payload) = good(&claims()).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let payload = payload.split('.').next().unwrap().to_owned();
    let refused = [
        ("another key", signed(Algorithm::HS256, "another-key-0123456789-abcdefghijkl", "JWT", &claims())),
        ("another algorithm", signed(Algorithm::HS384, KEY, "JWT", &claims())),
        ("no algorithm", format!("{none}.{payload}.")),
        ("another kind", signed(Algorithm::HS256, KEY, "more-info+jwt", &claims())),
        ("expired", good(&with("exp", json!(now)))),
        ("from the future", good(&with("iat", json!(now + 3600)))),
        ("another issuer", good(&with("iss", json!("https://other.example")))),
        ("another home domain", good(&with("home_domain", json!("other.example")))),
        ("no subject", good(&with("sub", json!("")))),
        ("a subject in another form", good(&with("sub", json!(format!("{}:01", samples::user().account()))))),
        ("a number that is no time", good(&with("exp", json!("soon")))),
        ("never ending", good(&without_exp)),
        ("no token at all", "x".to_owned()),
    ];
    for (what, token) in refused {
        assert!(is_refused(&anchor.get(LIST, &token).await)?, "{what}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_011_r_24_012_every_endpoint_but_info_needs_a_token_before_anything_else() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for path in ["/sep24/transaction", "/sep24/transaction?id=1&id=2", "/sep24/transactions"] {
        assert!(is_refused(&anchor.get(path, "").await)?, "{path}");
    }
    for kind in ["deposit", "withdraw"] {
        let path = format!("/sep24/transactions/{kind}/interactive");
        assert!(is_refused(&anchor.post(&path, "", json!({})).await)?);
        let broken = TestRequest::post().uri(&path).insert_header(("content-type", "application/json"));
        assert!(is_refused(&anchor.call(broken.set_payload("{")).await)?);
    }
    assert_eq!(anchor.get("/sep24/info", "").await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn scheme_is_case_insensitive_and_two_tokens_are_none() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = good(&claims());
    let ask = |headers: Vec<String>| {
        let mut request = TestRequest::get().uri(LIST);
        for header in headers {
            request = request.append_header(("authorization", header));
        }
        anchor.call(request)
    };
    assert_eq!(ask(vec![format!("bearer {token}")]).await.status, 200);
    for headers in [
        vec![format!("Bearer {token}"), format!("Bearer {token}")],
        vec![format!("Basic {token}")],
        vec![token.clone()],
    ] {
        assert!(is_refused(&ask(headers).await)?);
    }
    Ok(())
}

#[actix_web::test]
async fn peer_s_10_13_keys_rotate_without_logging_anybody_out() -> Result<()> {
    let new = "another-key-0123456789-abcdefghijkl";
    let both = format!("{new},{KEY}");
    let anchor = TestAnchor::with(&[("SERVER_JWT_KEY", &both)], |builder| builder).await?;
    assert_eq!(anchor.get(LIST, &good(&claims())).await.status, 200, "the old key is still accepted");
    let token = anchor.log_in(&samples::user()).await?;
    let only_new = TestAnchor::with(&[("SERVER_JWT_KEY", new)], |builder| builder).await?;
    assert_eq!(only_new.get(LIST, &token).await.status, 200, "the new key signs");
    assert!(is_refused(&only_new.get(LIST, &good(&claims())).await)?);
    Ok(())
}

#[actix_web::test]
async fn r_10_096_token_ends_after_a_day() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    anchor.clock.advance(std::time::Duration::from_secs(24 * 3600 - 1));
    assert_eq!(anchor.get(LIST, &token).await.status, 200);
    anchor.clock.advance(std::time::Duration::from_secs(1));
    assert!(is_refused(&anchor.get(LIST, &token).await)?);
    Ok(())
}

#[actix_web::test]
async fn s_24_01_tokens_of_pages_do_not_open_the_api() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let body = json!({ "asset_code": "USDC" });
    let started = anchor.post("/sep24/transactions/deposit/interactive", &token, body).await.json()?;
    let shown =
        anchor.get(&format!("/sep24/transaction?id={}", started["id"].as_str().unwrap()), &token).await;
    for address in [&started["url"], &shown.json()?["transaction"]["more_info_url"]] {
        let address = url::Url::parse(address.as_str().unwrap())?;
        let of_page = address.query_pairs().find(|(name, _)| name == "token").unwrap().1.into_owned();
        assert!(is_refused(&anchor.get(LIST, &of_page).await)?, "{address}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_017_proven_wallet_is_kept_with_the_transaction() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = good(&with("client_domain", json!("wallet.example")));
    let started = anchor.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
    assert_eq!(started.client_domain.as_deref(), Some("wallet.example"));
    let other = anchor.start("deposit", &good(&claims()), json!({ "asset_code": "USDC" })).await?;
    assert_eq!(other.client_domain, None);
    Ok(())
}

#[actix_web::test]
async fn peer_s_10_13_weak_keys_are_refused_at_start() {
    let weak =
        ["", "short", "0123456789abcdef0123456789abcde", "abcabcabcabcabcabcabcabcabcabcabcabcabc", KEY];
    for (index, key) in weak.into_iter().enumerate() {
        // also as the second one, which still opens everything
        for value in [key.to_owned(), format!("{KEY},{key}")] {
            let started = TestAnchor::with(&[("SERVER_JWT_KEY", &value)], |builder| builder).await;
            if key == KEY {
                assert!(started.is_ok());
            } else {
                let text = format!("{:#}", started.expect_err("has to be refused"));
                assert!(text.contains("SERVER_JWT_KEY"), "{index}: {text}");
            }
        }
    }
}

#[actix_web::test]
async fn s_10_13_token_names_its_key_and_says_nothing_of_it() -> Result<()> {
    let new = "another-key-0123456789-abcdefghijkl";
    let kid = async |keys: &str| {
        let anchor = TestAnchor::with(&[("SERVER_JWT_KEY", keys)], |builder| builder).await?;
        let token = anchor.log_in(&samples::user()).await?;
        anyhow::Ok((jsonwebtoken::decode_header(&token)?.kid.unwrap_or_default(), token, anchor))
    };
    let (of_old, token, _) = kid(KEY).await?;
    let (of_new, _, both) = kid(&format!("{new},{KEY}")).await?;
    assert_ne!(of_old, of_new);
    assert!(of_old.len() == 16 && of_old.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(both.get(LIST, &token).await.status, 200);
    // a key that is not there any more, whatever the token says
    let unknown = Header { kid: Some("0123456789abcdef".to_owned()), ..Header::new(Algorithm::HS256) };
    let unknown = encode(&unknown, &claims(), &EncodingKey::from_secret(KEY.as_bytes()))?;
    assert!(is_refused(&both.get(LIST, &unknown).await)?);
    Ok(())
}

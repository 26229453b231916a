//! Several home domains on one server, and the change of its signing key.

use anchor_core::testing::fakes::samples;
use anchor_tests::web::TestAnchor;
use anyhow::Result;

use super::sep10::{claims, decoded, entries};

const SEVERAL: (&str, &str) = ("SEP10_HOME_DOMAINS", "anchor.example, other.example, *.anchor.example");

async fn several() -> Result<TestAnchor> {
    let settings = [SEVERAL, ("HOST_URL", "https://login.example"), ("LOCAL_MODE", "0")];
    TestAnchor::with(&settings, |builder| builder).await
}

#[actix_web::test]
async fn r_10_004_server_need_not_be_of_its_home_domain() -> Result<()> {
    let anchor = several().await?;
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    let entries = entries(&decoded(&challenge)?);
    assert_eq!(entries[0].0, "anchor.example auth");
    assert_eq!(entries[1], ("web_auth_domain".to_owned(), "login.example".to_owned()));
    let answer = anchor.redeem(&challenge, &[&samples::user()]).await?;
    let claims = claims(answer.json()?["token"].as_str().unwrap())?;
    assert_eq!(claims["iss"], "https://login.example");
    assert_eq!(claims["home_domain"], "anchor.example");
    let file = anchor.get("/.well-known/stellar.toml", "").await;
    let document: toml::Table = std::str::from_utf8(&file.body)?.parse()?;
    assert_eq!(document["WEB_AUTH_ENDPOINT"].as_str(), Some("https://login.example/auth"));
    assert_eq!(document["DOCUMENTATION"]["ORG_URL"].as_str(), Some("https://anchor.example"));
    Ok(())
}

#[actix_web::test]
async fn r_10_018_token_is_for_the_home_domain_that_was_asked_for() -> Result<()> {
    let anchor = several().await?;
    let account = samples::user().account();
    for wanted in ["anchor.example", "other.example", "eu.anchor.example", "a.b.anchor.example"] {
        let token =
            anchor.log_in_as(&format!("account={account}&home_domain={wanted}"), &samples::user()).await?;
        assert_eq!(claims(&token)?["home_domain"], wanted);
        assert_eq!(anchor.get("/sep24/transactions?asset_code=USDC", &token).await.status, 200, "{wanted}");
    }
    for other in
        ["login.example", "evilanchor.example", "anchor.example.evil.example", "*.anchor.example", "."]
    {
        let answer = anchor.get(&format!("/auth?account={account}&home_domain={other}"), "").await;
        assert_eq!(answer.status, 400, "{other}");
        answer.error()?;
    }
    Ok(())
}

#[actix_web::test]
async fn r_10_017_token_of_a_home_domain_that_is_gone_opens_nothing() -> Result<()> {
    let anchor = several().await?;
    let query = format!("account={}&home_domain=other.example", samples::user().account());
    let token = anchor.log_in_as(&query, &samples::user()).await?;
    let challenge = anchor.challenge(&query).await?;
    let settings = [
        ("SEP10_HOME_DOMAINS", "anchor.example"),
        ("HOST_URL", "https://login.example"),
        ("LOCAL_MODE", "0"),
    ];
    let fewer = TestAnchor::with(&settings, |builder| builder).await?;
    assert_eq!(fewer.get("/sep24/transactions?asset_code=USDC", &token).await.status, 403);
    assert_eq!(fewer.redeem(&challenge, &[&samples::user()]).await?.status, 400);
    Ok(())
}

#[actix_web::test]
async fn t_10_22_t_10_23_wrong_domains_and_keys_are_refused_at_start() {
    let long = format!("{}.example", "a".repeat(52));
    for (name, value) in [
        ("SEP10_HOME_DOMAINS", long.as_str()),
        ("SEP10_HOME_DOMAINS", "*.anchor.example"),
        ("SEP10_HOME_DOMAINS", "https://anchor.example"),
        ("SEP10_CLIENT_ATTRIBUTION", "sometimes"),
        ("SEP10_CLIENT_ATTRIBUTION_ALLOWLIST", "https://wallet.example"),
        ("SEP10_CLIENT_ATTRIBUTION_DENYLIST", "a b"),
        ("SEP10_REQUESTS_PER_MINUTE", "0"),
        ("SEP10_REQUESTS_PER_MINUTE", "-1"),
        ("SEP10_AUTHORIZATION_REQUIRED", "perhaps"),
        ("TRUSTED_PROXIES", "256"),
        ("SIGNING_KEYS_RETIRED", "SABC"),
    ] {
        let error = TestAnchor::with(&[(name, value)], |builder| builder).await.expect_err("refused");
        let text = format!("{error:#}");
        assert!(text.contains(name), "{name}: {text}");
        assert!(value.len() < 4 || !text.contains(value), "{name}: {text}");
    }
}

#[actix_web::test]
async fn t_10_23_challenge_under_way_survives_the_change_of_the_signing_key_if_it_is_listed() -> Result<()> {
    let old = TestAnchor::new().await?;
    let challenge = old.challenge(&format!("account={}", samples::user().account())).await?;
    let seed = samples::issuer().to_strkey();
    let new = ("SIGNING_SEED", seed.expose().as_str());
    let hard = TestAnchor::with(&[new], |builder| builder).await?;
    assert_eq!(hard.redeem(&challenge, &[&samples::user()]).await?.status, 400);
    let retired = old.anchor.config().signing_key.account();
    let soft =
        TestAnchor::with(&[new, ("SIGNING_KEYS_RETIRED", &retired.to_string())], |builder| builder).await?;
    assert_eq!(soft.redeem(&challenge, &[&samples::user()]).await?.status, 200);
    assert_eq!(soft.redeem(&challenge, &[&samples::user()]).await?.status, 400, "once");
    // new ones have the new key, and nobody logs in as either
    for server in [retired, samples::issuer().account()] {
        assert_eq!(soft.get(&format!("/auth?account={server}"), "").await.status, 400);
    }
    let fresh = soft.challenge(&format!("account={}", samples::user().account())).await?;
    let source = decoded(&fresh)?.tx.source_account;
    assert_eq!(source, stellar_xdr::MuxedAccount::Ed25519((*samples::issuer().account().as_bytes()).into()));
    assert_eq!(soft.redeem(&fresh, &[&samples::user()]).await?.status, 200);
    Ok(())
}

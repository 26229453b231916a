//! What the official test suite and real wallets expect of SEP-1 and SEP-10, fact by fact, as they check it.

use std::time::Duration;

use actix_web::test::TestRequest;
use anchor_core::Config;
use anchor_core::keys::SigningKey;
use anchor_core::stellar::{Network, SignerKey};
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor, sign};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use stellar_xdr::Preconditions;
use toml::Table;
use url::Url;

use super::sep10::{account_with_signers, claims, decoded, entries, key};

/// Where the home domain and the server differ, and neither is on the default port.
const APART: [(&str, &str); 2] =
    [("HOST_URL", "http://localhost:9000"), ("SEP10_HOME_DOMAINS", "anchor.localhost:8000")];

async fn file(anchor: &TestAnchor) -> Result<(Answer, Table)> {
    let answer = anchor.get("/.well-known/stellar.toml", "").await;
    let document = std::str::from_utf8(&answer.body)?.parse()?;
    Ok((answer, document))
}

fn refused(answer: &Answer) -> Result<()> {
    assert_eq!(answer.status, 400, "{answer:?}");
    let body = answer.json()?;
    assert!(body["error"].is_string(), "{body}");
    Ok(())
}

/// The claims that the suite decodes.
fn granted(answer: &Answer) -> Result<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let claims = claims(answer.json()?["token"].as_str().context("a token")?)?;
    assert!(!Url::parse(claims["iss"].as_str().context("iss")?)?.scheme().is_empty());
    assert!(claims["iat"].is_i64() && claims["exp"].is_i64(), "{claims}");
    Ok(claims)
}

#[actix_web::test]
async fn interop_sep1_1_to_3_file_is_served_small_and_for_a_known_network() -> Result<()> {
    let (answer, document) = file(&TestAnchor::new().await?).await?;
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type");
    assert!(kind.contains("text/plain") || kind.contains("application/toml"), "{kind}");
    assert!(answer.body.len() <= 100_000);
    let passphrase = document["NETWORK_PASSPHRASE"].as_str().context("a text")?;
    assert!([Network::TESTNET, Network::PUBLIC].contains(&passphrase), "{passphrase}");
    Ok(())
}

#[actix_web::test]
async fn interop_sep1_4_each_currency_has_what_the_suite_requires() -> Result<()> {
    let (_, document) = file(&TestAnchor::new().await?).await?;
    let currencies = document["CURRENCIES"].as_array().context("a list")?;
    assert!(!currencies.is_empty());
    for currency in currencies {
        assert!(currency["is_asset_anchored"].is_bool(), "{currency}");
        let kind = currency["anchor_asset_type"].as_str().context("a text")?;
        assert!(
            ["fiat", "crypto", "stock", "bond", "commodity", "realestate", "other"].contains(&kind),
            "{kind}"
        );
        assert!(currency["code"].as_str().context("a text")?.len() <= 12);
        assert!(currency["desc"].is_str() && currency["status"].is_str(), "{currency}");
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep1_5_sep10_1_sep10_2_addresses_end_without_a_slash_and_the_key_is_an_account() -> Result<()>
{
    for settings in [&APART[..], &[("HOST_URL", "https://anchor.example/"), ("LOCAL_MODE", "0")]] {
        let (_, document) = file(&TestAnchor::with(settings, |builder| builder).await?).await?;
        for name in ["WEB_AUTH_ENDPOINT", "TRANSFER_SERVER_SEP0024"] {
            let text = document[name].as_str().context("a text")?;
            assert!(
                !text.ends_with('/') && (text.starts_with("https") || text.contains("localhost")),
                "{text}"
            );
        }
        document["SIGNING_KEY"].as_str().context("a text")?.parse::<anchor_core::account::AccountId>()?;
    }
    Ok(())
}

/// The wallet SDK reads it before anything else and fails without.
#[actix_web::test]
async fn interop_part_8_1_wallet_sdk_documentation_is_always_there() -> Result<()> {
    let (_, document) =
        file(&TestAnchor::with(&[("ACTIVE_SEPS", "sep-1")], |builder| builder).await?).await?;
    assert!(document["DOCUMENTATION"].is_table());
    Ok(())
}

/// The suite takes plain http only if the name has `localhost` in it, and only the two known passphrases.
#[actix_web::test]
async fn interop_fact_4_5_anchor_without_settings_is_one_that_the_suite_takes() -> Result<()> {
    let config: Config = anchor_tests::web::config(&[])?;
    assert_eq!(config.network.passphrase(), Network::TESTNET);
    assert!(config.host_url().starts_with("http://localhost"));
    Ok(())
}

#[actix_web::test]
async fn interop_sep10_3_fact_7_challenge_passes_the_suites_checks() -> Result<()> {
    let anchor = TestAnchor::with(&APART, |builder| builder).await?;
    let now = u64::try_from(samples::start().timestamp())?;
    let answer = anchor.get(&format!("/auth?account={}", key(50).account()), "").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").contains("application/json"));
    let body = answer.json()?;
    let body = body.as_object().context("an object")?;
    assert!(body.keys().all(|name| name == "transaction" || name == "network_passphrase"), "{body:?}");
    let envelope = decoded(body["transaction"].as_str().context("a text")?)?;
    assert_eq!((envelope.tx.seq_num.0, envelope.signatures.len()), (0, 1));
    let Preconditions::Time(bounds) = &envelope.tx.cond else { panic!("no time bounds") };
    assert_eq!(bounds.min_time.0, now, "not a second before the request");
    assert!(bounds.max_time.0 > now);
    let entries = entries(&envelope);
    assert_eq!(entries[0].0, "anchor.localhost:8000 auth", "the home domain with its port");
    assert_eq!(entries[0].1.len(), 64);
    assert_eq!(
        entries[1],
        ("web_auth_domain".to_owned(), "localhost:9000".to_owned()),
        "the server with its port"
    );
    Ok(())
}

#[actix_web::test]
async fn interop_sep10_4_5_missing_and_invalid_accounts_are_400() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    refused(&anchor.get("/auth", "").await)?;
    refused(&anchor.get("/auth?account=invalid-account", "").await)
}

#[actix_web::test]
async fn interop_sep10_6_7_demo_wallet_token_for_form_and_json_of_an_account_that_does_not_exist()
-> Result<()> {
    let anchor = TestAnchor::new().await?;
    let user = key(50);
    let network = &anchor.anchor.config().network;
    let challenge = anchor.challenge(&format!("account={}", user.account())).await?;
    let claims = granted(&anchor.redeem(&challenge, &[&user]).await?)?;
    assert_eq!(claims["sub"], user.account().to_string());
    let signed = sign(&anchor.challenge(&format!("account={}", user.account())).await?, network, &[&user])?;
    let form: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("transaction", &signed).finish();
    let request = TestRequest::post()
        .uri("/auth")
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(form);
    granted(&anchor.call(request).await)?;
    Ok(())
}

#[actix_web::test]
async fn interop_sep10_8_to_12_fact_6_8_useless_answers_are_400_exactly() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let user = key(50);
    let query = format!("account={}", user.account());
    refused(&anchor.post("/auth", "", json!({})).await)?;
    refused(&anchor.post("/auth", "", json!({ "transaction": { "not a transaction string": true } })).await)?;
    refused(&anchor.redeem(&anchor.challenge(&query).await?, &[]).await?)?;
    let other =
        TestAnchor::with(&[("SIGNING_SEED", key(51).to_strkey().expose())], |builder| builder).await?;
    refused(&anchor.redeem(&other.challenge(&query).await?, &[&user]).await?)?;
    refused(&anchor.redeem(&anchor.challenge(&query).await?, &[&user, &key(52)]).await?)
}

/// Signers and thresholds that change between two requests count at once: no account is remembered.
#[actix_web::test]
async fn interop_sep10_13_to_16_signers_count_as_the_ledger_has_them_now() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let (master, one, two) = (samples::user(), key(50), key(51));
    let ed25519 = |key: &SigningKey| SignerKey::Ed25519(key.account());
    let query = format!("account={}", master.account());
    let ask = async |signers: &[(SignerKey, u32)], medium, keys: &[&SigningKey]| {
        account_with_signers(&anchor, signers, medium);
        anchor.redeem(&anchor.challenge(&query).await?, keys).await
    };
    refused(&ask(&[(ed25519(&master), 1)], 2, &[&master]).await?)?;
    granted(&ask(&[(ed25519(&master), 1), (ed25519(&one), 1)], 1, &[&one]).await?)?;
    refused(&ask(&[(ed25519(&master), 1), (ed25519(&one), 1)], 2, &[&one, &one]).await?)?;
    let both = [(ed25519(&master), 1), (ed25519(&one), 1), (ed25519(&two), 1)];
    granted(&ask(&both, 2, &[&one, &two]).await?)?;
    Ok(())
}

#[actix_web::test]
async fn interop_part_8_1_wallets_name_the_home_domain_with_its_port() -> Result<()> {
    let anchor = TestAnchor::with(&APART, |builder| builder).await?;
    let account = samples::user().account();
    anchor.challenge(&format!("account={account}&home_domain=anchor.localhost:8000")).await?;
    anchor.challenge(&format!("account={account}&home_domain=anchor.localhost%3A8000")).await?;
    refused(&anchor.get(&format!("/auth?account={account}&home_domain=anchor.localhost"), "").await)
}

/// Checkers that compare with the port and checkers that compare without it agree about a name that has none.
#[actix_web::test]
async fn interop_part_8_2_fact_7_name_without_a_port_suits_every_checker() -> Result<()> {
    for host in ["http://localhost", "http://localhost:80"] {
        let anchor = TestAnchor::with(&[("HOST_URL", host)], |builder| builder).await?;
        let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
        let entries = entries(&decoded(&challenge)?);
        assert_eq!((&*entries[0].0, &*entries[1].1), ("localhost auth", "localhost"));
    }
    Ok(())
}

/// It sends every field of its form.
#[actix_web::test]
async fn interop_part_8_3_demo_wallets_empty_client_domain_is_none() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let answer = anchor.get(&format!("/auth?account={}&client_domain=", samples::user().account()), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()?["network_passphrase"], Network::TESTNET);
    Ok(())
}

/// The SDK compares `exp` with its own clock and nothing else.
#[actix_web::test]
async fn interop_part_8_1_token_is_good_for_as_long_as_it_says() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let lifetime = claims(&token)?["exp"].as_i64().context("exp")? - samples::start().timestamp();
    anchor.clock.advance(Duration::from_secs(u64::try_from(lifetime)? - 1));
    assert_eq!(anchor.get("/sep24/transactions?asset_code=USDC", &token).await.status, 200);
    Ok(())
}

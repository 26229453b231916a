//! Contract accounts log in: the way as it should be.

use anchor_core::testing::fakes::samples;
use anchor_tests::contract_wallet::{self, Expected, arguments, call, credentials, encode};
use anyhow::{Context as _, Result};
use futures_util::future::join;
use serde_json::json;
use stellar_xdr::{ScVal, SorobanCredentials};

use super::sep10::claims;
use super::sep45_stand::{LEDGERS, PATH, Stand, client, entries, key, of_account, of_client, web_auth};

#[actix_web::test]
async fn r_45_001_r_45_002_stellar_toml_says_where_contract_accounts_log_in() -> Result<()> {
    let stand = Stand::new().await?;
    let file = stand.anchor.get("/.well-known/stellar.toml", "").await;
    let document: toml::Table = std::str::from_utf8(&file.body)?.parse()?;
    let endpoint = document["WEB_AUTH_FOR_CONTRACTS_ENDPOINT"].as_str().context("an endpoint")?;
    assert_eq!(endpoint, format!("http://localhost:8000{PATH}"));
    assert_eq!(document["WEB_AUTH_CONTRACT_ID"].as_str(), Some(&*web_auth().to_string()));
    assert_eq!(document["SIGNING_KEY"].as_str(), Some(&*samples::distribution().account().to_string()));
    assert_eq!(stand.ask(&client(), "").await.status, 200);
    assert_eq!(stand.send(&stand.signed().await?).await?.status, 200, "both methods are there");
    Ok(())
}

#[actix_web::test]
async fn r_45_012_r_45_013_challenge_is_one_text_with_a_list_of_entries() -> Result<()> {
    let stand = Stand::new().await?;
    let answer = stand.ask(&client(), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json()?;
    let mut names: Vec<_> = body.as_object().context("an object")?.keys().collect();
    names.sort();
    assert_eq!(names, ["authorization_entries", "network_passphrase"]);
    assert_eq!(body["network_passphrase"], anchor_core::stellar::Network::TESTNET);
    // decoding refuses anything behind the list
    assert_eq!(entries(&answer)?.len(), 2);
    Ok(())
}

#[actix_web::test]
async fn r_45_014_r_45_015_r_45_016_r_45_017_r_45_022_entries_are_those_of_the_sep() -> Result<()> {
    let stand = Stand::new().await?;
    let mut entries = stand.challenge(&client()).await?;
    let server = samples::distribution().account();
    for entry in &entries {
        assert!(entry.root_invocation.sub_invocations.is_empty());
        assert_eq!(call(entry)?.contract_address, contract_wallet::contract(&web_auth()));
        assert_eq!(call(entry)?.function_name.0.to_utf8_string()?, "web_auth_verify");
        assert_eq!(entry.root_invocation, entries[0].root_invocation);
        let arguments = arguments(entry)?;
        let names: Vec<&str> = arguments.iter().map(|(name, _)| name.as_str()).collect();
        // in the order that the network wants
        assert_eq!(names, ["account", "home_domain", "nonce", "web_auth_domain", "web_auth_domain_account"]);
        assert_eq!(arguments[0].1, client().to_string());
        assert_eq!((&*arguments[1].1, &*arguments[3].1), ("localhost:8000", "localhost:8000"));
        assert_eq!(arguments[4].1, server.to_string());
    }
    let ours = credentials(of_account(&mut entries, &server)?)?.clone();
    assert_ne!(ours.signature, ScVal::Void);
    let theirs = credentials(of_client(&mut entries)?)?;
    assert_eq!((&theirs.signature, theirs.signature_expiration_ledger), (&ScVal::Void, 0));
    assert!(entries.iter().all(|entry| matches!(entry.credentials, SorobanCredentials::Address(_))));
    Ok(())
}

#[actix_web::test]
async fn r_45_018_r_45_019_nonces_are_never_the_same() -> Result<()> {
    let stand = Stand::new().await?;
    let (one, two) = (stand.challenge(&client()).await?, stand.challenge(&client()).await?);
    let nonce = |entries: &[_]| -> Result<String> { Ok(arguments(&entries[0])?[2].1.clone()) };
    assert_ne!(nonce(&one)?, nonce(&two)?);
    assert!(nonce(&one)?.len() > 38, "128 bits in decimal digits");
    let mut numbers: Vec<i64> = Vec::new();
    for entry in one.iter().chain(&two) {
        numbers.push(credentials(entry)?.nonce);
    }
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4, "each entry has one of its own");
    Ok(())
}

#[actix_web::test]
async fn r_45_020_r_45_021_r_45_023_wallet_finds_everything_in_order() -> Result<()> {
    let stand = Stand::new().await?;
    let mut entries = stand.challenge(&client()).await?;
    let (config, server) = (stand.anchor.anchor.config(), samples::distribution().account());
    let expected = Expected::new(web_auth(), server, client(), "localhost:8000", "localhost:8000");
    // the wallet computes the signed hash by itself
    expected.check(&entries, &config.network)?;
    let public = anchor_core::stellar::Network::new(anchor_core::stellar::Network::PUBLIC);
    assert!(expected.check(&entries, &public).is_err(), "for this network only");
    let expiration = credentials(of_account(&mut entries, &server)?)?.signature_expiration_ledger;
    assert_eq!(expiration, stand.latest() + 180);
    Ok(())
}

#[actix_web::test]
async fn r_45_056_r_45_057_r_45_061_token_says_who_and_opens_what_a_token_opens() -> Result<()> {
    let stand = Stand::new().await?;
    let token = stand.log_in().await?;
    let claims = claims(&token)?;
    let now = samples::start().timestamp();
    assert_eq!(claims["iss"], "http://localhost:8000");
    assert_eq!(claims["sub"], client().to_string());
    assert_eq!(claims["iat"], now);
    assert_eq!(claims["home_domain"], "localhost:8000");
    assert_eq!(claims["jti"].as_str().map(str::len), Some(64));
    assert!(claims.get("client_domain").is_none() && claims.get("threshold").is_none());
    assert_eq!(stand.anchor.get("/sep24/transactions?asset_code=USDC", &token).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_45_059_r_45_060_token_is_good_for_an_hour() -> Result<()> {
    let stand = Stand::new().await?;
    let token = stand.log_in().await?;
    let claims = claims(&token)?;
    let seconds = claims["exp"].as_i64().context("exp")? - claims["iat"].as_i64().context("iat")?;
    assert_eq!(seconds, 3600);
    let shows = || stand.anchor.get("/sep24/transactions?asset_code=USDC", &token);
    assert_eq!(shows().await.status, 200);
    stand.anchor.clock.advance(std::time::Duration::from_secs(3600));
    assert_eq!(shows().await.status, 403);
    Ok(())
}

#[actix_web::test]
async fn r_45_025_t_45_22_forms_and_json_are_taken_alike() -> Result<()> {
    let stand = Stand::new().await?;
    let text = encode(stand.signed().await?)?;
    let escaped: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    assert_eq!(stand.send_form(format!("authorization_entries={escaped}")).await.status, 200);
    assert_eq!(stand.send(&stand.signed().await?).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn wallets_that_write_camel_case_are_understood() -> Result<()> {
    let stand = Stand::new().await?;
    let text = encode(stand.signed().await?)?;
    let answer = stand.anchor.post(PATH, "", json!({ "authorizationEntries": text })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    Ok(())
}

#[actix_web::test]
async fn t_45_17_order_of_entries_does_not_matter() -> Result<()> {
    let stand = Stand::new().await?;
    let mut entries = stand.signed().await?;
    entries.reverse();
    assert_eq!(stand.send(&entries).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_45_037_r_45_055_r_45_058_t_45_08_used_challenge_gives_no_second_token() -> Result<()> {
    let stand = Stand::new().await?;
    let entries = stand.signed().await?;
    assert_eq!(stand.send(&entries).await?.status, 200);
    let again = stand.send(&entries).await?;
    assert_eq!(again.status, 400);
    assert!(again.error()?.contains("used before"));
    // signed once more it is the same challenge
    let mut signed_again = entries.clone();
    stand.sign_until(&mut signed_again, &key(), stand.latest() + LEDGERS + 1)?;
    assert_eq!(stand.send(&signed_again).await?.status, 400);
    // nor does it give one after the store was tidied up within the challenge's time
    stand.anchor.clock.advance(std::time::Duration::from_secs(900));
    let anchor = &stand.anchor.anchor;
    anchor.store().expired_delete(anchor.clock().now()).await?;
    assert_eq!(stand.send(&entries).await?.status, 400);
    Ok(())
}

#[actix_web::test]
async fn r_45_053_t_45_09_of_two_at_once_one_gets_the_token() -> Result<()> {
    let stand = Stand::new().await?;
    for _ in 0..5 {
        let entries = stand.signed().await?;
        let (one, two) = join(stand.send(&entries), stand.send(&entries)).await;
        let mut statuses = [one?.status, two?.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
    }
    Ok(())
}

/// The wallet of these tests does what SEP-45 asks of wallets, or nothing would be known of what it accepts.
#[actix_web::test]
async fn wallet_signs_nothing_but_a_challenge_for_what_it_asked() -> Result<()> {
    let stand = Stand::new().await?;
    let network = &stand.anchor.anchor.config().network;
    let server = samples::distribution().account();
    let good = stand.challenge(&client()).await?;
    let expected = Expected::new(web_auth(), server, client(), "localhost:8000", "localhost:8000");
    expected.check(&good, network)?;
    for other in [
        Expected::new(client(), server, client(), "localhost:8000", "localhost:8000"),
        Expected::new(web_auth(), key().account(), client(), "localhost:8000", "localhost:8000"),
        Expected::new(web_auth(), server, web_auth(), "localhost:8000", "localhost:8000"),
        Expected::new(web_auth(), server, client(), "evil.example", "localhost:8000"),
        Expected::new(web_auth(), server, client(), "localhost:8000", "evil.example"),
    ] {
        assert!(other.check(&good, network).is_err(), "{other:?}");
    }
    let mut nested = good.clone();
    let root = nested[0].root_invocation.clone();
    nested[0].root_invocation.sub_invocations = [root].try_into()?;
    assert!(expected.check(&nested, network).is_err());
    assert!(expected.check(&good[..1], network).is_err(), "not without the server");
    let mut unsigned = good.clone();
    contract_wallet::credentials_mut(of_account(&mut unsigned, &server)?)?.signature = ScVal::Void;
    assert!(expected.check(&unsigned, network).is_err());
    let other = stand.challenge(&client()).await?;
    assert!(expected.check(&[good[0].clone(), other[1].clone()], network).is_err(), "two challenges");
    Ok(())
}

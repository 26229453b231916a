//! Challenges and tokens. What a challenge itself can break is tested next to `stellar::challenge`.

use actix_web::test::TestRequest;
use anchor_core::account::{Account, AccountId, ContractId};
use anchor_core::amount::StellarAmount;
use anchor_core::keys::SigningKey;
use anchor_core::stellar::SignerKey;
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_tests::web::{TestAnchor, sign};
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use stellar_xdr::{
    Limits, Memo, MuxedAccount, OperationBody, Preconditions, ReadXdr as _, TransactionEnvelope,
    TransactionV1Envelope,
};

pub(super) fn key(number: u8) -> SigningKey {
    SigningKey::from_seed([number; 32])
}

fn muxed(id: u64) -> Account {
    Account::Muxed { account: samples::user().account(), id }
}

pub(super) fn decoded(challenge: &str) -> Result<TransactionV1Envelope> {
    let TransactionEnvelope::Tx(envelope) =
        TransactionEnvelope::from_xdr_base64(challenge, Limits { depth: 100, len: 100_000 })?
    else {
        anyhow::bail!("not a version 1 envelope");
    };
    Ok(envelope)
}

/// Name and value of each operation, in order.
pub(super) fn entries(envelope: &TransactionV1Envelope) -> Vec<(String, String)> {
    let operations = envelope.tx.operations.iter();
    let entry = |body: &OperationBody| match body {
        OperationBody::ManageData(data) => {
            let value = data.data_value.as_ref().map(|value| value.0.to_vec()).unwrap_or_default();
            (data.data_name.to_string(), String::from_utf8_lossy(&value).into_owned())
        }
        other => panic!("{other:?}"),
    };
    operations.map(|operation| entry(&operation.body)).collect()
}

pub(super) fn claims(token: &str) -> Result<Value> {
    let payload = token.split('.').nth(1).context("a payload")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload)?)?)
}

/// An existing account with these signers instead of its master key, and this medium threshold.
pub(super) fn account_with_signers(
    anchor: &TestAnchor,
    signers: &[(SignerKey, u32)],
    medium: u32,
) -> AccountId {
    let id = samples::user().account();
    anchor.ledger.fund(id, StellarAmount::from_stroops(100_000_000).unwrap());
    anchor.ledger.edit(id, |account| {
        account.signers = signers.to_vec();
        account.medium_threshold = medium;
    });
    id
}

#[actix_web::test]
async fn r_10_040_r_10_041_r_10_010_challenge_has_two_members_in_json() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let answer = anchor.get(&format!("/auth?account={}", samples::user().account()), "").await;
    let body = answer.json()?;
    let mut names: Vec<_> = body.as_object().context("an object")?.keys().collect();
    names.sort();
    assert_eq!(answer.status, 200);
    assert_eq!(names, ["network_passphrase", "transaction"]);
    assert_eq!(body["network_passphrase"], "Test SDF Network ; September 2015");
    assert_eq!(answer.header("cache-control"), "no-store");
    Ok(())
}

#[actix_web::test]
async fn r_10_042_r_10_043_r_10_044_r_10_045_r_10_046_r_10_050_r_10_051_r_10_054_r_10_055_challenge_is_what_clients_check()
-> Result<()> {
    let anchor = TestAnchor::new().await?;
    let envelope = decoded(&anchor.challenge(&format!("account={}", samples::user().account())).await?)?;
    let server = *anchor.anchor.config().signing_key.account().as_bytes();
    assert_eq!(envelope.tx.source_account, MuxedAccount::Ed25519(server.into()));
    assert_eq!(envelope.tx.seq_num.0, 0);
    let Preconditions::Time(bounds) = &envelope.tx.cond else { panic!("no time bounds") };
    let now = u64::try_from(samples::start().timestamp())?;
    assert_eq!((bounds.min_time.0, bounds.max_time.0), (now, now + 900));
    assert_eq!(envelope.tx.memo, Memo::None);
    let entries = entries(&envelope);
    assert_eq!(entries[0].0, "localhost:8000 auth");
    assert_eq!(entries[0].1.len(), 64);
    assert_eq!(entries[1], ("web_auth_domain".to_owned(), "localhost:8000".to_owned()));
    assert_eq!((entries.len(), envelope.signatures.len()), (2, 1));
    Ok(())
}

#[actix_web::test]
async fn r_10_049_nonce_is_fresh() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let query = format!("account={}", samples::user().account());
    let (one, two) = (anchor.challenge(&query).await?, anchor.challenge(&query).await?);
    assert_ne!(entries(&decoded(&one)?)[0].1, entries(&decoded(&two)?)[0].1);
    Ok(())
}

#[actix_web::test]
async fn r_10_011_r_10_048_r_10_099_r_mx_005_muxed_account_stays_muxed_up_to_the_token() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for id in [0, 1, 1 << 63, u64::MAX] {
        let account = muxed(id);
        let token = anchor.log_in_as(&format!("account={account}"), &samples::user()).await?;
        assert_eq!(claims(&token)?["sub"], account.to_string());
    }
    Ok(())
}

#[actix_web::test]
async fn peer_r_10_015_r_10_047_memo_zero_is_a_user_of_its_own() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = samples::user().account();
    for id in [0, 1, 1 << 63, u64::MAX] {
        let query = format!("account={account}&memo={id}");
        assert_eq!(decoded(&anchor.challenge(&query).await?)?.tx.memo, Memo::Id(id));
        let token = anchor.log_in_as(&query, &samples::user()).await?;
        assert_eq!(claims(&token)?["sub"], format!("{account}:{id}"));
    }
    Ok(())
}

#[actix_web::test]
async fn r_10_012_r_10_013_r_10_014_r_10_017_r_10_025_r_10_057_r_10_058_bad_requests_are_400() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = samples::user().account();
    let server = anchor.anchor.config().signing_key.account();
    let contract = ContractId::from_bytes([7; 32]);
    let mut queries = vec![
        String::new(),
        "account=".to_owned(),
        "account=invalid-account".to_owned(),
        format!("account={contract}"),
        format!("account={}", samples::user().to_strkey().expose()),
        "account=user*anchor.example".to_owned(),
        format!("account={server}"),
        format!("account={account}&account={account}"),
        format!("account={account}&home_domain=other.example"),
        format!("account={}&memo=1", muxed(1)),
        format!("account={}&memo=0", muxed(0)),
    ];
    for memo in
        ["", "-1", "%2B1", "%201", "1%20", "1.0", "1e3", "0x1", "%D9%A1", "18446744073709551616", "abc"]
    {
        queries.push(format!("account={account}&memo={memo}"));
    }
    for query in queries {
        let answer = anchor.get(&format!("/auth?{query}"), "").await;
        assert_eq!(answer.status, 400, "{query}");
        let error = answer.error()?;
        assert!(!error.contains(&**samples::user().to_strkey().expose()), "a seed was repeated");
    }
    Ok(())
}

#[actix_web::test]
async fn r_10_016_home_domain_may_be_named_and_an_empty_client_domain_is_none() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = samples::user().account();
    for extra in ["&home_domain=localhost:8000", "&home_domain=LocalHost:8000", "&client_domain="] {
        let challenge = anchor.challenge(&format!("account={account}{extra}")).await?;
        assert_eq!(entries(&decoded(&challenge)?).len(), 2, "{extra}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_10_060_form_and_json_are_equal() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let network = &anchor.anchor.config().network;
    for content_type in
        ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"]
    {
        let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
        let signed = sign(&challenge, network, &[&samples::user()])?;
        let encoded: String = url::form_urlencoded::byte_serialize(signed.as_bytes()).collect();
        let request = TestRequest::post()
            .uri("/auth")
            .insert_header(("content-type", content_type))
            .set_payload(format!("transaction={encoded}"));
        let answer = anchor.call(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.json()?["token"].is_string());
    }
    Ok(())
}

#[actix_web::test]
async fn t_10_19_r_28_003_unescaped_plus_in_a_form_is_explained() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let request = TestRequest::post()
        .uri("/auth")
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload("transaction=AAAA+AAA");
    let answer = anchor.call(request).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error()?.contains("%2B"));
    Ok(())
}

#[actix_web::test]
async fn r_10_061_r_10_062_r_10_063_unusable_bodies_are_refused() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for body in [json!({}), json!({"transaction": ""}), json!({"transaction": {"not": true}}), json!([1])] {
        let answer = anchor.post("/auth", "", body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        answer.error()?;
    }
    let text = TestRequest::post().uri("/auth").insert_header(("content-type", "text/plain"));
    let answer = anchor.call(text.set_payload("transaction=AAAA")).await;
    assert_eq!(answer.status, 415);
    answer.error()?;
    Ok(())
}

#[actix_web::test]
async fn r_10_064_r_10_075_r_10_076_r_10_100_missing_signatures_are_400() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = samples::user().account();
    let challenge = anchor.challenge(&format!("account={account}")).await?;
    assert_eq!(anchor.redeem(&challenge, &[]).await?.status, 400);
    assert_eq!(anchor.redeem(&challenge, &[&key(9)]).await?.status, 400);
    // not issued by this server: the same text under another network's signature
    let other =
        TestAnchor::with(&[("SIGNING_SEED", samples::issuer().to_strkey().expose())], |builder| builder)
            .await?;
    let foreign = other.challenge(&format!("account={account}")).await?;
    let answer = anchor.redeem(&foreign, &[&samples::user()]).await?;
    assert_eq!(answer.status, 400);
    answer.error()?;
    Ok(())
}

#[actix_web::test]
async fn r_10_086_missing_account_needs_its_master_key_alone() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    assert_eq!(anchor.redeem(&challenge, &[&samples::user(), &key(9)]).await?.status, 400);
    assert_eq!(anchor.redeem(&challenge, &[&samples::user()]).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_10_078_r_10_079_r_10_081_r_10_095_signers_have_to_reach_the_medium_threshold() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let (one, two) = (key(8), key(9));
    let signers = [(SignerKey::Ed25519(one.account()), 1), (SignerKey::Ed25519(two.account()), 1)];
    let account = account_with_signers(&anchor, &signers, 2);
    let challenge = anchor.challenge(&format!("account={account}")).await?;
    assert_eq!(anchor.redeem(&challenge, &[&one]).await?.status, 400, "below the threshold");
    assert_eq!(anchor.redeem(&challenge, &[&one, &one]).await?.status, 400, "one signer twice");
    assert_eq!(anchor.redeem(&challenge, &[&one, &key(7)]).await?.status, 400, "a stranger");
    assert_eq!(anchor.redeem(&challenge, &[&one, &two]).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_10_082_r_10_083_revoked_master_key_and_hashes_are_no_signers() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let master = samples::user();
    let signers = [
        (SignerKey::Ed25519(master.account()), 0),
        (SignerKey::Other, 5),
        (SignerKey::Ed25519(key(8).account()), 1),
    ];
    let account = account_with_signers(&anchor, &signers, 0);
    let challenge = anchor.challenge(&format!("account={account}")).await?;
    assert_eq!(anchor.redeem(&challenge, &[&master]).await?.status, 400);
    assert_eq!(anchor.redeem(&challenge, &[&key(8)]).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn peer_r_10_087_silent_ledger_is_503_and_never_the_master_key_rule() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = account_with_signers(&anchor, &[(SignerKey::Ed25519(key(8).account()), 1)], 1);
    let challenge = anchor.challenge(&format!("account={account}")).await?;
    anchor.ledger.inject(Fault::Account);
    let answer = anchor.redeem(&challenge, &[&samples::user()]).await?;
    assert_eq!(answer.status, 503);
    assert!(!answer.error()?.contains("500"), "says nothing of the server behind");
    Ok(())
}

#[actix_web::test]
async fn ledger_is_not_asked_about_what_nobody_signed() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    anchor.ledger.inject(Fault::Account);
    assert_eq!(anchor.redeem(&challenge, &[]).await?.status, 400);
    assert_eq!(anchor.redeem(&challenge, &[&samples::user()]).await?.status, 503, "the fault is still there");
    Ok(())
}

#[actix_web::test]
async fn r_10_068_challenge_is_good_for_15_minutes() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let query = format!("account={}", samples::user().account());
    let (early, late) = (anchor.challenge(&query).await?, anchor.challenge(&query).await?);
    anchor.clock.advance(std::time::Duration::from_secs(900));
    assert_eq!(anchor.redeem(&early, &[&samples::user()]).await?.status, 200);
    anchor.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(anchor.redeem(&late, &[&samples::user()]).await?.status, 400);
    Ok(())
}

#[actix_web::test]
async fn r_10_094_s_10_14_used_challenge_gives_no_second_token() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    // a wrong answer does not use it up
    assert_eq!(anchor.redeem(&challenge, &[&key(9)]).await?.status, 400);
    assert_eq!(anchor.redeem(&challenge, &[&samples::user()]).await?.status, 200);
    let again = anchor.redeem(&challenge, &[&samples::user()]).await?;
    assert_eq!(again.status, 400);
    assert!(again.error()?.contains("used before"));
    // nor does it after the store was tidied up within the challenge's time
    anchor.clock.advance(std::time::Duration::from_secs(900));
    anchor.anchor.store().expired_delete(anchor.anchor.clock().now()).await?;
    assert_eq!(anchor.redeem(&challenge, &[&samples::user()]).await?.status, 400);
    Ok(())
}

#[actix_web::test]
async fn r_10_091_r_10_092_r_10_093_token_says_who_until_when_and_from_whom() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let claims = claims(&token)?;
    let now = samples::start().timestamp();
    assert_eq!(claims["iss"], "http://localhost:8000");
    assert_eq!(claims["sub"], samples::user().account().to_string());
    assert_eq!(claims["iat"], now);
    assert!(claims["exp"].as_i64().context("a number")? > now);
    assert_eq!((&claims["home_domain"], &claims["threshold"]), (&json!("localhost:8000"), &json!("medium")));
    assert_eq!(claims["jti"].as_str().map(str::len), Some(64));
    assert!(claims.get("client_domain").is_none(), "absent, not null");
    Ok(())
}

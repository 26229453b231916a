//! What the official test suite expects of SEP-6, fact by fact, as it checks it.

use anchor_core::clock::parse_utc;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::sep6::{account, asking, logged_in};

const OFFER: [&str; 8] = [
    "enabled",
    "fee_fixed",
    "fee_minimum",
    "fee_percent",
    "min_amount",
    "max_amount",
    "authentication_required",
    "funding_methods",
];

fn known(object: &Value, names: &[&str]) -> Result<()> {
    let members = object.as_object().context("an object")?;
    ensure!(members.keys().all(|name| names.contains(&name.as_str())), "unknown members: {object}");
    Ok(())
}

/// As the suite asks, with what its configuration lists: nothing.
fn deposit() -> String {
    asking("deposit", &[("asset_code", "USDC"), ("account", &account()), ("type", "SEPA")])
}

fn list(extra: &[(&str, &str)]) -> String {
    let account = account();
    let mut pairs = vec![("asset_code", "USDC"), ("account", account.as_str())];
    pairs.extend(extra);
    asking("transactions", &pairs)
}

async fn items(anchor: &TestAnchor, token: &str, extra: &[(&str, &str)]) -> Result<Vec<Value>> {
    Ok(anchor.get(&list(extra), token).await.json()?["transactions"].as_array().context("a list")?.clone())
}

#[actix_web::test]
async fn interop_sep6_1_to_6_fact_10_info_has_the_suites_schema() -> Result<()> {
    let (anchor, _, _) = logged_in().await?;
    let file = anchor.get("/.well-known/stellar.toml", "").await;
    let document: toml::Table = std::str::from_utf8(&file.body)?.parse()?;
    let address = document["TRANSFER_SERVER"].as_str().context("a text")?;
    ensure!(address.starts_with("http://localhost") && !address.ends_with('/'), "{address}");
    let info = anchor.get("/sep6/info", "").await.json()?;
    for endpoint in ["fee", "transaction", "transactions"] {
        ensure!(info[endpoint]["enabled"].is_boolean(), "{info}");
    }
    for (map, rest) in [("deposit", "fields"), ("withdraw", "types")] {
        for offer in info[map].as_object().context("a map")?.values() {
            known(offer, &[&OFFER[..], &[rest]].concat())?;
            for number in ["fee_fixed", "fee_percent", "min_amount", "max_amount"] {
                ensure!(offer[number].is_number(), "{offer}");
            }
            ensure!(offer["enabled"] == true && offer["funding_methods"].is_array(), "{offer}");
        }
    }
    for each in info["withdraw"]["USDC"]["types"].as_object().context("types")?.values() {
        known(each, &["fields"])?;
        ensure!(each["fields"].is_object(), "{each}");
    }
    // no field of a deposit that is not optional
    ensure!(info["deposit"]["USDC"]["fields"].is_null());
    Ok(())
}

#[actix_web::test]
async fn interop_sep6_7_8_11_13_14_17_refusals_have_the_suites_statuses() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for path in ["deposit", "withdraw"] {
        let valid = asking(path, &[("asset_code", "USDC"), ("account", &account()), ("type", "SEPA")]);
        assert_eq!(anchor.get(&valid, "").await.status, 403);
        for wrong in [
            asking(path, &[("account", &account())]),
            asking(path, &[("asset_code", "NOT_SUPPORTED"), ("account", &account()), ("type", "SEPA")]),
        ] {
            let answer = anchor.get(&wrong, &token).await;
            assert_eq!(answer.status, 400, "{wrong}");
            assert!(answer.json()?["error"].is_string());
        }
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep6_12_18_successes_have_the_suites_schema() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let answer = anchor.get(&deposit(), &token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json()?;
    ensure!(body["how"].is_string() && body["id"].is_string(), "{body}");
    for number in ["eta", "min_amount", "max_amount", "fee_fixed", "fee_percent"] {
        ensure!(body[number].is_null() || body[number].is_number(), "{body}");
    }
    let answer: Answer =
        anchor.get(&asking("withdraw", &[("asset_code", "USDC"), ("type", "SEPA")]), &token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json()?;
    let names = [
        "account_id",
        "memo_type",
        "memo",
        "id",
        "eta",
        "min_amount",
        "max_amount",
        "fee_fixed",
        "fee_percent",
        "extra_info",
    ];
    known(&body, &names)?;
    ensure!(body.as_object().context("an object")?.values().all(|value| !value.is_null()), "{body}");
    ensure!(body["account_id"] == samples::distribution().account().to_string());
    ensure!(
        body["memo_type"] == "id" && body["memo"].as_str().is_some_and(|memo| memo.parse::<u64>().is_ok())
    );
    Ok(())
}

#[actix_web::test]
async fn interop_sep6_19_to_21_24_to_27_records_are_found_and_strangers_are_not() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let id = anchor.get(&deposit(), &token).await.json()?["id"].as_str().context("an id")?.to_owned();
    assert_eq!(anchor.get(&format!("/sep6/transaction?id={id}"), "").await.status, 403);
    assert_eq!(anchor.get(&format!("/sep6/transaction?id={id}"), &token).await.status, 200);
    let unknown = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let hash = "021581089f804ebb95a2ac06ee8dcd9c8b2f8b2ab6ad31ea84d5f4ca4a3ee999";
    for query in [
        format!("id={unknown}"),
        format!("external_transaction_id={unknown}"),
        format!("stellar_transaction_id={hash}"),
    ] {
        assert_eq!(anchor.get(&format!("/sep6/transaction?{query}"), &token).await.status, 404, "{query}");
    }
    assert_eq!(anchor.get(&list(&[]), "").await.status, 403);
    Ok(())
}

#[actix_web::test]
async fn interop_sep6_28_to_38_lists_are_as_the_suite_counts() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    ensure!(items(&anchor, &token, &[]).await?.is_empty());
    for path in
        [deposit(), asking("withdraw", &[("asset_code", "USDC"), ("type", "SEPA")]), deposit(), deposit()]
    {
        assert_eq!(anchor.get(&path, &token).await.status, 200);
        anchor.clock.advance(std::time::Duration::from_millis(700));
    }
    let all = items(&anchor, &token, &[]).await?;
    assert_eq!(all.len(), 4);
    let statuses = ["completed", "error", "incomplete", "no_market", "too_small", "too_large"];
    for item in &all {
        let status = item["status"].as_str().context("a status")?;
        ensure!(statuses.contains(&status) || status.starts_with("pending_"), "{item}");
        ensure!(item["id"].is_string() && parse_utc(item["started_at"].as_str().context("a time")?).is_ok());
        let kind = item["kind"].as_str().context("a kind")?;
        ensure!(
            kind == "deposit" && item["to"].is_string() || kind == "withdrawal" && item["from"].is_string()
        );
        ensure!(!item["more_info_url"].is_null() && item["refunded"].is_boolean(), "{item}");
    }
    assert_eq!(items(&anchor, &token, &[("limit", "1")]).await?.len(), 1);
    let times: Vec<_> =
        all.iter().map(|item| item["started_at"].as_str().unwrap_or_default().to_owned()).collect();
    ensure!(times.windows(2).all(|pair| pair[0] >= pair[1]), "{times:?}");
    // put into the query as it is
    let path = format!("/sep6/transactions?asset_code=USDC&account={}&no_older_than={}", account(), times[2]);
    let recent = anchor.get(&path, &token).await.json()?;
    assert_eq!(recent["transactions"].as_array().map(Vec::len), Some(3));
    for kind in ["withdrawal", "deposit"] {
        let of_kind = items(&anchor, &token, &[("kind", kind)]).await?;
        ensure!(!of_kind.is_empty() && of_kind.iter().all(|item| item["kind"] == kind));
    }
    let bad = asking("transactions", &[("asset_code", "BADCODE"), ("account", &account())]);
    assert_eq!(anchor.get(&bad, &token).await.status, 400);
    Ok(())
}

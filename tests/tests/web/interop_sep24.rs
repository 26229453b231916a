//! What the official test suite and real wallets expect of SEP-24, fact by fact, as they check it.

use actix_web::test::TestRequest;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{AttemptPurpose, Fact, Kind, OrderPurpose, Transaction};
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result};
use chrono::DateTime;
use serde_json::{Value, json};
use url::Url;

use super::sep24_lists::ids;
use super::sep24_transactions::{agreed, attempted, funded, logged_in, ordered, started};

const DEPOSIT: &str = "/sep24/transactions/deposit/interactive";
const WITHDRAW: &str = "/sep24/transactions/withdraw/interactive";

/// The ids that the suite invents.
const NO_ID: &str = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";

fn refused(answer: &Answer, status: u16) -> Result<()> {
    assert_eq!(answer.status, status, "{answer:?}");
    let body = answer.json()?;
    assert!(body["error"].is_string(), "{body}");
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_1_address_is_in_the_file() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let file = anchor.get("/.well-known/stellar.toml", "").await;
    let document: toml::Table = std::str::from_utf8(&file.body)?.parse()?;
    let address = document["TRANSFER_SERVER_SEP0024"].as_str().context("a text")?;
    assert!(address.starts_with("http://localhost") && !address.ends_with('/'), "{address}");
    assert_eq!(Url::parse(address)?.path(), "/sep24");
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_2_to_4_info_has_the_suites_schema_and_the_asset() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let answer = anchor.get("/sep24/info", "").await;
    assert_eq!(answer.status, 200);
    let info = answer.json()?;
    const NUMBERS: [&str; 5] = ["fee_fixed", "fee_minimum", "fee_percent", "min_amount", "max_amount"];
    for kind in ["deposit", "withdraw"] {
        for (code, entry) in info[kind].as_object().context("an object")? {
            assert!(entry["enabled"].is_boolean(), "{code}: {entry}");
            for (name, value) in entry.as_object().context("an object")? {
                let fits = name == "enabled" || (NUMBERS.contains(&name.as_str()) && value.is_number());
                assert!(fits, "{code}: {name} in {entry}");
            }
        }
        assert_eq!(info[kind]["USDC"]["enabled"], true);
    }
    assert!(info["fee"]["enabled"].is_boolean(), "{info}");
    Ok(())
}

/// Both start endpoints, and every kind of useless request, as the suite sends them: JSON.
#[actix_web::test]
async fn interop_sep24_5_to_8_sep24_10_to_12_fact_6_useless_starts_are_403_and_400() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let account = samples::user().account().to_string();
    for path in [DEPOSIT, WITHDRAW] {
        refused(&anchor.post(path, "", json!({ "asset_code": "USDC" })).await, 403)?;
        for body in [
            json!({ "account": account }),
            json!({ "account": "not a valid account", "asset_code": "USDC" }),
            json!({ "account": account, "asset_code": "NOT_SUPPORTED" }),
        ] {
            refused(&anchor.post(path, &token, body).await, 400)?;
        }
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_9_sep24_13_sep24_15_16_valid_starts_have_three_members_and_a_record() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for path in [DEPOSIT, WITHDRAW] {
        let account = samples::user().account().to_string();
        let answer = anchor.post(path, &token, json!({ "account": account, "asset_code": "USDC" })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json()?;
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(3), "{body}");
        assert_eq!(body["type"], "interactive_customer_info_needed");
        Url::parse(body["url"].as_str().context("url")?)?;
        let id = body["id"].as_str().context("id")?;
        let record = anchor.get(&format!("/sep24/transaction?id={id}"), &token).await;
        assert_eq!((record.status, &record.json()?["transaction"]["id"]), (200, &json!(id)));
    }
    Ok(())
}

/// Before the id is looked at: the suite sends none.
#[actix_web::test]
async fn interop_sep24_14_sep24_29_fact_6_missing_token_is_403_exactly() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for path in ["/sep24/transaction", "/sep24/transactions", "/sep24/transactions?asset_code=USDC"] {
        refused(&anchor.get(path, "").await, 403)?;
    }
    Ok(())
}

/// As the suite's JSON schema: every member that it knows has its type, and is not null where null is not allowed.
fn assert_schema(transaction: &Value, kind: &str, required: &[&str]) -> Result<()> {
    let shown = transaction.as_object().context("an object")?;
    let text = |name: &str| shown.get(name).and_then(Value::as_str);
    assert_eq!(text("kind"), Some(kind));
    assert!(text("id").is_some());
    Url::parse(text("more_info_url").context("more_info_url")?)?;
    let started_at = text("started_at").context("started_at")?;
    let party = if kind == "deposit" { "to" } else { "from" };
    assert!(text(party).is_some(), "{party}: {transaction}");
    for name in required {
        assert!(shown.contains_key(*name), "{name} is missing: {transaction}");
    }
    // what the suite cuts out of one answer it puts into the next question as it is
    assert!(started_at.ends_with('Z'), "{started_at}");
    for name in ["started_at", "completed_at", "updated_at"] {
        if let Some(time) = shown.get(name).filter(|time| !time.is_null()) {
            DateTime::parse_from_rfc3339(time.as_str().context(name)?)?;
        }
    }
    for name in ["amount_in", "amount_out", "amount_fee", "message", "stellar_transaction_id"] {
        assert!(shown.get(name).is_none_or(|value| value.is_string() || value.is_null()), "{name}");
    }
    assert!(shown.get("status_eta").is_none_or(|value| value.is_number() || value.is_null()));
    assert!(shown.get("refunded").is_none_or(|value| value.is_boolean() || value.is_null()));
    assert!(shown.get("refunds").is_none_or(|value| value.is_object() || value.is_null()));
    Ok(())
}

const AMOUNTS: [&str; 4] = ["amount_in", "amount_in_asset", "amount_out", "amount_out_asset"];
const WHERE_TO_PAY: [&str; 3] = ["withdraw_memo", "withdraw_memo_type", "withdraw_anchor_account"];
const ENDED: [&str; 2] = ["stellar_transaction_id", "completed_at"];

/// A deposit (or withdrawal) on each step that the suite is configured with.
async fn steps(anchor: &TestAnchor, token: &str, kind: Kind) -> Result<[Transaction; 3]> {
    let begun = started(anchor, token, if kind == Kind::Deposit { "deposit" } else { "withdraw" }).await?;
    let pending = agreed(anchor, token, kind, "100").await?;
    let funded = funded(anchor, &agreed(anchor, token, kind, "50").await?).await?;
    let completed = match kind {
        Kind::Deposit => attempted(anchor, &funded, AttemptPurpose::Payment).await?,
        Kind::Withdrawal => {
            let (paying, order) = ordered(anchor, &funded, OrderPurpose::Payout).await?;
            anchor.commit(&paying, Fact::PayoutDelivered { order, reference: None }).await?
        }
    };
    Ok([begun, pending, completed])
}

#[actix_web::test]
async fn interop_sep24_17_to_19_sep24_23_deposits_have_the_suites_schema_on_each_step() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let [begun, pending, completed] = steps(&anchor, &token, Kind::Deposit).await?;
    let shown = anchor.shown(&begun, &token).await?;
    assert_eq!(shown["status"], "incomplete");
    assert_schema(&shown, "deposit", &[])?;
    let shown = anchor.shown(&pending, &token).await?;
    assert!(shown["status"].as_str().is_some_and(|status| status.starts_with("pending_")), "{shown}");
    assert_schema(&shown, "deposit", &AMOUNTS)?;
    let shown = anchor.shown(&completed, &token).await?;
    assert_eq!(shown["status"], "completed");
    assert_schema(&shown, "deposit", &[&AMOUNTS[..], &ENDED].concat())?;
    let hash = shown["stellar_transaction_id"].as_str().context("a hash")?;
    let found = anchor.get(&format!("/sep24/transaction?stellar_transaction_id={hash}"), &token).await;
    assert_eq!((found.status, &found.json()?["transaction"]), (200, &shown));
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_20_to_22_sep24_24_withdrawals_have_the_suites_schema_on_each_step() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let [begun, pending, completed] = steps(&anchor, &token, Kind::Withdrawal).await?;
    let shown = anchor.shown(&begun, &token).await?;
    assert_eq!(shown["status"], "incomplete");
    assert_schema(&shown, "withdrawal", &[])?;
    let shown = anchor.shown(&pending, &token).await?;
    assert_eq!(shown["status"], "pending_user_transfer_start");
    let required = [&AMOUNTS[..], &WHERE_TO_PAY].concat();
    assert_schema(&shown, "withdrawal", &required)?;
    let shown = anchor.shown(&completed, &token).await?;
    assert_eq!(shown["status"], "completed");
    assert_schema(&shown, "withdrawal", &[&required[..], &ENDED].concat())?;
    let hash = shown["stellar_transaction_id"].as_str().context("a hash")?;
    let found = anchor.get(&format!("/sep24/transaction?stellar_transaction_id={hash}"), &token).await;
    assert_eq!((found.status, &found.json()?["transaction"]), (200, &shown));
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_25_more_info_is_a_page_for_everybody_with_the_address() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let deposit = started(&anchor, &token, "deposit").await?;
    let shown = anchor.shown(&deposit, &token).await?;
    let url = Url::parse(shown["more_info_url"].as_str().context("more_info_url")?)?;
    let path = &url[url::Position::BeforePath..];
    let page = anchor.get(path, "").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").contains("text/html"), "{page:?}");
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_26_to_28_what_nobody_has_is_404() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    started(&anchor, &token, "deposit").await?;
    let hash = format!("0215{}e999", "0".repeat(56));
    for query in [
        format!("id={NO_ID}"),
        format!("external_transaction_id={NO_ID}"),
        format!("stellar_transaction_id={hash}"),
    ] {
        refused(&anchor.get(&format!("/sep24/transaction?{query}"), &token).await, 404)?;
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_30_to_33_lists_hold_what_was_started_each_with_the_suites_schema() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let deposits = steps(&anchor, &token, Kind::Deposit).await?;
    let withdrawals = steps(&anchor, &token, Kind::Withdrawal).await?;
    let answer = anchor.get("/sep24/transactions?asset_code=USDC", &token).await;
    assert_eq!(answer.status, 200);
    let list = answer.json()?["transactions"].take();
    let list = list.as_array().context("a list")?;
    for transaction in deposits.iter().chain(&withdrawals) {
        let id = transaction.id.to_string();
        assert!(list.iter().any(|shown| shown["id"] == *id), "{id} is missing");
    }
    for shown in list {
        assert_schema(shown, shown["kind"].as_str().context("kind")?, &[])?;
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_34_account_without_transactions_has_an_empty_list() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    started(&anchor, &token, "deposit").await?;
    let nobody = anchor.log_in(&SigningKey::from_seed([77; 32])).await?;
    let answer = anchor.get("/sep24/transactions?asset_code=USDC", &nobody).await;
    assert_eq!((answer.status, answer.json()?), (200, json!({ "transactions": [] })));
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_35_to_37_fact_11_lists_are_limited_and_newest_first_and_times_are_put_back_as_printed()
-> Result<()> {
    let (anchor, token) = logged_in().await?;
    for _ in 0..4 {
        started(&anchor, &token, "deposit").await?;
    }
    assert_eq!(ids(&anchor, &token, "&limit=1").await?.len(), 1);
    let list = anchor.get("/sep24/transactions?asset_code=USDC", &token).await.json()?;
    let list = list["transactions"].as_array().context("a list")?;
    let times: Vec<&str> = list.iter().filter_map(|shown| shown["started_at"].as_str()).collect();
    assert_eq!(times.len(), 4);
    assert!(times.iter().all(|time| *time <= times[0]) && times.is_sorted_by(|a, b| a >= b), "{times:?}");
    // the second oldest, not encoded: it and all that are newer
    let since = format!("/sep24/transactions?asset_code=USDC&no_older_than={}", times[2]);
    let since = anchor.get(&since, &token).await.json()?;
    let since = since["transactions"].as_array().context("a list")?;
    let since: Vec<&str> = since.iter().filter_map(|shown| shown["started_at"].as_str()).collect();
    assert_eq!(since, times[..3]);
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_38_39_kinds_are_kept_apart() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for kind in ["deposit", "withdraw"] {
        started(&anchor, &token, kind).await?;
    }
    for kind in ["withdrawal", "deposit"] {
        let path = format!("/sep24/transactions?asset_code=USDC&kind={kind}");
        let list = anchor.get(&path, &token).await.json()?;
        let list = list["transactions"].as_array().context("a list")?;
        assert!(!list.is_empty() && list.iter().all(|shown| shown["kind"] == kind), "{list:?}");
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep24_40_bad_asset_code_is_400() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    refused(&anchor.get("/sep24/transactions?asset_code=BADCODE", &token).await, 400)
}

/// It adds its language to every question.
#[actix_web::test]
async fn interop_part_8_1_wallet_sdk_asks_with_language_and_gets_the_same() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let body =
        json!({ "asset_code": "USDC", "lang": "en", "account": samples::user().account().to_string() });
    let begun = anchor.start("deposit", &token, body).await?;
    let plain = anchor.get(&format!("/sep24/transaction?id={}", begun.id), &token).await;
    let tongue = anchor.get(&format!("/sep24/transaction?id={}&lang=en", begun.id), &token).await;
    assert_eq!((tongue.status, tongue.body), (200, plain.body));
    assert_eq!(anchor.get("/sep24/info?lang=en", "").await.status, 200);
    assert_eq!(anchor.get("/sep24/transactions?asset_code=USDC&lang=en", &token).await.status, 200);
    Ok(())
}

/// Its form, with every field that it has, and all that it reads afterwards.
#[actix_web::test]
async fn interop_part_8_3_demo_wallet_starts_by_multipart_and_reads_where_to_pay() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let user = samples::user().account().to_string();
    let mut body = String::new();
    for (name, value) in
        [("asset_code", "USDC"), ("account", &user), ("lang", "en"), ("claimable_balance_supported", "false")]
    {
        body += &format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--x--\r\n";
    for path in [DEPOSIT, WITHDRAW] {
        let request = TestRequest::post()
            .uri(path)
            .insert_header(("authorization", format!("Bearer {token}")))
            .insert_header(("content-type", "multipart/form-data; boundary=x"))
            .set_payload(body.clone());
        let answer = anchor.call(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let shown = anchor.shown(&agreed(&anchor, &token, Kind::Withdrawal, "100").await?, &token).await?;
    for name in ["status", "more_info_url", "amount_in"].iter().chain(&WHERE_TO_PAY) {
        assert!(shown[*name].is_string(), "{name}: {shown}");
    }
    Ok(())
}

//! What the official test suite and the demo wallet expect of SEP-31, fact by fact, as they check it.

use actix_web::test::TestRequest;
use anchor_core::account::AccountId;
use anchor_core::asset::{Asset, ReceiveQuotes};
use anchor_core::clock::parse_utc;
use anchor_core::memo::Memo;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::sep31::{TRANSACTIONS, asset, receiving, receiving_with};

async fn sender() -> Result<(TestAnchor, String)> {
    let anchor = receiving(&[]).await?;
    let query = format!("account={}&memo=1", samples::user().account());
    let token = anchor.log_in_as(&query, &samples::user()).await?;
    Ok((anchor, token))
}

/// The suite's body; it sends the way to pay whether anybody asked for it or not.
fn body() -> Value {
    json!({ "amount": 100, "asset_code": "USDC", "funding_method": "SEPA", "fields": { "transaction": {} } })
}

/// 201, those four members, and a memo that is one of its type.
fn created(answer: &Answer) -> Result<Value> {
    ensure!(answer.status == 201, "{answer:?}");
    let body = answer.json()?;
    let known = ["id", "stellar_account_id", "stellar_memo_type", "stellar_memo"];
    let members = body.as_object().context("an object")?;
    ensure!(members.keys().all(|name| known.contains(&name.as_str())), "unknown members in {body}");
    ensure!(members.values().all(Value::is_string), "no nulls in {body}");
    let text = |name: &str| body[name].as_str().with_context(|| format!("{name} in {body}"));
    text("stellar_account_id")?.parse::<AccountId>()?;
    Memo::parse(text("stellar_memo_type")?, text("stellar_memo")?)?;
    Ok(body)
}

/// What the suite's schema of the transaction says.
fn complies(answer: &Answer, id: &Value) -> Result<()> {
    ensure!(answer.status == 200, "{answer:?}");
    let body = answer.json()?;
    let members = body.as_object().context("an object")?;
    ensure!(members.len() == 1 && members.contains_key("transaction"), "{body}");
    let transaction = &body["transaction"];
    ensure!(transaction["id"] == *id, "{body}");
    let statuses = [
        "pending_sender",
        "pending_stellar",
        "pending_customer_info_update",
        "pending_transaction_info_update",
        "pending_receiver",
        "pending_external",
        "completed",
        "error",
    ];
    ensure!(transaction["status"].as_str().is_some_and(|status| statuses.contains(&status)), "{body}");
    parse_utc(transaction["started_at"].as_str().context("a time")?)?;
    ensure!(["text", "id", "hash"].contains(&transaction["stellar_memo_type"].as_str().context("a type")?));
    ensure!(transaction["refunded"].is_boolean());
    Ok(())
}

#[actix_web::test]
async fn interop_sep31_1_address_of_the_server_is_published() -> Result<()> {
    let (anchor, _) = sender().await?;
    let toml = anchor.get("/.well-known/stellar.toml", "").await;
    let toml: toml::Table = std::str::from_utf8(&toml.body)?.parse()?;
    let address = toml["DIRECT_PAYMENT_SERVER"].as_str().context("an address")?;
    assert!(!address.ends_with('/'), "{address}");
    Ok(())
}

#[actix_web::test]
async fn interop_sep31_2_3_4_r_31_029_info_has_the_suites_schema_and_the_asset_is_enabled() -> Result<()> {
    let (anchor, _) = sender().await?;
    let answer = anchor.get("/sep31/info", "").await;
    assert_eq!(answer.status, 200);
    let info = answer.json()?;
    for (code, asset) in info["receive"].as_object().context("an object")? {
        assert_eq!(asset["enabled"], true, "{code}");
        for name in ["fee_fixed", "fee_percent", "min_amount", "max_amount"] {
            assert!(asset[name].is_number(), "{name} in {asset}");
        }
        assert!(asset["funding_methods"].is_array());
        let sep12 = asset["sep12"].as_object().context("an object")?;
        let parties: Vec<&str> = sep12.keys().map(String::as_str).collect();
        assert_eq!(parties, ["receiver", "sender"]);
        for party in sep12.values() {
            let types = party["types"].as_object().context("types")?;
            assert!(types.values().all(|each| each["description"].is_string()));
        }
        let fields = asset["fields"].as_object().context("an object")?;
        assert!(fields.len() == 1 && fields["transaction"].is_object(), "the demo wallet wants it: {asset}");
    }
    assert_eq!(info["receive"]["USDC"]["enabled"], true);
    Ok(())
}

#[actix_web::test]
async fn interop_sep31_5_fact_6_start_without_a_token_is_403_whatever_it_sends() -> Result<()> {
    let (anchor, _) = sender().await?;
    let sent =
        TestRequest::post().uri(TRANSACTIONS).insert_header(("content-type", "text/plain")).set_payload("{}");
    let answer = anchor.call(sent).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.json()?["error"].is_string());
    Ok(())
}

#[actix_web::test]
async fn interop_sep31_6_9_10_payment_is_started_and_read_again() -> Result<()> {
    let (anchor, token) = sender().await?;
    let started = created(&anchor.post(TRANSACTIONS, &token, body()).await)?;
    let id = started["id"].as_str().context("an id")?;
    complies(&anchor.get(&format!("{TRANSACTIONS}/{id}"), &token).await, &started["id"])?;
    // the suite asks again and again for the same
    let again = created(&anchor.post(TRANSACTIONS, &token, body()).await)?;
    assert_ne!(again["id"], started["id"]);
    Ok(())
}

#[actix_web::test]
async fn interop_sep31_6_start_without_a_required_quote_is_400() -> Result<()> {
    let required = asset(|receive| receive.quotes = ReceiveQuotes::Required);
    let anchor = receiving_with(&[], required, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let answer = anchor.post(TRANSACTIONS, &token, body()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()?["error"].is_string());
    Ok(())
}

#[actix_web::test]
async fn interop_sep31_7_8_amount_and_asset_are_required() -> Result<()> {
    let (anchor, token) = sender().await?;
    for name in ["amount", "asset_code"] {
        let mut without = body();
        without.as_object_mut().context("an object")?.remove(name);
        let answer = anchor.post(TRANSACTIONS, &token, without).await;
        assert_eq!(answer.status, 400, "{name}");
        assert!(answer.json()?["error"].is_string());
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep31_11_id_that_is_none_is_404() -> Result<()> {
    let (anchor, token) = sender().await?;
    let answer = anchor.get("/sep31/transactions/not-an-id", &token).await;
    assert_eq!(answer.status, 404);
    assert!(answer.json()?["error"].is_string());
    Ok(())
}

/// The suite's way to pay is the one that it quotes: the first of the asset that is bought.
fn by_sepa() -> Asset {
    asset(|receive| receive.offer.funding_methods = vec!["SEPA".to_owned()])
}

#[actix_web::test]
async fn interop_sep31quotes_1_2_3_quote_of_the_account_is_good_for_its_customer() -> Result<()> {
    let anchor = receiving_with(&[], by_sepa(), |builder| builder).await?;
    let plain = anchor.log_in(&samples::user()).await?;
    let query = format!("account={}&memo=1", samples::user().account());
    let sender = anchor.log_in_as(&query, &samples::user()).await?;
    let wanted = json!({
        "sell_asset": format!("stellar:{}", samples::token()), "buy_asset": "iso4217:EUR", "sell_amount": "100",
        "buy_delivery_method": "SEPA", "context": "sep31",
    });
    let quote = anchor.post("/sep38/quote", &plain, wanted).await;
    assert_eq!(quote.status, 201, "{quote:?}");
    let mut with_quote = body();
    with_quote["quote_id"] = quote.json()?["id"].clone();
    let started = created(&anchor.post(TRANSACTIONS, &sender, with_quote).await)?;
    let id = started["id"].as_str().context("an id")?;
    complies(&anchor.get(&format!("{TRANSACTIONS}/{id}"), &sender).await, &started["id"])?;
    Ok(())
}

/// It sends the amount as a string, no way to pay, and looks for the address in the answer to that.
#[actix_web::test]
async fn interop_part_8_3_demo_wallet_pays_as_it_is_told_at_once() -> Result<()> {
    let anchor = receiving_with(&[], by_sepa(), |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let body = json!({ "amount": "100", "asset_code": "USDC", "fields": { "transaction": {} } });
    let started = created(&anchor.post(TRANSACTIONS, &token, body).await)?;
    assert_eq!(started.as_object().map(serde_json::Map::len), Some(4));
    Ok(())
}

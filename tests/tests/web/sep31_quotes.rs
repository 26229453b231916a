//! Payments of other anchors with a quote, which says everything that is not said.

use std::time::Duration;

use anchor_core::testing::fakes::samples;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::sep31::{
    TRANSACTIONS, announced, assert_refused, asset, count, logged_in, receiving, receiving_with, rival,
    shown, stored, taken,
};
use crate::sep31_start::{keyed, refused};

/// Tokens for what `money` is worth.
async fn quoted(anchor: &TestAnchor, token: &str, extra: Value) -> Result<Value> {
    let mut body = json!({
        "sell_asset": format!("stellar:{}", samples::token()), "buy_asset": "iso4217:BRL", "sell_amount": "101",
        "buy_delivery_method": "PIX", "context": "sep31",
    });
    let (Value::Object(members), Value::Object(extra)) = (&mut body, extra) else { unreachable!() };
    members.extend(extra);
    members.retain(|_, value| !value.is_null());
    let answer = anchor.post("/sep38/quote", token, body).await;
    anyhow::ensure!(answer.status == 201, "{answer:?}");
    answer.json()
}

fn with(quote: &Value, extra: Value) -> Value {
    let mut body = json!({ "quote_id": quote["id"], "amount": "101", "funding_method": null });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

#[actix_web::test]
async fn r_31_036_r_31_037_r_31_060_r_31_064_r_31_074_quote_says_everything_that_is_not_said() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let quote = quoted(&anchor, &token, json!({})).await?;
    let answer = taken(&anchor, &token, with(&quote, json!({}))).await?;
    let shown = shown(&anchor, &token, &answer).await?;
    assert_eq!(shown["status"], "pending_sender");
    assert_eq!((&shown["quote_id"], &shown["amount_in"]), (&quote["id"], &quote["sell_amount"]));
    assert_eq!(
        (&shown["amount_out"], &shown["amount_out_asset"]),
        (&quote["buy_amount"], &quote["buy_asset"])
    );
    assert_eq!(
        (&shown["amount_fee"], &shown["amount_fee_asset"]),
        (&quote["fee"]["total"], &quote["fee"]["asset"])
    );
    assert_eq!(shown["fee_details"], quote["fee"]);
    assert_eq!(shown["amount_in_asset"], quote["sell_asset"]);
    let kept = stored(&anchor, &answer).await?;
    assert_eq!(kept.request.funding_method.as_deref(), Some("PIX"));
    assert_eq!(kept.deadline.map(anchor_core::clock::format_utc).as_deref(), quote["expires_at"].as_str());
    // all of it may be said as well
    let quote = quoted(&anchor, &token, json!({})).await?;
    let all = json!({
        "amount": 101, "asset_issuer": samples::issuer().account().to_string(), "destination_asset": "iso4217:BRL",
        "funding_method": "PIX",
    });
    taken(&anchor, &token, with(&quote, all)).await?;
    Ok(())
}

#[actix_web::test]
async fn r_31_036_whatever_else_is_said_has_to_agree_with_the_quote() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let quote = quoted(&anchor, &token, json!({})).await?;
    let wrong = [
        json!({ "amount": 100 }),
        json!({ "amount": "101.0000001" }),
        json!({ "amount": null }),
        json!({ "destination_asset": "iso4217:USD" }),
        json!({ "destination_asset": "iso4217:EUR" }),
        json!({ "asset_code": "native" }),
        json!({ "asset_issuer": samples::user().account().to_string() }),
        json!({ "funding_method": "SEPA" }),
        json!({ "funding_method": "TED" }),
    ];
    refused(&anchor, &token, wrong.map(|extra| with(&quote, extra))).await?;
    // a way that is quoted, and not one of the asset's
    let ted = quoted(&anchor, &token, json!({ "buy_delivery_method": "TED" })).await?;
    refused(&anchor, &token, [with(&ted, json!({}))]).await?;
    // nothing of this has used it
    taken(&anchor, &token, with(&quote, json!({}))).await?;
    Ok(())
}

#[actix_web::test]
async fn peer_r_31_037_quote_is_used_once_by_its_owner_before_its_end_and_for_this() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let rivals = anchor.log_in(&rival()).await?;
    let quote = quoted(&anchor, &token, json!({})).await?;
    refused(&anchor, &rivals, [with(&quote, json!({}))]).await?;
    for id in ["9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "1", "\u{0}", "' OR 1=1 --"] {
        refused(&anchor, &token, [json!({ "quote_id": id })]).await?;
    }
    for context in ["sep6", "sep24"] {
        let elsewhere = quoted(&anchor, &token, json!({ "context": context })).await?;
        refused(&anchor, &token, [with(&elsewhere, json!({}))]).await?;
    }
    let reals = json!({
        "sell_asset": "iso4217:BRL", "buy_asset": format!("stellar:{}", samples::token()), "sell_amount": "543",
        "sell_delivery_method": "PIX", "buy_delivery_method": null,
    });
    let other_way = quoted(&anchor, &token, reals).await?;
    refused(&anchor, &token, [with(&other_way, json!({ "amount": 543 }))]).await?;
    // beyond what is taken
    let large = quoted(&anchor, &token, json!({ "sell_amount": "10000.1" })).await?;
    refused(&anchor, &token, [with(&large, json!({ "amount": "10000.1" }))]).await?;
    anchor.clock.advance(Duration::from_secs(60));
    refused(&anchor, &token, [with(&quote, json!({}))]).await?;
    let fresh = quoted(&anchor, &token, json!({})).await?;
    anchor.clock.advance(Duration::from_micros(59_999_999));
    taken(&anchor, &token, with(&fresh, json!({}))).await?;
    Ok(())
}

#[actix_web::test]
async fn r_31_037_r_31_043_request_with_a_quote_is_the_same_payment_when_it_comes_again() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let quote = quoted(&anchor, &token, json!({})).await?;
    let body = || announced(with(&quote, json!({})));
    let answers = join_all((0..6).map(|_| anchor.post(TRANSACTIONS, &token, body()))).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &answers[0].body));
    }
    anchor.clock.advance(Duration::from_secs(3600));
    let late = anchor.post(TRANSACTIONS, &token, body()).await;
    assert_eq!((late.status, &late.body), (201, &answers[0].body), "a lost answer is not lost for ever");
    assert_eq!(count(&anchor).await?, 1);
    let used = anchor.anchor.store().quote_used_by(quote["id"].as_str().context("an id")?.parse()?).await?;
    assert_eq!(used.context("used")?.to_string(), answers[0].json()?["id"]);
    // another request with it is another use
    let other = anchor.post(
        TRANSACTIONS,
        &token,
        announced(with(&quote, json!({ "refund_memo": "1", "refund_memo_type": "id" }))),
    );
    assert_refused(&other.await, "another request");
    assert_eq!(
        keyed(&anchor, &token, "a", with(&quote, json!({}))).await.status,
        400,
        "under a key of its own"
    );
    Ok(())
}

#[actix_web::test]
async fn r_31_024_r_31_036_quote_may_be_required() -> Result<()> {
    let required = asset(|receive| receive.quotes = anchor_core::asset::ReceiveQuotes::Required);
    let anchor = receiving_with(&[], required, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    refused(&anchor, &token, [json!({}), json!({ "destination_asset": "iso4217:USD" })]).await?;
    let quote = quoted(&anchor, &token, json!({})).await?;
    taken(&anchor, &token, with(&quote, json!({}))).await?;
    Ok(())
}

#[actix_web::test]
async fn peer_quotes_of_the_account_are_for_its_customers_and_not_the_other_way_round() -> Result<()> {
    let anchor = receiving(&[]).await?;
    let account = samples::user().account();
    let own = anchor.log_in(&samples::user()).await?;
    let one = anchor.log_in_as(&format!("account={account}&memo=1"), &samples::user()).await?;
    let two = anchor.log_in_as(&format!("account={account}&memo=2"), &samples::user()).await?;
    let of_account = quoted(&anchor, &own, json!({})).await?;
    let of_one = quoted(&anchor, &one, json!({})).await?;
    refused(&anchor, &two, [with(&of_one, json!({}))]).await?;
    refused(&anchor, &own, [with(&of_one, json!({}))]).await?;
    taken(&anchor, &one, with(&of_account, json!({}))).await?;
    refused(&anchor, &two, [with(&of_account, json!({}))]).await?;
    Ok(())
}

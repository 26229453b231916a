//! Quotes as SEP-24 uses them: once, by their owner, before their end, and for nothing else than what was quoted.

use std::time::Duration;

use anchor_core::amount::Amount;
use anchor_core::fee::FeeSchedule;
use anchor_core::integration::Agreement;
use anchor_core::keys::SigningKey;
use anchor_core::ops::form::{Closed, agree, preview};
use anchor_core::quote::{QuoteFee, Side};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::Transaction;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result, bail};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::sep38::{assert_refused, quoting, usdc, wanted};

const DEPOSIT: &str = "/sep24/transactions/deposit/interactive";
const WITHDRAW: &str = "/sep24/transactions/withdraw/interactive";

async fn logged_in() -> Result<(TestAnchor, String)> {
    let (anchor, _) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token))
}

async fn quote(anchor: &TestAnchor, token: &str, body: Value) -> Result<Value> {
    let answer = anchor.post("/sep38/quote", token, wanted(body)).await;
    anyhow::ensure!(answer.status == 201, "{answer:?}");
    answer.json()
}

/// Tokens for reals.
fn selling() -> Value {
    json!({
        "sell_asset": usdc(), "buy_asset": "iso4217:BRL", "sell_amount": "101", "sell_delivery_method": null,
        "buy_delivery_method": "PIX",
    })
}

fn with(quote: &Value, extra: Value) -> Value {
    let mut body = json!({ "asset_code": "USDC", "quote_id": quote["id"] });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

async fn agreed(anchor: &TestAnchor, transaction: &Transaction, amount: &str) -> Result<Transaction> {
    match agree(&anchor.anchor, transaction, Agreement::new(amount.parse()?)).await? {
        Closed::Finished(transaction) => Ok(transaction),
        other => bail!("not agreed: {other:?}"),
    }
}

#[actix_web::test]
async fn r_24_138_r_24_139_r_24_125_r_38_082_quote_says_amounts_assets_and_fee_from_the_beginning()
-> Result<()> {
    let (anchor, token) = logged_in().await?;
    let quote = quote(&anchor, &token, json!({})).await?;
    let body = with(
        &quote,
        json!({
            "asset_issuer": samples::issuer().account().to_string(), "source_asset": "iso4217:BRL", "amount": "543.00",
        }),
    );
    let started = anchor.start("deposit", &token, body).await?;
    let shown = anchor.shown(&started, &token).await?;
    let expected = json!({
        "status": "incomplete", "quote_id": quote["id"], "amount_in": "543", "amount_in_asset": "iso4217:BRL",
        "amount_out": "100", "amount_out_asset": usdc(), "amount_fee": "1", "amount_fee_asset": "iso4217:BRL",
        "fee_details": {
            "total": "1", "asset": "iso4217:BRL", "breakdown": [{ "name": "Fixed fee", "amount": "1" }],
        },
        "user_action_required_by": quote["expires_at"],
    });
    for (name, value) in expected.as_object().context("an object")? {
        assert_eq!(&shown[name], value, "{name}");
    }
    assert_eq!(started.request.funding_method.as_deref(), Some("PIX"), "for the business's pages");
    // the page asks for no other amount, and no other one is agreed on
    let price = preview(&anchor.anchor, &started, "543").map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
    assert_eq!(Some(&price), started.amounts.as_ref());
    for other in ["542.99", "543.01", "1"] {
        assert!(preview(&anchor.anchor, &started, other).is_err());
        let impossible = agree(&anchor.anchor, &started, Agreement::new(other.parse()?)).await?;
        assert!(matches!(impossible, Closed::Impossible(_)), "{other}");
    }
    let agreed = agreed(&anchor, &started, "543").await?;
    let shown = anchor.shown(&agreed, &token).await?;
    assert_eq!(shown["status"], "pending_user_transfer_start");
    for name in
        ["quote_id", "amount_in", "amount_out", "amount_fee", "fee_details", "user_action_required_by"]
    {
        assert_eq!(shown[name], expected[name], "{name}");
    }
    Ok(())
}

#[actix_web::test]
async fn fee_may_be_in_the_bought_asset() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    quotes.charge(
        QuoteFee::Schedule(FeeSchedule { fixed: "2.5".parse()?, ..FeeSchedule::default() }),
        Side::Buy,
    );
    let quote = quote(&anchor, &token, selling()).await?;
    let started = anchor.start("withdraw", &token, with(&quote, json!({}))).await?;
    let agreed = agreed(&anchor, &started, "101").await?;
    let shown = anchor.shown(&agreed, &token).await?;
    assert_eq!((&shown["amount_fee"], &shown["amount_fee_asset"]), (&json!("2.5"), &json!("iso4217:BRL")));
    assert_eq!(shown["fee_details"]["asset"], "iso4217:BRL");
    assert_eq!(shown["amount_out"], quote["buy_amount"]);
    Ok(())
}

#[actix_web::test]
async fn r_24_031_t_24_07_everything_else_that_is_said_has_to_agree_with_the_quote() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let bought = quote(&anchor, &token, json!({})).await?;
    let sold = quote(&anchor, &token, selling()).await?;
    let stranger = SigningKey::from_seed([9; 32]).account().to_string();
    for extra in [
        json!({ "asset_code": "native" }),
        json!({ "asset_issuer": stranger }),
        json!({ "source_asset": "iso4217:USD", "destination_asset": "iso4217:USD" }),
        json!({ "source_asset": usdc(), "destination_asset": usdc() }),
        json!({ "amount": "542" }),
        json!({ "amount": "100" }),
        json!({ "amount": "543.0000001" }),
        json!({ "amount": "NaN" }),
    ] {
        for (path, quote) in [(DEPOSIT, &bought), (WITHDRAW, &sold)] {
            let body = with(quote, extra.clone());
            assert_refused(&anchor.post(path, &token, body.clone()).await, &body.to_string());
        }
    }
    // nothing of this has used them
    assert_eq!(anchor.post(DEPOSIT, &token, with(&bought, json!({}))).await.status, 200);
    let good = json!({ "amount": "101", "destination_asset": "iso4217:BRL" });
    assert_eq!(anchor.post(WITHDRAW, &token, with(&sold, good)).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn peer_r_24_032_r_38_083_quote_is_its_owners_of_this_protocol_and_direction_and_not_at_its_end()
-> Result<()> {
    let (anchor, token) = logged_in().await?;
    let other = anchor.log_in(&SigningKey::from_seed([9; 32])).await?;
    let own = quote(&anchor, &token, json!({})).await?;
    assert_refused(&anchor.post(DEPOSIT, &other, with(&own, json!({}))).await, "another user");
    assert_refused(&anchor.post(WITHDRAW, &token, with(&own, json!({}))).await, "another direction");
    for id in ["9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "1", "\u{0}", "' OR 1=1 --"] {
        let body = json!({ "asset_code": "USDC", "quote_id": id });
        assert_refused(&anchor.post(DEPOSIT, &token, body).await, id);
    }
    for context in ["sep6", "sep31"] {
        let elsewhere = quote(&anchor, &token, json!({ "context": context })).await?;
        assert_refused(&anchor.post(DEPOSIT, &token, with(&elsewhere, json!({}))).await, context);
    }
    // beyond what /info allows of the token
    let large = quote(&anchor, &token, json!({ "sell_amount": null, "buy_amount": "1000.01" })).await?;
    assert_refused(&anchor.post(DEPOSIT, &token, with(&large, json!({}))).await, "too large");
    anchor.clock.advance(Duration::from_secs(60));
    assert_refused(&anchor.post(DEPOSIT, &token, with(&own, json!({}))).await, "ended");
    let fresh = quote(&anchor, &token, json!({})).await?;
    anchor.clock.advance(Duration::from_micros(59_999_999));
    assert_eq!(anchor.post(DEPOSIT, &token, with(&fresh, json!({}))).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn peer_r_38_083_firm_quote_is_used_once_also_by_many_at_once() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let one = quote(&anchor, &token, json!({})).await?;
    let starts = (0..6).map(|_| anchor.post(DEPOSIT, &token, with(&one, json!({}))));
    let mut statuses: Vec<_> = join_all(starts).await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400, 400, 400]);
    let used = anchor.anchor.store().quote_used_by(one["id"].as_str().context("an id")?.parse()?).await?;
    let listed = anchor.get("/sep24/transactions?asset_code=USDC", &token).await.json()?;
    assert_eq!(listed["transactions"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["transactions"][0]["id"], used.context("used")?.to_string());
    Ok(())
}

#[actix_web::test]
async fn r_38_085_flow_that_is_not_finished_ends_with_the_quote() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let quote = quote(&anchor, &token, json!({})).await?;
    let started = anchor.start("deposit", &token, with(&quote, json!({}))).await?;
    assert_eq!(started.deadline.map(anchor_core::clock::format_utc).as_deref(), quote["expires_at"].as_str());
    anchor.clock.advance(Duration::from_secs(60));
    let amount: Amount = "543".parse()?;
    let late = agree(&anchor.anchor, &started, Agreement::new(amount)).await?;
    assert!(matches!(late, Closed::TooLate(_)));
    Ok(())
}

/// The bank may still show what came in time.
#[actix_web::test]
async fn page_of_a_deposit_whose_quote_has_ended_looks_for_news_and_tells_nobody_to_pay() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let quote = quote(&anchor, &token, json!({})).await?;
    let started = anchor.start("deposit", &token, with(&quote, json!({}))).await?;
    agreed(&anchor, &started, "543").await?;
    let page = async || -> Result<String> {
        let shown = anchor.shown(&started, &token).await?;
        let url: url::Url = shown["more_info_url"].as_str().context("a page")?.parse()?;
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        Ok(String::from_utf8(anchor.get(&path, "").await.body.to_vec())?)
    };
    let awaited = page().await?;
    assert!(awaited.contains("data-live") && awaited.contains("How to send the money"), "{awaited}");
    anchor.clock.advance(Duration::from_secs(60));
    let over = page().await?;
    assert!(
        over.contains("data-live") && over.contains("Expired") && !over.contains("How to send the money"),
        "{over}"
    );
    Ok(())
}

#[actix_web::test]
async fn quotes_are_refused_where_none_are_given() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let body = json!({ "asset_code": "USDC", "quote_id": "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d" });
    let answer = anchor.post(DEPOSIT, &token, body).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error()?.contains("gives no quotes"));
    Ok(())
}

//! `POST /quote` and `GET /quote/:id`.

use std::time::Duration;

use anchor_core::account::Account;
use anchor_core::clock::{Clock as _, parse_utc};
use anchor_core::fee::FeeSchedule;
use anchor_core::keys::SigningKey;
use anchor_core::ops::quote::release;
use anchor_core::quote::{QuoteAsset, QuoteDesk, QuoteFee, Side};
use anchor_core::testing::fakes::samples;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sep38::{assert_refused, price_of, quoting, usdc, wanted};

const QUOTE: &str = "/sep38/quote";

async fn logged_in() -> Result<(TestAnchor, String)> {
    let (anchor, _) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token))
}

async fn made(anchor: &TestAnchor, token: &str, body: Value) -> Result<Value> {
    let answer = anchor.post(QUOTE, token, wanted(body.clone())).await;
    anyhow::ensure!(answer.status == 201, "{body}: {answer:?}");
    answer.json()
}

async fn refused(anchor: &TestAnchor, token: &str, bodies: impl IntoIterator<Item = Value>) {
    for body in bodies {
        assert_refused(&anchor.post(QUOTE, token, wanted(body.clone())).await, &body.to_string());
    }
}

#[actix_web::test]
async fn r_38_070_r_38_071_r_38_077_promise_has_all_members_and_no_others() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let quote = made(&anchor, &token, json!({})).await?;
    let id = quote["id"].as_str().context("an id")?;
    assert_eq!(
        quote,
        json!({
            "id": id, "expires_at": "2026-01-01T00:01:00.000000Z", "total_price": "5.43", "price": "5.42",
            "sell_asset": "iso4217:BRL", "sell_amount": "543", "buy_asset": usdc(), "buy_amount": "100",
            "fee": {
                "total": "1", "asset": "iso4217:BRL",
                "details": [{ "name": "Fixed fee", "amount": "1" }],
            },
            "sell_delivery_method": "PIX",
        })
    );
    let stored = anchor.anchor.store().quote_fetch(id.parse()?).await?.context("stored")?;
    assert_eq!(stored.subject.key(), samples::user().account().to_string());
    assert_eq!((stored.context.as_str(), stored.source.as_str()), ("sep24", "a script"));
    assert_eq!(stored.inputs.sell_delivery_method.as_deref(), Some("PIX"));
    assert_eq!(anchor.anchor.store().quote_reserved(&samples::token().into()).await?, 1_000_000_000);
    // a method that was not sent is not answered, although there is only one
    let euros = json!({ "sell_asset": "iso4217:EUR", "sell_delivery_method": null });
    let quote = made(&anchor, &token, euros).await?;
    assert!(quote.get("sell_delivery_method").is_none() && quote.get("buy_delivery_method").is_none());
    Ok(())
}

#[actix_web::test]
async fn r_38_064_r_38_065_r_38_042_body_names_assets_one_amount_and_the_context() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for name in ["sell_asset", "buy_asset", "sell_amount", "context"] {
        refused(&anchor, &token, [json!({ name: null }), json!({ name: "" })]).await;
    }
    refused(
        &anchor,
        &token,
        [
            json!({ "buy_amount": "100" }),
            json!({ "context": "sep10" }),
            json!({ "context": "SEP24" }),
            json!({ "sell_amount": "543.001" }),
            json!({ "sell_amount": "1" }),
            json!({ "sell_amount": true }),
            json!({ "sell_asset": 1 }),
        ],
    )
    .await;
    for context in ["sep6", "sep24", "sep31"] {
        made(&anchor, &token, json!({ "context": context })).await?;
    }
    let bought = made(&anchor, &token, json!({ "sell_amount": null, "buy_amount": "33.33" })).await?;
    assert_eq!(bought["buy_amount"], "33.33");
    assert_eq!(made(&anchor, &token, json!({ "sell_amount": 543 })).await?["sell_amount"], "543");
    Ok(())
}

#[actix_web::test]
async fn r_38_066_r_38_067_delivery_method_is_that_of_the_money() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let sold = json!({ "sell_asset": usdc(), "buy_asset": "iso4217:BRL", "sell_amount": "100", "sell_delivery_method": null });
    let with = |extra: Value| {
        let mut body = sold.clone();
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    refused(
        &anchor,
        &token,
        [
            json!({ "sell_delivery_method": null }),
            json!({ "sell_delivery_method": "SEPA" }),
            json!({ "sell_delivery_method": "PIX", "buy_delivery_method": "PIX" }),
            json!({ "sell_delivery_method": null, "buy_delivery_method": "PIX" }),
            with(json!({})),
            with(json!({ "sell_delivery_method": "PIX" })),
            with(json!({ "buy_delivery_method": "PIX", "sell_delivery_method": "PIX" })),
            json!({ "country_code": "US" }),
        ],
    )
    .await;
    let quote = made(&anchor, &token, with(json!({ "buy_delivery_method": "TED" }))).await?;
    assert_eq!(quote["buy_delivery_method"], "TED");
    // where there is one, it is that one; where there is none, none is needed
    made(&anchor, &token, json!({ "sell_asset": "iso4217:EUR", "sell_delivery_method": null })).await?;
    assert_eq!(quotes.asked().pop().context("asked")?.sell_delivery_method.as_deref(), Some("SEPA"));
    made(&anchor, &token, with(json!({ "buy_asset": "iso4217:JPY" }))).await?;
    made(&anchor, &token, json!({ "country_code": "BR-SP" })).await?;
    Ok(())
}

#[actix_web::test]
async fn r_38_068_r_38_069_wish_for_a_later_end_is_granted_or_refused() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let end = async |wish: &str| -> Result<String> {
        let quote = made(&anchor, &token, json!({ "expire_after": wish })).await?;
        Ok(quote["expires_at"].as_str().context("a time")?.to_owned())
    };
    assert_eq!(end("2026-01-01T00:00:30Z").await?, "2026-01-01T00:01:00.000000Z", "a later one");
    for wish in [
        "2026-01-01T00:30:00Z",
        "2026-01-01T00:30:00",
        "2026-01-01T02:30:00+02:00",
        "2026-01-01T00:30:00.000Z",
    ] {
        assert_eq!(end(wish).await?, "2026-01-01T00:30:00.000000Z", "{wish}");
    }
    let wrong = [
        "2026-01-01T01:00:00.000001Z",
        "2027-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
        "2025-12-31T23:59:59Z",
        "2026-01-01",
        "tomorrow",
        "1767225600",
        "2026-13-01T00:00:00Z",
    ];
    refused(&anchor, &token, wrong.map(|wish| json!({ "expire_after": wish }))).await;
    // the business may promise for less, or for longer
    quotes.hold_for(Duration::from_secs(10));
    assert_eq!(end("2026-01-01T00:00:05Z").await?, "2026-01-01T00:00:10.000000Z");
    refused(&anchor, &token, [json!({ "expire_after": "2026-01-01T00:00:11Z" })]).await;
    Ok(())
}

#[actix_web::test]
async fn r_38_072_what_is_promised_is_left_out_of_later_promises() -> Result<()> {
    let mut desk = samples::quote_desk();
    let token_id = samples::token().into();
    let limited = QuoteAsset::new(token_id, 7).promised_at_most(Some("250".parse()?), Some("150".parse()?));
    let rest = desk.assets.iter().skip(1).cloned();
    desk = QuoteDesk::new([limited].into_iter().chain(rest), desk.pairs.clone())?.open_of_user(2);
    let anchor = TestAnchor::with(&[], |builder| builder.quotes(desk, samples::quotes())).await?;
    let user = anchor.log_in(&samples::user()).await?;
    let other = anchor.log_in(&SigningKey::from_seed([9; 32])).await?;
    let third = anchor.log_in(&SigningKey::from_seed([10; 32])).await?;
    let buying = |amount: &str| json!({ "sell_amount": null, "buy_amount": amount });
    made(&anchor, &user, buying("100")).await?;
    refused(&anchor, &user, [buying("50.0000001")]).await;
    made(&anchor, &user, buying("1")).await?;
    refused(&anchor, &user, [buying("1")]).await; // a third one
    made(&anchor, &other, buying("149")).await?;
    refused(&anchor, &third, [buying("0.0000001")]).await;
    // an indication binds nobody
    assert_eq!(anchor.get(&price_of(&[]), &third).await.status, 200);
    anchor.clock.advance(Duration::from_secs(60));
    release(&anchor.anchor).await?;
    made(&anchor, &third, buying("150")).await?;
    Ok(())
}

#[actix_web::test]
async fn r_38_073_business_decides_who_gets_promises() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    quotes.refuse_users(Some("please tell us who you are first"));
    let answer = anchor.post(QUOTE, &token, wanted(json!({}))).await;
    assert_eq!((answer.status, answer.error()?.as_str()), (403, "please tell us who you are first"));
    assert_eq!(anchor.anchor.store().quote_reserved(&samples::token().into()).await?, 0);
    assert_eq!(anchor.get(&price_of(&[]), &token).await.status, 200, "prices are for everybody");
    quotes.refuse_users(None);
    quotes.refuse_prices(Some("not on Sundays"));
    let answer = anchor.post(QUOTE, &token, wanted(json!({}))).await;
    assert_eq!((answer.status, answer.error()?.as_str()), (400, "not on Sundays"));
    Ok(())
}

#[actix_web::test]
async fn r_38_062_promise_after_an_indication_has_the_same_figures() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let percent = FeeSchedule { percent: "0.735".parse()?, ..FeeSchedule::default() };
    for (side, amount) in [(Side::Sell, "543.21"), (Side::Buy, "0.99"), (Side::Buy, "77777.77")] {
        quotes.charge(QuoteFee::Schedule(percent.clone()), side);
        let price = anchor.get(&price_of(&[("sell_amount", amount)]), "").await.json()?;
        let quote = made(&anchor, &token, json!({ "sell_amount": amount })).await?;
        for name in ["total_price", "price", "sell_amount", "buy_amount", "fee"] {
            assert_eq!(quote[name], price[name], "{name} of {amount}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_079_r_38_080_promise_is_read_again_word_for_word_also_after_its_end() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    for (amount, side) in [("543", Side::Sell), ("543.10", Side::Buy), ("98765.43", Side::Sell)] {
        quotes.charge(
            QuoteFee::Schedule(FeeSchedule { fixed: "0.70".parse()?, ..FeeSchedule::default() }),
            side,
        );
        let answer = anchor.post(QUOTE, &token, wanted(json!({ "sell_amount": amount }))).await;
        let id = answer.json()?["id"].as_str().context("an id")?.to_owned();
        let again = anchor.get(&format!("{QUOTE}/{id}"), &token).await;
        assert_eq!((again.status, &again.body), (200, &answer.body));
        assert_eq!(again.header("cache-control"), "no-store");
        let end = parse_utc(again.json()?["expires_at"].as_str().context("a time")?)?;
        assert!(end > anchor.clock.now());
        anchor.clock.advance(Duration::from_secs(24 * 3600));
        let token = anchor.log_in(&samples::user()).await?;
        release(&anchor.anchor).await?;
        let later = anchor.get(&format!("{QUOTE}/{id}"), &token).await;
        assert_eq!((later.status, &later.body), (200, &answer.body));
        anchor.clock.set(samples::start());
    }
    Ok(())
}

#[actix_web::test]
async fn peer_r_38_081_quotes_of_others_are_those_of_nobody() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let quote = made(&anchor, &token, json!({})).await?;
    let path = format!("{QUOTE}/{}", quote["id"].as_str().context("an id")?);
    let account = samples::user().account();
    let muxed = Account::Muxed { account, id: 1 };
    let others = [
        anchor.log_in(&SigningKey::from_seed([9; 32])).await?,
        anchor.log_in_as(&format!("account={account}&memo=1"), &samples::user()).await?,
        anchor.log_in_as(&format!("account={muxed}"), &samples::user()).await?,
    ];
    let nobodys = anchor.get(&format!("{QUOTE}/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"), &token).await;
    for other in &others {
        let answer = anchor.get(&path, other).await;
        assert_eq!((answer.status, &answer.body), (404, &nobodys.body));
    }
    assert_eq!(anchor.get(&path, &token).await.status, 200);
    // G…:1 and M…1 are one user
    let shared = made(&anchor, &others[1], json!({})).await?;
    let path = format!("{QUOTE}/{}", shared["id"].as_str().context("an id")?);
    let statuses = [anchor.get(&path, &others[2]).await.status, anchor.get(&path, &token).await.status];
    assert_eq!(statuses, [200, 404]);
    Ok(())
}

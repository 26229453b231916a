//! What the official test suite expects of SEP-38, fact by fact, as it checks it.

use anchor_core::clock::{Clock as _, parse_utc};
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result, ensure};
use num_bigint::BigInt;
use serde_json::{Value, json};

use crate::sep38::{asking, quoting, usdc};

const CONTEXTS: [&str; 2] = ["sep6", "sep31"];

async fn logged_in() -> Result<(TestAnchor, String)> {
    let (anchor, _) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token))
}

/// A JSON object with these members, and some of the others, and no more.
fn closed(answer: &Answer, status: u16, required: &[&str], optional: &[&str]) -> Result<Value> {
    ensure!(answer.status == status, "{answer:?}");
    let body = answer.json()?;
    let members = body.as_object().context("an object")?;
    for name in required {
        ensure!(members.contains_key(*name), "{name} is missing in {body}");
    }
    let known = |name: &String| required.contains(&name.as_str()) || optional.contains(&name.as_str());
    ensure!(members.keys().all(known), "unknown members in {body}");
    Ok(body)
}

/// In units of 10^-40.
fn number(value: &Value) -> Result<BigInt> {
    let text = value.as_str().with_context(|| format!("not a string: {value}"))?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    Ok(format!("{whole}{fraction:0<40}").parse()?)
}

fn round(numerator: &BigInt, denominator: &BigInt, decimals: u32) -> BigInt {
    (numerator * BigInt::from(10).pow(decimals) * 2 + denominator) / (denominator * 2)
}

/// The suite's own computation.
fn amounts_are_correct(body: &Value, sell_asset: &str, decimals: u32) -> Result<()> {
    let one = BigInt::from(10).pow(40);
    let (sell, buy) = (number(&body["sell_amount"])?, number(&body["buy_amount"])?);
    let (price, total, fee) =
        (number(&body["price"])?, number(&body["total_price"])?, number(&body["fee"]["total"])?);
    ensure!(round(&sell, &total, decimals) == round(&buy, &one, decimals), "total_price: {body}");
    if body["fee"]["asset"] == sell_asset {
        let product = &price * &buy / &one;
        ensure!(round(&(&sell - &fee), &one, decimals) == round(&product, &one, decimals), "price: {body}");
    } else {
        ensure!(round(&sell, &price, decimals) == round(&(&buy + &fee), &one, decimals), "price: {body}");
    }
    Ok(())
}

fn fee_is_valid(fee: &Value) -> Result<()> {
    let members = fee.as_object().context("an object")?;
    ensure!(members.keys().all(|name| ["total", "asset", "details"].contains(&name.as_str())), "{fee}");
    number(&fee["total"])?;
    for line in fee["details"].as_array().into_iter().flatten() {
        let members = line.as_object().context("an object")?;
        ensure!(
            members.keys().all(|name| ["name", "description", "amount"].contains(&name.as_str())),
            "{line}"
        );
        ensure!(line["name"].is_string(), "{line}");
        number(&line["amount"])?;
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep38_1_address_is_in_the_file() -> Result<()> {
    let (anchor, _) = logged_in().await?;
    let file = anchor.get("/.well-known/stellar.toml", "").await;
    let document: toml::Table = std::str::from_utf8(&file.body)?.parse()?;
    let address = document["ANCHOR_QUOTE_SERVER"].as_str().context("a text")?;
    assert!(address.starts_with("http://localhost") && !address.ends_with('/'), "{address}");
    Ok(())
}

#[actix_web::test]
async fn interop_sep38_2_info_has_the_suites_schema() -> Result<()> {
    let (anchor, _) = logged_in().await?;
    let info = closed(&anchor.get("/sep38/info", "").await, 200, &["assets"], &[])?;
    let (mut on_ledger, mut outside) = (0, 0);
    for asset in info["assets"].as_array().context("a list")? {
        let id = asset["asset"].as_str().context("an id")?;
        let parts: Vec<_> = id.split(':').collect();
        match parts.as_slice() {
            ["stellar", "native"] => on_ledger += 1,
            ["stellar", _, issuer] if issuer.starts_with('G') && issuer.len() == 56 => on_ledger += 1,
            ["iso4217", code] if code.len() == 3 => {
                outside += 1;
                continue;
            }
            _ => anyhow::bail!("{id}"),
        }
        assert_eq!(asset.as_object().map(serde_json::Map::len), Some(1), "{asset}");
    }
    assert!(on_ledger > 0 && outside > 0);
    Ok(())
}

/// The first asset that is bought for USDC, and how it is delivered.
async fn bought(anchor: &TestAnchor, token: &str) -> Result<(String, String, u32)> {
    let prices = asking("prices", &[("sell_asset", &usdc()), ("sell_amount", "100")]);
    let prices = closed(&anchor.get(&prices, token).await, 200, &["buy_assets"], &[])?;
    let first = &prices["buy_assets"][0];
    let asset = first["asset"].as_str().context("an asset")?.to_owned();
    let info = anchor.get("/sep38/info", "").await.json()?;
    let listed = info["assets"].as_array().into_iter().flatten().find(|one| one["asset"] == asset.as_str());
    let method = listed.context("listed")?["buy_delivery_methods"][0]["name"].as_str().context("a method")?;
    Ok((asset, method.to_owned(), u32::try_from(first["decimals"].as_u64().context("a whole number")?)?))
}

#[actix_web::test]
async fn interop_sep38_3_to_5_fact_9_prices_have_the_suites_schema_in_both_directions() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let (asset, ..) = bought(&anchor, &token).await?;
    // the suite's fifth test names the other asset, too, and no way to deliver it
    let both = [("sell_asset", usdc()), ("buy_asset", asset.clone()), ("sell_amount", "100".to_owned())];
    let both = both.each_ref().map(|(name, value)| (*name, value.as_str()));
    let prices = closed(&anchor.get(&asking("prices", &both), &token).await, 200, &["buy_assets"], &[])?;
    let listed: Vec<_> = prices["buy_assets"].as_array().context("a list")?.iter().collect();
    assert_eq!((listed.len(), &listed[0]["asset"]), (1, &Value::from(asset.as_str())), "{prices}");
    let both = [("sell_asset", usdc()), ("buy_asset", asset.clone()), ("buy_amount", "100".to_owned())];
    let both = both.each_ref().map(|(name, value)| (*name, value.as_str()));
    let prices = closed(&anchor.get(&asking("prices", &both), &token).await, 200, &["sell_assets"], &[])?;
    assert_eq!(prices["sell_assets"].as_array().map(Vec::len), Some(1), "{prices}");
    for (sell, extra) in [(usdc(), None), (asset.clone(), None), (usdc(), Some(("sell_delivery_method", "")))]
    {
        let mut query = vec![("sell_asset", sell.as_str()), ("sell_amount", "100")];
        query.extend(extra);
        let prices = closed(&anchor.get(&asking("prices", &query), &token).await, 200, &["buy_assets"], &[])?;
        let items = prices["buy_assets"].as_array().context("a list")?;
        assert!(!items.is_empty());
        for item in items {
            let names: Vec<_> = item.as_object().context("an object")?.keys().collect();
            assert_eq!(names.len(), 3, "{item}");
            assert!(number(&item["price"])? > BigInt::ZERO && item["decimals"].is_u64(), "{item}");
            let is_token = item["asset"].as_str().context("an id")?.starts_with("stellar:");
            assert_eq!(is_token, sell == asset, "{item}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep38_6_to_9_fact_9_price_has_the_suites_schema_and_adds_up() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let (asset, method, decimals) = bought(&anchor, &token).await?;
    let usdc = usdc();
    for context in CONTEXTS {
        for amount in ["sell_amount", "buy_amount"] {
            for method in [Some(("buy_delivery_method", method.as_str())), None] {
                let mut query = vec![
                    ("sell_asset", usdc.as_str()),
                    ("buy_asset", &asset),
                    (amount, "100"),
                    ("context", context),
                ];
                query.extend(method);
                let answer = anchor.get(&asking("price", &query), &token).await;
                let required = ["price", "total_price", "sell_amount", "buy_amount", "fee"];
                let price = closed(&answer, 200, &required, &[])?;
                for name in &required[..4] {
                    assert!(number(&price[*name])? > BigInt::ZERO, "{name} in {price}");
                }
                assert!(number(&price["fee"]["total"])? > BigInt::ZERO, "the suite wants a fee: {price}");
                fee_is_valid(&price["fee"])?;
                amounts_are_correct(&price, &usdc, decimals)?;
            }
        }
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep38_10_13_15_promises_need_a_token_and_unknown_ones_are_404() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let text = |answer: &Answer| -> Result<bool> { Ok(answer.json()?["error"].is_string()) };
    let made = anchor.post("/sep38/quote", "", json!({})).await;
    assert!(made.status == 403 && text(&made)?, "{made:?}");
    let shown = anchor.get("/sep38/quote/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "").await;
    assert!(shown.status == 403 && text(&shown)?, "{shown:?}");
    let unknown = anchor.get("/sep38/quote/18e413284", &token).await;
    assert!(unknown.status == 404 && text(&unknown)?, "{unknown:?}");
    Ok(())
}

#[actix_web::test]
async fn interop_sep38_11_12_14_promise_has_the_suites_schema_adds_up_and_is_read_again() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let (asset, method, decimals) = bought(&anchor, &token).await?;
    for context in CONTEXTS {
        let body = json!({
            "sell_asset": usdc(), "buy_asset": asset, "sell_amount": "100", "buy_delivery_method": method,
            "context": context,
        });
        let made = anchor.post("/sep38/quote", &token, body).await;
        let required = [
            "id",
            "expires_at",
            "price",
            "total_price",
            "fee",
            "sell_asset",
            "buy_asset",
            "sell_amount",
            "buy_amount",
        ];
        let quote = closed(&made, 201, &required, &["buy_delivery_method", "sell_delivery_method"])?;
        assert!(parse_utc(quote["expires_at"].as_str().context("a time")?)? > anchor.clock.now());
        assert_eq!(quote["sell_amount"], "100");
        fee_is_valid(&quote["fee"])?;
        amounts_are_correct(&quote, &usdc(), decimals)?;
        let id = quote["id"].as_str().context("an id")?;
        let again = anchor.get(&format!("/sep38/quote/{id}"), &token).await;
        assert_eq!((again.status, again.json()?), (200, quote.clone()));
    }
    Ok(())
}

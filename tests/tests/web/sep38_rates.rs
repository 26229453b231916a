//! Quotes without code: the file of `QUOTES`, and rates from an address.

use std::sync::Arc;
use std::time::Duration;

use anchor_core::BuildError;
use anchor_core::clock::{Clock, ManualClock};
use anchor_core::quote::Ratio;
use anchor_core::quote::rates::{FetchOptions, FetchedRates, RateSource as _};
use anchor_core::testing::fakes::samples;
use anchor_tests::wallet_host::WalletHost;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use futures_util::future::join_all;
use serde_json::json;

use crate::sep38::{price_of, usdc, wanted};

fn document(as_of: &str) -> String {
    json!({
        "as_of": as_of,
        "rates": [{ "sell": "iso4217:BRL", "buy": usdc(), "price": "5.42" }],
    })
    .to_string()
}

/// Rates from this host, at most a minute old.
fn rates(host: &WalletHost, clock: &ManualClock) -> Result<FetchedRates> {
    let url = format!("http://{}/rates", host.domain()).parse()?;
    let mut options = FetchOptions::new(url, Duration::from_secs(60));
    options.deadline = Duration::from_millis(300);
    Ok(FetchedRates::new(options, true, Arc::new(clock.clone()) as Arc<dyn Clock>)?)
}

#[actix_web::test]
async fn r_38_011_fetched_rates_are_fresh_or_there_are_none() -> Result<()> {
    let host = WalletHost::silent().await?;
    let clock = ManualClock::new(samples::start());
    let rates = rates(&host, &clock)?;
    let (reals, token) = (samples::money("BRL"), samples::token().into());
    let ask = async || rates.rate(&reals, &token).await;
    assert!(ask().await.is_err(), "a server that says nothing");
    host.say("200 OK", &document("2026-01-01T00:00:00Z"));
    clock.advance(Duration::from_secs(3));
    let rate = ask().await?.context("a rate")?;
    assert_eq!(rate.rate, Ratio::new(542, 100).context("a ratio")?);
    assert!(rate.source.starts_with("localhost "));
    assert!(rates.rate(&token, &reals).await?.is_none(), "no direction follows from the other");
    let asked = host.asked();
    assert!(ask().await.is_ok());
    assert_eq!(host.asked(), asked, "what was fetched a moment ago is not fetched again");
    for (head, body) in [
        ("500 Oh", document("2026-01-01T00:00:00Z")),
        ("302 Found\r\nlocation: http://localhost:1/", String::new()),
        ("200 OK", "not a document".to_owned()),
        ("200 OK", document("yesterday")),
        ("200 OK", document("2025-12-31T23:59:00Z")),
        ("200 OK", document("2026-01-01T00:10:00Z")),
        ("200 OK", document("2026-01-01T00:00:00Z").replace("\"5.42\"", "\"0\"")),
        ("200 OK", document("2026-01-01T00:00:00Z").replace("\"5.42\"", "5.42")),
        ("200 OK", format!("{}{}", document("2026-01-01T00:00:00Z"), " ".repeat(300 * 1024))),
    ] {
        clock.advance(Duration::from_secs(3));
        host.say(head, &body);
        assert!(ask().await.is_err(), "{head} {}", &body[..body.len().min(80)]);
    }
    clock.advance(Duration::from_secs(3));
    host.say("200 OK", &document("2026-01-01T00:00:25Z"));
    assert!(ask().await.is_ok(), "and it goes on");
    // kept for a moment, but never beyond its age
    clock.set(samples::start() + chrono::Duration::seconds(85));
    host.say("200 OK", &document("2026-01-01T00:00:25Z"));
    assert!(ask().await.is_ok());
    clock.advance(Duration::from_secs(1));
    assert!(ask().await.is_err(), "a second too old");
    Ok(())
}

/// Whoever asks for prices needs no token: a source that says nothing may not make everybody wait for one another.
#[actix_web::test]
async fn failure_of_a_source_of_rates_is_remembered_and_nobody_waits_for_the_next_try_of_another()
-> Result<()> {
    let host = WalletHost::silent().await?;
    let clock = ManualClock::new(samples::start());
    let rates = rates(&host, &clock)?;
    let (reals, token) = (samples::money("BRL"), samples::token().into());
    let many = async || {
        let answers = join_all((0..8).map(|_| rates.rate(&reals, &token))).await;
        assert!(answers.iter().all(Result::is_err), "{answers:?}");
    };
    many().await;
    assert_eq!(host.asked(), 1, "one for all who came meanwhile");
    many().await;
    assert_eq!(host.asked(), 1, "nor again right after it");
    clock.advance(Duration::from_secs(3));
    many().await;
    assert_eq!(host.asked(), 2, "one tries again");
    // whoever gives up in the middle of a try leaves a failure behind, and no try to everybody who waits
    clock.advance(Duration::from_secs(3));
    assert!(tokio::time::timeout(Duration::from_millis(50), rates.rate(&reals, &token)).await.is_err());
    many().await;
    assert_eq!(host.asked(), 3);
    clock.advance(Duration::from_secs(3));
    host.say("200 OK", &document("2026-01-01T00:00:00Z"));
    assert!(rates.rate(&reals, &token).await?.is_some(), "and it goes on");
    Ok(())
}

#[actix_web::test]
async fn anchor_quotes_by_a_file_and_an_address_without_code() -> Result<()> {
    let host = WalletHost::silent().await?;
    host.say("200 OK", &document("2026-01-01T00:00:00Z"));
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("quotes.toml");
    let text = format!(
        r#"
        [rates]
        url = "http://{}/rates"
        max_age_seconds = 60
        [[assets]]
        id = "iso4217:BRL"
        decimals = 2
        sell_delivery_methods = [{{ name = "PIX", description = "By PIX" }}]
        [[assets]]
        id = "{usdc}"
        decimals = 7
        [[pairs]]
        sell = "iso4217:BRL"
        buy = "{usdc}"
        fee = {{ fixed = "1" }}
        [[pairs]]
        sell = "{usdc}"
        buy = "iso4217:BRL"
        price = "0.1837"
        margin_percent = "0.5"
        "#,
        host.domain(),
        usdc = usdc(),
    );
    std::fs::write(&file, text)?;
    let settings = [("QUOTES", file.to_str().context("a path")?)];
    let anchor = TestAnchor::with(&settings, |builder| builder).await?;
    let price = anchor.get(&price_of(&[]), "").await.json()?;
    assert_eq!((&price["total_price"], &price["buy_amount"]), (&json!("5.43"), &json!("100")));
    let token = anchor.log_in(&samples::user()).await?;
    assert_eq!(anchor.post("/sep38/quote", &token, wanted(json!({}))).await.status, 201);
    let sold = price_of(&[("sell_asset", &usdc()), ("buy_asset", "iso4217:BRL"), ("sell_amount", "100")]);
    let price = anchor.get(&sold, "").await.json()?;
    assert_eq!(price["buy_amount"], "541.65", "100 / (0.1837 × 1.005)");
    // the address does not answer any more: one pair has a price of its own
    host.say("500 Oh", "");
    anchor.clock.advance(Duration::from_secs(3));
    assert_eq!(anchor.get(&price_of(&[]), "").await.status, 503);
    assert_eq!(anchor.get(&sold, "").await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn file_that_cannot_be_used_is_refused_at_start() -> Result<()> {
    let config = anchor_tests::web::config(&[("QUOTES", "/nowhere/quotes.toml")])?;
    let refused = TestAnchor::configured(config, |builder| builder).await.err().context("refused")?;
    assert!(matches!(refused.downcast_ref(), Some(BuildError::Quotes(_))), "{refused:?}");
    Ok(())
}

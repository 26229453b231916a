//! What the endpoints of SEP-38 have in common: where they are, who may ask, how they say no.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::testing::fakes::{ScriptedQuotes, samples};
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// An anchor that quotes, and its prices.
pub(crate) async fn quoting(settings: &[(&str, &str)]) -> Result<(TestAnchor, ScriptedQuotes)> {
    let quotes = samples::quotes();
    let attached = quotes.clone();
    let anchor =
        TestAnchor::with(settings, |builder| builder.quotes(samples::quote_desk(), attached)).await?;
    Ok((anchor, quotes))
}

pub(crate) fn usdc() -> String {
    format!("stellar:{}", samples::token())
}

/// A path with a query of these pairs.
pub(crate) fn asking(path: &str, pairs: &[(&str, &str)]) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/sep38/{path}?{query}")
}

/// A good request for a price of 542 reals.
pub(crate) fn price_of(extra: &[(&str, &str)]) -> String {
    let usdc = usdc();
    let good = [
        ("sell_asset", "iso4217:BRL"),
        ("buy_asset", usdc.as_str()),
        ("sell_amount", "543"),
        ("context", "sep6"),
    ];
    let named = |name: &str| extra.iter().any(|(other, _)| *other == name);
    let kept = good.into_iter().filter(|(name, _)| !named(name));
    let pairs: Vec<_> = kept.chain(extra.iter().copied().filter(|(_, value)| *value != "-")).collect();
    asking("price", &pairs)
}

/// A good body for a quote of 543 reals by PIX, with these members changed; `null` takes one away.
pub(crate) fn wanted(extra: Value) -> Value {
    let mut body = json!({
        "sell_asset": "iso4217:BRL", "buy_asset": usdc(), "sell_amount": "543", "context": "sep24",
        "sell_delivery_method": "PIX",
    });
    let (Value::Object(members), Value::Object(extra)) = (&mut body, extra) else { unreachable!() };
    members.extend(extra);
    members.retain(|_, value| !value.is_null());
    body
}

pub(crate) fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 400, "{what}: {answer:?}");
    assert!(answer.error().is_ok(), "{what}: {answer:?}");
}

const ID: &str = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";

#[actix_web::test]
async fn r_38_001_r_24_004_quote_server_is_published_where_something_is_quoted() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    let toml = anchor.get("/.well-known/stellar.toml", "").await;
    let toml: toml::Table = std::str::from_utf8(&toml.body)?.parse()?;
    let server = toml["ANCHOR_QUOTE_SERVER"].as_str().context("an address")?;
    assert_eq!(server, "http://localhost:8000/sep38");
    let secure = [("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")];
    let (anchor, _) = quoting(&secure).await?;
    let toml = anchor.get("/.well-known/stellar.toml", "").await;
    let toml: toml::Table = std::str::from_utf8(&toml.body)?.parse()?;
    assert_eq!(toml["ANCHOR_QUOTE_SERVER"].as_str(), Some("https://anchor.example/sep38"));
    // nothing attached, or not active: nothing there
    let (inactive, _) = quoting(&[("ACTIVE_SEPS", "1,10,24")]).await?;
    for anchor in [TestAnchor::new().await?, inactive] {
        let toml = anchor.get("/.well-known/stellar.toml", "").await;
        assert!(!std::str::from_utf8(&toml.body)?.contains("QUOTE"));
        assert_eq!(anchor.get("/sep38/info", "").await.status, 404);
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_002_r_38_006_every_endpoint_answers_in_json() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let usdc = usdc();
    let made = anchor.post("/sep38/quote", &token, wanted(json!({}))).await;
    assert_eq!(made.status, 201);
    let id = made.json()?["id"].as_str().context("an id")?.to_owned();
    for path in [
        "/sep38/info".to_owned(),
        asking("prices", &[("sell_asset", &usdc), ("sell_amount", "100")]),
        price_of(&[]),
        format!("/sep38/quote/{id}"),
    ] {
        let answer = anchor.get(&path, &token).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.json()?.is_object());
        let head = TestRequest::with_uri(&path).method(Method::HEAD);
        let head = head.insert_header(("authorization", format!("Bearer {token}")));
        assert_eq!(anchor.call(head).await.status, 200, "{path}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_003_r_38_008_r_38_009_r_38_063_r_38_078_promises_need_a_token() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    for token in ["", "nonsense", "e30.e30.e30"] {
        let made = anchor.post("/sep38/quote", token, wanted(json!({}))).await;
        let shown = anchor.get(&format!("/sep38/quote/{ID}"), token).await;
        for answer in [made, shown] {
            assert_eq!(answer.status, 403, "not 401: {answer:?}");
            answer.error()?;
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_004_r_38_005_prices_are_for_everybody_and_a_useless_token_is_403() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let usdc = usdc();
    let paths = [
        "/sep38/info".to_owned(),
        asking("prices", &[("sell_asset", &usdc), ("sell_amount", "100")]),
        price_of(&[]),
    ];
    for path in &paths {
        assert_eq!(anchor.get(path, "").await.status, 200, "{path}");
        assert_eq!(anchor.get(path, &token).await.status, 200, "{path}");
        for useless in [format!("{token}x"), "nonsense".to_owned()] {
            let answer = anchor.get(path, &useless).await;
            assert_eq!(answer.status, 403, "{path}");
            answer.error()?;
        }
        let basic = TestRequest::get().uri(path).insert_header(("authorization", "Basic eDp5"));
        assert_eq!(anchor.call(basic).await.status, 403, "{path}");
    }
    // who asks may be given a price of their own
    let asked = quotes.asked();
    let user = samples::user().account().to_string();
    assert!(asked.iter().any(|question| question.subject.is_none()));
    assert!(asked.iter().any(|question| question.subject.is_some_and(|who| who.key() == user)));
    Ok(())
}

#[actix_web::test]
async fn r_38_007_r_38_011_unknown_assets_and_pairs_are_400_and_no_price_is_503() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let usdc = usdc();
    let elsewhere = usdc.replace("USDC", "EURC");
    for (sell, buy) in [
        ("iso4217:CHF", usdc.as_str()),
        ("iso4217:BRL", "stellar:native"),
        ("iso4217:BRL", elsewhere.as_str()),
        ("iso4217:BRL", "iso4217:USD"),
        ("iso4217:JPY", usdc.as_str()),
        (usdc.as_str(), usdc.as_str()),
    ] {
        let pair = [("sell_asset", sell), ("buy_asset", buy)];
        assert_refused(&anchor.get(&price_of(&pair), "").await, sell);
        let body = wanted(json!({ "sell_asset": sell, "buy_asset": buy, "sell_delivery_method": null }));
        assert_refused(&anchor.post("/sep38/quote", &token, body).await, sell);
    }
    let before = anchor.get(&price_of(&[]), "").await;
    assert_eq!(before.status, 200);
    quotes.go_down(true);
    let prices = asking("prices", &[("sell_asset", usdc.as_str()), ("sell_amount", "100")]);
    for answer in [
        anchor.get(&price_of(&[]), "").await,
        anchor.get(&prices, "").await,
        anchor.post("/sep38/quote", &token, wanted(json!({}))).await,
    ] {
        assert_eq!(answer.status, 503, "never an earlier price: {answer:?}");
        answer.error()?;
    }
    quotes.go_down(false);
    assert_eq!(anchor.get(&price_of(&[]), "").await.body, before.body);
    Ok(())
}

#[actix_web::test]
async fn r_38_010_ids_that_nobody_has_are_404() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    for id in [ID, "18e413284", "x", "%00", "%ff", "..", &"x".repeat(2000), &ID.to_uppercase()] {
        let answer = anchor.get(&format!("/sep38/quote/{id}"), &token).await;
        assert_eq!(answer.status, 404, "{id}: {answer:?}");
        answer.error()?;
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_012_origins_are_open_and_parameters_are_read_strictly() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    for path in
        ["/sep38/info", "/sep38/prices", "/sep38/price", "/sep38/quote", &format!("/sep38/quote/{ID}")]
    {
        let preflight = TestRequest::with_uri(path).method(Method::OPTIONS);
        let preflight = preflight
            .insert_header(("origin", "https://wallet.example"))
            .insert_header(("access-control-request-method", "GET"));
        let answer = anchor.call(preflight).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, "*"), "{path}");
        assert!(answer.header("access-control-allow-headers").contains("Authorization"));
        let answer = anchor.call(TestRequest::with_uri(path).method(Method::DELETE)).await;
        assert_eq!(answer.status, 405, "{path}");
        answer.error()?;
    }
    assert_eq!(anchor.get(&price_of(&[("unknown", "x"), ("lang", "en")]), "").await.status, 200);
    let empty = price_of(&[("buy_amount", ""), ("country_code", ""), ("buy_delivery_method", "")]);
    assert_eq!(anchor.get(&empty, "").await.status, 200, "empty is absent");
    let twice = format!("{}&context=sep6", price_of(&[]));
    assert_refused(&anchor.get(&twice, "").await, "twice");
    Ok(())
}

#[actix_web::test]
async fn r_38_013_r_38_014_r_38_015_r_38_016_r_38_017_r_38_019_only_identifiers_name_assets() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    let (issuer, user) = (samples::issuer().account().to_string(), samples::user().account().to_string());
    let mut wrong_checksum = issuer.clone();
    wrong_checksum.replace_range(20..21, if &issuer[20..21] == "A" { "B" } else { "A" });
    let refused = [
        "USDC".to_owned(),
        format!("USDC:{issuer}"),
        format!("Stellar:USDC:{issuer}"),
        format!("stellar:usdc:{issuer}"),
        format!("stellar:USDC:{user}"),
        format!("stellar:USDC:{wrong_checksum}"),
        "stellar:USDC:".to_owned(),
        "stellar:USDC".to_owned(),
        format!("stellar:TOOLONGACODE1:{issuer}"),
        format!("stellar:LiquidityPoolID:{}", "ab".repeat(32)),
        "stellar:Native".to_owned(),
        "native".to_owned(),
        "stellar:".to_owned(),
        "crypto:BTC".to_owned(),
        "iso4217:brl".to_owned(),
        "ISO4217:BRL".to_owned(),
        "iso4217:BR".to_owned(),
        "iso4217:BRLX".to_owned(),
        "iso4217:986".to_owned(),
    ];
    for asset in &refused {
        assert_refused(&anchor.get(&price_of(&[("sell_asset", asset)]), "").await, asset);
        let answer = anchor.get(&asking("prices", &[("sell_asset", asset), ("sell_amount", "1")]), "").await;
        assert_refused(&answer, asset);
    }
    // lumens have one name here, and an alias for those who ask
    for lumens in ["stellar:native", "stellar:XLM"] {
        let answer =
            anchor.get(&asking("prices", &[("sell_asset", lumens), ("sell_amount", "100")]), "").await;
        assert_eq!(answer.json()?["buy_assets"][0]["asset"], usdc());
    }
    let info = anchor.get("/sep38/info", "").await;
    let text = std::str::from_utf8(&info.body)?;
    assert!(text.contains("\"stellar:native\"") && !text.contains("XLM"));
    Ok(())
}

#[actix_web::test]
async fn r_38_074_users_who_ask_too_often_are_held_off() -> Result<()> {
    let (anchor, _) = quoting(&[("ACCOUNT_REQUESTS_PER_MINUTE", "3"), ("REQUESTS_PER_MINUTE", "5")]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(anchor.post("/sep38/quote", &token, wanted(json!({}))).await.status);
    }
    assert_eq!(statuses, [201, 201, 201, 429]);
    let (anchor, _) = quoting(&[("REQUESTS_PER_MINUTE", "2")]).await?;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(anchor.get(&price_of(&[]), "").await.status);
    }
    assert_eq!(statuses, [200, 200, 429], "and so are those whom nobody knows");
    Ok(())
}

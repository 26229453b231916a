//! Every endpoint and every parameter against everything that should not be sent: always 4xx with the protocol's own
//! error body, readable on any origin, and never a 5xx.

use actix_web::test::TestRequest;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::sep31;
use crate::sep38::{quoting, usdc, wanted};

const STARTS: [&str; 2] =
    ["/sep24/transactions/deposit/interactive", "/sep24/transactions/withdraw/interactive"];

const QUOTE: &str = "/sep38/quote";

const PAYMENT: &str = "/sep31/transactions";

/// Everything that a start may carry, with a value that is good.
fn good_start() -> Map<String, Value> {
    let body = json!({
        "asset_code": "USDC", "asset_issuer": samples::issuer().account().to_string(), "amount": "10",
        "account": samples::user().account().to_string(), "memo_type": "id", "memo": "1",
        "refund_memo_type": "id", "refund_memo": "1", "source_asset": "iso4217:USD",
        "destination_asset": "iso4217:USD", "lang": "en", "claimable_balance_supported": "true", "customer_id": "c",
    });
    body.as_object().unwrap().clone()
}

pub(crate) fn hostile() -> Vec<Value> {
    vec![
        json!("\u{0}"),
        json!("' OR 1=1 --"),
        json!("<script>alert(1)</script>"),
        json!("{{7*7}}"),
        json!("../../../etc/passwd"),
        json!("NaN"),
        json!("1e400"),
        json!("-1"),
        json!("1.12345678"),
        json!("٣"),
        json!("\u{202e}"),
        json!("x".repeat(4096)),
        json!("x".repeat(4097)),
        json!(-1),
        json!(1.5),
        json!(true),
        json!([]),
        json!({}),
        json!([["x"]]),
    ]
}

/// 4xx with the error body, or a success for what is not looked at.
pub(crate) fn assert_told(answer: &Answer, what: &str) {
    assert!((200..500).contains(&answer.status), "{what}: {}", answer.status);
    if answer.status >= 400 {
        assert!(answer.error().is_ok(), "{what}: {answer:?}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{what}");
}

fn assert_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
    assert_told(answer, what);
}

async fn logged_in() -> Result<(TestAnchor, String)> {
    let (anchor, _) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token))
}

fn post(path: &str, token: &str, content_type: &str, body: impl Into<Vec<u8>>) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("authorization", format!("Bearer {token}")))
        .insert_header(("content-type", content_type))
        .set_payload(body.into())
}

#[actix_web::test]
async fn every_parameter_of_a_start_against_every_hostile_value() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for path in STARTS {
        assert_eq!(anchor.post(path, &token, Value::Object(good_start())).await.status, 200, "{path}");
        for name in good_start().keys() {
            for value in hostile() {
                let mut body = good_start();
                let what = format!("{path} {name} {value}");
                body.insert(name.clone(), value);
                assert_told(&anchor.post(path, &token, Value::Object(body)).await, &what);
            }
        }
    }
    Ok(())
}

#[actix_web::test]
async fn every_parameter_of_a_quote_against_every_hostile_value() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let names = [
        "sell_asset",
        "buy_asset",
        "sell_amount",
        "buy_amount",
        "sell_delivery_method",
        "buy_delivery_method",
        "country_code",
        "context",
        "expire_after",
    ];
    assert_eq!(anchor.post(QUOTE, &token, wanted(json!({}))).await.status, 201);
    for name in names {
        for value in hostile() {
            let what = format!("{QUOTE} {name} {value}");
            let answer = anchor.post(QUOTE, &token, wanted(json!({ name: value.clone() }))).await;
            // the amount that is a number is one
            if name == "sell_amount" && value == json!(1.5) {
                assert_told(&answer, &what);
            } else {
                assert_refused(&answer, &what);
            }
        }
    }
    for value in hostile() {
        let body = json!({ "asset_code": "USDC", "quote_id": value });
        for path in STARTS {
            assert_refused(&anchor.post(path, &token, body.clone()).await, &format!("{path} {body}"));
        }
    }
    Ok(())
}

#[actix_web::test]
async fn every_parameter_of_a_payment_against_every_hostile_value() -> Result<()> {
    let (anchor, token) = sep31::logged_in().await?;
    let good = json!({
        "amount": "10", "asset_code": "USDC", "asset_issuer": samples::issuer().account().to_string(),
        "destination_asset": "iso4217:USD", "funding_method": "SEPA", "lang": "en", "refund_memo_type": "id",
        "refund_memo": "1", "sender_id": null, "receiver_id": null, "quote_id": null, "fields": null,
    });
    assert_eq!(anchor.post(PAYMENT, &token, sep31::announced(good.clone())).await.status, 201);
    for name in good.as_object().unwrap().keys() {
        for value in hostile() {
            let what = format!("{PAYMENT} {name} {value}");
            let mut body = sep31::announced(good.clone());
            body[name] = value;
            assert_told(&anchor.post(PAYMENT, &token, body).await, &what);
        }
    }
    for value in hostile() {
        for name in ["quote_id", "funding_method", "asset_code"] {
            let body = sep31::announced(json!({ name: value.clone() }));
            assert_refused(&anchor.post(PAYMENT, &token, body).await, &format!("{name} {value}"));
        }
        let body = json!({ "fields": { "transaction": { "x": value } } });
        let path = format!("{PAYMENT}/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d");
        let patch = sep31::request(actix_web::http::Method::PATCH, &path, &token, &body);
        assert_refused(&anchor.call(patch).await, &format!("PATCH {body}"));
    }
    Ok(())
}

#[actix_web::test]
async fn bodies_of_a_payment_that_are_not_what_they_say_are_refused() -> Result<()> {
    let (anchor, token) = sep31::logged_in().await?;
    let amount = |literal: &str| {
        format!("{{\"amount\":{literal},\"asset_code\":\"USDC\",\"funding_method\":\"SEPA\"}}")
    };
    let mut bodies = vec![String::new(), "{".into(), "null".into(), "[]".into(), "[".repeat(100_000)];
    for literal in ["NaN", "1e400", "1E3", "-100", "0x10", "+1", "01", "1.", ".5", "[[[[1]]]]", "{\"$\":1}"] {
        bodies.push(amount(literal));
    }
    bodies.push(amount("100,\"amount\":200"));
    bodies.push(format!("{} x", amount("100")));
    for body in bodies {
        let what = format!("{PAYMENT} {:?}", &body[..body.len().min(60)]);
        assert_refused(&anchor.call(post(PAYMENT, &token, "application/json", body)).await, &what);
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let answer = anchor.call(post(PAYMENT, &token, content_type, amount("100"))).await;
        assert_refused(&answer, content_type);
    }
    let large = vec![b' '; 1024 * 1024];
    assert_eq!(anchor.call(post(PAYMENT, &token, "application/json", large)).await.status, 413);
    assert_eq!(sep31::count(&anchor).await?, 0);
    Ok(())
}

#[actix_web::test]
async fn wrong_types_are_400_where_the_parameter_is_looked_at() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let texts =
        ["asset_code", "asset_issuer", "account", "memo_type", "memo", "source_asset", "lang", "customer_id"];
    for name in texts {
        for value in [json!(1), json!(true), json!([]), json!({})] {
            let mut body = good_start();
            body.insert(name.to_owned(), value);
            let answer = anchor.post(STARTS[0], &token, Value::Object(body)).await;
            assert_eq!(answer.status, 400, "{name}");
            assert!(answer.error()?.contains(name), "{name}: {answer:?}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn a_name_that_comes_twice_is_400_in_every_encoding() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let part = "--b\r\ncontent-disposition: form-data; name=\"asset_code\"\r\n\r\nUSDC\r\n";
    let bodies = [
        ("application/json", "{\"asset_code\":\"USDC\",\"asset_code\":\"USDC\"}".to_owned()),
        ("application/x-www-form-urlencoded", "asset_code=USDC&asset_code=USDC".to_owned()),
        ("application/x-www-form-urlencoded", "asset_code=USDC&asset%5Fcode=USDC".to_owned()),
        ("multipart/form-data; boundary=b", format!("{part}{part}--b--\r\n")),
    ];
    for (content_type, body) in bodies {
        for path in STARTS.into_iter().chain([QUOTE]) {
            let answer = anchor.call(post(path, &token, content_type, body.clone())).await;
            assert_eq!(answer.status, 400, "{content_type}");
            assert!(answer.error()?.contains("twice"), "{answer:?}");
        }
    }
    let form = "application/x-www-form-urlencoded";
    assert_refused(&anchor.call(post("/auth", "", form, "transaction=A&transaction=A")).await, "auth");
    Ok(())
}

#[actix_web::test]
async fn bodies_that_are_not_what_they_say_are_refused() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let deep = "[".repeat(100_000);
    let deep_value = format!("{{\"asset_code\":{}", "[".repeat(60_000));
    let many: String = (0..300).map(|index| format!("\"k{index}\":1,")).collect();
    let mut bodies: Vec<(&str, Vec<u8>)> = vec![
        ("application/json", b"".to_vec()),
        ("application/json", b"{".to_vec()),
        ("application/json", b"null".to_vec()),
        ("application/json", b"[]".to_vec()),
        ("application/json", b"\"USDC\"".to_vec()),
        ("application/json", b"{\"asset_code\":\"USDC\"} x".to_vec()),
        ("application/json", b"{\"asset_code\":\"\xff\xfe\"}".to_vec()),
        ("application/json", b"{\"asset_code\":\"\\ud800\"}".to_vec()),
        ("application/json", b"{\"asset_code\":NaN}".to_vec()),
        ("application/json", deep.clone().into_bytes()),
        ("application/json", deep_value.into_bytes()),
        ("application/json", format!("{{{many}\"asset_code\":\"USDC\"}}").into_bytes()),
        ("application/x-www-form-urlencoded", b"asset_code=%ff%fe".to_vec()),
        ("application/x-www-form-urlencoded", b"asset_code=\xff".to_vec()),
        ("application/x-www-form-urlencoded", "a&".repeat(1000).into_bytes()),
        ("multipart/form-data", b"--b--\r\n".to_vec()),
        ("multipart/form-data; boundary=b", b"".to_vec()),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nUSDC".to_vec()),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\ncontent-disposition: form-data\r\n\r\nUSDC\r\n--b--\r\n".to_vec(),
        ),
        ("text/plain", b"asset_code=USDC".to_vec()),
        ("application/xml", b"<x/>".to_vec()),
        ("", b"asset_code=USDC".to_vec()),
    ];
    let mut text = b"--b\r\ncontent-disposition: form-data; name=\"asset_code\"\r\n\r\n".to_vec();
    text.extend_from_slice(b"\xff\xfe\r\n--b--\r\n");
    bodies.push(("multipart/form-data; boundary=b", text));
    for (content_type, body) in bodies {
        for path in STARTS.into_iter().chain(["/auth", QUOTE]) {
            let what =
                format!("{path} {content_type} {:?}", String::from_utf8_lossy(&body[..body.len().min(60)]));
            assert_refused(&anchor.call(post(path, &token, content_type, body.clone())).await, &what);
        }
    }
    Ok(())
}

#[actix_web::test]
async fn large_bodies_are_refused_in_every_encoding() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let mebibyte = "x".repeat(1024 * 1024);
    let part =
        format!("--b\r\ncontent-disposition: form-data; name=\"asset_code\"\r\n\r\n{mebibyte}\r\n--b--\r\n");
    let file_part =
        "--b\r\ncontent-disposition: form-data; name=\"photo_id_front\"; filename=\"a.png\"\r\n\r\n";
    let file = format!("{file_part}{}\r\n--b--\r\n", mebibyte.repeat(5));
    let bodies = [
        ("application/json", format!("{{\"asset_code\":\"{mebibyte}\"}}"), 413),
        ("application/x-www-form-urlencoded", format!("asset_code={mebibyte}"), 413),
        ("multipart/form-data; boundary=b", part, 400),
        ("multipart/form-data; boundary=b", file, 413),
    ];
    for (content_type, body, status) in bodies {
        for path in STARTS.into_iter().chain(["/auth", QUOTE]) {
            let answer = anchor.call(post(path, &token, content_type, body.clone())).await;
            assert_eq!(answer.status, status, "{path} {content_type}");
            answer.error()?;
        }
    }
    Ok(())
}

#[actix_web::test]
async fn every_query_parameter_against_every_hostile_value() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let account = samples::user().account();
    let usdc = usdc();
    let endpoints = [
        (
            "/sep38/prices",
            format!("sell_asset={usdc}&sell_amount=100"),
            vec![
                "sell_asset",
                "buy_asset",
                "sell_amount",
                "buy_amount",
                "sell_delivery_method",
                "buy_delivery_method",
                "country_code",
                "context",
            ],
        ),
        (
            "/sep38/price",
            format!("sell_asset={usdc}&buy_asset=iso4217:BRL&sell_amount=100&context=sep6"),
            vec![
                "sell_asset",
                "buy_asset",
                "sell_amount",
                "buy_amount",
                "sell_delivery_method",
                "buy_delivery_method",
                "country_code",
                "context",
            ],
        ),
        ("/sep38/info", String::new(), vec!["lang"]),
        ("/auth", format!("account={account}"), vec!["account", "memo", "home_domain", "client_domain"]),
        ("/sep24/info", String::new(), vec!["lang"]),
        (
            "/sep24/transaction",
            "lang=en".to_owned(),
            vec!["id", "stellar_transaction_id", "external_transaction_id", "lang"],
        ),
        (
            "/sep24/transactions",
            "asset_code=USDC".to_owned(),
            vec!["asset_code", "no_older_than", "limit", "kind", "paging_id", "lang"],
        ),
    ];
    for (path, good, names) in endpoints {
        for name in names {
            for value in hostile().iter().filter_map(Value::as_str) {
                let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                let rest = good.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
                let rest: Vec<_> = rest.collect();
                let query = format!("{}&{name}={value}", rest.join("&"));
                let what = format!("{path}?{}", &query[..query.len().min(80)]);
                assert_told(&anchor.get(&format!("{path}?{query}"), &token).await, &what);
            }
        }
    }
    Ok(())
}

#[actix_web::test]
async fn queries_that_cannot_be_read_are_400() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let long = format!("asset_code=USDC&x={}", "x".repeat(9000));
    let many = format!("asset_code=USDC{}", (0..300).map(|index| format!("&k{index}=1")).collect::<String>());
    for path in ["/auth", "/sep24/transaction", "/sep24/transactions", "/sep38/prices", "/sep38/price"] {
        for query in ["id=1&id=1", "asset_code=%ff", "%ff=1", long.as_str(), many.as_str()] {
            let answer = anchor.get(&format!("{path}?{query}"), &token).await;
            assert_eq!(answer.status, 400, "{path}");
            answer.error()?;
        }
    }
    Ok(())
}

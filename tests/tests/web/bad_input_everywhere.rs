//! Every endpoint of every protocol, on an anchor that mounts them all, against what should not come in: 4xx with the error
//! body, readable on any origin, never a 5xx, never a dropped connection.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::asset::Asset;
use anchor_core::testing::fakes::{ScriptedCustomers, samples};
use anchor_tests::served::Served;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::bad_input::{assert_told, hostile};
use crate::bad_input_doors::signed;

const ID: &str = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
const ACCOUNT: &str = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";

/// Method, path (`{id}` and `{account}` are filled in), and the parameters of its query or body.
type Door = (&'static str, &'static str, &'static [&'static str]);

/// For everybody.
const OPEN: [Door; 10] = [
    ("GET", "/.well-known/stellar.toml", &[]),
    ("GET", "/auth", &["account", "memo", "home_domain", "client_domain"]),
    ("POST", "/auth", &["transaction"]),
    ("GET", "/auth/contracts", &["account", "memo", "home_domain", "client_domain"]),
    ("POST", "/auth/contracts", &["authorization_entries", "authorizationEntries"]),
    ("GET", "/sep6/info", &["lang"]),
    ("GET", "/sep24/info", &["lang"]),
    ("GET", "/sep31/info", &["lang"]),
    ("GET", "/sep38/info", &["lang"]),
    (
        "GET",
        "/sep38/price",
        &["sell_asset", "buy_asset", "sell_amount", "buy_amount", "country_code", "context"],
    ),
];

/// For those who say who they are.
const CLOSED: [Door; 25] = [
    (
        "GET",
        "/sep6/deposit",
        &["asset_code", "account", "memo", "memo_type", "amount", "funding_method", "lang"],
    ),
    (
        "GET",
        "/sep6/deposit-exchange",
        &["destination_asset", "source_asset", "account", "amount", "quote_id"],
    ),
    ("GET", "/sep6/withdraw", &["asset_code", "dest", "refund_memo", "refund_memo_type", "amount", "type"]),
    (
        "GET",
        "/sep6/withdraw-exchange",
        &["destination_asset", "source_asset", "amount", "quote_id", "country_code"],
    ),
    ("GET", "/sep6/transaction", &["id", "stellar_transaction_id", "external_transaction_id", "lang"]),
    ("GET", "/sep6/transactions", &["asset_code", "account", "no_older_than", "limit", "kind", "paging_id"]),
    ("PATCH", "/sep6/transactions/{id}", &["transaction"]),
    ("GET", "/sep12/customer", &["id", "account", "memo", "memo_type", "type", "transaction_id", "lang"]),
    (
        "PUT",
        "/sep12/customer",
        &["id", "account", "memo", "memo_type", "type", "transaction_id", "first_name", "birth_date"],
    ),
    ("PUT", "/sep12/customer/callback", &["url", "id", "account", "memo", "memo_type", "type"]),
    ("PUT", "/sep12/customer/verification", &["id", "mobile_number_verification"]),
    ("POST", "/sep12/customer/files", &["file"]),
    ("GET", "/sep12/customer/files", &["file_id", "customer_id"]),
    ("DELETE", "/sep12/customer/{account}", &["memo", "memo_type"]),
    (
        "POST",
        "/sep24/transactions/deposit/interactive",
        &["asset_code", "account", "amount", "memo", "quote_id"],
    ),
    ("POST", "/sep24/transactions/withdraw/interactive", &["asset_code", "account", "amount", "refund_memo"]),
    ("GET", "/sep24/transaction", &["id", "stellar_transaction_id", "external_transaction_id", "lang"]),
    ("GET", "/sep24/transactions", &["asset_code", "no_older_than", "limit", "kind", "paging_id"]),
    (
        "POST",
        "/sep31/transactions",
        &["amount", "asset_code", "funding_method", "sender_id", "receiver_id", "quote_id", "fields"],
    ),
    ("GET", "/sep31/transactions/{id}", &["lang"]),
    ("PATCH", "/sep31/transactions/{id}", &["fields"]),
    ("PUT", "/sep31/transactions/{id}/callback", &["url"]),
    (
        "POST",
        "/sep38/quote",
        &["sell_asset", "buy_asset", "sell_amount", "buy_amount", "context", "expire_after"],
    ),
    ("GET", "/sep38/quote/{id}", &["lang"]),
    (
        "GET",
        "/sep38/prices",
        &["sell_asset", "buy_asset", "sell_amount", "sell_delivery_method", "country_code"],
    ),
];

/// Prices are also for those who say nothing, but not for those who say something false.
fn is_open_without_token(path: &str) -> bool {
    path == "/sep38/prices"
}

/// By API, hosted, with customers, quotes and partners.
pub(crate) async fn everything() -> Result<TestAnchor> {
    let settings = [
        ("SENDING_ANCHORS", &*samples::user().account().to_string()),
        ("CUSTOMER_KEYS", samples::CUSTOMER_KEY),
        ("WEB_AUTH_CONTRACT_ID", "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA"),
        // nobody is there, and nobody is asked about what should not come in
        ("SEP45_RPC_URI", "http://localhost:9"),
    ];
    TestAnchor::with(&settings, |builder| {
        let asset = Asset { receive: samples::received_asset().receive, ..samples::asset_by_api() };
        let builder = builder.asset(asset).quotes(samples::quote_desk(), samples::quotes());
        builder.customers(ScriptedCustomers::new())
    })
    .await
}

fn filled(path: &str, id: &str) -> String {
    path.replace("{id}", id).replace("{account}", ACCOUNT)
}

fn request(method: &str, path: &str, token: &str) -> Result<TestRequest> {
    let request = TestRequest::with_uri(path).method(method.parse::<Method>()?);
    Ok(if token.is_empty() {
        request
    } else {
        request.insert_header(("authorization", format!("Bearer {token}")))
    })
}

#[actix_web::test]
async fn every_endpoint_is_readable_on_any_origin_and_says_which_methods_it_has() -> Result<()> {
    let anchor = everything().await?;
    for (method, path, _) in OPEN.into_iter().chain(CLOSED) {
        let path = filled(path, ID);
        let ask = request("OPTIONS", &path, "")?
            .insert_header(("origin", "https://wallet.example"))
            .insert_header(("access-control-request-method", method))
            .insert_header(("access-control-request-headers", "authorization,content-type"));
        let answer = anchor.call(ask).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-allow-methods").contains(method), "{path}");
        for origin in ["", "https://wallet.example", "null"] {
            let answer = anchor.call(request(method, &path, "")?.insert_header(("origin", origin))).await;
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{method} {path} {origin}");
            assert!(answer.status < 500, "{method} {path}");
        }
        let answer = anchor.call(request("TRACE", &path, "")?).await;
        assert_eq!(answer.status, 405, "{path}");
        assert!(answer.error().is_ok() && answer.header("allow").contains(method), "{path}");
    }
    Ok(())
}

#[actix_web::test]
async fn no_token_and_tokens_of_every_other_kind_are_refused_at_every_closed_endpoint() -> Result<()> {
    let anchor = everything().await?;
    let now = samples::start().timestamp();
    let claims = json!({
        "iss": "http://localhost:8000", "sub": samples::user().account().to_string(), "iat": now,
        "exp": now + 60, "jti": "00", "home_domain": "localhost:8000",
    });
    let ended = {
        let mut claims = claims.clone();
        claims["exp"] = json!(now);
        claims
    };
    let token = anchor.log_in(&samples::user()).await?;
    let unsigned =
        format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).context("claims")?);
    let tokens = [
        String::new(),
        ID.to_owned(),
        unsigned,
        signed("hand-over+jwt", &claims)?,
        signed("more-info+jwt", &claims)?,
        signed("JWT", &ended)?,
        format!("{token}x"),
        "x".repeat(6000),
    ];
    for token in tokens {
        for (method, path, _) in CLOSED {
            if token.is_empty() && is_open_without_token(path) {
                continue;
            }
            let ask = request(method, &filled(path, ID), &token)?
                .insert_header(("content-type", "application/json"));
            let answer = anchor.call(ask.set_payload("{}")).await;
            let refused = if path.starts_with("/sep12") { 401 } else { 403 };
            assert_eq!(answer.status, refused, "{method} {path} {}", &token[..token.len().min(40)]);
            assert_told(&answer, path);
        }
    }
    Ok(())
}

/// As JSON where there is a body, in the query where there is none.
#[actix_web::test]
async fn every_parameter_of_every_endpoint_against_every_hostile_value() -> Result<()> {
    let anchor = everything().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let mut values = hostile();
    values.extend([
        json!(""),
        json!(ID),
        json!(ACCOUNT),
        json!("1e3"),
        json!("0"),
        json!("9".repeat(40)),
        Value::Null,
    ]);
    for (method, path, names) in OPEN.into_iter().chain(CLOSED) {
        for name in names {
            for value in &values {
                let what = format!("{method} {path} {name} {value}");
                let path = filled(path, ID);
                let ask = if method == "GET" {
                    let Some(text) = value.as_str() else { continue };
                    let mut query = url::form_urlencoded::Serializer::new(String::new());
                    let query = query.append_pair(name, text).finish();
                    request(method, &format!("{path}?{query}"), &token)?
                } else {
                    request(method, &path, &token)?.set_json(json!({ *name: value }))
                };
                assert_told(&anchor.call(ask).await, &what);
            }
            if method == "GET" {
                let twice = anchor
                    .call(request(method, &format!("{}?{name}=a&{name}=b", filled(path, ID)), &token)?)
                    .await;
                assert_told(&twice, &format!("{path} {name} twice"));
            }
        }
    }
    Ok(())
}

#[actix_web::test]
async fn ids_in_addresses_that_are_none_or_anothers_are_4xx() -> Result<()> {
    let anchor = everything().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let long = "x".repeat(9000);
    let ids = [ID, "x", "%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "%27%20OR%201=1", "-1", &long];
    for (method, path, _) in CLOSED.into_iter().filter(|(_, path, _)| path.contains('{')) {
        for id in ids {
            let path = path.replace("{id}", id).replace("{account}", id);
            let answer = anchor.call(request(method, &path, &token)?.set_json(json!({}))).await;
            let what = format!("{method} {}", &path[..path.len().min(80)]);
            assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
            assert_told(&answer, &what);
        }
    }
    Ok(())
}

/// What no encoding is, in all of them, and files where none belong.
#[actix_web::test]
async fn bodies_that_are_not_what_they_say_are_refused_at_every_endpoint() -> Result<()> {
    let anchor = everything().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let part = |name: &str, file: &str, content: &[u8]| {
        let mut body =
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--b--\r\n");
        body
    };
    let (form, multipart) = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b");
    let mut bodies: Vec<(&str, Vec<u8>)> = vec![
        ("application/json", b"".to_vec()),
        ("application/json", b"{".to_vec()),
        ("application/json", b"[]".to_vec()),
        ("application/json", b"{\"a\":1,\"a\":2}".to_vec()),
        ("application/json", b"{\"a\":\"\xff\xfe\"}".to_vec()),
        ("application/json", "[".repeat(60_000).into_bytes()),
        ("application/json", vec![b' '; 1024 * 1024]),
        (form, b"a=%ff%fe".to_vec()),
        (form, b"a=1&a=2".to_vec()),
        ("multipart/form-data", b"--b--\r\n".to_vec()),
        (multipart, b"".to_vec()),
        (multipart, b"--b\r\n\r\nx".to_vec()),
        ("text/plain", b"{}".to_vec()),
        ("application/xml", b"<x/>".to_vec()),
        ("", b"{}".to_vec()),
    ];
    bodies.push((multipart, part("", "", b"x")));
    bodies.push((multipart, part("x", "; filename=\"../../etc/passwd\"", b"PK\x03\x04\x14 a bomb")));
    bodies.push((multipart, part("x", "; filename=\"a.png\"", &vec![0; 20 * 1024 * 1024])));
    for (method, path, _) in OPEN.into_iter().chain(CLOSED).filter(|(method, ..)| *method != "GET") {
        for (content_type, body) in &bodies {
            let ask =
                request(method, &filled(path, ID), &token)?.insert_header(("content-type", *content_type));
            let answer = anchor.call(ask.set_payload(body.clone())).await;
            let what = format!("{method} {path} {content_type} {:?}", &body[..body.len().min(40)]);
            assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
            assert_told(&answer, &what);
        }
    }
    Ok(())
}

#[actix_web::test]
async fn mebibyte_bodies_are_answered_at_every_endpoint_and_no_connection_is_dropped() -> Result<()> {
    let anchor = everything().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let served = Served::start(&anchor.web)?;
    let body = "x".repeat(1024 * 1024);
    let mut requests = Vec::new();
    for (method, path, _) in OPEN.into_iter().chain(CLOSED) {
        for content_type in ["application/json", "multipart/form-data; boundary=b", "text/plain"] {
            requests.push(format!(
                "{method} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
                 content-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
                filled(path, ID),
                body.len()
            ));
        }
    }
    for some in requests.chunks(12) {
        try_join_all(some.iter().map(|request| async {
            let what: String = request.chars().take(80).collect();
            let reply = served.exchange(request.as_bytes()).await.with_context(|| what.clone())?;
            assert!((200..500).contains(&reply.status), "{what}: {reply:?}");
            anyhow::Ok(())
        }))
        .await?;
    }
    served.stop().await
}

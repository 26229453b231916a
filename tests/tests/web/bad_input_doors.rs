//! Every door of the anchor, pages included, against what should not come in: foreign ids and tokens, wrong methods and
//! encodings, bodies of a mebibyte over a real connection, XDR that never ends.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use stellar_xdr::{
    Asset, ClaimPredicate, Claimant, ClaimantV0, CreateClaimableBalanceOp, Limits, Memo, MuxedAccount,
    Operation, OperationBody, Preconditions, SequenceNumber, Transaction, TransactionEnvelope,
    TransactionExt, TransactionV1Envelope, Uint256, WriteXdr as _,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::sep38::quoting;

const KEY: &str = "a-key-for-tests-0123456789-abcdefgh";
const DEPOSIT: &str = "/sep24/transactions/deposit/interactive";
const WITHDRAW: &str = "/sep24/transactions/withdraw/interactive";

const QUOTE: &str = "/sep38/quote";

/// All that need a token.
const CLOSED: [(Method, &str); 6] = [
    (Method::POST, DEPOSIT),
    (Method::POST, WITHDRAW),
    (Method::GET, "/sep24/transaction?id=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"),
    (Method::GET, "/sep24/transactions?asset_code=USDC"),
    (Method::POST, QUOTE),
    (Method::GET, "/sep38/quote/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"),
];

struct Opened {
    anchor: TestAnchor,
    token: String,
    id: String,
    url_token: String,
    more_info_token: String,
}

/// A user with one deposit.
async fn opened() -> Result<Opened> {
    let (anchor, _) = quoting(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let started = anchor.post(DEPOSIT, &token, json!({ "asset_code": "USDC" })).await.json()?;
    let id = started["id"].as_str().context("an id")?.to_owned();
    let shown = anchor.get(&format!("/sep24/transaction?id={id}"), &token).await.json()?;
    let token_of = |url: &Value| -> Result<String> {
        let url = url::Url::parse(url.as_str().context("an address")?)?;
        Ok(url.query_pairs().find(|(name, _)| name == "token").context("a token")?.1.into_owned())
    };
    let (url_token, more_info_token) =
        (token_of(&started["url"])?, token_of(&shown["transaction"]["more_info_url"])?);
    Ok(Opened { anchor, token, id, url_token, more_info_token })
}

pub(crate) fn signed(typ: &str, claims: &Value) -> Result<String> {
    let header = Header { typ: Some(typ.to_owned()), ..Header::new(Algorithm::HS256) };
    Ok(encode(&header, claims, &EncodingKey::from_secret(KEY.as_bytes()))?)
}

#[actix_web::test]
async fn tokens_of_every_other_kind_are_403_at_every_closed_door() -> Result<()> {
    let opened = opened().await?;
    let now = samples::start().timestamp();
    let claims = json!({
        "iss": "http://localhost:8000", "sub": samples::user().account().to_string(), "iat": now,
        "exp": now + 60, "jti": "00", "home_domain": "localhost:8000",
    });
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let unsigned =
        format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.{}.", opened.token.split('.').nth(1).context("claims")?);
    let foreign = [
        opened.url_token.clone(),
        opened.more_info_token.clone(),
        opened.id.clone(),
        unsigned,
        signed("hand-over+jwt", &claims)?,
        signed("return+jwt", &claims)?,
        signed("JWT", &with("iss", json!("https://other.example")))?,
        signed("JWT", &with("home_domain", json!("other.example")))?,
        signed("JWT", &with("exp", json!(now)))?,
        signed("JWT", &with("sub", json!("admin")))?,
        opened.token.to_ascii_uppercase(),
        format!("{}x", opened.token),
        "x".repeat(6000),
    ];
    for token in foreign {
        for (method, path) in CLOSED {
            let request = TestRequest::with_uri(path).method(method);
            let request = request
                .insert_header(("authorization", format!("Bearer {token}")))
                .insert_header(("content-type", "application/json"))
                .set_payload(r#"{"asset_code":"USDC"}"#);
            let answer = opened.anchor.call(request).await;
            assert_eq!(answer.status, 403, "{path} {}", &token[..token.len().min(40)]);
            assert_eq!(answer.json()?["type"], "authentication_required");
            answer.error()?;
        }
    }
    assert_eq!(
        opened.anchor.get(CLOSED[3].1, &signed("JWT", &claims)?).await.status,
        200,
        "only this is right"
    );
    Ok(())
}

#[actix_web::test]
async fn wrong_methods_are_405_and_unknown_paths_404_with_the_error_body() -> Result<()> {
    let opened = opened().await?;
    let doors = [
        "/sep24/info",
        "/sep24/transaction",
        "/sep24/transactions",
        DEPOSIT,
        WITHDRAW,
        "/auth",
        "/sep38/info",
        "/sep38/prices",
        "/sep38/price",
        QUOTE,
        "/sep38/quote/x",
    ];
    for path in doors {
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
            let request = TestRequest::with_uri(path).method(method.clone());
            let request = request.insert_header(("authorization", format!("Bearer {}", opened.token)));
            let answer = opened.anchor.call(request).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            answer.error()?;
        }
    }
    for path in [
        "/sep24",
        "/sep24/",
        "/sep24/nothing",
        "/sep24/transactions/",
        "/sep24/transactions/deposit",
        "/sep24/%00",
        "/sep38",
        "/sep38/",
        "/sep38/nothing",
        "/sep38/quote/",
        "/sep38/quote/x/y",
        "/sep38/%00",
    ] {
        let answer = opened.anchor.get(path, &opened.token).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.error()?;
    }
    Ok(())
}

#[actix_web::test]
async fn pages_answer_everything_with_4xx_and_stay_closed_to_other_origins() -> Result<()> {
    let opened = opened().await?;
    let other = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let long = "x".repeat(9000);
    let ids =
        [&opened.id[..], other, "not-an-id", "%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "<script>", &long];
    let tokens = ["", "x", &opened.more_info_token, &opened.token, "%ff", "%00", "'%20OR%201=1", &long];
    let tails = ["", "/preview", "/return", "/details"];
    let mut paths = Vec::new();
    for id in ids {
        for token in tokens {
            paths.extend(tails.map(|tail| format!("/sep24/interactive/{id}{tail}?token={token}")));
            paths.push(format!("/sep24/interactive/{id}?token={token}&token={token}&callback=javascript:x"));
            if token != opened.more_info_token {
                paths.push(format!("/sep24/transaction/more_info?id={id}&token={token}"));
            }
        }
    }
    paths.push(format!("/sep24/transaction/more_info?id={other}&token={}", opened.more_info_token));
    paths.push("/sep24/transaction/more_info".to_owned());
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    for path in &paths {
        // what is no address does not reach any server
        if actix_web::http::Uri::try_from(path.as_str()).is_err() {
            continue;
        }
        for method in &methods {
            let request = TestRequest::with_uri(path).method(method.clone());
            let request = request
                .insert_header(("cookie", "anchor_visit=x"))
                .insert_header(("content-type", "application/x-www-form-urlencoded"))
                .set_payload("_csrf=x&_page=amount&amount=NaN&amount=%ff");
            let answer = opened.anchor.call(request).await;
            let what = format!("{method} {}", &path[..path.len().min(100)]);
            assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
            if path.contains("/interactive/") && !path.contains("%2f") {
                assert_eq!(answer.header("access-control-allow-origin"), "", "{what}");
            }
        }
    }
    // nothing of this has spent the address
    let address = format!("/sep24/interactive/{}?token={}", opened.id, opened.url_token);
    assert_eq!(opened.anchor.get(&address, "").await.status, 303);
    Ok(())
}

/// A balance whose one claimant has `depth` negations in its predicate: 8 bytes each.
fn bomb(depth: usize) -> Result<String> {
    let predicate = ClaimPredicate::Not(Some(Box::new(ClaimPredicate::Unconditional)));
    let claimant = ClaimantV0 {
        destination: stellar_xdr::AccountId(stellar_xdr::PublicKey::PublicKeyTypeEd25519(Uint256([7; 32]))),
        predicate,
    };
    let body = OperationBody::CreateClaimableBalance(CreateClaimableBalanceOp {
        asset: Asset::Native,
        amount: 1,
        claimants: vec![Claimant::ClaimantTypeV0(claimant)].try_into()?,
    });
    let tx = Transaction {
        source_account: MuxedAccount::Ed25519(Uint256([7; 32])),
        fee: 100,
        seq_num: SequenceNumber(0),
        cond: Preconditions::None,
        memo: Memo::None,
        operations: vec![Operation { source_account: None, body }].try_into()?,
        ext: TransactionExt::V0,
    };
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: Vec::new().try_into()? });
    let bytes = envelope.to_xdr(Limits { depth: 100, len: 10_000 })?;
    let negation = [0, 0, 0, 3, 0, 0, 0, 1];
    let at = bytes.windows(8).position(|window| window == negation).context("a negation")?;
    let mut bombed = bytes[..at].to_vec();
    bombed.extend(negation.repeat(depth));
    bombed.extend_from_slice(&bytes[at..]);
    Ok(BASE64_STANDARD.encode(bombed))
}

#[actix_web::test]
async fn peer_nested_xdr_bombs_are_400() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for depth in [1, 100, 500, 5_000, 11_000] {
        let answer = anchor.post("/auth", "", json!({ "transaction": bomb(depth)? })).await;
        assert_eq!(answer.status, 400, "{depth}: {answer:?}");
        answer.error()?;
    }
    Ok(())
}

#[actix_web::test]
async fn mebibyte_bodies_are_answered_and_no_connection_is_dropped() -> Result<()> {
    let opened = opened().await?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { stopped.await.unwrap_or_default() };
    let server = actix_web::rt::spawn(anchor_web::serve(opened.anchor.web.clone(), listener, shutdown));
    let body = vec![b'x'; 1024 * 1024];
    let page = format!("/sep24/interactive/{}", opened.id);
    let doors = [
        ("POST", "/auth"),
        ("POST", DEPOSIT),
        ("POST", WITHDRAW),
        ("POST", QUOTE),
        ("GET", "/sep38/prices"),
        ("POST", page.as_str()),
        ("GET", "/sep24/info"),
        ("GET", "/sep24/transactions?asset_code=USDC"),
        ("PUT", "/sep24/transaction"),
    ];
    let types = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "text/plain",
    ];
    let mut exchanges = Vec::new();
    for (method, path) in doors {
        for content_type in types {
            for authorization in [format!("authorization: Bearer {}\r\n", opened.token), String::new()] {
                let head = format!(
                    "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{authorization}\
                     content-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let body = &body;
                exchanges.push(async move {
                    let what = format!("{method} {path} {content_type}");
                    let text =
                        exchange(address, head.as_bytes(), body).await.with_context(|| what.clone())?;
                    let status: u16 = text.split(' ').nth(1).context("a status")?.parse()?;
                    assert!((200..500).contains(&status), "{what}: {text}");
                    assert!(method == "GET" || status >= 400, "{what}: {text}");
                    anyhow::Ok(())
                });
            }
        }
    }
    // at once: the server waits a while for what it refused, so that the answer is read
    futures_util::future::try_join_all(exchanges).await?;
    assert!(stop.send(()).is_ok());
    tokio::time::timeout(Duration::from_secs(30), server).await???;
    Ok(())
}

/// Sends all of it, then reads to the end, as a simple client does.
async fn exchange(address: std::net::SocketAddr, head: &[u8], body: &[u8]) -> Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(head).await?;
    connection.write_all(body).await.context("the body was not taken")?;
    let mut answer = Vec::new();
    let read = connection.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read).await?.context("no answer")?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

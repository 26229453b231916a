//! What the endpoints of SEP-31 have in common: where they are, who may ask, how they say no.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::AnchorBuilder;
use anchor_core::account::Account;
use anchor_core::asset::{Asset, ReceiveOffer, ReceiveQuotes};
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::Transaction;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result, ensure};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

pub(crate) const TRANSACTIONS: &str = "/sep31/transactions";

/// Another sending anchor, with an agreement of its own.
pub(crate) fn rival() -> SigningKey {
    SigningKey::from_seed([9; 32])
}

/// Somebody without one.
pub(crate) fn stranger() -> SigningKey {
    SigningKey::from_seed([10; 32])
}

/// The sample's offer with these changes.
pub(crate) fn asset(change: impl FnOnce(&mut ReceiveOffer)) -> Asset {
    let mut asset = samples::received_asset();
    if let Some(receive) = &mut asset.receive {
        change(receive);
    }
    asset
}

/// An anchor that takes `USDC` from [`samples::user`] and [`rival`], and quotes.
pub(crate) async fn receiving(settings: &[(&str, &str)]) -> Result<TestAnchor> {
    receiving_with(settings, samples::received_asset(), |builder| builder).await
}

/// With another offer, and other parts.
pub(crate) async fn receiving_with(
    settings: &[(&str, &str)],
    asset: Asset,
    change: impl FnOnce(AnchorBuilder) -> AnchorBuilder,
) -> Result<TestAnchor> {
    let known = format!("{}, {}", samples::user().account(), rival().account());
    let mut all = vec![("SENDING_ANCHORS", known.as_str())];
    all.retain(|(name, _)| settings.iter().all(|(other, _)| other != name));
    all.extend_from_slice(settings);
    TestAnchor::with(&all, |builder| {
        change(builder.asset(asset).quotes(samples::quote_desk(), samples::quotes()))
    })
    .await
}

pub(crate) async fn logged_in() -> Result<(TestAnchor, String)> {
    let anchor = receiving(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token))
}

/// A good announcement of 100 tokens, with these members changed; `null` takes one away.
pub(crate) fn announced(extra: Value) -> Value {
    let mut body = json!({ "amount": 100, "asset_code": "USDC", "funding_method": "SEPA" });
    let (Value::Object(members), Value::Object(extra)) = (&mut body, extra) else { unreachable!() };
    members.extend(extra);
    members.retain(|_, value| !value.is_null());
    body
}

/// Announced, and taken.
pub(crate) async fn taken(anchor: &TestAnchor, token: &str, extra: Value) -> Result<Value> {
    let answer = anchor.post(TRANSACTIONS, token, announced(extra)).await;
    ensure!(answer.status == 201, "not taken: {answer:?}");
    answer.json()
}

pub(crate) async fn stored(anchor: &TestAnchor, answer: &Value) -> Result<Transaction> {
    let id = answer["id"].as_str().context("an id")?.parse()?;
    anchor.anchor.store().transaction_fetch(id).await?.context("stored")
}

/// How many transactions there are, whoever's.
pub(crate) async fn count(anchor: &TestAnchor) -> Result<u64> {
    let open = anchor.anchor.store().transaction_count().await?;
    let ended = anchor.anchor.store().transaction_count_ended().await?;
    Ok(open.iter().chain(&ended).map(|counted| counted.count).sum())
}

pub(crate) fn path_of(answer: &Value) -> Result<String> {
    Ok(format!("{TRANSACTIONS}/{}", answer["id"].as_str().context("an id")?))
}

pub(crate) async fn shown(anchor: &TestAnchor, token: &str, answer: &Value) -> Result<Value> {
    let shown = anchor.get(&path_of(answer)?, token).await;
    ensure!(shown.status == 200, "not shown: {shown:?}");
    Ok(shown.json()?["transaction"].take())
}

/// A request with a token and a JSON body.
pub(crate) fn request(method: Method, path: &str, token: &str, body: &Value) -> TestRequest {
    let request = TestRequest::with_uri(path).method(method).set_json(body);
    if token.is_empty() {
        return request;
    }
    request.insert_header(("authorization", format!("Bearer {token}")))
}

pub(crate) fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 400, "{what}: {answer:?}");
    assert!(answer.error().is_ok(), "{what}: {answer:?}");
}

const ID: &str = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";

/// All that need a token, with a body that would do.
fn closed() -> Vec<(Method, String, Value)> {
    vec![
        (Method::POST, TRANSACTIONS.to_owned(), announced(json!({}))),
        (Method::GET, format!("{TRANSACTIONS}/{ID}"), json!({})),
        (Method::PATCH, format!("{TRANSACTIONS}/{ID}"), json!({ "fields": { "transaction": {} } })),
        (Method::PUT, format!("{TRANSACTIONS}/{ID}/callback"), json!({ "url": "https://sender.example/cb" })),
    ]
}

#[actix_web::test]
async fn r_31_001_r_31_003_r_31_016_server_is_published_where_something_is_taken() -> Result<()> {
    let secure = [("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")];
    for (settings, host) in [(&[][..], "http://localhost:8000"), (&secure, "https://anchor.example")] {
        let anchor = receiving(settings).await?;
        let toml = anchor.get("/.well-known/stellar.toml", "").await;
        let toml: toml::Table = std::str::from_utf8(&toml.body)?.parse()?;
        assert_eq!(toml["DIRECT_PAYMENT_SERVER"].as_str(), Some(format!("{host}/sep31").as_str()));
        assert_eq!(toml["ANCHOR_QUOTE_SERVER"].as_str(), Some(format!("{host}/sep38").as_str()));
    }
    // nothing is taken, or it is not active: nothing is there
    for anchor in [TestAnchor::new().await?, receiving(&[("ACTIVE_SEPS", "1,10,24,38")]).await?] {
        let toml = anchor.get("/.well-known/stellar.toml", "").await;
        assert!(!std::str::from_utf8(&toml.body)?.contains("DIRECT_PAYMENT_SERVER"));
        assert_eq!(anchor.get("/sep31/info", "").await.status, 404);
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_016_nobody_takes_for_other_money_without_a_price() -> Result<()> {
    let built = TestAnchor::with(&[], |builder| builder.asset(samples::received_asset())).await;
    let error = format!("{:#}", built.err().context("it cannot be built")?);
    assert!(error.contains("nothing is quoted"), "{error}");
    Ok(())
}

#[actix_web::test]
async fn r_31_006_r_31_007_endpoints_need_a_token_and_answer_403() -> Result<()> {
    let anchor = receiving(&[]).await?;
    for (method, path, body) in closed() {
        for token in ["", "nonsense", "e30.e30.e30"] {
            let answer = anchor.call(request(method.clone(), &path, token, &body)).await;
            assert_eq!(answer.status, 403, "{method} {path}, not 401: {answer:?}");
            answer.error()?;
        }
        let basic = request(method.clone(), &path, "", &body).insert_header(("authorization", "Basic eDp5"));
        assert_eq!(anchor.call(basic).await.status, 403, "{method} {path}");
    }
    assert_eq!(count(&anchor).await?, 0);
    Ok(())
}

#[actix_web::test]
async fn r_31_004_only_those_with_an_agreement_are_served() -> Result<()> {
    let anchor = receiving(&[]).await?;
    let token = anchor.log_in(&stranger()).await?;
    for (method, path, body) in closed() {
        let answer = anchor.call(request(method.clone(), &path, &token, &body)).await;
        assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
        assert!(answer.error()?.contains("agreement"));
    }
    // nobody, without the setting
    let anchor = receiving(&[("SENDING_ANCHORS", "")]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    assert_eq!(anchor.post(TRANSACTIONS, &token, announced(json!({}))).await.status, 403);
    assert_eq!(count(&anchor).await?, 0);
    // how its account tells customers apart is the sending anchor's own business
    let anchor = receiving(&[]).await?;
    let account = samples::user().account();
    let muxed = Account::Muxed { account, id: 7 };
    for query in [format!("account={account}&memo=7"), format!("account={muxed}")] {
        let token = anchor.log_in_as(&query, &samples::user()).await?;
        taken(&anchor, &token, json!({})).await?;
    }
    Ok(())
}

/// A token of SEP-45 would look like this.
fn contracts_token() -> Result<String> {
    let now = samples::start().timestamp();
    let claims = json!({
        "iss": "http://localhost:8000", "iat": now, "exp": now + 60, "jti": "00", "home_domain": "localhost:8000",
        "sub": "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA",
    });
    let key = EncodingKey::from_secret(b"a-key-for-tests-0123456789-abcdefgh");
    let header = Header { typ: Some("JWT".to_owned()), ..Header::new(Algorithm::HS256) };
    Ok(encode(&header, &claims, &key)?)
}

#[actix_web::test]
async fn r_31_005_contracts_send_nothing() -> Result<()> {
    let anchor = receiving(&[]).await?;
    let token = contracts_token()?;
    assert_eq!(anchor.get("/sep38/info", &token).await.status, 200, "the token itself is a good one");
    for (method, path, body) in closed() {
        let answer = anchor.call(request(method.clone(), &path, &token, &body)).await;
        assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
        answer.error()?;
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_008_r_31_019_info_is_for_everybody_in_whatever_language() -> Result<()> {
    let anchor = receiving(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let first = anchor.get("/sep31/info", "").await;
    for (path, token) in
        [("/sep31/info", token.as_str()), ("/sep31/info?lang=fr", ""), ("/sep31/info?lang=xx", "")]
    {
        let answer = anchor.get(path, token).await;
        assert_eq!((answer.status, &answer.body), (200, &first.body), "{path}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_010_bodies_are_json_and_nothing_else() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let form = "amount=100&asset_code=USDC&funding_method=SEPA";
    let part = "--b\r\ncontent-disposition: form-data; name=\"amount\"\r\n\r\n100\r\n--b--\r\n";
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", form),
        ("multipart/form-data; boundary=b", part),
        ("text/plain", "{}"),
        ("", "{}"),
    ] {
        for (method, path, _) in closed().into_iter().filter(|(method, ..)| method != Method::GET) {
            let sent = TestRequest::with_uri(&path).method(method.clone());
            let sent = sent
                .insert_header(("authorization", format!("Bearer {token}")))
                .insert_header(("content-type", content_type))
                .set_payload(body);
            let answer = anchor.call(sent).await;
            assert_eq!(answer.status, 415, "{method} {path} {content_type}: {answer:?}");
            answer.error()?;
            // who asks comes first
            let unknown = TestRequest::with_uri(&path).method(method.clone());
            let unknown = unknown.insert_header(("content-type", content_type)).set_payload(body);
            assert_eq!(anchor.call(unknown).await.status, 403, "{method} {path} {content_type}");
        }
    }
    let charset = request(Method::POST, TRANSACTIONS, &token, &announced(json!({})))
        .insert_header(("content-type", "application/json; charset=utf-8"));
    let answer = anchor.call(charset).await;
    assert_eq!(answer.status, 201);
    assert!(answer.json().is_ok(), "and so are answers");
    Ok(())
}

#[actix_web::test]
async fn r_31_011_errors_are_readable_on_any_origin() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for path in [
        "/sep31/info",
        TRANSACTIONS,
        &format!("{TRANSACTIONS}/{ID}"),
        &format!("{TRANSACTIONS}/{ID}/callback"),
    ] {
        let preflight = TestRequest::with_uri(path).method(Method::OPTIONS);
        let preflight = preflight
            .insert_header(("origin", "https://sender.example"))
            .insert_header(("access-control-request-method", "POST"));
        let answer = anchor.call(preflight).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, "*"), "{path}");
        let answer = anchor.call(TestRequest::with_uri(path).method(Method::DELETE)).await;
        assert_eq!(answer.status, 405, "{path}");
        answer.error()?;
    }
    let refused = anchor.post(TRANSACTIONS, &token, announced(json!({ "lang": "fr", "amount": null }))).await;
    assert_refused(&refused, "a language is no obstacle");
    for path in ["/sep31", "/sep31/", "/sep31/nothing", "/sep31/transactions/", "/sep31/transactions/x/y/z"] {
        let answer = anchor.get(path, &token).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.error()?;
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_009_addresses_are_https_outside_of_one_machine() -> Result<()> {
    let secure = receiving(&[("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")]).await?;
    let toml = secure.get("/.well-known/stellar.toml", "").await;
    let toml: toml::Table = std::str::from_utf8(&toml.body)?.parse()?;
    assert!(toml["DIRECT_PAYMENT_SERVER"].as_str().is_some_and(|url| url.starts_with("https://")));
    assert!(receiving(&[("HOST_URL", "http://anchor.example"), ("LOCAL_MODE", "0")]).await.is_err());
    let token = secure.log_in(&samples::user()).await?;
    let one = taken(&secure, &token, json!({})).await?;
    let path = format!("{}/callback", path_of(&one)?);
    let body = json!({ "url": "http://sender.example/cb" });
    assert_refused(&secure.call(request(Method::PUT, &path, &token, &body)).await, "plain http");
    Ok(())
}

#[actix_web::test]
async fn offers_without_quotes_need_no_prices() -> Result<()> {
    let plain = asset(|receive| receive.quotes = ReceiveQuotes::None);
    let user = samples::user().account().to_string();
    let anchor = TestAnchor::with(&[("SENDING_ANCHORS", &user)], |builder| builder.asset(plain)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    taken(&anchor, &token, json!({})).await?;
    let quoted = announced(json!({ "quote_id": ID }));
    assert_refused(&anchor.post(TRANSACTIONS, &token, quoted).await, "a quote");
    Ok(())
}

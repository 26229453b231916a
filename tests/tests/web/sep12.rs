//! What the endpoints of SEP-12 have in common: where they are, who may ask, how they say no.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::testing::fakes::{ScriptedCustomers, samples};
use anchor_tests::logs::Log;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// An anchor that asks, and what it thinks of customers.
pub(crate) async fn asking(settings: &[(&str, &str)]) -> Result<(TestAnchor, ScriptedCustomers)> {
    let customers = ScriptedCustomers::new();
    let attached = customers.clone();
    let anchor = TestAnchor::with(settings, |builder| builder.customers(attached)).await?;
    Ok((anchor, customers))
}

pub(crate) fn request(method: Method, path: &str, token: &str) -> TestRequest {
    let request = TestRequest::with_uri(path).method(method);
    if token.is_empty() {
        request
    } else {
        request.insert_header(("authorization", format!("Bearer {token}")))
    }
}

pub(crate) async fn put(anchor: &TestAnchor, token: &str, body: Value) -> Answer {
    anchor.call(request(Method::PUT, "/sep12/customer", token).set_json(body)).await
}

/// The id under which something was put.
pub(crate) async fn put_ok(anchor: &TestAnchor, token: &str, body: Value) -> Result<String> {
    let answer = put(anchor, token, body).await;
    anyhow::ensure!(answer.status == 202, "not put: {answer:?}");
    Ok(answer.json()?["id"].as_str().context("an id")?.to_owned())
}

pub(crate) async fn show(anchor: &TestAnchor, token: &str, query: &str) -> Result<Value> {
    let answer = anchor.get(&format!("/sep12/customer?{query}"), token).await;
    anyhow::ensure!(answer.status == 200, "not shown: {answer:?}");
    answer.json()
}

pub(crate) async fn erase(anchor: &TestAnchor, token: &str, account: &str) -> Answer {
    anchor.call(request(Method::DELETE, &format!("/sep12/customer/{account}"), token)).await
}

/// Everything that `sep6` asks for.
pub(crate) fn ada() -> Value {
    json!({ "type": "sep6", "first_name": "Ada", "last_name": "Lovelace", "email_address": "ada@example.com" })
}

pub(crate) fn assert_refused(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert!(answer.error().is_ok(), "{what}: {answer:?}");
}

/// Every endpoint, with a body that is good as far as it goes.
pub(crate) fn doors(account: &str, id: &str) -> Vec<(Method, String, Value)> {
    vec![
        (Method::GET, format!("/sep12/customer?id={id}"), Value::Null),
        (Method::PUT, "/sep12/customer".to_owned(), json!({ "id": id, "first_name": "Eve" })),
        (
            Method::PUT,
            "/sep12/customer/callback".to_owned(),
            json!({ "id": id, "url": "https://eve.example/" }),
        ),
        (
            Method::PUT,
            "/sep12/customer/verification".to_owned(),
            json!({ "id": id, "mobile_number_verification": "1" }),
        ),
        (Method::GET, format!("/sep12/customer/files?customer_id={id}"), Value::Null),
        (Method::POST, "/sep12/customer/files".to_owned(), json!({})),
        (Method::DELETE, format!("/sep12/customer/{account}"), Value::Null),
    ]
}

pub(crate) async fn knock(anchor: &TestAnchor, door: &(Method, String, Value), token: &str) -> Answer {
    let (method, path, body) = door;
    let request = request(method.clone(), path, token);
    anchor.call(if body.is_null() { request } else { request.set_json(body) }).await
}

#[actix_web::test]
async fn r_12_001_r_12_002_kyc_server_is_published_where_something_is_asked() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let toml = anchor.get("/.well-known/stellar.toml", "").await;
    let toml: toml::Table = std::str::from_utf8(&toml.body)?.parse()?;
    assert_eq!(toml["KYC_SERVER"].as_str(), Some("http://localhost:8000/sep12"));
    let (inactive, _) = asking(&[("ACTIVE_SEPS", "1,10,24")]).await?;
    for anchor in [TestAnchor::new().await?, inactive] {
        let toml = anchor.get("/.well-known/stellar.toml", "").await;
        assert!(!std::str::from_utf8(&toml.body)?.contains("KYC_SERVER"));
        assert_eq!(anchor.get("/sep12/customer", "").await.status, 404);
    }
    // nobody could log in, or the data would lie open
    assert!(asking(&[("ACTIVE_SEPS", "1,12")]).await.is_err());
    let no_key = ("CUSTOMER_KEYS", "");
    let open = TestAnchor::with(&[no_key], |builder| builder.customers(ScriptedCustomers::new())).await;
    assert!(open.is_err_and(|error| error.to_string().contains("CUSTOMER_KEYS")));
    // and so would what users type, where they are not the developer
    TestAnchor::with(&[no_key], |builder| builder).await?;
    let public = [no_key, ("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")];
    let open = TestAnchor::with(&public, |builder| builder).await;
    assert!(open.is_err_and(|error| error.to_string().contains("CUSTOMER_KEYS")));
    Ok(())
}

#[actix_web::test]
async fn r_12_004_r_12_005_r_12_008_r_12_009_every_endpoint_needs_a_token_before_it_reads_anything()
-> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let account = samples::user().account().to_string();
    for door in doors(&account, "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d") {
        for token in ["", "nonsense"] {
            assert_refused(&knock(&anchor, &door, token).await, 401, &format!("{door:?}"));
        }
        // no way to read this, and nobody tries
        let garbage = request(door.0.clone(), &door.1, "").insert_header(("content-type", "text/plain"));
        assert_refused(&anchor.call(garbage.set_payload("[object Object]")).await, 401, "garbage");
    }
    let token = anchor.log_in(&samples::user()).await?;
    assert_refused(&anchor.get("/sep12/other", &token).await, 404, "no such endpoint");
    assert_refused(&anchor.post("/sep12/customer", &token, json!({})).await, 405, "no such method");
    Ok(())
}

#[actix_web::test]
async fn r_12_010_pages_of_every_origin_may_ask() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    for door in doors(&samples::user().account().to_string(), "x") {
        let path = door.1.split('?').next().unwrap_or_default();
        let preflight = anchor.call(request(Method::OPTIONS, path, "")).await;
        assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, "*"));
        assert!(preflight.header("access-control-allow-methods").contains(door.0.as_str()), "{door:?}");
        assert_eq!(preflight.header("access-control-allow-headers"), "Authorization, Content-Type");
    }
    Ok(())
}

#[actix_web::test]
async fn r_12_006_r_12_007_r_12_011_bodies_come_in_three_encodings() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let id = put_ok(&anchor, &token, ada()).await?;
    let door = || request(Method::PUT, "/sep12/customer", &token);
    let form = door().set_form([("first_name", "Ada"), ("organization.name", "A & Co"), ("type", "sep6")]);
    let form = anchor.call(form).await;
    assert_eq!((form.status, form.json()?["id"].as_str()), (202, Some(&*id)), "{form:?}");
    let text = "--b\r\ncontent-disposition: form-data; name=\"city\"\r\n\r\nLondon\r\n--b--\r\n";
    let parts = door().insert_header(("content-type", "multipart/form-data; boundary=b")).set_payload(text);
    let parts = anchor.call(parts).await;
    assert_eq!((parts.status, parts.json()?["id"].as_str()), (202, Some(&*id)), "{parts:?}");
    let other = door().insert_header(("content-type", "text/plain")).set_payload("city=London");
    assert_refused(&anchor.call(other).await, 415, "plain text");
    // numbers keep every digit, also as memos
    let memo = put_ok(&anchor, &token, json!({ "memo": u64::MAX, "occupation": 11 })).await?;
    assert_eq!(show(&anchor, &token, &format!("memo={}", u64::MAX)).await?["id"].as_str(), Some(&*memo));
    Ok(())
}

#[actix_web::test]
async fn peer_r_12_024_r_12_052_r_12_061_foreign_tokens_open_no_door() -> Result<()> {
    let (anchor, customers) = asking(&[]).await?;
    let (user, other) = (samples::user(), samples::issuer());
    let (account, base) = (user.account(), format!("account={}", user.account()));
    let owner = anchor.log_in_as(&format!("{base}&memo=7"), &user).await?;
    let id = put_ok(&anchor, &owner, ada()).await?;
    put_ok(&anchor, &owner, json!({ "type": "called", "mobile_number": "+14155550123" })).await?;
    let before = show(&anchor, &owner, "type=sep6").await?;
    let foreign = [
        ("another account", anchor.log_in(&other).await?),
        (
            "another account with the memo",
            anchor.log_in_as(&format!("account={}&memo=7", other.account()), &other).await?,
        ),
        ("another memo", anchor.log_in_as(&format!("{base}&memo=8"), &user).await?),
        ("memo zero", anchor.log_in_as(&format!("{base}&memo=0"), &user).await?),
    ];
    for (whose, token) in &foreign {
        for door in doors(&account.to_string(), &id) {
            let answer = knock(&anchor, &door, token).await;
            let unknown = knock(&anchor, &door_of_nobody(&door, &id), token).await;
            assert_eq!((answer.status, &answer.body), (unknown.status, &unknown.body), "{whose}: {door:?}");
            let is_list = door.1.contains("files?");
            assert_eq!(answer.status < 300, is_list, "{whose}: {door:?} {answer:?}");
            if is_list {
                assert_eq!(answer.json()?, json!({ "files": [] }));
            }
        }
        // nor by account and memo
        let (account, memo) = (account.to_string(), "7");
        let by_memo = json!({ "account": account, "memo": memo, "first_name": "Eve" });
        let answer = put(&anchor, token, by_memo).await;
        assert!(answer.status == 403, "{whose}: {answer:?}");
    }
    assert_eq!(show(&anchor, &owner, "type=sep6").await?, before);
    assert!(customers.erased().is_empty());
    assert_eq!(anchor.anchor.store().customer_list(None, 9).await?.len(), 1);
    Ok(())
}

/// The same with an id that nobody has.
fn door_of_nobody((method, path, body): &(Method, String, Value), id: &str) -> (Method, String, Value) {
    let nobody = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let mut body = body.clone();
    if body.get("id").is_some() {
        body["id"] = json!(nobody);
    }
    (method.clone(), path.replace(id, nobody), body)
}

#[actix_web::test]
async fn peer_r_09_104_personal_data_is_in_no_log_no_answer_and_no_database_file() -> Result<()> {
    let log = Log::of_this_thread();
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let marked = json!({ "last_name": "Qzxmarker", "tax_id": "qzxmarker-1", "birth_date": "qzxmarker" });
    let refused = put(&anchor, &token, marked).await;
    assert!(!refused.error()?.to_lowercase().contains("qzxmarker"), "{refused:?}");
    let id = put_ok(&anchor, &token, json!({ "last_name": "Qzxmarker", "tax_id": "qzxmarker-1" })).await?;
    assert!(!show(&anchor, &token, "").await?.to_string().to_lowercase().contains("qzxmarker"));
    let customer = anchor.anchor.store().customer_list(None, 1).await?.remove(0);
    assert_eq!(customer.id.to_string(), id);
    assert!(!format!("{customer:?}").to_lowercase().contains("qzxmarker"));
    let path = anchor.database().url().trim_start_matches("sqlite://").to_owned();
    let mut bytes = std::fs::read(&path)?;
    bytes.extend(std::fs::read(format!("{path}-wal")).unwrap_or_default());
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    assert!(text.contains(&id) && !text.contains("qzxmarker"));
    assert!(!log.end()?.to_lowercase().contains("qzxmarker"));
    Ok(())
}

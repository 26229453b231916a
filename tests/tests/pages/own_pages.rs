//! The business's own pages: a signed way there and a signed way back.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::test::TestRequest;
use anchor_core::clock::Clock as _;
use anchor_core::secret::Secret;
use anchor_core::transaction::{EventKind, Kind, Status};
use anchor_web::own_pages::{HandOver, Outcome, WayBack, details_token};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{HOST, Site, Started, SystemOrManual, Visitor, account};

const KEY: &str = "a key of the pages 0123456789 abcdef";
const PAGES: &str = "https://pages.example/start?from=anchor";

async fn site() -> Site {
    let settings = [("INTERACTIVE_UI_URL", PAGES), ("INTERACTIVE_UI_KEY", KEY)];
    Site::with(HOST, SystemOrManual::Manual, &settings).await
}

fn key() -> Secret<String> {
    Secret::new(KEY.to_owned())
}

/// A browser with its cookie, and where it was sent.
async fn sent<'a>(site: &'a Site, started: &Started, extra: &str) -> (Visitor<'a>, url::Url) {
    let opened = site.open(started, extra).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.body);
    let visitor = Visitor { site, path: opened.location(), cookie: opened.cookie(), csrf: String::new() };
    let there = visitor.get().await;
    assert_eq!(there.status, StatusCode::SEE_OTHER, "{}", there.body);
    (visitor, there.location().parse().unwrap())
}

fn token_of(url: &url::Url) -> String {
    url.query_pairs().find(|(name, _)| name == "token").unwrap().1.into_owned()
}

fn hand_over(site: &Site, url: &url::Url) -> HandOver {
    HandOver::read(&token_of(url), &key(), site.clock.now()).unwrap()
}

fn back(hand_over: &HandOver, token: &str) -> String {
    format!("{}?token={token}", hand_over.return_url.strip_prefix(HOST).unwrap())
}

fn agreed(amount: &str) -> Outcome {
    serde_json::from_value(json!({ "agreed": {
        "amount": amount, "instructions": [{ "label": "Account", "value": "12-345" }], "counterpart": "***678",
    }}))
    .unwrap()
}

fn answer(site: &Site, hand_over: &HandOver, outcome: Outcome) -> String {
    let back = WayBack { anchor: hand_over.iss.clone(), transaction: hand_over.sub, outcome };
    back.sign(&key(), site.clock.now()).unwrap()
}

/// As pages in any other language make it.
fn signed(typ: &str, key: &str, claims: &Value) -> String {
    let header = Header { typ: Some(typ.to_owned()), ..Header::new(Algorithm::HS256) };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

#[actix_web::test]
async fn own_pages_get_the_user_with_a_signed_hand_over_that_says_nothing_personal() {
    let site = site().await;
    let started = site
        .start_with(Kind::Deposit, |new| {
            new.request.amount = Some("120".parse().unwrap());
            new.request.customer = Some("customer-77".to_owned());
            new.request.language = Some("pt-BR".to_owned());
        })
        .await;
    let (visitor, there) = sent(&site, &started, "").await;
    assert_eq!((there.host_str(), there.path()), (Some("pages.example"), "/start"));
    assert!(there.query_pairs().any(|(name, value)| name == "from" && value == "anchor"), "{there}");
    let hand_over = hand_over(&site, &there);
    assert_eq!((hand_over.sub, hand_over.kind, &hand_over.iss[..]), (started.id, Kind::Deposit, HOST));
    assert_eq!(hand_over.amount, Some("120".parse().unwrap()));
    assert_eq!((hand_over.asset_in.to_string().as_str(), &hand_over.lang[..]), ("iso4217:USD", "pt-br"));
    assert_eq!(hand_over.return_url, format!("{HOST}/sep24/interactive/{}/return", started.id));
    let payload = token_of(&there).split('.').nth(1).unwrap().to_owned();
    let payload = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, payload).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    for personal in ["customer-77", &account(7).to_string()] {
        assert!(!payload.contains(personal), "{payload}");
    }
    // coming again is a hand-over of its own; after five minutes none is good
    let again = visitor.get().await.location().parse().unwrap();
    assert_ne!(self::hand_over(&site, &again).jti, hand_over.jti);
    site.clock.advance(Duration::from_secs(301));
    assert!(HandOver::read(&token_of(&there), &key(), site.clock.now()).is_err());
}

#[actix_web::test]
async fn r_24_070_r_24_076_r_24_077_what_own_pages_agreed_is_stored_and_told_once() {
    let site = site().await;
    for kind in [Kind::Deposit, Kind::Withdrawal] {
        let started = site.start(kind).await;
        let (visitor, there) = sent(&site, &started, "&callback=postMessage").await;
        let hand_over = hand_over(&site, &there);
        let path = back(&hand_over, &answer(&site, &hand_over, agreed("100")));
        let returned = visitor.get_at(&path).await;
        assert_eq!(returned.status, StatusCode::SEE_OTHER, "{}", returned.body);
        let status = visitor.get_at(&returned.location()).await;
        assert_eq!(status.status, StatusCode::OK);
        assert!(
            status.body.contains("pending_user_transfer_start"),
            "the wallet's window is told: {}",
            status.body
        );
        let transaction = site.transaction(started.id).await;
        assert_eq!(transaction.status(), Status::PendingUserTransferStart);
        let terms = transaction.terms.as_ref().unwrap();
        assert_eq!(terms.counterpart.as_deref(), Some("***678"));
        assert_eq!(terms.instructions[0].value, "12-345");
        // fees are the anchor's
        assert_eq!(terms.amounts.as_ref().unwrap().fee.total.to_string(), "1.5");
        assert_eq!(terms.receiving.is_some(), kind == Kind::Withdrawal);

        // again, and with another answer: it is finished
        for amount in ["100", "200"] {
            let path = back(&hand_over, &answer(&site, &hand_over, agreed(amount)));
            assert_eq!(visitor.get_at(&path).await.status, StatusCode::SEE_OTHER);
            assert_eq!(site.transaction(started.id).await, transaction);
        }
    }
}

#[actix_web::test]
async fn own_pages_in_any_language_can_answer() {
    let site = site().await;
    let started = site.start(Kind::Deposit).await;
    let (visitor, there) = sent(&site, &started, "").await;
    let now = site.clock.now().timestamp();
    let claims = json!({
        "aud": HOST, "sub": started.id, "iat": now, "exp": now + 600,
        "outcome": { "agreed": { "amount": "50.25" } },
    });
    let path = back(&hand_over(&site, &there), &signed("return+jwt", KEY, &claims));
    assert_eq!(visitor.get_at(&path).await.status, StatusCode::SEE_OTHER);
    let amounts = site.transaction(started.id).await.amounts.unwrap();
    assert_eq!(amounts.amount_in.amount, "50.25".parse().unwrap());
}

#[actix_web::test]
async fn answers_that_are_forged_foreign_or_old_change_nothing() {
    let site = site().await;
    let (started, other) = (site.start(Kind::Deposit).await, site.start(Kind::Deposit).await);
    let (visitor, there) = sent(&site, &started, "").await;
    let (stranger, _) = sent(&site, &other, "").await;
    let hand_over = hand_over(&site, &there);
    let now = site.clock.now().timestamp();
    let outcome = json!({ "agreed": { "amount": "100" } });
    let good = json!({ "aud": HOST, "sub": started.id, "iat": now, "exp": now + 600, "outcome": outcome });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let sign = |claims: &Value| signed("return+jwt", KEY, claims);
    let mut tampered = sign(&good);
    tampered.replace_range(tampered.len() - 4.., "AAAA");
    let bad = [
        String::new(),
        "x".repeat(5000),
        tampered,
        token_of(&there),
        signed("JWT", KEY, &good),
        signed("hand-over+jwt", KEY, &good),
        signed("details+jwt", KEY, &good),
        signed("return+jwt", "a key for tests of 0123456789abcdef", &good),
        sign(&with("sub", json!(other.id))),
        sign(&with("aud", json!("https://other.example"))),
        sign(&with("exp", json!(now))),
        sign(&with("exp", json!(now + 601))),
        sign(&with("iat", json!(now + 3600))),
        sign(&with("outcome", json!({ "agreed": { "amount": "NaN" } }))),
        sign(&with("outcome", json!({ "agreed": { "amount": "1e9" } }))),
        sign(&with("outcome", json!({ "agreed": { "amount": "-5" } }))),
        sign(&with("outcome", json!({ "agreed": { "amount": 100 } }))),
        sign(&with("outcome", json!("paid"))),
        // beyond the limits, or finer than a cent
        sign(&with("outcome", json!({ "agreed": { "amount": "10000.01" } }))),
        sign(&with("outcome", json!({ "agreed": { "amount": "4.99" } }))),
        sign(&with("outcome", json!({ "agreed": { "amount": "10.001" } }))),
    ];
    for token in bad {
        let answer = visitor.get_at(&back(&hand_over, &token)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
        assert!(answer.header("access-control-allow-origin").is_empty());
    }
    // right, but not in the browser that was sent there
    let path = back(&hand_over, &sign(&good));
    assert_eq!(site.get(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stranger.get_at(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.transaction(started.id).await.status(), Status::Incomplete);
    assert_eq!(visitor.get_at(&path).await.status, StatusCode::SEE_OTHER);
    // an anchor without such pages takes nothing
    let hosted = Site::new().await;
    let started = hosted.start(Kind::Deposit).await;
    let visitor = hosted.visit(&started).await;
    let path =
        format!("/sep24/interactive/{}/return?token={}", started.id, sign(&with("sub", json!(started.id))));
    assert_eq!(visitor.get_at(&path).await.status, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn tokens_of_own_pages_open_nothing_else() {
    let site = site().await;
    let started = site.start(Kind::Deposit).await;
    let (_, there) = sent(&site, &started, "").await;
    let token = token_of(&there);
    let request = TestRequest::get().uri("/sep24/transactions?asset_code=USDC");
    let request = request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")));
    assert_eq!(site.send(request).await.status, StatusCode::FORBIDDEN);
    let info = format!("/sep24/transaction/more_info?id={}&token={token}", started.id);
    assert_eq!(site.get(&info).await.status, StatusCode::FORBIDDEN);
    let enter = format!("/sep24/interactive/{}?token={token}", started.id);
    assert_eq!(site.get(&enter).await.status, StatusCode::GONE);
}

#[actix_web::test]
async fn declined_user_is_told_why_and_the_flow_is_finished() {
    let site = site().await;
    let started = site.start(Kind::Withdrawal).await;
    let (visitor, there) = sent(&site, &started, "&callback=postMessage").await;
    let hand_over = hand_over(&site, &there);
    let outcome: Outcome =
        serde_json::from_value(json!({ "declined": { "reason": "Not <b>in</b> your country." } })).unwrap();
    let path = back(&hand_over, &answer(&site, &hand_over, outcome));
    assert_eq!(visitor.get_at(&path).await.status, StatusCode::SEE_OTHER);
    let transaction = site.transaction(started.id).await;
    assert_eq!(transaction.status(), Status::Error);
    let page = visitor.get().await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Not &lt;b&gt;in&lt;/b&gt; your country."), "{}", page.body);
    let claim = anchor_core::store::Claim {
        owner: "test".to_owned(),
        now: site.clock.now() + Duration::from_secs(1),
        lease: Duration::from_secs(60),
        limit: 10,
    };
    let news = site.anchor.store().event_claim(&claim).await.unwrap();
    assert_eq!(news[0].event.kind, EventKind::FlowFinished);
}

#[actix_web::test]
async fn user_who_comes_back_unfinished_sees_the_status_and_may_go_on() {
    let site = site().await;
    let started = site.start(Kind::Deposit).await;
    let (visitor, there) = sent(&site, &started, "").await;
    let hand_over = hand_over(&site, &there);
    let path = back(&hand_over, &answer(&site, &hand_over, Outcome::Unfinished));
    let page = visitor.get_at(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(site.transaction(started.id).await.status(), Status::Incomplete);
    assert!(visitor.get().await.location().starts_with("https://pages.example/"));
    // until the time has passed
    site.clock.advance(Duration::from_secs(3600));
    assert_eq!(visitor.get().await.status, StatusCode::GONE);
    let path = back(&hand_over, &answer(&site, &hand_over, agreed("100")));
    assert_eq!(visitor.get_at(&path).await.status, StatusCode::GONE);
    assert_eq!(site.transaction(started.id).await.status(), Status::Incomplete);
}

#[actix_web::test]
async fn hosted_forms_are_no_way_around_own_pages() {
    let site = site().await;
    let started = site.start(Kind::Deposit).await;
    let (visitor, _) = sent(&site, &started, "").await;
    let answer = visitor.post("amount", &[("amount", "100")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.transaction(started.id).await.status(), Status::Incomplete);
}

#[actix_web::test]
async fn details_are_for_the_pages_server_only() {
    let site = site().await;
    let started =
        site.start_with(Kind::Deposit, |new| new.request.customer = Some("customer-77".to_owned())).await;
    let (_, there) = sent(&site, &started, "").await;
    let hand_over = hand_over(&site, &there);
    let ask = async |token: &str| {
        let request = TestRequest::get().uri(hand_over.details_url.strip_prefix(HOST).unwrap());
        site.send(request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")))).await
    };
    let token = details_token(&hand_over, &key(), site.clock.now()).unwrap();
    let answer = ask(&token).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let details: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(details["request"]["customer_id"], "customer-77");
    assert_eq!(details["request"]["account"], account(7).to_string());
    assert_eq!(details["transaction"]["status"], "incomplete");
    // what the browser has opens nothing
    assert_eq!(ask(&token_of(&there)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask("").await.status, StatusCode::FORBIDDEN);
    site.clock.advance(Duration::from_secs(301));
    assert_eq!(ask(&token).await.status, StatusCode::FORBIDDEN);
}

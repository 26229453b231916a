//! `POST /transactions`: what is taken, what is refused, and what is never taken twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::Method;
use anchor_core::integration::{IntegrationError, ReceiveOutcome, ReceiveView, ReceiverIntegration};
use anchor_core::memo::Memo;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{InfoField, State};
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::sep31::{
    TRANSACTIONS, announced, assert_refused, asset, count, logged_in, receiving_with, request, rival, shown,
    stored, taken,
};

/// Says what it was told, and remembers what it was asked.
#[derive(Clone, Default)]
pub(crate) struct ScriptedReceiver(Arc<Mutex<(Option<ReceiveOutcome>, Vec<ReceiveView>)>>);

impl ScriptedReceiver {
    /// From now on; nothing is "I do not know".
    pub(crate) fn say(&self, outcome: Option<ReceiveOutcome>) {
        self.0.lock().unwrap().0 = outcome;
    }

    pub(crate) fn asked(&self) -> Vec<ReceiveView> {
        self.0.lock().unwrap().1.clone()
    }
}

#[async_trait]
impl ReceiverIntegration for ScriptedReceiver {
    async fn accept(&self, view: &ReceiveView) -> Result<ReceiveOutcome, IntegrationError> {
        let mut script = self.0.lock().unwrap();
        script.1.push(view.clone());
        script.0.clone().ok_or_else(|| IntegrationError::transient("nobody is there"))
    }
}

pub(crate) async fn scripted() -> Result<(TestAnchor, String, ScriptedReceiver)> {
    let receiver = ScriptedReceiver::default();
    let attached = receiver.clone();
    let anchor = receiving_with(&[], samples::received_asset(), |builder| builder.receiver(attached)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token, receiver))
}

/// Refused, and nothing was written.
pub(crate) async fn refused(
    anchor: &TestAnchor,
    token: &str,
    bodies: impl IntoIterator<Item = Value>,
) -> Result<()> {
    let before = count(anchor).await?;
    for body in bodies {
        let answer = anchor.post(TRANSACTIONS, token, announced(body.clone())).await;
        assert_refused(&answer, &body.to_string());
    }
    assert_eq!(count(anchor).await?, before);
    Ok(())
}

#[actix_web::test]
async fn r_31_044_r_31_046_r_31_052_r_31_053_r_31_054_payment_is_taken_at_once_and_told_where_to_go()
-> Result<()> {
    let (anchor, token) = logged_in().await?;
    let mut memos = BTreeSet::new();
    for _ in 0..5 {
        let answer = taken(&anchor, &token, json!({})).await?;
        let members: Vec<&str> =
            answer.as_object().context("an object")?.keys().map(String::as_str).collect();
        assert_eq!(members, ["id", "stellar_account_id", "stellar_memo", "stellar_memo_type"]);
        assert_eq!(answer["stellar_account_id"], samples::distribution().account().to_string());
        assert_eq!(answer["stellar_memo_type"], "id");
        let memo = answer["stellar_memo"].as_str().context("a memo")?;
        assert!(memos.insert(memo.to_owned()), "one memo, one transaction");
        let found = anchor
            .anchor
            .store()
            .transaction_by_memo(&samples::distribution().account(), &Memo::Id(memo.parse()?))
            .await?;
        assert_eq!(found.context("found")?.id.to_string(), answer["id"]);
        assert_eq!(shown(&anchor, &token, &answer).await?["status"], "pending_sender");
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_030_peer_amount_is_read_digit_by_digit_from_a_number_or_a_string() -> Result<()> {
    let large = asset(|receive| receive.offer.max = None);
    let anchor = receiving_with(&[], large, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    for (literal, expected) in [
        ("100", "100"),
        ("100.0000000", "100"),
        ("\"100.5\"", "100.5"),
        ("4503599627370497.5", "no"),
        ("922337203685.4775807", "922337203685.4775807"),
        ("\"922337203685.4775807\"", "922337203685.4775807"),
        ("922337203685.4775808", "no"),
        ("5.1000001", "5.1000001"),
        ("0.1", "no"),
    ] {
        let body = format!("{{\"amount\":{literal},\"asset_code\":\"USDC\",\"funding_method\":\"SEPA\"}}");
        let sent = request(Method::POST, TRANSACTIONS, &token, &json!({})).set_payload(body);
        let answer = anchor.call(sent).await;
        if expected == "no" {
            assert_refused(&answer, literal);
        } else {
            assert_eq!(answer.status, 201, "{literal}: {answer:?}");
            assert_eq!(shown(&anchor, &token, &answer.json()?).await?["amount_in"], expected, "{literal}");
        }
    }
    let wrong = [
        json!(0),
        json!("0"),
        json!(-1),
        json!("-1"),
        json!("1e2"),
        json!("NaN"),
        json!(""),
        json!(" 1"),
        json!("1,5"),
        json!("0x10"),
        json!(".5"),
        json!("5."),
        json!(true),
        json!([100]),
        json!({ "amount": 100 }),
        json!("1.00000001"),
        json!("1".repeat(65)),
    ];
    refused(&anchor, &token, wrong.map(|amount| json!({ "amount": amount }))).await?;
    for literal in ["1e2", "1E+400", "1.00000001", "-5"] {
        let body = format!("{{\"amount\":{literal},\"asset_code\":\"USDC\",\"funding_method\":\"SEPA\"}}");
        let sent = request(Method::POST, TRANSACTIONS, &token, &json!({})).set_payload(body);
        assert_refused(&anchor.call(sent).await, literal);
    }
    refused(&anchor, &token, [json!({ "amount": null })]).await
}

#[actix_web::test]
async fn peer_r_31_042_r_31_050_r_31_051_limits_are_enforced_and_named() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    // of less than that, nothing would be left after the fee
    let enough = "at least 2.0303031";
    for (amount, limit) in [("0.9999999", enough), ("2.0303030", enough), ("10000.0000001", "at most 10000")]
    {
        let answer = anchor.post(TRANSACTIONS, &token, announced(json!({ "amount": amount }))).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error()?.contains(limit), "{answer:?}");
    }
    for amount in ["10000", "2.0303031"] {
        taken(&anchor, &token, json!({ "amount": amount })).await?;
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_031_r_31_033_asset_is_one_that_is_taken() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let issuer = samples::issuer().account().to_string();
    refused(
        &anchor,
        &token,
        [
            json!({ "asset_code": null }),
            json!({ "asset_code": "" }),
            json!({ "asset_code": "EURC" }),
            json!({ "asset_code": "usdc" }),
            json!({ "asset_code": 1 }),
            // deposited and withdrawn, but not taken from other anchors
            json!({ "asset_code": "native" }),
            json!({ "asset_issuer": samples::user().account().to_string() }),
            json!({ "asset_issuer": "G" }),
        ],
    )
    .await?;
    taken(&anchor, &token, json!({ "asset_issuer": issuer })).await?;
    Ok(())
}

#[actix_web::test]
async fn r_31_032_way_to_pay_is_one_of_the_asset_s_and_the_only_one_need_not_be_named() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    refused(
        &anchor,
        &token,
        [
            json!({ "funding_method": null }),
            json!({ "funding_method": "sepa" }),
            json!({ "funding_method": "WIRE" }),
            json!({ "funding_method": ["SEPA"] }),
        ],
    )
    .await?;
    let pix = taken(&anchor, &token, json!({ "funding_method": "PIX" })).await?;
    assert_eq!(stored(&anchor, &pix).await?.request.funding_method.as_deref(), Some("PIX"));
    let only = asset(|receive| receive.offer.funding_methods = vec!["SEPA".to_owned()]);
    let anchor = receiving_with(&[], only, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let one = taken(&anchor, &token, json!({ "funding_method": null })).await?;
    assert_eq!(stored(&anchor, &one).await?.request.funding_method.as_deref(), Some("SEPA"));
    Ok(())
}

#[actix_web::test]
async fn r_31_018_r_31_034_r_31_035_without_a_quote_the_token_s_own_money_is_paid_out_one_to_one()
-> Result<()> {
    let (anchor, token) = logged_in().await?;
    for extra in [json!({}), json!({ "destination_asset": "iso4217:USD" })] {
        let shown = shown(&anchor, &token, &taken(&anchor, &token, extra).await?).await?;
        assert_eq!((&shown["amount_in"], &shown["amount_out"]), (&json!("100"), &json!("97")));
        assert_eq!(shown["amount_out_asset"], "iso4217:USD");
        assert_eq!(shown["amount_fee"], "3", "two and one per cent");
    }
    // at which price?
    let others = ["iso4217:BRL", "iso4217:usd", "USD", "stellar:native"];
    refused(&anchor, &token, others.map(|other| json!({ "destination_asset": other }))).await
}

#[actix_web::test]
async fn r_31_039_language_is_kept_for_the_business_and_is_no_obstacle() -> Result<()> {
    let (anchor, token, receiver) = scripted().await?;
    receiver.say(Some(ReceiveOutcome::agreed()));
    for (sent, kept) in [(json!(null), "en"), (json!("pt-BR"), "pt-BR"), (json!("no language at all"), "en")]
    {
        taken(&anchor, &token, json!({ "lang": sent })).await?;
        assert_eq!(receiver.asked().pop().context("asked")?.language, kept);
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_040_memo_of_a_refund_has_a_type_and_is_one() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    refused(
        &anchor,
        &token,
        [
            json!({ "refund_memo": "1" }),
            json!({ "refund_memo_type": "id" }),
            json!({ "refund_memo": "x", "refund_memo_type": "id" }),
            json!({ "refund_memo": "18446744073709551616", "refund_memo_type": "id" }),
            json!({ "refund_memo": "x".repeat(29), "refund_memo_type": "text" }),
            json!({ "refund_memo": "x", "refund_memo_type": "hash" }),
            json!({ "refund_memo": hash, "refund_memo_type": "return" }),
            json!({ "refund_memo": "1", "refund_memo_type": "number" }),
        ],
    )
    .await?;
    for (kind, memo) in [("id", "18446744073709551615"), ("text", "back to Ann"), ("hash", hash)] {
        let body = json!({ "refund_memo": memo, "refund_memo_type": kind });
        let kept = stored(&anchor, &taken(&anchor, &token, body).await?).await?.request.memo;
        assert_eq!(kept, Memo::parse(kind, memo)?);
    }
    Ok(())
}

#[actix_web::test]
async fn peer_r_31_041_r_31_049_fields_are_asked_for_only_where_something_is_missing() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for fields in [json!(null), json!({}), json!({ "transaction": {} }), json!({ "transaction": null })] {
        taken(&anchor, &token, json!({ "fields": fields })).await?;
    }
    refused(
        &anchor,
        &token,
        [
            json!({ "fields": "x" }),
            json!({ "fields": [] }),
            json!({ "fields": { "transaction": [] } }),
            json!({ "fields": { "transaction": { "unknown": "x" } } }),
        ],
    )
    .await?;
    let asking = asset(|receive| {
        receive.fields = vec![
            InfoField::new("purpose", "What it is for").choices(["gift", "rent"]),
            InfoField::new("account", "Where it goes"),
            InfoField::new("note", "Anything else").optional(),
        ];
    });
    let anchor = receiving_with(&[], asking, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let with = |fields: Value| announced(json!({ "fields": { "transaction": fields } }));
    let answer = anchor.post(TRANSACTIONS, &token, with(json!({ "purpose": "gift" }))).await;
    assert_eq!(answer.status, 400);
    let missing = json!({ "account": { "description": "Where it goes", "optional": false } });
    assert_eq!(answer.json()?, json!({ "error": "transaction_info_needed", "fields": missing }));
    for wrong in [
        json!({ "purpose": "theft", "account": "1" }),
        json!({ "purpose": "gift", "account": "" }),
        json!({ "purpose": "gift", "account": ["1"] }),
        json!({ "purpose": "gift", "account": "x".repeat(4097) }),
    ] {
        assert_refused(&anchor.post(TRANSACTIONS, &token, with(wrong.clone())).await, &wrong.to_string());
    }
    assert_eq!(count(&anchor).await?, 0);
    let answer = anchor.post(TRANSACTIONS, &token, with(json!({ "purpose": "gift", "account": 123 }))).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let answers =
        anchor_core::ops::answers::fetch(&anchor.anchor, stored(&anchor, &answer.json()?).await?.id).await?;
    assert_eq!(answers.text("transaction", "account"), Some("123"));
    Ok(())
}

#[actix_web::test]
async fn r_31_045_r_31_053_business_that_does_not_know_yet_is_asked_again() -> Result<()> {
    let (anchor, token, receiver) = scripted().await?;
    receiver.say(Some(ReceiveOutcome::Later));
    let answer = taken(&anchor, &token, json!({})).await?;
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1), "{answer}");
    let waiting = shown(&anchor, &token, &answer).await?;
    assert_eq!(waiting["status"], "pending_receiver");
    assert_eq!((&waiting["amount_in"], &waiting["amount_out"]), (&json!("100"), &json!("97")));
    assert!(waiting.get("stellar_memo").is_none() && waiting.get("stellar_account_id").is_none());
    assert_eq!(stored(&anchor, &answer).await?.state, State::Deciding);
    Ok(())
}

#[actix_web::test]
async fn r_31_050_r_31_051_refusal_is_the_business_s_own_and_leaves_nothing_behind() -> Result<()> {
    let (anchor, token, receiver) = scripted().await?;
    receiver.say(Some(ReceiveOutcome::Refused { reason: "nicht nach Atlantis".to_owned() }));
    let answer = anchor.post(TRANSACTIONS, &token, announced(json!({ "lang": "de" }))).await;
    assert_eq!((answer.status, answer.error()?.as_str()), (400, "nicht nach Atlantis"));
    // or it is not known: later, and nothing was promised
    receiver.say(None);
    let answer = anchor.post(TRANSACTIONS, &token, announced(json!({}))).await;
    assert_eq!(answer.status, 503);
    answer.error()?;
    let purpose = InfoField::new("purpose", "What it is for");
    receiver.say(Some(ReceiveOutcome::NeedsTransactionInfo { fields: vec![purpose] }));
    let answer = anchor.post(TRANSACTIONS, &token, announced(json!({}))).await;
    assert_eq!((answer.status, &answer.json()?["error"]), (400, &json!("transaction_info_needed")));
    assert_eq!(count(&anchor).await?, 0);
    let asked = receiver.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].transaction.request.funding_method.as_deref(), Some("SEPA"));
    assert!(asked[0].transaction.amounts.is_some() && asked[0].transaction.terms.is_none());
    Ok(())
}

pub(crate) async fn keyed(
    anchor: &TestAnchor,
    token: &str,
    key: &str,
    body: Value,
) -> anchor_tests::web::Answer {
    let sent = request(Method::POST, TRANSACTIONS, token, &announced(body));
    anchor.call(sent.insert_header(("idempotency-key", key))).await
}

#[actix_web::test]
async fn r_31_043_same_key_and_request_is_the_same_payment() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let first = keyed(&anchor, &token, "8f1a", json!({})).await;
    assert_eq!(first.status, 201);
    anchor.clock.advance(Duration::from_secs(3600));
    let again = keyed(&anchor, &token, "8f1a", json!({})).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(count(&anchor).await?, 1);
    // the key stands for that request only
    assert_refused(&keyed(&anchor, &token, "8f1a", json!({ "amount": 101 })).await, "another amount");
    for wrong in ["", " ", "a b", &"x".repeat(256)] {
        assert_refused(&keyed(&anchor, &token, wrong, json!({})).await, wrong);
    }
    assert_eq!(count(&anchor).await?, 1);
    // and is its owner's only
    let rivals = anchor.log_in(&rival()).await?;
    let other = keyed(&anchor, &rivals, "8f1a", json!({ "amount": 101 })).await;
    assert_eq!(other.status, 201);
    assert_ne!(other.json()?["id"], first.json()?["id"]);
    // without a key each is a payment of its own: two customers may well send the same
    for _ in 0..2 {
        taken(&anchor, &token, json!({})).await?;
    }
    assert_eq!(count(&anchor).await?, 4);
    // what was refused may be tried again under its key
    assert_refused(&keyed(&anchor, &token, "9", json!({ "amount": "0.5" })).await, "too small");
    assert_eq!(keyed(&anchor, &token, "9", json!({ "amount": "5" })).await.status, 201);
    Ok(())
}

#[actix_web::test]
async fn peer_r_31_043_many_retries_at_once_make_one_payment() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let answers = join_all((0..6).map(|_| keyed(&anchor, &token, "8f1a", json!({})))).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &answers[0].body));
    }
    assert_eq!(count(&anchor).await?, 1);
    Ok(())
}

//! What a transaction waits for, and `PATCH /transactions/:id`.

use actix_web::test::TestRequest;
use anchor_core::integration::StartStep;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::{ScriptedCustomers, ScriptedTerms, samples};
use anchor_core::transaction::{InfoField, State, Transaction};
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;
use serde_json::{Value, json};

use crate::sep6::{assert_refused, by_api_with, good, logged_in, shown, started};
use crate::sep12::{ada, put_ok};

async fn patch(anchor: &TestAnchor, token: &str, id: &str, body: &str) -> Answer {
    let request = TestRequest::patch().uri(&format!("/sep6/transactions/{id}"));
    let request = request.insert_header(("authorization", format!("Bearer {token}")));
    anchor
        .call(request.insert_header(("content-type", "application/json")).set_payload(body.to_owned()))
        .await
}

/// A withdrawal that waits for a branch, and perhaps for a note.
async fn waiting() -> Result<(TestAnchor, ScriptedTerms, String, Transaction)> {
    let (anchor, terms, token) = logged_in().await?;
    let fields = vec![
        InfoField::new("branch", "Which branch").choices(["12", "34"]),
        InfoField::new("note", "For the clerk").optional(),
    ];
    terms.say(StartStep::NeedsTransactionInfo { fields, message: Some("One more thing.".to_owned()) });
    let (_, stored) = started(&anchor, &token, "withdraw", &[]).await?;
    Ok((anchor, terms, token, stored))
}

/// It never appeared elsewhere.
#[actix_web::test]
async fn peer_r_06_175_what_is_missing_is_in_the_document() -> Result<()> {
    let (anchor, _, token, stored) = waiting().await?;
    let shown = shown(&anchor, &token, &stored).await?;
    assert_eq!(shown["status"], "pending_transaction_info_update");
    assert_eq!(
        (&shown["required_info_message"], &shown["message"]),
        (&json!("One more thing."), &json!("One more thing."))
    );
    let updates = json!({ "transaction": {
        "branch": { "description": "Which branch", "choices": ["12", "34"] },
        "note": { "description": "For the clerk", "optional": true },
    }});
    assert_eq!(shown["required_info_updates"], updates);
    assert!(shown["user_action_required_by"].is_string());
    Ok(())
}

#[actix_web::test]
async fn r_06_176_customer_is_sent_to_sep_12() -> Result<()> {
    let (anchor, terms, token) = logged_in().await?;
    terms.say(StartStep::NeedsCustomerInfo { message: Some("Who are you?".to_owned()) });
    let (_, stored) = started(&anchor, &token, "deposit", &[]).await?;
    let shown = shown(&anchor, &token, &stored).await?;
    assert_eq!(shown["status"], "pending_customer_info_update");
    assert_eq!(shown["required_customer_info_message"], "Who are you?");
    assert_eq!(shown["required_customer_info_updates"], json!([]));
    assert_eq!((&shown["required_info_updates"], &shown["instructions"]), (&Value::Null, &Value::Null));
    Ok(())
}

/// It answered with nothing elsewhere.
#[actix_web::test]
async fn peer_r_06_194_r_06_195_r_06_197_r_06_199_answer_lets_it_go_on_and_is_shown() -> Result<()> {
    let (anchor, terms, token, stored) = waiting().await?;
    let body = r#"{"transaction": {"branch": "12", "note": "ring twice"}}"#;
    let answer = patch(&anchor, &token, &stored.id.to_string(), body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json()?;
    let transaction = &told["transaction"];
    assert_eq!(
        (&transaction["status"], &transaction["id"]),
        (&"pending_anchor".into(), &stored.id.to_string().into())
    );
    for gone in ["required_info_updates", "required_info_message", "message"] {
        assert_eq!(transaction[gone], Value::Null, "{gone}");
    }
    let answers = anchor_core::ops::answers::fetch(&anchor.anchor, stored.id).await?;
    assert_eq!(
        (answers.text("transaction", "branch"), answers.find("note")),
        (Some("12"), Some("ring twice"))
    );
    let facts = anchor.anchor.store().fact_list(stored.id).await?;
    assert!(!format!("{facts:?}").contains("ring twice"), "the history has no personal data: {facts:?}");

    // the business is asked again, with the answers, and may ask for more
    let settings = anchor_core::ops::JobSettings::new("a test");
    anchor_core::ops::decide::decide(&anchor.anchor, &settings).await?;
    assert_eq!(shown(&anchor, &token, &stored).await?["status"], "pending_transaction_info_update");
    terms.agree();
    let answer = patch(&anchor, &token, &stored.id.to_string(), r#"{"transaction": {"branch": "34"}}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    anchor_core::ops::decide::decide(&anchor.anchor, &settings).await?;
    assert_eq!(shown(&anchor, &token, &stored).await?["status"], "pending_user_transfer_start");
    let asked = terms.asked().pop().expect("asked");
    assert_eq!((asked.answers.find("branch"), asked.answers.find("note")), (Some("34"), Some("ring twice")));
    Ok(())
}

#[actix_web::test]
async fn r_06_196_r_06_198_nothing_is_taken_that_was_not_asked_for() -> Result<()> {
    let (anchor, terms, token, stored) = waiting().await?;
    let id = stored.id.to_string();
    for body in [
        "",
        "{",
        "[]",
        "null",
        "1",
        r#""x""#,
        "{}",
        r#"{"transaction": null}"#,
        r#"{"transaction": []}"#,
        r#"{"fields": {"transaction": {"branch": "12"}}}"#,
        r#"{"branch": "12"}"#,
        r#"{"transaction": {}}"#,
        r#"{"transaction": {"note": "x"}}"#,
        r#"{"transaction": {"branch": "56"}}"#,
        r#"{"transaction": {"branch": ""}}"#,
        r#"{"transaction": {"branch": 12}}"#,
        r#"{"transaction": {"branch": {"x": "12"}}}"#,
        r#"{"transaction": {"branch": "12", "amount": "1"}}"#,
        &"[".repeat(10_000),
        &format!(r#"{{"transaction": {{"branch": "12", "note": "{}"}}}}"#, "x".repeat(2000)),
    ] {
        assert_refused(&patch(&anchor, &token, &id, body).await, body);
        assert_eq!(
            anchor.anchor.store().transaction_fetch(stored.id).await?.as_ref(),
            Some(&stored),
            "{body}"
        );
    }
    let good = r#"{"transaction": {"branch": "12"}}"#;
    for unknown in ["9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "not-an-id", "..%2F1"] {
        assert_eq!(patch(&anchor, &token, unknown, good).await.status, 404, "{unknown}");
    }
    let other = anchor.log_in(&SigningKey::from_seed([9; 32])).await?;
    assert_eq!(patch(&anchor, &other, &id, good).await.status, 404);
    let form = TestRequest::patch().uri(&format!("/sep6/transactions/{id}")).set_payload("branch=12");
    let form = form.insert_header(("authorization", format!("Bearer {token}")));
    let form = form.insert_header(("content-type", "application/x-www-form-urlencoded"));
    assert_eq!(anchor.call(form).await.status, 415);

    terms.agree();
    let (_, agreed) = started(&anchor, &token, "deposit", &[]).await?;
    assert_eq!(agreed.state, State::AwaitingFunds);
    assert_refused(&patch(&anchor, &token, &agreed.id.to_string(), good).await, "nobody has asked");
    assert_eq!(patch(&anchor, &token, &id, good).await.status, 200);
    assert_refused(&patch(&anchor, &token, &id, good).await, "it was told before");
    Ok(())
}

#[actix_web::test]
async fn r_06_192_r_06_050_request_waits_for_its_customer_and_goes_on_by_itself() -> Result<()> {
    let customers = ScriptedCustomers::new();
    let attached = customers.clone();
    let with_key = [("CUSTOMER_KEYS", samples::CUSTOMER_KEY)];
    let (anchor, _) = by_api_with(&with_key, |builder| builder.customers(attached)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let (body, stored) = started(&anchor, &token, "deposit", &[]).await?;
    assert!(body["instructions"].is_null(), "{body}");
    assert_eq!(shown(&anchor, &token, &stored).await?["status"], "pending_customer_info_update");
    let asked = anchor.get(&format!("/sep12/customer?type=sep6&transaction_id={}", stored.id), &token).await;
    assert_eq!(asked.json()?["status"], "NEEDS_INFO");

    // nobody's customer, and somebody else's
    let stranger = anchor.log_in(&SigningKey::from_seed([9; 32])).await?;
    let id = put_ok(&anchor, &stranger, ada()).await?;
    for wrong in [id.as_str(), "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "c-12"] {
        let path = good("deposit", &[("customer_id", wrong)]);
        assert_refused(&anchor.get(&path, &token).await, wrong);
    }
    assert_eq!(shown(&anchor, &token, &stored).await?["status"], "pending_customer_info_update");

    let own = put_ok(&anchor, &token, ada()).await?;
    let settings = anchor_core::ops::JobSettings::new("a test");
    anchor.clock.advance(std::time::Duration::from_secs(60));
    for _ in 0..2 {
        anchor_core::ops::decide::decide(&anchor.anchor, &settings).await?;
    }
    assert_eq!(shown(&anchor, &token, &stored).await?["status"], "pending_user_transfer_start");
    // who is known needs not wait
    let (_, next) = started(&anchor, &token, "withdraw", &[("customer_id", &own)]).await?;
    assert_eq!(next.state, State::AwaitingPayment);
    let _ = customers;
    Ok(())
}

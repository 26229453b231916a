//! `GET`, `PATCH` and `PUT …/callback` of one's own payments.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::account::Account;
use anchor_core::amount::Money;
use anchor_core::clock::parse_utc;
use anchor_core::memo::Memo;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{
    Fact, InfoField, InfoNeed, LedgerReceipt, Order, OrderPurpose, Receipt, Settlement, Transaction,
    TransactionHash,
};
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sep31::{
    TRANSACTIONS, assert_refused, logged_in, path_of, receiving, receiving_with, request, rival, shown,
    stored, taken,
};
use crate::sep31_start::ScriptedReceiver;

/// Every kind of token that is not the owner's, of those who have an agreement.
async fn foreign(anchor: &TestAnchor) -> Result<Vec<String>> {
    let account = samples::user().account();
    let muxed = Account::Muxed { account, id: 7 };
    Ok(vec![
        anchor.log_in(&rival()).await?,
        anchor.log_in_as(&format!("account={account}&memo=1"), &samples::user()).await?,
        anchor.log_in_as(&format!("account={account}&memo=0"), &samples::user()).await?,
        anchor.log_in_as(&format!("account={muxed}"), &samples::user()).await?,
    ])
}

fn receipt(amount: &str) -> Receipt {
    let from = Account::from(samples::issuer().account());
    Receipt {
        reference: "7-1".to_owned(),
        amount: Money { amount: amount.parse().unwrap(), asset: samples::token().into() },
        from: Some(from.to_string()),
        ledger: Some(LedgerReceipt { hash: TransactionHash::from_bytes([7; 32]), from, memo: Memo::None }),
        return_fee: None,
    }
}

/// The sending anchor has paid.
async fn paid(anchor: &TestAnchor, transaction: &Transaction) -> Result<Transaction> {
    let settlement = Settlement::Accept(transaction.amounts.clone().context("amounts")?);
    anchor.commit(transaction, Fact::PaymentSeen { receipt: receipt("100"), settlement }).await
}

#[actix_web::test]
async fn r_31_055_r_31_057_r_31_058_r_31_065_r_31_066_payment_is_shown_with_all_that_is_known() -> Result<()>
{
    let (anchor, token) = logged_in().await?;
    let told = taken(&anchor, &token, json!({})).await?;
    let answer = anchor.get(&path_of(&told)?, &token).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let body = answer.json()?;
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "only the transaction");
    let usdc = format!("stellar:{}", samples::token());
    let fee = json!({ "total": "3", "asset": usdc, "details": [
        { "name": "Fixed fee", "amount": "2" }, { "name": "Service fee", "amount": "1" },
    ] });
    let expected = json!({
        "id": told["id"], "status": "pending_sender", "amount_in": "100", "amount_in_asset": usdc, "amount_out": "97",
        "amount_out_asset": "iso4217:USD", "amount_fee": "3", "amount_fee_asset": usdc, "fee_details": fee,
        "stellar_account_id": told["stellar_account_id"], "stellar_memo": told["stellar_memo"],
        "stellar_memo_type": "id", "started_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z", "refunded": false,
    });
    assert_eq!(body["transaction"], expected);
    parse_utc(body["transaction"]["started_at"].as_str().context("a time")?)?;
    let head = TestRequest::with_uri(&path_of(&told)?).method(Method::HEAD);
    let head = head.insert_header(("authorization", format!("Bearer {token}")));
    assert_eq!(anchor.call(head).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_31_059_r_31_061_r_31_062_r_31_066_r_31_067_payment_is_shown_as_it_goes_on() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let told = taken(&anchor, &token, json!({})).await?;
    let transaction = stored(&anchor, &told).await?;
    anchor.clock.advance(std::time::Duration::from_secs(5));
    let transaction = paid(&anchor, &transaction).await?;
    let received = shown(&anchor, &token, &told).await?;
    assert_eq!(received["status"], "pending_receiver");
    assert_eq!(received["stellar_transaction_id"], "07".repeat(32));
    assert_eq!(received["updated_at"], "2026-01-01T00:00:05.000000Z");
    let order = Order {
        id: anchor_core::id::OrderId::new(anchor.anchor.ids().next()),
        transaction: transaction.id,
        purpose: OrderPurpose::Payout,
        amount: samples::usd("97"),
    };
    let transaction = anchor.commit(&transaction, Fact::PayoutIntended { order: order.clone() }).await?;
    assert_eq!(shown(&anchor, &token, &told).await?["status"], "pending_receiver");
    let initiated = Fact::PayoutInitiated { order: order.id, reference: Some("T-1".to_owned()) };
    let transaction = anchor.commit(&transaction, initiated).await?;
    let external = shown(&anchor, &token, &told).await?;
    assert_eq!(
        (&external["status"], &external["external_transaction_id"]),
        (&json!("pending_external"), &json!("T-1"))
    );
    let delivered = Fact::PayoutDelivered { order: order.id, reference: None };
    anchor.commit(&transaction, delivered).await?;
    let completed = shown(&anchor, &token, &told).await?;
    assert_eq!(completed["status"], "completed");
    assert_eq!(completed["completed_at"], "2026-01-01T00:00:05.000000Z");
    assert_eq!((&completed["amount_in"], &completed["amount_out"]), (&json!("100"), &json!("97")));
    assert_eq!(completed["amount_fee"], "3");
    Ok(())
}

#[actix_web::test]
async fn peer_r_31_056_payments_of_others_are_those_of_nobody() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let told = taken(&anchor, &token, json!({})).await?;
    let nobodys = format!("{TRANSACTIONS}/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d");
    let doors = |path: &str| {
        [
            (Method::GET, path.to_owned(), json!(null)),
            (Method::PATCH, path.to_owned(), json!({ "fields": { "transaction": {} } })),
            (Method::PUT, format!("{path}/callback"), json!({ "url": "https://sender.example/cb" })),
        ]
    };
    for token in foreign(&anchor).await? {
        for ((method, own, body), (_, other, _)) in doors(&path_of(&told)?).into_iter().zip(doors(&nobodys)) {
            let answer = anchor.call(request(method.clone(), &own, &token, &body)).await;
            let unknown = anchor.call(request(method.clone(), &other, &token, &body)).await;
            assert_eq!((answer.status, &answer.body), (404, &unknown.body), "{method} {own}");
        }
    }
    // nor is anything of another protocol shown here, or this there
    let deposit = anchor.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
    assert_eq!(anchor.get(&format!("{TRANSACTIONS}/{}", deposit.id), &token).await.status, 404);
    let id = told["id"].as_str().context("an id")?;
    assert_eq!(anchor.get(&format!("/sep24/transaction?id={id}"), &token).await.status, 404);
    assert_eq!(anchor.get(&path_of(&told)?, &token).await.status, 200);
    // G…:7 and M…7 are one principal
    let account = samples::user().account();
    let one = anchor.log_in_as(&format!("account={account}&memo=7"), &samples::user()).await?;
    let same =
        anchor.log_in_as(&format!("account={}", Account::Muxed { account, id: 7 }), &samples::user()).await?;
    let told = taken(&anchor, &one, json!({})).await?;
    assert_eq!(anchor.get(&path_of(&told)?, &same).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_31_055_ids_that_nobody_has_are_404() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for id in ["9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "not-an-id", "%00", "%ff", "..", &"x".repeat(2000)] {
        let answer = anchor.get(&format!("{TRANSACTIONS}/{id}"), &token).await;
        assert_eq!(answer.status, 404, "{id}: {answer:?}");
        answer.error()?;
    }
    Ok(())
}

async fn patch(anchor: &TestAnchor, token: &str, told: &Value, body: Value) -> Result<Answer> {
    Ok(anchor.call(request(Method::PATCH, &path_of(told)?, token, &body)).await)
}

/// A payment of which the business wants to know more.
async fn asking() -> Result<(TestAnchor, String, Value, Transaction)> {
    let receiver = ScriptedReceiver::default();
    receiver.say(Some(anchor_core::integration::ReceiveOutcome::Later));
    let anchor = receiving_with(&[], samples::received_asset(), |builder| builder.receiver(receiver)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let told = taken(&anchor, &token, json!({})).await?;
    let need = InfoNeed::Transaction {
        fields: vec![
            InfoField::new("purpose", "What it is for").choices(["gift", "rent"]),
            InfoField::new("note", "Anything else").optional(),
        ],
        message: Some("what is it for?".to_owned()),
    };
    let transaction = anchor.commit(&stored(&anchor, &told).await?, Fact::InfoNeeded { need }).await?;
    Ok((anchor, token, told, transaction))
}

#[actix_web::test]
async fn peer_r_31_086_r_31_088_what_was_missing_is_told_and_the_payment_goes_on() -> Result<()> {
    let (anchor, token, told, _) = asking().await?;
    let waiting = shown(&anchor, &token, &told).await?;
    assert_eq!(waiting["status"], "pending_transaction_info_update");
    assert_eq!(waiting["required_info_message"], "what is it for?");
    let purpose = &waiting["required_info_updates"]["transaction"]["purpose"];
    assert_eq!(purpose["choices"], json!(["gift", "rent"]));
    for wrong in [
        json!({}),
        json!({ "fields": {} }),
        json!({ "fields": { "transaction": {} } }),
        json!({ "fields": { "transaction": { "note": "only" } } }),
        json!({ "fields": { "transaction": { "purpose": "theft" } } }),
        json!({ "fields": { "transaction": { "purpose": "" } } }),
        json!({ "fields": { "transaction": { "purpose": "gift", "amount": "1" } } }),
        json!({ "fields": { "transaction": { "purpose": { "x": 1 } } } }),
        json!({ "fields": [] }),
        json!({ "purpose": "gift" }),
    ] {
        assert_refused(&patch(&anchor, &token, &told, wrong.clone()).await?, &wrong.to_string());
    }
    let body = json!({ "fields": { "transaction": { "purpose": "gift", "note": "for Ann" } } });
    let answer = patch(&anchor, &token, &told, body.clone()).await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    let read = anchor.get(&path_of(&told)?, &token).await;
    assert_eq!(answer.body, read.body, "as GET answers");
    assert_eq!(answer.json()?["transaction"]["status"], "pending_receiver");
    let answers = anchor_core::ops::answers::fetch(&anchor.anchor, stored(&anchor, &told).await?.id).await?;
    assert_eq!(answers.text("transaction", "purpose"), Some("gift"));
    // once
    assert_refused(&patch(&anchor, &token, &told, body).await?, "nothing is asked any more");
    Ok(())
}

#[actix_web::test]
async fn r_31_087_nothing_is_taken_that_nobody_asked_for() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let told = taken(&anchor, &token, json!({})).await?;
    let body = json!({ "fields": { "transaction": { "purpose": "gift" } } });
    assert_refused(&patch(&anchor, &token, &told, body).await?, "pending_sender");
    assert_eq!(shown(&anchor, &token, &told).await?["status"], "pending_sender");
    Ok(())
}

async fn call_back(anchor: &TestAnchor, token: &str, told: &Value, body: Value) -> Result<Answer> {
    let path = format!("{}/callback", path_of(told)?);
    Ok(anchor.call(request(Method::PUT, &path, token, &body)).await)
}

#[actix_web::test]
async fn r_31_089_r_31_090_r_31_091_last_address_counts_and_only_good_ones_are_kept() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let told = taken(&anchor, &token, json!({})).await?;
    let id = stored(&anchor, &told).await?.id;
    for url in ["https://sender.example/a?x=1", "https://sender.example/b"] {
        let answer = call_back(&anchor, &token, &told, json!({ "url": url })).await?;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer:?}");
        let kept = anchor.anchor.store().callbacks_fetch(id).await?;
        assert_eq!((kept.on_change.as_deref(), kept.finished), (Some(url), None));
    }
    let secure = receiving(&[("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")]).await?;
    let token = secure.log_in(&samples::user()).await?;
    let told = taken(&secure, &token, json!({})).await?;
    let long = format!("https://sender.example/{}", "a".repeat(2048));
    for wrong in [
        json!(null),
        json!(""),
        json!(1),
        json!("postMessage"),
        json!("http://sender.example/cb"),
        json!("//sender.example"),
        json!("https://127.0.0.1/cb"),
        json!("https://[::1]/cb"),
        json!("https://169.254.169.254/latest"),
        json!("https://user:password@sender.example/cb"),
        json!("https://sender.example/cb#part"),
        json!("https://sender.example:8443/cb"),
        json!("javascript:alert(1)"),
        json!("https://sender.example/a b"),
        json!(long),
    ] {
        assert_refused(
            &call_back(&secure, &token, &told, json!({ "url": wrong.clone() })).await?,
            &wrong.to_string(),
        );
    }
    let kept = secure.anchor.store().callbacks_fetch(stored(&secure, &told).await?.id).await?;
    assert_eq!(kept.on_change, None);
    Ok(())
}

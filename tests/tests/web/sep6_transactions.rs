//! `GET /transaction` and `GET /transactions`.

use anchor_core::clock::parse_utc;
use anchor_core::id::TransactionId;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Fact, Receipt, Settlement, Status, Transaction};
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::time::Duration;

use crate::sep6::{account, asking, assert_refused, good, logged_in, shown, started};

async fn listed(anchor: &TestAnchor, token: &str, extra: &[(&str, &str)]) -> Result<Vec<Value>> {
    let account = account();
    let mut pairs = vec![("asset_code", "USDC"), ("account", account.as_str())];
    pairs.extend(extra);
    let answer = anchor.get(&asking("transactions", &pairs), token).await;
    anyhow::ensure!(answer.status == 200, "{answer:?}");
    Ok(answer.json()?["transactions"].as_array().context("a list")?.clone())
}

/// One of each kind, a minute apart, newest first.
async fn four(anchor: &TestAnchor, token: &str) -> Result<Vec<Transaction>> {
    let mut all = Vec::new();
    for path in ["deposit", "deposit-exchange", "withdraw", "withdraw-exchange"] {
        all.insert(0, started(anchor, token, path, &[]).await?.1);
        anchor.clock.advance(Duration::from_secs(60));
    }
    Ok(all)
}

fn ids(listed: &[Value]) -> Vec<TransactionId> {
    listed.iter().map(|one| one["id"].as_str().unwrap().parse().unwrap()).collect()
}

#[actix_web::test]
async fn r_06_145_r_06_148_kinds_may_be_named_several_times_and_exchanges_are_kinds_of_their_own()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    assert_eq!(listed(&anchor, &token, &[]).await?, Vec::<Value>::new(), "nothing is no error");
    let all = four(&anchor, &token).await?;
    let of = |places: &[usize]| places.iter().map(|place| all[*place].id).collect::<Vec<_>>();
    for (kinds, places) in [
        (vec![], vec![0, 1, 2, 3]),
        (vec!["deposit"], vec![3]),
        (vec!["deposit-exchange"], vec![2]),
        (vec!["withdrawal"], vec![1]),
        (vec!["withdrawal-exchange"], vec![0]),
        (vec!["deposit", "deposit-exchange"], vec![2, 3]),
        (vec!["deposit", "withdrawal", "deposit"], vec![1, 3]),
        (vec![""], vec![0, 1, 2, 3]),
    ] {
        let pairs: Vec<_> = kinds.iter().map(|kind| ("kind", *kind)).collect();
        assert_eq!(ids(&listed(&anchor, &token, &pairs).await?), of(&places), "{kinds:?}");
    }
    let kinds: Vec<_> = listed(&anchor, &token, &[]).await?.iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["withdrawal-exchange", "withdrawal", "deposit-exchange", "deposit"]);
    for wrong in ["withdraw", "Deposit", "deposit,withdrawal", "send"] {
        let account = account();
        let path = asking("transactions", &[("asset_code", "USDC"), ("account", &account), ("kind", wrong)]);
        assert_refused(&anchor.get(&path, &token).await, wrong);
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_141_r_06_142_r_06_143_r_06_144_r_06_146_r_06_147_list_takes_what_the_protocol_has() -> Result<()>
{
    let (anchor, _, token) = logged_in().await?;
    let all = four(&anchor, &token).await?;
    assert_eq!(
        ids(&listed(&anchor, &token, &[("limit", "2"), ("lang", "pt")]).await?),
        [all[0].id, all[1].id]
    );
    let before = all[1].id.to_string();
    assert_eq!(ids(&listed(&anchor, &token, &[("paging_id", &before)]).await?), [all[2].id, all[3].id]);
    let since = anchor_core::clock::format_utc(all[1].started_at);
    assert!(since.ends_with('Z') && parse_utc(&since).is_ok());
    assert_eq!(ids(&listed(&anchor, &token, &[("no_older_than", &since)]).await?), [all[0].id, all[1].id]);
    let shifted = all[1].started_at.with_timezone(&chrono::FixedOffset::east_opt(7200).unwrap()).to_rfc3339();
    assert_eq!(listed(&anchor, &token, &[("no_older_than", &shifted)]).await?.len(), 2);

    let stranger = anchor_core::keys::SigningKey::from_seed([9; 32]);
    let other = anchor.log_in(&stranger).await?;
    let theirs = started(&anchor, &other, "deposit", &[]).await?.1.id.to_string();
    let (own, stranger) = (account(), stranger.account().to_string());
    for (status, pairs) in [
        (400, vec![("account", own.as_str())]),
        (400, vec![("asset_code", "BADCODE"), ("account", &own)]),
        (400, vec![("asset_code", "USDC")]),
        (400, vec![("asset_code", "USDC"), ("account", "G")]),
        (403, vec![("asset_code", "USDC"), ("account", &stranger)]),
        (400, vec![("asset_code", "USDC"), ("account", &own), ("limit", "0")]),
        (400, vec![("asset_code", "USDC"), ("account", &own), ("limit", "-1")]),
        (400, vec![("asset_code", "USDC"), ("account", &own), ("limit", "two")]),
        (400, vec![("asset_code", "USDC"), ("account", &own), ("no_older_than", "yesterday")]),
        (400, vec![("asset_code", "USDC"), ("account", &own), ("paging_id", "nonsense")]),
        (400, vec![("asset_code", "USDC"), ("account", &own), ("paging_id", &theirs)]),
    ] {
        let answer = anchor.get(&asking("transactions", &pairs), &token).await;
        assert_eq!(answer.status, status, "{pairs:?}: {answer:?}");
        answer.error()?;
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_150_r_24_099_each_protocol_shows_its_own_transactions() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let (_, mine) = started(&anchor, &token, "deposit", &[]).await?;
    let hosted = anchor.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
    assert_eq!(ids(&listed(&anchor, &token, &[]).await?), [mine.id]);
    let pages = anchor.get("/sep24/transactions?asset_code=USDC", &token).await.json()?;
    assert_eq!(ids(pages["transactions"].as_array().context("a list")?), [hosted.id]);
    assert_eq!(anchor.get(&format!("/sep6/transaction?id={}", hosted.id), &token).await.status, 404);
    assert_eq!(anchor.get(&format!("/sep24/transaction?id={}", mine.id), &token).await.status, 404);
    Ok(())
}

async fn funded(anchor: &TestAnchor, deposit: &Transaction, reference: &str) -> Result<Transaction> {
    let receipt = Receipt {
        reference: reference.to_owned(),
        amount: samples::usd("100"),
        from: Some("Ada".to_owned()),
        ledger: None,
        return_fee: None,
    };
    let amounts = deposit.amounts.clone().context("agreed")?;
    anchor.commit(deposit, Fact::FundsReceived { receipt, settlement: Settlement::Accept(amounts) }).await
}

#[actix_web::test]
async fn r_06_151_r_06_152_r_06_153_r_06_155_r_06_172_one_is_found_by_any_of_its_ids() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let (_, stored) = started(&anchor, &token, "deposit", &[]).await?;
    let funded = funded(&anchor, &stored, "bank-1").await?;
    let by_id = anchor.get(&format!("/sep6/transaction?id={}", stored.id), &token).await;
    let by_reference = anchor.get("/sep6/transaction?external_transaction_id=bank-1&lang=de", &token).await;
    assert_eq!((by_id.status, by_reference.status), (200, 200));
    assert_eq!(by_id.json()?["transaction"], listed(&anchor, &token, &[]).await?[0]);
    assert_eq!(by_id.json()?["transaction"]["external_transaction_id"], "bank-1");
    assert_eq!(funded.status(), Status::PendingAnchor);
    let hash = "0215".repeat(16);
    for missing in [
        "id=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
        "id=nonsense",
        "external_transaction_id=bank-2",
        &format!("stellar_transaction_id={hash}"),
        "stellar_transaction_id=xyz",
        "id=..%2F..",
    ] {
        let answer = anchor.get(&format!("/sep6/transaction?{missing}"), &token).await;
        assert_eq!(answer.status, 404, "{missing}");
        answer.error()?;
    }
    assert_refused(&anchor.get("/sep6/transaction", &token).await, "no id");
    Ok(())
}

/// Kinds of exchanges were written with the other direction's members elsewhere.
#[actix_web::test]
async fn peer_r_06_156_r_06_166_r_06_167_r_06_169_r_06_170_r_06_171_r_06_173_r_06_179_documents_have_the_members_of_their_kind()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for (path, kind) in [
        ("deposit", "deposit"),
        ("deposit-exchange", "deposit-exchange"),
        ("withdraw", "withdrawal"),
        ("withdraw-exchange", "withdrawal-exchange"),
    ] {
        let (_, stored) = started(&anchor, &token, path, &[]).await?;
        let shown = shown(&anchor, &token, &stored).await?;
        let members = shown.as_object().context("an object")?;
        assert_eq!((&shown["id"], &shown["kind"]), (&stored.id.to_string().into(), &kind.into()));
        assert_eq!(shown["refunded"], false);
        for time in ["started_at", "updated_at", "user_action_required_by"] {
            assert!(shown[time].as_str().is_some_and(|time| time.ends_with('Z')), "{time}: {shown}");
        }
        assert!(members.values().all(|value| !value.is_null()), "{shown}");
        let is_deposit = kind.starts_with("deposit");
        assert_eq!(members.keys().any(|name| name.starts_with("withdraw")), !is_deposit, "{shown}");
        assert_eq!(shown[if is_deposit { "to" } else { "from" }], account());
        assert_eq!(shown["to"] == "***678", !is_deposit);
        for name in ["claimable_balance_id", "completed_at", "refunds", "stellar_transaction_id", "message"] {
            assert!(!members.contains_key(name), "{name}: {shown}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_183_r_06_184_r_06_214_status_is_dated_and_pickup_has_an_address() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let (_, stored) = started(&anchor, &token, "deposit", &[]).await?;
    anchor.clock.advance(Duration::from_secs(10));
    let funded = funded(&anchor, &stored, "bank-1").await?;
    let before = shown(&anchor, &token, &funded).await?;
    assert_eq!(before["updated_at"], "2026-01-01T00:00:10.000000Z");
    assert_eq!((&before["user_action_required_by"], &before["completed_at"]), (&Value::Null, &Value::Null));
    // what does not change the status does not change its time
    anchor.clock.advance(Duration::from_secs(10));
    let held = anchor.commit(&funded, Fact::Held { reason: "a look".to_owned() }).await?;
    assert_eq!(shown(&anchor, &token, &held).await?["status"], "on_hold");
    let released = anchor.commit(&held, Fact::Released).await?;
    anchor.clock.advance(Duration::from_secs(10));
    let missing = anchor.commit(&released, Fact::TrustMissing).await?;
    let shown = shown(&anchor, &token, &missing).await?;
    assert_eq!(
        (&shown["status"], &shown["updated_at"]),
        (&"pending_trust".into(), &"2026-01-01T00:00:30.000000Z".into())
    );
    let url = shown["more_info_url"].as_str().context("an address")?;
    let path = url.strip_prefix("http://localhost:8000").context("ours")?;
    assert_eq!(anchor.get(path, "").await.status, 200, "{url}");
    assert_eq!(anchor.get(&good("deposit", &[]), &token).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_06_174_r_06_200_refunds_are_shown_and_callbacks_carry_the_same_document() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let (_, stored) = started(&anchor, &token, "deposit", &[]).await?;
    let receipt = Receipt {
        reference: "bank-1".to_owned(),
        amount: samples::usd("0.30"),
        from: None,
        ledger: None,
        return_fee: None,
    };
    let settlement = Settlement::Return { reason: "too little".to_owned() };
    let due = anchor.commit(&stored, Fact::FundsReceived { receipt, settlement }).await?;
    let order = anchor_core::transaction::Order {
        id: anchor_core::id::OrderId::new(anchor.anchor.ids().next()),
        transaction: stored.id,
        purpose: anchor_core::transaction::OrderPurpose::Refund,
        amount: samples::usd("0.30"),
    };
    let reference = Some("back-1".to_owned());
    let under_way = anchor.commit(&due, Fact::PayoutIntended { order: order.clone() }).await?;
    let back = anchor.commit(&under_way, Fact::PayoutDelivered { order: order.id, reference }).await?;
    let shown = shown(&anchor, &token, &back).await?;
    assert_eq!((&shown["status"], &shown["refunded"]), (&json!("refunded"), &json!(true)));
    let refunds = json!({
        "amount_refunded": "0.3", "amount_fee": "0",
        "payments": [{ "id": "back-1", "id_type": "external", "amount": "0.3", "fee": "0" }],
    });
    assert_eq!(shown["refunds"], refunds);
    assert_eq!((&shown["amount_in"], &shown["amount_out"]), (&json!("0.3"), &json!("0")));
    assert_eq!(shown["message"], "too little");
    assert!(shown["completed_at"].is_string());

    let documents = anchor_web::Documents::new(anchor.anchor.config(), anchor.clock.clone());
    let document = anchor_core::integration::TransactionDocuments::document(&documents, &back);
    let answer = anchor.get(&format!("/sep6/transaction?id={}", back.id), &token).await.json()?;
    assert_eq!(document, answer);
    Ok(())
}

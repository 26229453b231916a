//! `GET /transaction`: what is found, and how it is written.

use std::time::Duration;

use anchor_core::account::Account;
use anchor_core::amount::{Money, Rounding};
use anchor_core::id::{AttemptId, OrderId};
use anchor_core::integration::TransactionDocuments as _;
use anchor_core::memo::Memo;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{
    Attempt, AttemptPurpose, Effect, Fact, FailureCode, Kind, LedgerReceipt, Order, OrderPurpose, Receipt,
    RefundVia, Settlement, Transaction, TransactionHash,
};
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

const HASH: TransactionHash = TransactionHash::from_bytes([0xab; 32]);

pub(super) async fn logged_in() -> Result<(TestAnchor, String)> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token))
}

pub(super) async fn started(anchor: &TestAnchor, token: &str, kind: &str) -> Result<Transaction> {
    anchor.clock.advance(Duration::from_secs(1));
    anchor.start(kind, token, json!({ "asset_code": "USDC" })).await
}

pub(super) async fn agreed(
    anchor: &TestAnchor,
    token: &str,
    kind: Kind,
    amount: &str,
) -> Result<Transaction> {
    let name = match kind {
        Kind::Deposit => "deposit",
        Kind::Withdrawal => "withdraw",
    };
    let transaction = started(anchor, token, name).await?;
    let memo = u64::try_from(transaction.id.as_uuid().as_u128() & u128::from(u64::MAX))?;
    anchor.commit(&transaction, Fact::TermsAgreed { terms: samples::terms(kind, amount, memo) }).await
}

fn receipt(transaction: &Transaction, reference: &str, ledger: Option<LedgerReceipt>) -> Receipt {
    let amount = transaction.amounts.clone().unwrap().amount_in;
    Receipt { reference: reference.to_owned(), amount, from: None, ledger, return_fee: None }
}

pub(super) async fn funded(anchor: &TestAnchor, transaction: &Transaction) -> Result<Transaction> {
    let settlement = Settlement::Accept(transaction.amounts.clone().context("agreed")?);
    let fact = match transaction.kind {
        Kind::Deposit => Fact::FundsReceived { receipt: receipt(transaction, "wire-1", None), settlement },
        Kind::Withdrawal => {
            let ledger = LedgerReceipt {
                hash: HASH,
                from: Account::Muxed { account: samples::user().account(), id: 5 },
                memo: Memo::None,
            };
            Fact::PaymentSeen {
                receipt: receipt(transaction, &transaction.id.to_string(), Some(ledger)),
                settlement,
            }
        }
    };
    anchor.commit(transaction, fact).await
}

pub(super) async fn attempted(
    anchor: &TestAnchor,
    transaction: &Transaction,
    purpose: AttemptPurpose,
) -> Result<Transaction> {
    let id = AttemptId::new(anchor.anchor.ids().next());
    let attempt = Attempt {
        id,
        purpose,
        hash: HASH,
        envelope: "AAAA".into(),
        source: samples::distribution().account(),
        sequence: 1,
        max_time: 1,
        fee: 100,
        unsigned: None,
        reclaim: None,
    };
    let paying = anchor.commit(transaction, Fact::AttemptOpened { attempt }).await?;
    let claimable_balance = (purpose == AttemptPurpose::Payment).then(|| "0".repeat(72));
    let effect = Effect::Delivered { claimable_balance };
    anchor.commit(&paying, Fact::AttemptApplied { attempt: id, hash: HASH, ledger: 9, effect }).await
}

pub(super) async fn ordered(
    anchor: &TestAnchor,
    transaction: &Transaction,
    purpose: OrderPurpose,
) -> Result<(Transaction, OrderId)> {
    let id = OrderId::new(anchor.anchor.ids().next());
    let amount = transaction.amounts.clone().context("agreed")?.amount_out;
    let order = Order { id, transaction: transaction.id, purpose, amount };
    Ok((anchor.commit(transaction, Fact::PayoutIntended { order }).await?, id))
}

fn assert_has(object: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&object[name], value, "{name} in {object}");
    }
}

#[actix_web::test]
async fn r_24_106_r_24_107_r_24_108_r_24_120_incomplete_deposit_and_withdrawal() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let user = samples::user().account().to_string();
    let deposit = anchor.shown(&started(&anchor, &token, "deposit").await?, &token).await?;
    assert_has(
        &deposit,
        &json!({
            "kind": "deposit", "status": "incomplete", "to": user, "refunded": false,
            "amount_in_asset": "iso4217:USD",
            "amount_out_asset": format!("stellar:{}", samples::token()),
            "started_at": "2026-01-01T00:00:01.000000Z", "updated_at": "2026-01-01T00:00:01.000000Z",
            "user_action_required_by": "2026-01-02T00:00:01.000000Z",
        }),
    );
    let withdrawal = anchor.shown(&started(&anchor, &token, "withdraw").await?, &token).await?;
    assert_has(
        &withdrawal,
        &json!({
            "kind": "withdrawal", "status": "incomplete", "from": user,
            "amount_in_asset": format!("stellar:{}", samples::token()), "amount_out_asset": "iso4217:USD",
        }),
    );
    for object in [&deposit, &withdrawal] {
        let members = object.as_object().context("an object")?;
        assert!(members.values().all(|value| value != "" && !value.is_null()), "{object}");
        let early =
            ["amount_in", "completed_at", "stellar_transaction_id", "withdraw_memo", "refunds", "message"];
        assert!(early.iter().all(|name| !members.contains_key(*name)), "{object}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_105_r_24_106_r_24_110_r_24_114_r_24_124_pending_deposit_has_its_amounts() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let transaction = agreed(&anchor, &token, Kind::Deposit, "100.5").await?;
    let shown = anchor.shown(&transaction, &token).await?;
    assert_has(
        &shown,
        &json!({
            "status": "pending_user_transfer_start",
            "amount_in": "100.5", "amount_out": "100.25", "amount_fee": "0.25", "amount_fee_asset": "iso4217:USD",
            "fee_details": {
                "total": "0.25", "asset": "iso4217:USD",
                "breakdown": [{ "name": "Fixed fee", "amount": "0.25" }],
            },
        }),
    );
    assert!(shown.get("user_action_required_by").is_some());
    Ok(())
}

#[actix_web::test]
async fn r_24_049_r_24_052_r_24_106_r_24_122_completed_deposit_names_both_transfers() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let transaction = agreed(&anchor, &token, Kind::Deposit, "100").await?;
    let funded = funded(&anchor, &transaction).await?;
    let waiting = anchor.shown(&funded, &token).await?;
    assert_has(&waiting, &json!({ "status": "pending_anchor", "external_transaction_id": "wire-1" }));
    assert!(waiting.get("user_action_required_by").is_none(), "nothing is awaited from the user");
    anchor.clock.advance(Duration::from_millis(1500));
    let paid = attempted(&anchor, &funded, AttemptPurpose::Payment).await?;
    assert_has(
        &anchor.shown(&paid, &token).await?,
        &json!({
            "status": "completed", "stellar_transaction_id": HASH.to_string(),
            "external_transaction_id": "wire-1", "claimable_balance_id": "0".repeat(72),
            "completed_at": "2026-01-01T00:00:02.500000Z", "updated_at": "2026-01-01T00:00:02.500000Z",
            "amount_in": "100", "amount_out": "99.75", "refunded": false,
        }),
    );
    Ok(())
}

#[actix_web::test]
async fn r_24_106_r_24_111_r_24_112_r_24_117_withdrawal_says_where_to_pay_from_the_agreement_on() -> Result<()>
{
    let (anchor, token) = logged_in().await?;
    let transaction = agreed(&anchor, &token, Kind::Withdrawal, "20.1234567").await?;
    let receiving = transaction.receiving().context("agreed")?.clone();
    let where_to_pay = json!({
        "withdraw_anchor_account": samples::distribution().account().to_string(),
        "withdraw_memo": receiving.memo.value(), "withdraw_memo_type": "id",
    });
    let shown = anchor.shown(&transaction, &token).await?;
    assert_has(&shown, &where_to_pay);
    assert_has(
        &shown,
        &json!({
            "status": "pending_user_transfer_start", "amount_in": "20.1234567", "amount_out": "19.87",
            "amount_fee": "0.2534567",
        }),
    );
    let funded = funded(&anchor, &transaction).await?;
    let (paying, order) = ordered(&anchor, &funded, OrderPurpose::Payout).await?;
    let fact = Fact::PayoutReadyForPickup { order, reference: Some("pickup-7".to_owned()) };
    let ready = anchor.commit(&paying, fact).await?;
    assert_has(&anchor.shown(&ready, &token).await?, &json!({ "status": "pending_user_transfer_complete" }));
    let done = anchor.commit(&ready, Fact::PayoutDelivered { order, reference: None }).await?;
    let shown = anchor.shown(&done, &token).await?;
    assert_has(&shown, &where_to_pay);
    assert_has(
        &shown,
        &json!({
            "status": "completed", "stellar_transaction_id": HASH.to_string(), "external_transaction_id": "pickup-7",
            "from": Account::Muxed { account: samples::user().account(), id: 5 }.to_string(),
        }),
    );
    assert!(shown.get("completed_at").is_some());
    Ok(())
}

/// What came for an ended withdrawal goes back less what sending it costs.
#[actix_web::test]
async fn r_24_126_r_24_127_r_24_128_refund_less_a_fee_adds_up_to_nothing() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let withdrawal = agreed(&anchor, &token, Kind::Withdrawal, "20").await?;
    let expired = anchor.commit(&withdrawal, Fact::DeadlinePassed).await?;
    let ledger = LedgerReceipt { hash: HASH, from: samples::user().account().into(), memo: Memo::Id(1) };
    let receipt = Receipt {
        return_fee: Some("0.5".parse()?),
        ..receipt(&withdrawal, &withdrawal.id.to_string(), Some(ledger))
    };
    let settlement = Settlement::Accept(withdrawal.amounts.clone().context("agreed")?);
    let due = anchor.commit(&expired, Fact::PaymentSeen { receipt, settlement }).await?;
    let returned = attempted(&anchor, &due, AttemptPurpose::Refund).await?;
    assert_has(
        &anchor.shown(&returned, &token).await?,
        &json!({
            "status": "refunded", "refunded": true,
            "amount_in": "20", "amount_out": "0", "amount_fee": "0",
            "refunds": {
                "amount_refunded": "19.5", "amount_fee": "0.5",
                "payments": [{ "id": HASH.to_string(), "id_type": "stellar", "amount": "19.5", "fee": "0.5" }],
            },
        }),
    );
    Ok(())
}

#[actix_web::test]
async fn r_24_126_r_24_127_r_24_128_full_refund_adds_up_to_nothing() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let withdrawal = funded(&anchor, &agreed(&anchor, &token, Kind::Withdrawal, "20").await?).await?;
    let decided = Fact::RefundDecided { via: RefundVia::Ledger, reason: "the account is closed".to_owned() };
    let due = anchor.commit(&withdrawal, decided).await?;
    assert_has(
        &anchor.shown(&due, &token).await?,
        &json!({ "status": "pending_anchor", "message": "the account is closed", "refunded": false }),
    );
    let returned = attempted(&anchor, &due, AttemptPurpose::Refund).await?;
    let shown = anchor.shown(&returned, &token).await?;
    assert_has(
        &shown,
        &json!({
            "status": "refunded", "refunded": true,
            "amount_in": "20", "amount_out": "0", "amount_fee": "0",
            "fee_details": { "total": "0", "asset": format!("stellar:{}", samples::token()) },
            "refunds": {
                "amount_refunded": "20", "amount_fee": "0",
                "payments": [{ "id": HASH.to_string(), "id_type": "stellar", "amount": "20", "fee": "0" }],
            },
        }),
    );
    assert!(shown.get("completed_at").is_some());

    let deposit = funded(&anchor, &agreed(&anchor, &token, Kind::Deposit, "30").await?).await?;
    let decided = Fact::RefundDecided { via: RefundVia::Rails, reason: "not possible".to_owned() };
    let (refunding, order) =
        ordered(&anchor, &anchor.commit(&deposit, decided).await?, OrderPurpose::Refund).await?;
    let fact = Fact::PayoutDelivered { order, reference: Some("wire-back".to_owned()) };
    let shown = anchor.shown(&anchor.commit(&refunding, fact).await?, &token).await?;
    assert_has(
        &shown["refunds"]["payments"][0],
        &json!({ "id": "wire-back", "id_type": "external", "amount": "30" }),
    );
    Ok(())
}

#[actix_web::test]
async fn r_24_132_what_arrived_goes_before_what_was_announced() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let transaction = agreed(&anchor, &token, Kind::Deposit, "100").await?;
    let arrived = Money { amount: "90".parse()?, ..transaction.amounts.clone().context("agreed")?.amount_in };
    let receipt = Receipt { amount: arrived.clone(), ..receipt(&transaction, "wire-2", None) };
    let settlement = Settlement::Accept(samples::terms(Kind::Deposit, "90", 0).amounts.context("agreed")?);
    let funded = anchor.commit(&transaction, Fact::FundsReceived { receipt, settlement }).await?;
    assert_has(&anchor.shown(&funded, &token).await?, &json!({ "amount_in": "90", "amount_out": "89.75" }));
    assert_eq!(arrived.amount.rescale(0, Rounding::Down)?.to_string(), "90");
    Ok(())
}

#[actix_web::test]
async fn money_that_goes_back_has_no_amount_out() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let transaction = agreed(&anchor, &token, Kind::Deposit, "100").await?;
    let arrived = Money { amount: "1".parse()?, ..transaction.amounts.clone().context("agreed")?.amount_in };
    let receipt = Receipt { amount: arrived, ..receipt(&transaction, "wire-3", None) };
    let settlement = Settlement::Return { reason: "too little arrived".to_owned() };
    let due = anchor.commit(&transaction, Fact::FundsReceived { receipt, settlement }).await?;
    let shown = anchor.shown(&due, &token).await?;
    assert_has(&shown, &json!({ "amount_in": "1", "amount_fee": "0", "message": "too little arrived" }));
    assert!(shown.get("amount_out").is_none());
    Ok(())
}

#[actix_web::test]
async fn r_24_116_ended_transactions_carry_their_label_and_reason() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let codes = [
        (FailureCode::Error, "error"),
        (FailureCode::TooSmall, "too_small"),
        (FailureCode::TooLarge, "too_large"),
        (FailureCode::NoMarket, "no_market"),
    ];
    for (code, label) in codes {
        let transaction = started(&anchor, &token, "deposit").await?;
        let failed = anchor.commit(&transaction, Fact::Failed { code, reason: "because".to_owned() }).await?;
        let shown = anchor.shown(&failed, &token).await?;
        assert_has(&shown, &json!({ "status": label, "message": "because" }));
        assert!(shown.get("user_action_required_by").is_none());
    }
    let expired = anchor.commit(&started(&anchor, &token, "deposit").await?, Fact::DeadlinePassed).await?;
    assert_has(&anchor.shown(&expired, &token).await?, &json!({ "status": "expired" }));
    Ok(())
}

#[actix_web::test]
async fn r_24_075_callbacks_carry_the_same_document() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let transaction = agreed(&anchor, &token, Kind::Deposit, "100").await?;
    let documents = anchor_web::Documents::new(anchor.anchor.config(), anchor.clock.clone());
    let document = documents.document(&transaction);
    let answer = anchor.get(&format!("/sep24/transaction?id={}", transaction.id), &token).await;
    assert_eq!(document, answer.json()?);
    Ok(())
}

#[actix_web::test]
async fn r_24_115_no_members_of_other_protocols() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let known = [
        "id",
        "kind",
        "status",
        "more_info_url",
        "amount_in",
        "amount_in_asset",
        "amount_out",
        "amount_out_asset",
        "amount_fee",
        "amount_fee_asset",
        "fee_details",
        "started_at",
        "completed_at",
        "updated_at",
        "user_action_required_by",
        "stellar_transaction_id",
        "external_transaction_id",
        "message",
        "refunded",
        "refunds",
        "deposit_memo",
        "deposit_memo_type",
        "from",
        "to",
        "claimable_balance_id",
        "withdraw_anchor_account",
        "withdraw_memo",
        "withdraw_memo_type",
    ];
    for kind in [Kind::Deposit, Kind::Withdrawal] {
        let shown = anchor.shown(&agreed(&anchor, &token, kind, "100").await?, &token).await?;
        let of_other_kind = if kind == Kind::Deposit { "withdraw_" } else { "deposit_" };
        for name in shown.as_object().context("an object")?.keys() {
            assert!(known.contains(&name.as_str()) && !name.starts_with(of_other_kind), "{name}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_100_r_24_101_r_24_104_found_by_each_id_and_by_several_that_agree() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let deposit = funded(&anchor, &agreed(&anchor, &token, Kind::Deposit, "100").await?).await?;
    let deposit = attempted(&anchor, &deposit, AttemptPurpose::Payment).await?;
    let other = started(&anchor, &token, "deposit").await?;
    let id = deposit.id.to_string();
    let found = [
        format!("id={id}"),
        format!("stellar_transaction_id={HASH}"),
        format!("stellar_transaction_id={}", HASH.to_string().to_ascii_uppercase()),
        "external_transaction_id=wire-1".to_owned(),
        format!("id={id}&stellar_transaction_id={HASH}&external_transaction_id=wire-1&lang=de"),
    ];
    for query in found {
        let answer = anchor.get(&format!("/sep24/transaction?{query}"), &token).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(answer.json()?["transaction"]["id"], id, "{query}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let query = format!("id={}&stellar_transaction_id={HASH}", other.id);
    assert_eq!(anchor.get(&format!("/sep24/transaction?{query}"), &token).await.status, 404);
    assert_eq!(anchor.get("/sep24/transaction", &token).await.status, 400);
    assert_eq!(anchor.get("/sep24/transaction?id=", &token).await.status, 400);
    Ok(())
}

#[actix_web::test]
async fn peer_r_24_104_shared_ledger_transaction_gives_the_newest() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let mut newest = None;
    for _ in 0..2 {
        newest = Some(funded(&anchor, &agreed(&anchor, &token, Kind::Withdrawal, "10").await?).await?);
    }
    let answer = anchor.get(&format!("/sep24/transaction?stellar_transaction_id={HASH}"), &token).await;
    assert_eq!(answer.json()?["transaction"]["id"], newest.context("two")?.id.to_string());
    Ok(())
}

/// The bank may give one reference to two payouts.
#[actix_web::test]
async fn peer_r_24_104_shared_external_id_gives_the_newest() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let mut newest = None;
    for _ in 0..2 {
        let paid_in = funded(&anchor, &agreed(&anchor, &token, Kind::Withdrawal, "10").await?).await?;
        let (paying, order) = ordered(&anchor, &paid_in, OrderPurpose::Payout).await?;
        let fact = Fact::PayoutDelivered { order, reference: Some("batch-7".to_owned()) };
        newest = Some(anchor.commit(&paying, fact).await?);
    }
    let answer = anchor.get("/sep24/transaction?external_transaction_id=batch-7", &token).await;
    assert_eq!(answer.json()?["transaction"]["id"], newest.context("two")?.id.to_string());
    Ok(())
}

#[actix_web::test]
async fn r_24_103_what_is_not_there_is_404() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    started(&anchor, &token, "deposit").await?;
    let id = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let queries = [
        format!("id={id}"),
        format!("external_transaction_id={id}"),
        format!("stellar_transaction_id={}", "0".repeat(64)),
        "id=not-an-id".to_owned(),
        "id=%00".to_owned(),
        "stellar_transaction_id=not-a-hash".to_owned(),
    ];
    for query in queries {
        let answer = anchor.get(&format!("/sep24/transaction?{query}"), &token).await;
        assert_eq!(answer.status, 404, "{query}");
        answer.error()?;
    }
    Ok(())
}

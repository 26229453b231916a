//! Quotes that end while the business is asked: they are not used, nothing is agreed on at their price, and everything else
//! goes on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::clock::ManualClock;
use anchor_core::integration::form::{FlowStep, FlowView};
use anchor_core::integration::{
    Agreement, DepositIntegration, IntegrationError, ReceiveOutcome, ReceiveView, ReceiverIntegration,
    StartStep, StartView, ValidForm, start_step,
};
use anchor_core::ops::JobSettings;
use anchor_core::ops::decide::decide;
use anchor_core::ops::expire::expire;
use anchor_core::ops::form::{SentPage, Submitted, submit};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{State, Transaction};
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use serde_json::{Value, json};

use crate::sep6::{assert_refused, by_api_with, good, started, transactions};
use crate::sep6_exchange::{bought, with};
use crate::sep31::{announced, count, receiving_with};
use crate::sep38::wanted;

/// A business that takes until after the end of the quote to agree.
#[derive(Clone, Default)]
struct Slow(Arc<Desk>);

#[derive(Default)]
struct Desk {
    place: OnceLock<(Anchor, ManualClock)>,
    /// It puts off the first question.
    puts_off: AtomicBool,
    /// The worker goes on meanwhile, and ends what has ended.
    has_worker: AtomicBool,
}

impl Slow {
    fn at_work() -> Self {
        let slow = Self::default();
        slow.0.has_worker.store(true, Ordering::Relaxed);
        slow
    }

    fn open(&self, anchor: &TestAnchor) {
        assert!(self.0.place.set((anchor.anchor.clone(), anchor.clock.clone())).is_ok());
    }

    async fn think(&self) {
        let (anchor, clock) = self.0.place.get().unwrap();
        clock.advance(Duration::from_secs(60));
        if self.0.has_worker.load(Ordering::Relaxed) {
            expire(anchor, &JobSettings::new("a worker")).await.unwrap();
        }
    }
}

#[async_trait]
impl DepositIntegration for Slow {
    async fn start(&self, view: &StartView) -> Result<StartStep, IntegrationError> {
        if self.0.puts_off.swap(false, Ordering::Relaxed) {
            return Ok(StartStep::Later);
        }
        self.think().await;
        Ok(start_step(view))
    }

    async fn submit(&self, view: &FlowView, _: ValidForm) -> Result<FlowStep, IntegrationError> {
        self.think().await;
        let amounts = view.transaction.amounts.as_ref().unwrap();
        Ok(FlowStep::Done(Agreement::new(amounts.amount_in.amount)))
    }
}

#[async_trait]
impl ReceiverIntegration for Slow {
    async fn accept(&self, _: &ReceiveView) -> Result<ReceiveOutcome, IntegrationError> {
        self.think().await;
        Ok(ReceiveOutcome::agreed())
    }
}

async fn quote(anchor: &TestAnchor, token: &str, body: Value) -> Result<Value> {
    let answer = anchor.post("/sep38/quote", token, wanted(body)).await;
    anyhow::ensure!(answer.status == 201, "{answer:?}");
    answer.json()
}

/// Another quote of the same user holds for a minute longer; at its end, everything that is in reserve is free again.
async fn others_go_on(anchor: &TestAnchor) -> Result<()> {
    let token = samples::token().into();
    assert!(anchor.anchor.store().quote_reserved(&token).await? > 0, "the other one holds");
    anchor.clock.advance(Duration::from_secs(60));
    expire(&anchor.anchor, &JobSettings::new("a worker")).await?;
    assert_eq!(anchor.anchor.store().quote_reserved(&token).await?, 0);
    Ok(())
}

async fn stored(anchor: &TestAnchor, transaction: &Transaction) -> Result<Transaction> {
    anchor.anchor.store().transaction_fetch(transaction.id).await?.context("stored")
}

#[actix_web::test]
async fn r_06_033_quote_that_was_released_while_the_business_was_asked_is_not_used() -> Result<()> {
    let slow = Slow::at_work();
    let (anchor, _) = by_api_with(&[], |builder| builder.deposit(slow.clone())).await?;
    slow.open(&anchor);
    let token = anchor.log_in(&samples::user()).await?;
    let late = bought(&anchor, &token).await?;
    quote(&anchor, &token, json!({ "expire_after": "2026-01-01T00:02:00Z" })).await?;
    let answer = anchor.get(&good("deposit-exchange", &with(&late)), &token).await;
    assert_refused(&answer, "it has ended");
    assert!(answer.error()?.contains("has ended"), "{answer:?}");
    assert_eq!(transactions(&anchor).await?, 0);
    others_go_on(&anchor).await
}

#[actix_web::test]
async fn r_06_033_quote_that_ended_while_the_business_was_asked_is_not_used_although_nobody_released_it()
-> Result<()> {
    let slow = Slow::default();
    let (anchor, _) = by_api_with(&[], |builder| builder.deposit(slow.clone())).await?;
    slow.open(&anchor);
    let token = anchor.log_in(&samples::user()).await?;
    let late = bought(&anchor, &token).await?;
    assert_refused(&anchor.get(&good("deposit-exchange", &with(&late)), &token).await, "it has ended");
    assert_eq!(transactions(&anchor).await?, 0);
    Ok(())
}

#[actix_web::test]
async fn r_31_037_quote_that_ended_while_the_business_was_asked_is_not_used() -> Result<()> {
    for slow in [Slow::default(), Slow::at_work()] {
        let attached = slow.clone();
        let anchor =
            receiving_with(&[], samples::received_asset(), |builder| builder.receiver(attached)).await?;
        slow.open(&anchor);
        let token = anchor.log_in(&samples::user()).await?;
        let of_tokens = json!({
            "sell_asset": format!("stellar:{}", samples::token()), "buy_asset": "iso4217:BRL", "sell_amount": "101",
            "sell_delivery_method": null, "buy_delivery_method": "PIX", "context": "sep31",
        });
        let late = quote(&anchor, &token, of_tokens).await?;
        quote(&anchor, &token, json!({ "expire_after": "2026-01-01T00:02:00Z" })).await?;
        let body = announced(json!({ "quote_id": late["id"], "amount": "101", "funding_method": null }));
        let answer = anchor.post("/sep31/transactions", &token, body).await;
        assert_refused(&answer, "it has ended");
        assert!(answer.error()?.contains("has ended"), "{answer:?}");
        assert_eq!(count(&anchor).await?, 0);
        others_go_on(&anchor).await?;
        let reals = anchor.anchor.store().quote_reserved(&samples::money("BRL")).await?;
        assert_eq!(reals, 0);
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_085_page_that_is_decided_on_after_the_end_of_the_quote_agrees_on_nothing() -> Result<()> {
    let slow = Slow::default();
    let attached = slow.clone();
    let anchor = TestAnchor::with(&[], |builder| {
        builder.quotes(samples::quote_desk(), samples::quotes()).deposit(attached)
    })
    .await?;
    slow.open(&anchor);
    let token = anchor.log_in(&samples::user()).await?;
    let late = quote(&anchor, &token, json!({})).await?;
    let body = json!({ "asset_code": "USDC", "quote_id": late["id"] });
    let started = anchor.start("deposit", &token, body).await?;
    let fields = BTreeMap::from([("amount".to_owned(), "543".to_owned())]);
    let sent = SentPage { page: "amount".to_owned(), fields, files: BTreeMap::new() };
    let answer = submit(&anchor.anchor, &started, "en", &sent).await?;
    assert!(matches!(answer, Submitted::TooLate(_)), "{answer:?}");
    assert_eq!(stored(&anchor, &started).await?.state, State::Collecting);
    let facts = anchor.anchor.store().fact_list(started.id).await?;
    assert!(facts.is_empty(), "a late user is no anomaly: {facts:?}");
    Ok(())
}

#[actix_web::test]
async fn r_06_182_request_that_is_decided_on_after_the_end_of_its_quote_ends_with_it() -> Result<()> {
    let slow = Slow::default();
    slow.0.puts_off.store(true, Ordering::Relaxed);
    let (anchor, _) = by_api_with(&[], |builder| builder.deposit(slow.clone())).await?;
    slow.open(&anchor);
    let token = anchor.log_in(&samples::user()).await?;
    let late = bought(&anchor, &token).await?;
    let (_, transaction) = started(&anchor, &token, "deposit-exchange", &with(&late)).await?;
    assert_eq!(transaction.state, State::Deciding);
    let progress = decide(&anchor.anchor, &JobSettings::new("a worker")).await?;
    assert_eq!((progress.claimed, progress.failed), (1, 0));
    let ended = stored(&anchor, &transaction).await?;
    assert_eq!((ended.state, ended.terms), (State::Expired, None));
    Ok(())
}

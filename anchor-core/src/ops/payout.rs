//! Money that goes out through the rails: withdrawals that are delivered, deposits that are returned.
//!
//! ```text
//! ReadyToPayOut, RefundDue     -- order stored -->  execute  -- answer stored -->  ...
//!                        (1)                  (2)          (3)
//! ```
//! Killed at (1) nothing happened. Killed at (2) or (3) the rails may or may not know the order, so they are asked
//! for it, and only if they have never seen it is the *same* order executed. The lease is kept from the claim
//! to the answer, and nothing is begun in its second half; whoever works on after losing it all the same finds a
//! changed version in the store, or executes an order under a key that the bank has seen already.

use std::collections::HashMap;
use std::future::ready;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;

use super::ask::{Answer, ask, ask_about_all, for_one};
use super::work::{JobSettings, Progress, Step, work_off};
use super::{Committed, OpsError, answers, commit};
use crate::amount::Money;
use crate::anchor::Anchor;
use crate::id::OrderId;
use crate::integration::{PayoutOrder, PayoutOutcome, Retry};
use crate::store::{Claim, Claimed};
use crate::transaction::{
    Actor, AfterRefusal, Fact, InfoNeed, Order, OrderPurpose, Queue, RefundStep, RefundVia, State,
    Transaction,
};

/// Sends what is due, and finds out about orders that were under way when a process ended.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn execute(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let claim = settings.claim(anchor);
    let claimed = anchor.store().transaction_claim(Queue::Payouts, &claim).await?;
    let latest_start = latest_start(&claim);
    let works = claimed.iter().map(|one| {
        let work = async move {
            if anchor.clock().now() > latest_start {
                // a slow bank: whoever takes it next has a whole lease
                return Ok(Step::Wait(Duration::ZERO));
            }
            execute_one(anchor, settings, one, latest_start).await
        };
        (one, work.boxed())
    });
    Ok(work_off(anchor, settings, settings.width, works).await)
}

/// Until then something may be begun: the two questions that a payout may take end within the other half of the lease.
fn latest_start(claim: &Claim) -> DateTime<Utc> {
    claim.now + chrono::Duration::from_std(claim.lease / 2).unwrap_or(chrono::Duration::days(1))
}

/// Asks the rails what became of the orders that they have under way.
///
/// # Errors
/// As for [`execute`].
pub async fn follow(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let claim = settings.claim(anchor);
    let latest_start = latest_start(&claim);
    let claimed = anchor.store().transaction_claim(Queue::Orders, &claim).await?;
    if claimed.is_empty() {
        return Ok(Progress::default());
    }
    let mut orders = Vec::with_capacity(claimed.len());
    let mut unread = HashMap::new();
    for one in &claimed {
        match open_order(anchor, &one.transaction).await {
            Ok(order) => orders.extend(order),
            // of one order only
            Err(error) => drop(unread.insert(one.transaction.id, error)),
        }
    }
    let rails = anchor.rails();
    let singles = orders.iter().map(|order| {
        let question = async move { rails.find_outgoing_transaction(order).await };
        (order.id, question.boxed())
    });
    let all = async { rails.poll_outgoing_transactions(&orders).await };
    let answers = ask_about_all(settings.call_timeout(), settings.width, all, singles).await;
    let mut answers =
        answers.unwrap_or_else(|error| orders.iter().map(|order| (order.id, Err(for_one(&error)))).collect());
    let works = claimed.iter().map(|one| {
        if let Some(error) = unread.remove(&one.transaction.id) {
            return (one, ready(Err(error)).boxed());
        }
        let order = orders.iter().find(|order| order.transaction.id == one.transaction.id);
        let answer = order.and_then(|order| answers.remove(&order.id));
        (one, follow_one(anchor, settings, one, order, answer, latest_start).boxed())
    });
    Ok(work_off(anchor, settings, settings.width, works).await)
}

async fn execute_one(
    anchor: &Anchor,
    settings: &JobSettings,
    claimed: &Claimed,
    latest_start: DateTime<Utc>,
) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    let (purpose, amount) = match &transaction.state {
        State::ReadyToPayOut => (OrderPurpose::Payout, payout_amount(transaction)),
        State::RefundDue { via: RefundVia::Rails } => (OrderPurpose::Refund, refund_amount(transaction)),
        _ => {
            return match open_order(anchor, transaction).await? {
                Some(order) => recover(anchor, settings, transaction, &order, latest_start).await,
                None => hold(anchor, settings, transaction, "its order is not stored").await,
            };
        }
    };
    let Some(amount) = amount else {
        return hold(anchor, settings, transaction, "no money of the user's is on record").await;
    };
    let order = Order { id: OrderId::new(anchor.ids().next()), transaction: transaction.id, purpose, amount };
    let fact = Fact::PayoutIntended { order: order.clone() };
    match commit(anchor, transaction, fact, Actor::Worker, true).await? {
        Committed::Moved(transaction) => {
            let order = view(anchor, &transaction, order).await?;
            send(anchor, settings, &transaction, &order, latest_start).await
        }
        other => Ok(Step::after(&other, settings.pause(anchor, transaction))),
    }
}

/// A withdrawal is paid out only against tokens that the watcher found on the ledger.
fn payout_amount(transaction: &Transaction) -> Option<Money> {
    transaction.receipt.as_ref()?.ledger.as_ref()?;
    Some(transaction.amounts.as_ref()?.amount_out.clone())
}

/// A deposit goes back as it came.
fn refund_amount(transaction: &Transaction) -> Option<Money> {
    Some(transaction.receipt.as_ref()?.amount.clone())
}

/// An order of which nobody knows whether the rails got it: they are asked, and only "never seen" sends it.
async fn recover(
    anchor: &Anchor,
    settings: &JobSettings,
    transaction: &Transaction,
    order: &PayoutOrder,
    latest_start: DateTime<Utc>,
) -> Result<Step, OpsError> {
    let question = async { anchor.rails().find_outgoing_transaction(order).await };
    match ask(settings.call_timeout(), question).await {
        Ok(PayoutOutcome::NeverSeen) => send(anchor, settings, transaction, order, latest_start).await,
        answer => record(anchor, settings, transaction, order.id, answer.map_err(Into::into)).await,
    }
}

async fn send(
    anchor: &Anchor,
    settings: &JobSettings,
    transaction: &Transaction,
    order: &PayoutOrder,
    latest_start: DateTime<Utc>,
) -> Result<Step, OpsError> {
    if anchor.clock().now() > latest_start {
        // this process stood still: whoever comes next asks for the order first, and may have done so already
        return Ok(Step::Wait(Duration::ZERO));
    }
    let instruction = async { anchor.rails().execute_outgoing_transaction(order).await };
    let answer = ask(settings.call_timeout(), instruction).await.map_err(Into::into);
    record(anchor, settings, transaction, order.id, answer).await
}

async fn follow_one(
    anchor: &Anchor,
    settings: &JobSettings,
    claimed: &Claimed,
    order: Option<&PayoutOrder>,
    answer: Option<Answer<PayoutOutcome>>,
    latest_start: DateTime<Utc>,
) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    let Some(order) = order else {
        return hold(anchor, settings, transaction, "its order is not stored").await;
    };
    let refunding = matches!(transaction.state, State::Refunding { step: RefundStep::Order(_) });
    match answer {
        None => Ok(Step::Wait(settings.pause(anchor, transaction))),
        // a refund has no visible steps: the process may have ended between its order and its execution
        Some(Ok(PayoutOutcome::NeverSeen)) if refunding => {
            recover(anchor, settings, transaction, order, latest_start).await
        }
        Some(answer) => record(anchor, settings, transaction, order.id, answer).await,
    }
}

/// Writes down what the rails say. "I do not know" leaves everything as it is; a breach of the contract and "do
/// not ask again" put the transaction on hold.
async fn record(
    anchor: &Anchor,
    settings: &JobSettings,
    transaction: &Transaction,
    order: OrderId,
    answer: Answer<PayoutOutcome>,
) -> Result<Step, OpsError> {
    let fact = match answer {
        Ok(PayoutOutcome::Delivered { reference }) => Fact::PayoutDelivered { order, reference },
        Ok(PayoutOutcome::ReadyForPickup { reference }) => Fact::PayoutReadyForPickup { order, reference },
        Ok(PayoutOutcome::Initiated { reference }) => Fact::PayoutInitiated { order, reference },
        Ok(PayoutOutcome::Refused { reason, refund }) => {
            let then = if refund { AfterRefusal::Refund } else { AfterRefusal::Hold };
            Fact::PayoutRefused { order, reason, then }
        }
        Ok(PayoutOutcome::NeedsInfo { need }) => needs_info(transaction, order, need),
        Ok(PayoutOutcome::NeverSeen) => {
            let reason = "the rails say that they have never seen an order that they were given";
            Fact::Held { reason: reason.to_owned() }
        }
        Err(error) if error.retry() == Retry::Permanent => {
            let reason = format!("the rails cannot tell: {}", super::work::chain(&error));
            Fact::Held { reason }
        }
        Err(error) => return Err(error.into()),
    };
    let pause = settings.pause(anchor, transaction);
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    Ok(Step::after(&committed, pause))
}

/// Where the user cannot be asked, it is a refusal that the operator looks at.
fn needs_info(transaction: &Transaction, order: OrderId, need: InfoNeed) -> Fact {
    let asks = Fact::PayoutNeedsInfo { order, need };
    if asks.suits_protocol(transaction.protocol) {
        return asks;
    }
    let reason = "the rails have to know more than the user can be asked for".to_owned();
    Fact::PayoutRefused { order, reason, then: AfterRefusal::Hold }
}

async fn hold(
    anchor: &Anchor,
    settings: &JobSettings,
    transaction: &Transaction,
    reason: &str,
) -> Result<Step, OpsError> {
    let fact = Fact::Held { reason: reason.to_owned() };
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    Ok(Step::after(&committed, settings.pause(anchor, transaction)))
}

async fn open_order(anchor: &Anchor, transaction: &Transaction) -> Result<Option<PayoutOrder>, OpsError> {
    match anchor.store().order_open_of(transaction.id).await? {
        Some((order, _reference)) => Ok(Some(view(anchor, transaction, order).await?)),
        None => Ok(None),
    }
}

async fn view(anchor: &Anchor, transaction: &Transaction, order: Order) -> Result<PayoutOrder, OpsError> {
    let answers = answers::fetch(anchor, transaction.id).await?;
    Ok(PayoutOrder {
        id: order.id,
        purpose: order.purpose,
        amount: order.amount,
        transaction: transaction.clone(),
        answers,
    })
}

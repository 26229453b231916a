//! Deposits: has the user's money arrived?

use std::collections::HashMap;
use std::future::ready;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;

use super::ask::{Answer, ask_about_all, for_one};
use super::settle::settlement;
use super::terms::after;
use super::work::{JobSettings, Progress, Step, work_off};
use super::{OpsError, answers, commit};
use crate::amount::{Amount, Money, STELLAR_SCALE};
use crate::anchor::Anchor;
use crate::integration::{FundsOutcome, IntegrationError, PendingDeposit};
use crate::store::Claimed;
use crate::transaction::{Actor, Fact, Queue, Receipt, State, Transaction};

/// Asks the rails about deposits that await money, and writes down what they know.
///
/// Asking changes nothing, and the same credit again is no news: a crash anywhere means that the same deposits
/// are asked about again when their leases end.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched deposits back.
pub async fn poll(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let claimed = anchor.store().transaction_claim(Queue::Funds, &settings.claim(anchor)).await?;
    if claimed.is_empty() {
        return Ok(Progress::default());
    }
    let mut deposits = Vec::with_capacity(claimed.len());
    let mut unread = HashMap::new();
    for one in &claimed {
        match view(anchor, &one.transaction).await {
            Ok(deposit) => deposits.push(deposit),
            // of one deposit only
            Err(error) => drop(unread.insert(one.transaction.id, error)),
        }
    }
    let rails = anchor.rails();
    let singles = deposits.iter().map(|deposit| {
        let question = async move { rails.poll_pending_deposit(deposit).await };
        (deposit.transaction.id, question.boxed())
    });
    let all = async { rails.poll_pending_deposits(&deposits).await };
    let answers = ask_about_all(settings.call_timeout(), settings.width, all, singles).await;
    let mut answers = answers.unwrap_or_else(|error| {
        claimed.iter().map(|one| (one.transaction.id, Err(for_one(&error)))).collect()
    });
    let works = claimed.iter().map(|one| {
        if let Some(error) = unread.remove(&one.transaction.id) {
            return (one, ready(Err(error)).boxed());
        }
        let answer = answers.remove(&one.transaction.id).unwrap_or(Ok(FundsOutcome::StillWaiting));
        (one, record(anchor, settings, one, answer).boxed())
    });
    Ok(work_off(anchor, settings, settings.width, works).await)
}

pub(super) async fn view(anchor: &Anchor, transaction: &Transaction) -> Result<PendingDeposit, OpsError> {
    let answers = answers::fetch(anchor, transaction.id).await?;
    Ok(PendingDeposit { transaction: transaction.clone(), answers })
}

async fn record(
    anchor: &Anchor,
    settings: &JobSettings,
    claimed: &Claimed,
    answer: Answer<FundsOutcome>,
) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    let pause = settings.pause(anchor, transaction);
    let fact = match fact(anchor, transaction, answer?)? {
        Some(fact) => fact,
        // the question that its end waited for was just answered
        None if is_overdue(anchor, transaction) => Fact::DeadlinePassed,
        None => return Ok(Step::Wait(pause)),
    };
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    Ok(Step::after(&committed, pause))
}

fn is_overdue(anchor: &Anchor, transaction: &Transaction) -> bool {
    let has_passed = transaction.deadline.is_some_and(|deadline| deadline <= anchor.clock().now());
    has_passed && transaction.state.can_expire() && !may_be_shown_later(anchor, transaction)
}

/// A quote is kept for money that was at the bank before its end, and a bank shows some of it only a while later. Money that
/// came too late is sent back by itself meanwhile.
pub(super) fn may_be_shown_later(anchor: &Anchor, transaction: &Transaction) -> bool {
    let Some(quote) = transaction.quote.as_ref().filter(|_| transaction.state == State::AwaitingFunds) else {
        return false;
    };
    anchor.clock().now() < after(quote.expires_at, anchor.config().quote_grace)
}

/// What the rails' answer says about a deposit; `None` if nothing.
///
/// # Errors
/// When they report an amount that this money cannot have, or a credit that cannot be told from another one: nobody
/// knows then what arrived.
pub(super) fn fact(
    anchor: &Anchor,
    transaction: &Transaction,
    outcome: FundsOutcome,
) -> Result<Option<Fact>, IntegrationError> {
    Ok(match outcome {
        FundsOutcome::StillWaiting => None,
        FundsOutcome::InTransit { reference } => Some(Fact::FundsInTransit { reference }),
        FundsOutcome::Rejected { reason } => Some(Fact::FundsRejected { reason }),
        FundsOutcome::Received { amount, reference, from } => {
            let credit = Credit { amount, reference, from, at: anchor.clock().now() };
            Some(credited(anchor, transaction, credit)?)
        }
        FundsOutcome::ReceivedAt { amount, reference, from, at } => {
            Some(credited(anchor, transaction, Credit { amount, reference, from, at })?)
        }
    })
}

/// Money that the rails have.
struct Credit {
    amount: Amount,
    reference: String,
    from: Option<String>,
    at: DateTime<Utc>,
}

fn credited(anchor: &Anchor, transaction: &Transaction, credit: Credit) -> Result<Fact, IntegrationError> {
    let Credit { amount, reference, from, at } = credit;
    let asset = anchor.asset(&transaction.asset).map(|asset| transaction.exchanged(asset));
    let scale = asset.as_ref().map_or(STELLAR_SCALE, |asset| asset.off_chain_scale);
    if amount.is_zero() || amount.rescale_exact(scale).is_none() {
        let problem = format!("the rails report {amount}, which is no amount of this money");
        return Err(IntegrationError::permanent(problem));
    }
    if !Receipt::is_reference(&reference) {
        let problem = format!("the rails report a credit whose reference has {} bytes", reference.len());
        return Err(IntegrationError::permanent(problem));
    }
    let settlement = settlement(anchor.fee(), asset.as_deref(), transaction, amount, at);
    let amount = Money { amount, asset: transaction.off_chain_asset.clone() };
    Ok(Fact::FundsReceived {
        receipt: Receipt { reference, amount, from, ledger: None, return_fee: None },
        settlement,
    })
}

//! What the business says to a request by API: at once if it can, and else until it does.
//!
//! Asking changes nothing, so that a crash anywhere means that the same question is asked again when the lease ends. What is
//! decided while the wallet waits is written together with the transaction; a refusal leaves nothing behind.

use std::time::Duration;

use futures_util::FutureExt as _;

use super::amounts;
use super::ask::ask;
use super::commit::commit;
use super::settle::is_after_quote;
use super::terms::{terms, watch};
use super::work::{JobSettings, Progress, Step, work_off};
use super::{Committed, OpsError, answers, gate, receive};
use crate::anchor::Anchor;
use crate::customer::Standing;
use crate::integration::{Agreement, Answers, IntegrationError, StartStep, StartView};
use crate::store::Claimed;
use crate::transaction::{
    Actor, AfterInfo, Fact, FailureCode, InfoKind, InfoNeed, Kind, Protocol, Queue, State, Transaction,
};

/// How often a commit is tried again after a memo that was taken.
pub(super) const MEMO_TRIES: u32 = 5;

/// What is to be done about a request.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
pub(super) enum Decision {
    /// This happened to it.
    Fact(Fact),
    /// Nothing yet.
    Later,
    /// It cannot be served.
    Refused {
        /// For the user.
        reason: String,
    },
}

/// Asks the business about the terms of requests that are not decided, and looks whether it knows by now what customers had
/// to tell.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn decide(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let claimed = anchor.store().transaction_claim(Queue::Terms, &settings.claim(anchor)).await?;
    let works = claimed.iter().map(|one| (one, decide_one(anchor, settings, one).boxed()));
    Ok(work_off(anchor, settings, settings.width, works).await)
}

async fn decide_one(anchor: &Anchor, settings: &JobSettings, claimed: &Claimed) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    let answers = answers::fetch(anchor, transaction.id).await?;
    let limit = settings.call_timeout();
    let mut committed = Committed::Unchanged;
    for _ in 0..MEMO_TRIES {
        let fact = match &transaction.state {
            State::Deciding => match decision(anchor, transaction, &answers, limit).await? {
                // the business took its time: nobody can agree to that price any more
                Decision::Fact(Fact::TermsAgreed { .. })
                    if is_after_quote(transaction, anchor.clock().now()) =>
                {
                    Some(Fact::DeadlinePassed)
                }
                Decision::Fact(fact) => Some(fact),
                Decision::Later => None,
                Decision::Refused { reason } => Some(Fact::Failed { code: FailureCode::Error, reason }),
            },
            State::AwaitingInfo { need: InfoNeed::Customer { .. }, resume } => {
                told(anchor, transaction, *resume, &answers, limit).await?
            }
            _ => None,
        };
        let Some(fact) = fact else { return Ok(Step::Wait(settings.pause(anchor, transaction))) };
        committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
        if committed != Committed::MemoTaken {
            break;
        }
    }
    Ok(Step::after(&committed, settings.pause(anchor, transaction)))
}

/// Whether the customer has told what was missing. Where money is held, something new has to have been told: whoever asked for
/// it did not find what was there before.
async fn told(
    anchor: &Anchor,
    transaction: &Transaction,
    resume: AfterInfo,
    answers: &Answers,
    limit: Duration,
) -> Result<Option<Fact>, OpsError> {
    if resume != AfterInfo::Decide {
        let is_told = gate::told_since(anchor, transaction).await?;
        return Ok(is_told.then_some(Fact::InfoGiven { kind: InfoKind::Customer }));
    }
    Ok(match decision(anchor, transaction, answers, limit).await? {
        Decision::Fact(Fact::InfoNeeded { need: InfoNeed::Customer { .. } }) => None,
        Decision::Refused { reason } => Some(Fact::Failed { code: FailureCode::Error, reason }),
        Decision::Fact(_) | Decision::Later => Some(Fact::InfoGiven { kind: InfoKind::Customer }),
    })
}

/// What the business says now. Stores nothing, except from where on the receiving account is read.
///
/// # Errors
/// When business, store or ledger do not answer: nothing is decided then.
pub(super) async fn decision(
    anchor: &Anchor,
    transaction: &Transaction,
    answers: &Answers,
    limit: Duration,
) -> Result<Decision, OpsError> {
    if transaction.protocol == Protocol::Sep31 {
        return receive::decision(anchor, transaction, answers, limit).await;
    }
    let asset = anchor.asset(&transaction.asset).ok_or(OpsError::UnknownAsset)?;
    let language = transaction.request.language.as_deref().unwrap_or("en").to_ascii_lowercase();
    let view = StartView::new(
        transaction.clone(),
        transaction.exchanged(asset).into_owned(),
        answers.clone(),
        language,
    );
    let need = |need| Decision::Fact(Fact::InfoNeeded { need });
    match gate::admitted(anchor, transaction).await? {
        Standing::Accepted => {}
        Standing::NeedsInfo { message, .. } | Standing::Processing { message } => {
            return Ok(need(InfoNeed::Customer { message }));
        }
        Standing::Rejected { message } => return Ok(Decision::Refused { reason: message }),
    }
    Ok(match business(anchor, &view, limit).await? {
        StartStep::Agreed(agreement) => agreed(anchor, &view, agreement).await?,
        StartStep::NeedsCustomerInfo { message } => need(InfoNeed::Customer { message }),
        StartStep::NeedsTransactionInfo { fields, message } if !fields.is_empty() => {
            need(InfoNeed::Transaction { fields, message })
        }
        StartStep::NeedsTransactionInfo { .. } => {
            return Err(
                IntegrationError::permanent("StartStep::NeedsTransactionInfo without any field").into()
            );
        }
        StartStep::Later => Decision::Later,
        StartStep::Refused { reason } => Decision::Refused { reason },
    })
}

async fn business(anchor: &Anchor, view: &StartView, limit: Duration) -> Result<StartStep, OpsError> {
    let answer = match view.transaction.kind {
        Kind::Deposit => {
            let business = anchor.deposit().ok_or(OpsError::UnknownAsset)?;
            ask(limit, business.start(view)).await
        }
        Kind::Withdrawal => {
            let business = anchor.withdrawal().ok_or(OpsError::UnknownAsset)?;
            ask(limit, business.start(view)).await
        }
    };
    Ok(answer.map_err(IntegrationError::from)?)
}

async fn agreed(anchor: &Anchor, view: &StartView, agreement: Agreement) -> Result<Decision, OpsError> {
    let transaction = &view.transaction;
    let quoted = transaction.quote.as_ref().and(transaction.amounts.as_ref());
    let amount = agreement.amount.or(quoted.map(|amounts| amounts.amount_in.amount));
    let amounts = match amount {
        None => None,
        Some(amount) => match amounts::agreed_with(anchor.fee(), &view.asset, transaction, amount) {
            Ok(amounts) => Some(amounts),
            Err(error) => {
                return Ok(Decision::Refused { reason: format!("amount is not possible: {error}") });
            }
        },
    };
    if transaction.kind == Kind::Withdrawal {
        watch(anchor, &view.asset.distribution).await?;
    }
    let terms = terms(anchor, transaction, &view.asset, agreement, amounts);
    Ok(Decision::Fact(Fact::TermsAgreed { terms }))
}

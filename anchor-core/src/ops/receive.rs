//! Payments that other anchors announce, for somebody who is paid outside the ledger (SEP-31): everything that they say is
//! checked here, once, and written down.
//!
//! Nothing is stored of what is refused. What is taken begins in one commit with what was decided about it, with the use of
//! its quote and with the key of its request. Killed before that, nothing happened; killed after it, the sending anchor asks
//! again under the same key, and is told the same.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::OpsError;
use super::answers::keep;
use super::commit::moved;
use super::info::TRANSACTION_PAGE;
use super::start::DECISION_WINDOW;
use super::terms::{after, terms};
use crate::account::Subject;
use crate::anchor::Anchor;
use crate::asset::Asset;
use crate::id::TransactionId;
use crate::integration::{Agreement, Answers, Party, ReceiveOutcome, ReceiveView};
use crate::store::{Begin, Begun, KnownRequest};
use crate::transaction::{
    Actor, Applied, ApplyContext, Change, Fact, InfoField, InfoNeed, Kind, NewTransaction, Protocol, Refusal,
    Request, Transaction,
};

mod check;
mod customers;
mod decide;
mod key;
mod quoted;
mod refusal;
mod update;

pub(super) use customers::told_since;
pub use customers::types as customer_types;
pub(super) use decide::decision;
pub use refusal::{ReceiveError, ReceiveRefusal};
pub use update::{UpdateError, update};

/// How long the business may take while the sending anchor waits.
const DECISION_DEADLINE: Duration = Duration::from_secs(10);

/// How often a beginning is tried again after a memo that was taken.
const BEGIN_TRIES: u32 = 5;

/// What a sending anchor announces, in its own words. Absent and empty are the same.
#[derive(Clone, Default)]
pub struct ReceiveRequest {
    /// `native`, or the code of an asset.
    pub asset_code: Option<String>,
    /// Needed where two assets share a code.
    pub asset_issuer: Option<String>,
    /// Plain decimal, of the asset on the ledger.
    pub amount: Option<String>,
    /// What is paid out.
    pub destination_asset: Option<String>,
    /// A firm quote.
    pub quote_id: Option<String>,
    /// How it is paid out.
    pub funding_method: Option<String>,
    /// The anchor's id of the customer who sends.
    pub sender_id: Option<String>,
    /// The anchor's id of the customer who is paid.
    pub receiver_id: Option<String>,
    /// ISO 639-1; anything else counts as absent.
    pub language: Option<String>,
    /// Goes with a refund.
    pub refund_memo: Option<String>,
    /// Of which type that is.
    pub refund_memo_type: Option<String>,
    /// What is said about neither of the customers.
    pub fields: BTreeMap<String, String>,
    /// What the sending anchor calls this request, so that it can make it again.
    pub idempotency_key: Option<String>,
}

/// Customers' data may be among the fields: only names are shown.
impl std::fmt::Debug for ReceiveRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiveRequest")
            .field("asset_code", &self.asset_code)
            .field("fields", &self.fields.keys())
            .finish_non_exhaustive()
    }
}

/// Checks `request` and stores a new transaction of `subject`. Asked again under the same key, or with the same quote, it
/// answers with the one that it stored at first.
///
/// A request without either starts another transaction each time: two customers may well send the same amount, and what
/// nobody pays for expires.
///
/// # Errors
/// See [`ReceiveError`]. Nothing was stored then, as far as the sending anchor is concerned.
pub async fn receive(
    anchor: &Anchor,
    subject: Subject,
    client_domain: Option<String>,
    request: &ReceiveRequest,
) -> Result<Transaction, ReceiveError> {
    let key = key::of(anchor.vault(), &subject, request)?;
    if let Some(key) = &key
        && let Some(known) =
            anchor.store().request_find(&key.subject, &key.key).await.map_err(OpsError::from)?
    {
        return again(anchor, request, known).await;
    }
    let quoted = quoted::find(anchor, &subject, request).await?;
    let checked = check::check(anchor, subject, request, quoted.as_ref())?;
    check::customers(anchor, &subject, &checked.request).await?;
    let now = anchor.clock().now();
    let transaction = Transaction::start(NewTransaction {
        id: TransactionId::new(anchor.ids().next()),
        kind: Kind::Withdrawal,
        protocol: Protocol::Sep31,
        asset: checked.asset.id.clone(),
        off_chain_asset: checked.off_chain_asset.clone(),
        subject,
        client_domain,
        request: checked.request,
        at: now,
        deadline: after(now, DECISION_WINDOW),
    });
    let quote = quoted.as_ref().map(|quoted| quoted.use_of.id);
    let transaction = match quoted {
        Some(quoted) => transaction.quoted(quoted.use_of, quoted.amounts),
        None => transaction.priced(checked.amounts),
    };
    let view = view_of(checked.asset, transaction, checked.answers);
    let outcome = first_outcome(&view, decide::outcome(anchor, &view, DECISION_DEADLINE).await?)?;
    let is_told = view.answers != Answers::default();
    let begin = Begin {
        quote,
        answers: is_told.then(|| keep(anchor, view.transaction.id, &view.answers)).transpose()?,
        key: key.clone(),
        ..Begin::new(view.transaction.clone())
    };
    for _ in 0..BEGIN_TRIES {
        // the business took its time, and a promise may have ended meanwhile
        let at = anchor.clock().now();
        let first = first_change(anchor, &view, &outcome, at)?;
        let next = first.as_ref().map_or(&begin.transaction, Change::transaction).clone();
        match anchor
            .store()
            .transaction_begin(&Begin { first, at, ..begin.clone() })
            .await
            .map_err(OpsError::from)?
        {
            Begun::Begun => {
                moved(anchor, &next, "received");
                return Ok(next);
            }
            Begun::Known(known) => {
                return again(anchor, request, known).await;
            }
            Begun::MemoTaken => {}
            Begun::QuoteTaken => return Err(ReceiveRefusal::QuoteUsed.into()),
            Begun::QuoteEnded => return Err(ReceiveRefusal::QuoteEnded.into()),
            Begun::NotAdmitted(_) => break,
        }
    }
    Err(OpsError::Contended.into())
}

/// The same request gets the same answer; another one under the same key is a mistake, and so is a quote that was used for
/// something else.
async fn again(
    anchor: &Anchor,
    request: &ReceiveRequest,
    known: KnownRequest,
) -> Result<Transaction, ReceiveError> {
    if !key::is_same(anchor.vault(), request, &known.digest) {
        return Err(match &request.idempotency_key {
            Some(_) => ReceiveRefusal::OtherRequest,
            None => ReceiveRefusal::QuoteUsed,
        }
        .into());
    }
    let found = anchor.store().transaction_fetch(known.transaction).await.map_err(OpsError::from)?;
    Ok(found.ok_or(OpsError::Contended)?)
}

/// What the business decides on: as it is stored, or would be.
fn view_of(asset: Asset, transaction: Transaction, answers: Answers) -> ReceiveView {
    let language = transaction.request.language.clone().unwrap_or_else(|| "en".to_owned());
    let asset = transaction.exchanged(&asset).into_owned();
    ReceiveView::new(transaction, asset, answers, language)
}

/// While the sending anchor waits, what it can say at once it is asked for at once, and nothing is stored. A customer that
/// it has named can be told of later.
fn first_outcome(view: &ReceiveView, outcome: ReceiveOutcome) -> Result<ReceiveOutcome, ReceiveError> {
    match outcome {
        ReceiveOutcome::NeedsCustomerInfo { party, customer_type } if view.customer(party).is_none() => {
            Err(ReceiveError::CustomerInfoNeeded { customer_type })
        }
        ReceiveOutcome::NeedsTransactionInfo { fields } => {
            Err(ReceiveError::TransactionInfoNeeded { fields })
        }
        ReceiveOutcome::Refused { reason } => Err(ReceiveRefusal::Business(reason).into()),
        outcome => Ok(outcome),
    }
}

/// What is written together with the transaction.
fn first_change(
    anchor: &Anchor,
    view: &ReceiveView,
    outcome: &ReceiveOutcome,
    at: DateTime<Utc>,
) -> Result<Option<Change>, ReceiveError> {
    let Some(fact) = fact(anchor, view, outcome) else { return Ok(None) };
    let context = ApplyContext { ids: anchor.ids(), actor: Actor::User, at };
    match view.transaction.apply(fact, &context) {
        Applied::Changed(change) => Ok(Some(change)),
        Applied::Anomaly(_, Refusal::QuoteEnded) => Err(ReceiveRefusal::QuoteEnded.into()),
        Applied::Unchanged | Applied::Anomaly(..) => Err(OpsError::Contended.into()),
    }
}

/// What an outcome means for the transaction; `None` if it stays as it is, or does not come to be.
fn fact(anchor: &Anchor, view: &ReceiveView, outcome: &ReceiveOutcome) -> Option<Fact> {
    match outcome {
        ReceiveOutcome::Agreed { counterpart } => {
            let transaction = &view.transaction;
            let agreement = Agreement { counterpart: counterpart.clone(), ..Agreement::open() };
            let amounts = transaction.amounts.clone();
            Some(Fact::TermsAgreed { terms: terms(anchor, transaction, &view.asset, agreement, amounts) })
        }
        ReceiveOutcome::NeedsCustomerInfo { .. } => {
            Some(Fact::InfoNeeded { need: InfoNeed::Customer { message: None } })
        }
        ReceiveOutcome::NeedsTransactionInfo { fields } => {
            let need = InfoNeed::Transaction { fields: fields.clone(), message: None };
            Some(Fact::InfoNeeded { need })
        }
        ReceiveOutcome::Later | ReceiveOutcome::Refused { .. } => None,
    }
}

/// What was said about a transaction, as it is kept.
fn answers_with(mut answers: Answers, given: &BTreeMap<String, String>) -> Answers {
    for (name, value) in given {
        answers.tell(TRANSACTION_PAGE, name, value);
    }
    answers
}

impl ReceiveView {
    /// The id of a customer whom the sending anchor has named.
    fn customer(&self, party: Party) -> Option<&str> {
        customer(&self.transaction.request, party)
    }
}

fn customer(request: &Request, party: Party) -> Option<&str> {
    match party {
        Party::Sender => request.sender.as_deref(),
        Party::Receiver => request.receiver.as_deref(),
    }
}

/// Those of `fields` that have to be said and were not.
fn missing(fields: &[InfoField], given: &BTreeMap<String, String>) -> Vec<InfoField> {
    let is_missing = |field: &&InfoField| !field.optional && !given.contains_key(&field.name);
    fields.iter().filter(is_missing).cloned().collect()
}

//! The interactive flow: which page comes next, what a sent page leads to, and what it would cost.
//!
//! Nothing here is remembered between two calls: the integration is asked anew with what is stored, so that a
//! reload, a second tab or a restart in the middle of the flow needs no special care.

use std::collections::BTreeMap;
use std::time::Duration;

use super::amounts::{self, AmountsError};
use super::ask::ask;
use super::commit::{commit, commit_with};
use super::{Committed, OpsError, answers, terms};
use crate::amount::{Amount, AmountError};
use crate::anchor::Anchor;
use crate::asset::Asset;
use crate::id::TransactionId;
use crate::integration::form::{
    Agreement, Answers, FieldError, FieldKind, FieldProblem, FlowStep, FlowView, Page, Upload,
};
use crate::integration::{IntegrationError, ValidForm};
use crate::transaction::{Actor, Amounts, Fact, FailureCode, Kind, State, Transaction};

/// How long a page may take to be decided on; then the user is asked to try again.
const INTEGRATION_DEADLINE: Duration = Duration::from_secs(10);

/// How often a commit is tried again after a memo that was taken or a concurrent change.
const COMMIT_TRIES: u32 = 5;

/// What the user sees.
#[derive(Debug, Clone)]
pub enum Shown {
    /// A page to fill in.
    Page {
        /// The page.
        page: Page,
        /// What was answered before: of this page too, if the user comes back to it.
        answers: Answers,
    },
    /// The flow is finished: there is only the transaction to look at.
    Finished(Transaction),
    /// The user let the time pass.
    TooLate(Transaction),
}

/// What a sent page led to.
#[derive(Debug, Clone)]
pub enum Submitted {
    /// Show the page again, with these errors. One whose field is not on the page is about the whole page.
    Again {
        /// The page.
        page: Page,
        /// What was answered before.
        answers: Answers,
        /// What is wrong, in the order of the fields.
        errors: Vec<FieldError>,
    },
    /// Stored, or not the page that is due (a stale tab): ask for the page anew.
    Next,
    /// Stored; the user goes on at this address.
    Redirect(url::Url),
    /// The flow is finished, by this page or before it.
    Finished(Transaction),
    /// The user let the time pass; nothing was stored.
    TooLate(Transaction),
}

/// A page as a browser sent it.
#[derive(Clone, Default)]
pub struct SentPage {
    /// The name of the page that was filled in.
    pub page: String,
    /// Its fields, unchecked.
    pub fields: BTreeMap<String, String>,
    /// Its files, unchecked.
    pub files: BTreeMap<String, Upload>,
}

/// Answers are personal data: only the names of fields are shown.
impl std::fmt::Debug for SentPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentPage").field("page", &self.page).field("fields", &self.fields.keys()).finish()
    }
}

/// The page that is due.
///
/// # Errors
/// When store or integration do not answer; the user may try again.
pub async fn page(anchor: &Anchor, transaction: &Transaction, language: &str) -> Result<Shown, OpsError> {
    match standing(anchor, transaction) {
        Standing::Open => {}
        Standing::Finished => return Ok(Shown::Finished(transaction.clone())),
        Standing::TooLate => return Ok(Shown::TooLate(transaction.clone())),
    }
    let view = view(anchor, transaction, language).await?;
    let page = due(anchor, &view).await?;
    Ok(Shown::Page { page, answers: view.answers })
}

/// Takes a sent page: checks it, asks the integration, stores the answers and, at the end, the terms.
///
/// Sent twice, the second time finds the flow further on. A page that is not the one that is due changes nothing.
///
/// # Errors
/// When store or integration do not answer. Sending the page again is harmless.
pub async fn submit(
    anchor: &Anchor,
    transaction: &Transaction,
    language: &str,
    sent: &SentPage,
) -> Result<Submitted, OpsError> {
    match standing(anchor, transaction) {
        Standing::Open => {}
        Standing::Finished => return Ok(Submitted::Finished(transaction.clone())),
        Standing::TooLate => return Ok(Submitted::TooLate(transaction.clone())),
    }
    let view = view(anchor, transaction, language).await?;
    let page = due(anchor, &view).await?;
    if page.name != sent.page {
        return Ok(Submitted::Next);
    }
    let form = match page.validate_with(&sent.fields, &sent.files) {
        Ok(form) => form,
        Err(errors) => return Ok(Submitted::Again { page, answers: view.answers, errors }),
    };
    let mut told = view.answers.clone();
    told.record(page.name.clone(), &form);
    match step(anchor, &view, form).await? {
        FlowStep::Invalid(errors) => Ok(Submitted::Again { page, answers: view.answers, errors }),
        FlowStep::Next => {
            answers::put(anchor, transaction.id, &told).await?;
            Ok(Submitted::Next)
        }
        FlowStep::Redirect(address) => {
            let address = elsewhere(anchor, &address)?;
            answers::put(anchor, transaction.id, &told).await?;
            Ok(Submitted::Redirect(address))
        }
        FlowStep::Done(agreement) => {
            let Some(amount) = agreement.amount else { return Err(no_amount()) };
            match amounts::agreed_with(anchor.fee(), &view.asset, transaction, amount) {
                Ok(amounts) => finish(anchor, &view, agreement, amounts, &told).await,
                Err(error) => {
                    let problem = amounts_problem(anchor, &view.asset, transaction.kind, amount, error);
                    let field = amount_field(&page, &told, amount);
                    let errors = vec![FieldError { field, problem }];
                    Ok(Submitted::Again { page, answers: view.answers, errors })
                }
            }
        }
    }
}

/// What the business's own pages led to.
#[derive(Debug, Clone)]
pub enum Closed {
    /// The flow is finished, now or before.
    Finished(Transaction),
    /// The user let the time pass; nothing was stored.
    TooLate(Transaction),
    /// These terms are not possible; nothing was stored.
    Impossible(FieldProblem),
}

/// Takes what user and business agreed on elsewhere than on the hosted pages. Limits and fees are the same as there.
///
/// Told twice, the second time finds the flow finished, whatever it says.
///
/// # Errors
/// When the store does not answer. Telling it again is harmless.
pub async fn agree(
    anchor: &Anchor,
    transaction: &Transaction,
    agreement: Agreement,
) -> Result<Closed, OpsError> {
    match standing(anchor, transaction) {
        Standing::Open => {}
        Standing::Finished => return Ok(Closed::Finished(transaction.clone())),
        Standing::TooLate => return Ok(Closed::TooLate(transaction.clone())),
    }
    let language = transaction.request.language.as_deref().unwrap_or("en");
    let view = view(anchor, transaction, language).await?;
    let answers = view.answers.clone();
    let Some(amount) = agreement.amount else { return Err(no_amount()) };
    match amounts::agreed_with(anchor.fee(), &view.asset, transaction, amount) {
        Ok(amounts) => Ok(match finish(anchor, &view, agreement, amounts, &answers).await? {
            Submitted::Finished(transaction) => Closed::Finished(transaction),
            Submitted::TooLate(transaction) => Closed::TooLate(transaction),
            Submitted::Again { .. } | Submitted::Next | Submitted::Redirect(_) => {
                return Err(OpsError::Contended);
            }
        }),
        Err(error) => {
            Ok(Closed::Impossible(amounts_problem(anchor, &view.asset, transaction.kind, amount, error)))
        }
    }
}

/// The business declines the user's wish; `reason` is for the user.
///
/// # Errors
/// As for [`agree`].
pub async fn decline(anchor: &Anchor, transaction: &Transaction, reason: String) -> Result<Closed, OpsError> {
    match standing(anchor, transaction) {
        Standing::Open => {}
        Standing::Finished => return Ok(Closed::Finished(transaction.clone())),
        Standing::TooLate => return Ok(Closed::TooLate(transaction.clone())),
    }
    let fact = Fact::Failed { code: FailureCode::Error, reason };
    match commit(anchor, transaction, fact, Actor::User, false).await? {
        Committed::Moved(transaction) => Ok(Closed::Finished(transaction)),
        _ => Ok(Closed::Finished(reread(anchor, transaction.id).await?)),
    }
}

/// Forgets all answers: the flow begins again. Without effect once it is finished.
///
/// # Errors
/// When the store does not answer.
pub async fn restart(anchor: &Anchor, transaction: &Transaction) -> Result<(), OpsError> {
    match standing(anchor, transaction) {
        Standing::Open => answers::put(anchor, transaction.id, &Answers::default()).await,
        Standing::Finished | Standing::TooLate => Ok(()),
    }
}

/// What an amount that the user is typing would buy, or what is wrong with it. Stores nothing.
///
/// # Errors
/// See [`FieldProblem`].
pub fn preview(anchor: &Anchor, transaction: &Transaction, text: &str) -> Result<Amounts, FieldProblem> {
    let kind = transaction.kind;
    let asset = anchor.asset(&transaction.asset).ok_or(FieldProblem::NotOffered)?;
    let asset = &*transaction.exchanged(asset);
    let amount = Amount::parse(text.trim(), asset.scale_in(kind)).map_err(|error| match error {
        AmountError::TooPrecise { max } => FieldProblem::TooPrecise(max),
        _ => FieldProblem::NotANumber,
    })?;
    amounts::agreed_with(anchor.fee(), asset, transaction, amount)
        .map_err(|error| amounts_problem(anchor, asset, kind, amount, error))
}

/// The pages show what the user will get before anybody is to pay.
fn no_amount() -> OpsError {
    IntegrationError::permanent("a page agrees on an amount: Agreement::open() is for requests by API").into()
}

enum Standing {
    Open,
    Finished,
    TooLate,
}

/// The job that writes `Expired` may be late: the deadline counts from the moment it passes.
fn standing(anchor: &Anchor, transaction: &Transaction) -> Standing {
    match &transaction.state {
        State::Collecting if transaction.deadline.is_some_and(|end| end <= anchor.clock().now()) => {
            Standing::TooLate
        }
        State::Collecting => Standing::Open,
        _ => Standing::Finished,
    }
}

async fn view(anchor: &Anchor, transaction: &Transaction, language: &str) -> Result<FlowView, OpsError> {
    let asset = anchor.asset(&transaction.asset).ok_or(OpsError::UnknownAsset)?;
    let answers = answers::fetch(anchor, transaction.id).await?;
    Ok(FlowView::new(transaction.clone(), transaction.exchanged(asset).into_owned(), answers, language))
}

async fn due(anchor: &Anchor, view: &FlowView) -> Result<Page, OpsError> {
    match view.transaction.kind {
        Kind::Deposit => {
            let flow = anchor.deposit().ok_or(OpsError::UnknownAsset)?;
            asked(flow.page(view)).await
        }
        Kind::Withdrawal => {
            let flow = anchor.withdrawal().ok_or(OpsError::UnknownAsset)?;
            asked(flow.page(view)).await
        }
    }
}

async fn step(anchor: &Anchor, view: &FlowView, form: ValidForm) -> Result<FlowStep, OpsError> {
    match view.transaction.kind {
        Kind::Deposit => {
            let flow = anchor.deposit().ok_or(OpsError::UnknownAsset)?;
            asked(flow.submit(view, form)).await
        }
        Kind::Withdrawal => {
            let flow = anchor.withdrawal().ok_or(OpsError::UnknownAsset)?;
            asked(flow.submit(view, form)).await
        }
    }
}

/// A page that is not there in time is asked for again by the user.
async fn asked<T>(call: impl Future<Output = Result<T, IntegrationError>>) -> Result<T, OpsError> {
    Ok(ask(INTEGRATION_DEADLINE, call).await.map_err(IntegrationError::from)?)
}

fn elsewhere(anchor: &Anchor, address: &str) -> Result<url::Url, OpsError> {
    let allowed =
        |url: &url::Url| url.scheme() == "https" || (anchor.config().local_mode && url.scheme() == "http");
    url::Url::parse(address).ok().filter(allowed).ok_or_else(|| {
        IntegrationError::permanent("FlowStep::Redirect needs an absolute https address").into()
    })
}

async fn finish(
    anchor: &Anchor,
    view: &FlowView,
    agreement: Agreement,
    amounts: Amounts,
    answers: &Answers,
) -> Result<Submitted, OpsError> {
    let mut transaction = view.transaction.clone();
    if transaction.kind == Kind::Withdrawal {
        terms::watch(anchor, &view.asset.distribution).await?;
    }
    for _ in 0..COMMIT_TRIES {
        // the business took its time, and whatever changed it meanwhile may have ended it
        match standing(anchor, &transaction) {
            Standing::Open => {}
            Standing::Finished => return Ok(Submitted::Finished(transaction)),
            Standing::TooLate => return Ok(Submitted::TooLate(transaction)),
        }
        let terms = terms::terms(anchor, &transaction, &view.asset, agreement.clone(), Some(amounts.clone()));
        let agreed = Fact::TermsAgreed { terms };
        match commit_with(anchor, &transaction, agreed, Actor::User, answers).await? {
            Committed::Moved(next) => return Ok(Submitted::Finished(next)),
            Committed::MemoTaken => continue,
            Committed::Unchanged | Committed::Anomaly(_) | Committed::Stale | Committed::SourceBusy => {}
        }
        transaction = reread(anchor, transaction.id).await?;
    }
    Ok(Submitted::Next)
}

async fn reread(anchor: &Anchor, id: TransactionId) -> Result<Transaction, OpsError> {
    let missing = || crate::store::StoreError::Corrupt("a transaction has vanished".to_owned());
    Ok(anchor.store().transaction_fetch(id).await?.ok_or_else(missing)?)
}

fn amounts_problem(
    anchor: &Anchor,
    asset: &Asset,
    kind: Kind,
    amount: Amount,
    error: AmountsError,
) -> FieldProblem {
    let offer = asset.offer(kind);
    let (min, max) = (offer.and_then(|offer| offer.min), offer.and_then(|offer| offer.max));
    match (error, min, max) {
        (AmountsError::TooSmall, Some(min), _) if amount < min => FieldProblem::TooSmall(min),
        (AmountsError::TooSmall, ..) => match amounts::enough(anchor, asset, kind, amount) {
            Some(enough) => FieldProblem::TooSmall(enough),
            None => FieldProblem::BelowFee,
        },
        (AmountsError::TooLarge, _, Some(max)) => FieldProblem::TooLarge(max),
        (AmountsError::TooLarge, _, None) => FieldProblem::NotANumber,
        (AmountsError::TooPrecise(scale), ..) => FieldProblem::TooPrecise(scale),
        (AmountsError::NotOffered | AmountsError::Fee(_), ..) => FieldProblem::NotOffered,
    }
}

/// The field of the page that the agreed amount was typed into; empty (about the whole page) if it is not there.
fn amount_field(page: &Page, answers: &Answers, amount: Amount) -> String {
    let amounts = page.fields.iter().filter(|field| matches!(field.kind, FieldKind::Amount { .. }));
    let typed = |name: &str| answers.text(&page.name, name).and_then(|text| text.parse::<Amount>().ok());
    amounts
        .filter(|field| typed(&field.name) == Some(amount))
        .map(|field| field.name.clone())
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

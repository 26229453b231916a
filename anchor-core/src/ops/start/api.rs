//! A request by API (SEP-6): the business decides on it while the wallet waits, or later.

use std::time::Duration;

use super::check::{check, destination, find_asset, given};
use super::quoted::{self, Quoted};
use super::refusal::not_admitted;
use super::{StartError, StartRefusal, StartRequest, seconds};
use crate::Anchor;
use crate::account::{Sharing, Subject};
use crate::asset::{Asset, AssetId};
use crate::customer::fields::is_country3;
use crate::id::TransactionId;
use crate::integration::{Answers, WithdrawalIntegration};
use crate::ops::answers::keep;
use crate::ops::decide::{Decision, MEMO_TRIES, decision};
use crate::ops::{OpsError, chain, gate};
use crate::quote::QuoteContext;
use crate::store::{Begin, Begun, Callbacks};
use crate::transaction::{
    Actor, Applied, ApplyContext, Kind, NewTransaction, Protocol, Refusal, Request, Transaction,
};

/// How long a request may stay undecided, customers who have to tell more included, before it expires.
pub const DECISION_WINDOW: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long the business may take while the wallet waits.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// Longest accepted [`ApiRequest::location_id`], in bytes.
const LOCATION_MAX: usize = 256;
/// Under which page of the answers stands what came with the request.
const REQUEST_PAGE: &str = "request";

/// What a wallet asks for by API, in its own words. Absent and empty are the same.
#[derive(Debug, Clone, Default)]
pub struct ApiRequest {
    /// What it says of asset, amount, account, memo and quote.
    pub request: StartRequest,
    /// One of the asset's; may be absent if that has only one, or a quote says which.
    pub funding_method: Option<String>,
    /// ISO 3166-1 alpha-3.
    pub country_code: Option<String>,
    /// Where cash is handed in or fetched.
    pub location_id: Option<String>,
    /// Where the wallet wants to hear of every change.
    pub callbacks: Callbacks,
    /// What else it told, for the business: names and values.
    pub told: Told,
}

/// Personal data that came with a request: only the names are shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Told(pub Vec<(String, String)>);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Checks a request, asks the business, and stores a new transaction of `subject` as it was decided. Nothing is stored for a
/// request that is refused.
///
/// If the business does not answer, the transaction is stored undecided: it is asked again.
///
/// # Errors
/// [`StartError::Refused`] for what the wallet should correct, [`StartError::Failed`] if it can only try again.
pub async fn by_api(
    anchor: &Anchor,
    kind: Kind,
    subject: Subject,
    client_domain: Option<String>,
    asked: &ApiRequest,
) -> Result<Transaction, StartError> {
    let request = &asked.request;
    if kind == Kind::Deposit && given(request.account.as_ref()).is_none() {
        return Err(StartRefusal::Missing("account").into());
    }
    let quoted = quoted::find(anchor, QuoteContext::Sep6, kind, &subject, request).await?;
    let asset = find_asset(anchor.offered_by_api(kind), kind, request, quoted.as_ref())?;
    if request.exchange {
        exchanged(anchor, asset, kind, request, quoted.as_ref())?;
    }
    let checked = check(anchor, asset, kind, subject, request, quoted.as_ref())?;
    let checked = Request {
        funding_method: Some(funding_method(asset, kind, asked, quoted.as_ref())?),
        country: country(asked)?,
        location: location(asked)?,
        ..checked
    };
    if kind == Kind::Deposit {
        destination(anchor, asset, &checked).await?;
    }
    let now = anchor.clock().now();
    let transaction = Transaction::start(NewTransaction {
        id: TransactionId::new(anchor.ids().next()),
        kind,
        protocol: Protocol::Sep6,
        asset: asset.id.clone(),
        off_chain_asset: quoted.as_ref().map_or(&asset.off_chain, |quoted| &quoted.off_chain).clone(),
        subject,
        client_domain,
        request: checked,
        at: now,
        deadline: now.checked_add_signed(seconds(DECISION_WINDOW)).unwrap_or(now),
    });
    let (quote, transaction) = match quoted {
        Some(quoted) => {
            let (quote, transaction) = quoted.used_by(transaction);
            (Some(quote), transaction)
        }
        None => (None, transaction),
    };
    if transaction.request.customer.is_some()
        && anchor.customers().is_some()
        && gate::customer(anchor, &transaction).await?.is_none()
    {
        return Err(StartRefusal::UnknownCustomer.into());
    }
    if kind == Kind::Withdrawal {
        told(anchor, asked)?;
    }
    let mut answers = Answers::default();
    for (name, value) in &asked.told.0 {
        answers.tell(REQUEST_PAGE, name, value.clone());
    }
    let is_told = !asked.told.0.is_empty();
    let begin = Begin {
        sharing: Sharing::of(&transaction.subject),
        quote,
        callbacks: asked.callbacks.clone(),
        answers: is_told.then(|| keep(anchor, transaction.id, &answers)).transpose()?,
        ..Begin::new(transaction)
    };
    begun(anchor, begin, &answers).await
}

/// Whether everything is there that `/info` wants with a request.
fn told(anchor: &Anchor, asked: &ApiRequest) -> Result<(), StartRefusal> {
    for field in anchor.withdrawal().map(WithdrawalIntegration::fields).unwrap_or_default() {
        let value = asked.told.0.iter().find(|(name, _)| *name == field.name).map(|(_, value)| value);
        match value {
            None if !field.optional => return Err(StartRefusal::MissingField(field.name.clone())),
            Some(value) if !field.choices.is_empty() && !field.choices.contains(value) => {
                return Err(StartRefusal::UnknownChoice(field.name.clone()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Asks the business and stores what it says, with another memo where one is taken.
async fn begun(anchor: &Anchor, mut begin: Begin, answers: &Answers) -> Result<Transaction, StartError> {
    for _ in 0..MEMO_TRIES {
        begin.first = None;
        let fact = fact(anchor, &begin, answers).await?;
        // the business took its time, and a promise may have ended meanwhile
        begin.at = anchor.clock().now();
        if let Some(fact) = fact {
            let context = ApplyContext { ids: anchor.ids(), actor: Actor::User, at: begin.at };
            match begin.transaction.apply(fact, &context) {
                Applied::Changed(change) => begin.first = Some(change),
                Applied::Anomaly(_, Refusal::QuoteEnded) => return Err(StartRefusal::QuoteEnded.into()),
                // a request that nothing has happened to takes any other decision
                Applied::Unchanged | Applied::Anomaly(..) => return Err(OpsError::Contended.into()),
            }
        }
        match anchor.store().transaction_begin(&begin).await.map_err(OpsError::from)? {
            Begun::Begun => {
                let transaction =
                    begin.first.map_or(begin.transaction, crate::transaction::Change::into_transaction);
                tracing::info!(
                    transaction.id = %transaction.id,
                    transaction.asset = %transaction.asset,
                    transaction.state = transaction.state.name(),
                    kind = transaction.variant().as_str(),
                    "transaction started by API"
                );
                anchor.wake().moved_to(&transaction.state);
                return Ok(transaction);
            }
            Begun::MemoTaken => {}
            Begun::NotAdmitted(wanted) => return Err(not_admitted(wanted).into()),
            Begun::QuoteTaken => return Err(StartRefusal::QuoteUsed.into()),
            Begun::QuoteEnded => return Err(StartRefusal::QuoteEnded.into()),
            // no key was given
            Begun::Known(_) => break,
        }
    }
    Err(OpsError::Contended.into())
}

/// What was decided, if anything was.
async fn fact(
    anchor: &Anchor,
    begin: &Begin,
    answers: &Answers,
) -> Result<Option<crate::transaction::Fact>, StartError> {
    match decision(anchor, &begin.transaction, answers, ANSWER_DEADLINE).await {
        Ok(Decision::Fact(fact)) => Ok(Some(fact)),
        Ok(Decision::Later) => Ok(None),
        Ok(Decision::Refused { reason }) => Err(StartRefusal::Business(reason).into()),
        Err(error @ (OpsError::Integration(_) | OpsError::Ledger(_))) => {
            let error = chain(&error);
            tracing::warn!(error, "a request is not decided yet; it is asked about again");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// At the price of a firm quote; without one only the money that the token stands for, which has no price.
fn exchanged(
    anchor: &Anchor,
    asset: &Asset,
    kind: Kind,
    request: &StartRequest,
    quoted: Option<&Quoted>,
) -> Result<(), StartRefusal> {
    let names = request.names(kind);
    let other = given(request.off_chain_asset.as_ref()).ok_or(StartRefusal::Missing(names.off_chain))?;
    if given(request.amount.as_ref()).is_none() {
        return Err(StartRefusal::Missing("amount"));
    }
    let other: AssetId = other.parse().map_err(|_| StartRefusal::NotExchanged(names.off_chain))?;
    let desk = anchor.quote_desk().ok_or(StartRefusal::UnknownAsset(names.asset))?;
    let token = AssetId::from(asset.id.clone());
    let (sell, buy) = match kind {
        Kind::Deposit => (&other, &token),
        Kind::Withdrawal => (&token, &other),
    };
    if !desk.trades(sell, buy) {
        return Err(StartRefusal::NotExchanged(names.off_chain));
    }
    if quoted.is_none() && other != asset.off_chain {
        return Err(StartRefusal::NeedsQuote(names.off_chain));
    }
    Ok(())
}

/// The one that was quoted, the one that was named, or the only one. A price is that of one way.
fn funding_method(
    asset: &Asset,
    kind: Kind,
    asked: &ApiRequest,
    quoted: Option<&Quoted>,
) -> Result<String, StartRefusal> {
    let methods = asset.offer(kind).map(|offer| offer.funding_methods.as_slice()).unwrap_or_default();
    let named = given(asked.funding_method.as_ref());
    let quoted = quoted.and_then(|quoted| quoted.delivery_method.as_deref());
    if named.zip(quoted).is_some_and(|(named, quoted)| named != quoted) {
        return Err(StartRefusal::OtherThanQuote("funding_method"));
    }
    match (named.or(quoted), methods) {
        (Some(wanted), methods) => {
            let known = methods.iter().find(|method| *method == wanted);
            known.cloned().ok_or(StartRefusal::UnknownMethod)
        }
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(StartRefusal::MissingMethod),
    }
}

fn country(asked: &ApiRequest) -> Result<Option<String>, StartRefusal> {
    let code = given(asked.country_code.as_ref());
    if code.is_some_and(|code| !is_country3(code)) {
        return Err(StartRefusal::Country);
    }
    Ok(code.map(str::to_owned))
}

fn location(asked: &ApiRequest) -> Result<Option<String>, StartRefusal> {
    let location = given(asked.location_id.as_ref());
    if location.is_some_and(|id| id.len() > LOCATION_MAX) {
        return Err(StartRefusal::Location);
    }
    Ok(location.map(str::to_owned))
}

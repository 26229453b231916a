//! What a sending anchor says, against what is taken.

use std::collections::BTreeMap;

use super::{ReceiveError, ReceiveRefusal, ReceiveRequest, answers_with, missing};
use crate::account::Subject;
use crate::amount::{Amount, STELLAR_SCALE};
use crate::anchor::Anchor;
use crate::asset::{Asset, AssetId, ReceiveOffer, ReceiveQuotes};
use crate::integration::{Answers, Party};
use crate::ops::amounts::{self, AmountsError};
use crate::ops::start::{self, Quoted, StartRefusal, StartRequest};
use crate::transaction::{Amounts, InfoField, Kind, Request};

/// Longest value of a field, in bytes.
const FIELD_MAX: usize = 4096;

/// An announcement that makes sense.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) asset: Asset,
    pub(super) off_chain_asset: AssetId,
    pub(super) request: Request,
    /// Without a quote.
    pub(super) amounts: Amounts,
    pub(super) answers: Answers,
}

pub(super) fn check(
    anchor: &Anchor,
    subject: Subject,
    request: &ReceiveRequest,
    quoted: Option<&Quoted>,
) -> Result<Checked, ReceiveError> {
    let common = common(request);
    let assets: Vec<Asset> = anchor.assets().iter().filter_map(Asset::received).collect();
    let asset = start::find_asset(assets.iter(), Kind::Withdrawal, &common, quoted)?;
    let receive = asset.receive.as_ref().ok_or(StartRefusal::UnknownAsset("asset_code"))?;
    if given(&request.amount).is_none() {
        return Err(ReceiveRefusal::Missing("amount").into());
    }
    match (receive.quotes, given(&request.quote_id)) {
        (ReceiveQuotes::Required, None) => return Err(ReceiveRefusal::QuoteRequired.into()),
        (ReceiveQuotes::None, Some(_)) => return Err(ReceiveRefusal::NoQuotes.into()),
        _ => {}
    }
    let checked = start::check(anchor, asset, Kind::Withdrawal, subject, &common, quoted);
    let mut checked = checked.map_err(|refusal| within(receive, request, refusal))?;
    checked.funding_method = Some(funding_method(receive, request, quoted)?);
    (checked.sender, checked.receiver) = (given(&request.sender_id), given(&request.receiver_id));
    for party in [Party::Sender, Party::Receiver] {
        let types = super::customers::types(anchor, party);
        if !types.is_empty() && super::customer(&checked, party).is_none() {
            return Err(ReceiveError::CustomerInfoNeeded { customer_type: only(&types) });
        }
    }
    fields(&receive.fields, &request.fields)?;
    let missing = missing(&receive.fields, &request.fields);
    if !missing.is_empty() {
        return Err(ReceiveError::TransactionInfoNeeded { fields: missing });
    }
    let amounts = match quoted {
        Some(quoted) => quoted.amounts.clone(),
        None => {
            let amount = checked.amount.ok_or(ReceiveRefusal::Missing("amount"))?;
            let agreed = amounts::agreed(anchor.fee(), asset, Kind::Withdrawal, amount);
            agreed.map_err(|error| {
                let refusal = start::limits(anchor, asset, Kind::Withdrawal, amount, error);
                within(receive, request, refusal)
            })?
        }
    };
    Ok(Checked {
        asset: asset.clone(),
        off_chain_asset: quoted.map_or(&asset.off_chain, |quoted| &quoted.off_chain).clone(),
        request: checked,
        amounts,
        answers: answers_with(Answers::default(), &request.fields),
    })
}

/// What all transactions have in common.
fn common(request: &ReceiveRequest) -> StartRequest {
    StartRequest {
        asset_code: request.asset_code.clone(),
        asset_issuer: request.asset_issuer.clone(),
        off_chain_asset: request.destination_asset.clone(),
        amount: request.amount.clone(),
        quote_id: request.quote_id.clone(),
        memo: request.refund_memo.clone(),
        memo_type: request.refund_memo_type.clone(),
        language: request.language.clone(),
        ..StartRequest::default()
    }
}

/// Which limit was missed: the sending anchor's customer is told a number.
fn within(receive: &ReceiveOffer, request: &ReceiveRequest, refusal: StartRefusal) -> ReceiveRefusal {
    let amount = given(&request.amount).and_then(|text| Amount::parse(&text, STELLAR_SCALE).ok());
    let is_below = |limit: &Amount| amount.is_some_and(|amount| amount < *limit);
    let is_above = |limit: &Amount| amount.is_some_and(|amount| amount > *limit);
    let (min, max) = (receive.offer.min.filter(is_below), receive.offer.max.filter(is_above));
    match (&refusal, min, max) {
        (StartRefusal::TooSmall(enough), ..) => ReceiveRefusal::TooSmall(*enough),
        (StartRefusal::Limits(AmountsError::TooSmall), Some(min), _) => ReceiveRefusal::TooSmall(min),
        (StartRefusal::Limits(AmountsError::TooLarge), _, Some(max)) => ReceiveRefusal::TooLarge(max),
        _ => refusal.into(),
    }
}

/// The one that was quoted, the one that was named, or the only one.
fn funding_method(
    receive: &ReceiveOffer,
    request: &ReceiveRequest,
    quoted: Option<&Quoted>,
) -> Result<String, ReceiveRefusal> {
    let named = given(&request.funding_method);
    let quoted = quoted.and_then(|quoted| quoted.delivery_method.clone());
    let method = match (named, quoted) {
        (Some(named), Some(quoted)) if named != quoted => {
            return Err(StartRefusal::OtherThanQuote("funding_method").into());
        }
        (Some(method), _) | (None, Some(method)) => method,
        (None, None) => match receive.offer.funding_methods.as_slice() {
            [only] => only.clone(),
            _ => return Err(ReceiveRefusal::AmbiguousFundingMethod),
        },
    };
    if receive.offer.funding_methods.contains(&method) {
        Ok(method)
    } else {
        Err(ReceiveRefusal::FundingMethod)
    }
}

/// Only what is asked for, and only what can be chosen.
pub(super) fn fields(asked: &[InfoField], given: &BTreeMap<String, String>) -> Result<(), ReceiveRefusal> {
    for (name, value) in given {
        let field = asked.iter().find(|field| field.name == *name).ok_or(ReceiveRefusal::UnknownField)?;
        if value.is_empty() || value.len() > FIELD_MAX {
            return Err(ReceiveRefusal::FieldLength);
        }
        if !field.choices.is_empty() && !field.choices.contains(value) {
            return Err(ReceiveRefusal::Choice);
        }
    }
    Ok(())
}

/// Customers who are named are the sending anchor's own. Which memo of its account they were registered under is its own
/// business: a sender and a receiver are two.
pub(super) async fn customers(
    anchor: &Anchor,
    subject: &Subject,
    request: &Request,
) -> Result<(), ReceiveError> {
    for (party, name) in [(Party::Sender, "sender_id"), (Party::Receiver, "receiver_id")] {
        if let Some(id) = super::customer(request, party)
            && !super::customers::is_of(anchor, subject, id).await?
        {
            return Err(ReceiveRefusal::UnknownCustomer(name).into());
        }
    }
    Ok(())
}

/// Which type is meant where there is one.
fn only(types: &[(&str, &str)]) -> Option<String> {
    if let [(only, _)] = types { Some((*only).to_owned()) } else { None }
}

fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

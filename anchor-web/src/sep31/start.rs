//! `POST /transactions`.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::ops::receive::{ReceiveError, ReceiveRequest, receive};
use anchor_core::ops::{OpsError, chain};
use serde_json::json;

use super::{SendingAnchor, fresh};
use crate::error::SepError;
use crate::extract::{JsonParams, Params};
use crate::state::WebState;
use crate::wire::receive::FieldsWire;
use crate::wire::received::StartedWire;

/// The sending anchor's own name of a request.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(super) async fn receive_payment(
    sender: SendingAnchor,
    state: web::Data<WebState>,
    request: HttpRequest,
    JsonParams(params): JsonParams,
) -> Result<HttpResponse, SepError> {
    let wanted = ReceiveRequest { idempotency_key: key(&request)?, ..read(&params)? };
    let _turn = state.limits.turn()?;
    let user = sender.0;
    match receive(&state.anchor, user.subject, user.client_domain, &wanted).await {
        Ok(transaction) => Ok(fresh(HttpResponse::Created()).json(StartedWire::new(&transaction))),
        Err(error) => refused(error),
    }
}

fn read(params: &Params) -> Result<ReceiveRequest, SepError> {
    let text = |name| params.text(name).map(|text| text.map(str::to_owned));
    Ok(ReceiveRequest {
        asset_code: text("asset_code")?,
        asset_issuer: text("asset_issuer")?,
        amount: params.decimal("amount")?.map(str::to_owned),
        destination_asset: text("destination_asset")?,
        quote_id: text("quote_id")?,
        funding_method: text("funding_method")?,
        sender_id: text("sender_id")?,
        receiver_id: text("receiver_id")?,
        language: text("lang")?,
        refund_memo: text("refund_memo")?,
        refund_memo_type: text("refund_memo_type")?,
        fields: fields(params)?,
        idempotency_key: None,
    })
}

/// `{"fields": {"transaction": {"name": "value"}}}`, or nothing.
pub(super) fn fields(params: &Params) -> Result<BTreeMap<String, String>, SepError> {
    let Some(fields) = params.nested("fields")? else { return Ok(BTreeMap::new()) };
    fields.nested("transaction")?.map_or_else(|| Ok(BTreeMap::new()), |fields| fields.scalars(&[]))
}

/// One, or none. What it may consist of is the use case's business.
fn key(request: &HttpRequest) -> Result<Option<String>, SepError> {
    let mut keys = request.headers().get_all(IDEMPOTENCY_KEY);
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(key), None) => Ok(Some(String::from_utf8_lossy(key.as_bytes()).into_owned())),
        (Some(_), Some(_)) => Err(SepError::bad_request("Idempotency-Key was sent twice")),
    }
}

fn refused(error: ReceiveError) -> Result<HttpResponse, SepError> {
    let body = match error {
        ReceiveError::Refused(refusal) => return Err(SepError::bad_request(refusal.to_string())),
        ReceiveError::CustomerInfoNeeded { customer_type: Some(kind) } => {
            json!({ "error": "customer_info_needed", "type": kind })
        }
        ReceiveError::CustomerInfoNeeded { customer_type: None } => {
            json!({ "error": "customer_info_needed" })
        }
        ReceiveError::TransactionInfoNeeded { fields } => {
            json!({ "error": "transaction_info_needed", "fields": FieldsWire::new(&fields) })
        }
        // nothing is promised while nobody knows
        ReceiveError::Failed(OpsError::Integration(error)) => {
            tracing::warn!(error = chain(&error), "nobody knows whether a payment is taken");
            return Err(SepError::unavailable());
        }
        ReceiveError::Failed(error) => return Err(error.into()),
        _ => return Err(SepError::internal()),
    };
    Ok(fresh(HttpResponse::BadRequest()).json(body))
}

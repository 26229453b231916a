//! `GET` and `PATCH /transactions/:id`: a sending anchor's own, and nobody else's.

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::ops::info::InfoError;
use anchor_core::ops::receive::{UpdateError, update as update_transaction};
use anchor_core::ops::{OpsError, chain};
use serde::Serialize;

use super::{SendingAnchor, fresh, start};
use crate::error::SepError;
use crate::extract::JsonParams;
use crate::state::WebState;
use crate::wire::received::ReceivedWire;

#[derive(Debug, Serialize)]
struct OneWire<'a> {
    transaction: ReceivedWire<'a>,
}

pub(super) async fn show(
    sender: SendingAnchor,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let _turn = state.limits.turn()?;
    let transaction = sender.transaction(&state, &request).await?;
    Ok(fresh(HttpResponse::Ok()).json(OneWire { transaction: ReceivedWire::new(&transaction) }))
}

/// Deprecated by SEP-31, and answered like a `GET`.
pub(super) async fn update(
    sender: SendingAnchor,
    state: web::Data<WebState>,
    request: HttpRequest,
    JsonParams(params): JsonParams,
) -> Result<HttpResponse, SepError> {
    let fields = start::fields(&params)?;
    let _turn = state.limits.turn()?;
    let transaction = sender.transaction(&state, &request).await?;
    match update_transaction(&state.anchor, &transaction, &fields).await {
        Ok(next) => Ok(fresh(HttpResponse::Ok()).json(OneWire { transaction: ReceivedWire::new(&next) })),
        Err(UpdateError::Info(InfoError::Failed(OpsError::Integration(error)))) => {
            tracing::warn!(error = chain(&error), "nobody knows whether information is of use");
            Err(SepError::unavailable())
        }
        Err(UpdateError::Info(InfoError::Failed(error))) => Err(error.into()),
        Err(error) => Err(SepError::bad_request(error.to_string())),
    }
}

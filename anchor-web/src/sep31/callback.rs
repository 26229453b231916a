//! `PUT /transactions/:id/callback`.

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::store::Callbacks;

use super::{SendingAnchor, fresh};
use crate::callback_url;
use crate::error::SepError;
use crate::extract::JsonParams;
use crate::state::WebState;

/// The last address counts, from the next change of the status on.
pub(super) async fn put(
    sender: SendingAnchor,
    state: web::Data<WebState>,
    request: HttpRequest,
    JsonParams(params): JsonParams,
) -> Result<HttpResponse, SepError> {
    let url = params.text("url")?.ok_or_else(|| SepError::bad_request("url is required"))?;
    let url = callback_url::check(url, state.anchor.config().local_mode);
    let url = url.map_err(|_| SepError::bad_request("url is not an https address on the public internet"))?;
    let _turn = state.limits.turn()?;
    let transaction = sender.transaction(&state, &request).await?;
    let callbacks = Callbacks { finished: None, on_change: Some(url) };
    state.anchor.store().callbacks_put(transaction.id, &callbacks).await?;
    Ok(fresh(HttpResponse::NoContent()).finish())
}

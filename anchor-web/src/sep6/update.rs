//! `PATCH /transactions/:id`: what a transaction waits for.

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::ops::info::{InfoError, tell};
use anchor_core::store::TransactionLookup;
use anchor_core::transaction::Protocol;

use crate::auth::User;
use crate::error::SepError;
use crate::extract::Nested;
use crate::history;
use crate::state::WebState;

pub(super) async fn update(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
    body: Nested,
) -> Result<HttpResponse, SepError> {
    let id = request.match_info().query("id").parse().map_err(|_| history::not_found())?;
    let _turn = state.limits.turn()?;
    let lookup = TransactionLookup { id: Some(id), ..TransactionLookup::default() };
    let found = state.anchor.store().transaction_find(&user.subject.key(), Protocol::Sep6, &lookup).await?;
    let transaction = found.ok_or_else(history::not_found)?;
    let told = body.texts(&["transaction"])?;
    let told = tell(&state.anchor, &transaction, &told).await.map_err(|error| match error {
        InfoError::Failed(error) => error.into(),
        refused => SepError::bad_request(refused.to_string()),
    })?;
    Ok(history::document(&state, &told))
}

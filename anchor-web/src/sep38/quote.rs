//! `POST /quote` and `GET /quote/:id`: promises to one user, which nobody else sees.

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::ops::quote;

use super::{fresh, refused, wish};
use crate::auth::User;
use crate::error::SepError;
use crate::extract::Params;
use crate::state::WebState;
use crate::wire::quote::QuoteWire;

pub(super) async fn make(
    user: User,
    state: web::Data<WebState>,
    params: Params,
) -> Result<HttpResponse, SepError> {
    let wish = wish(&params)?;
    let _turn = state.limits.turn()?;
    let quote = quote::create(&state.anchor, user.subject, &wish).await.map_err(refused)?;
    Ok(fresh(HttpResponse::Created()).json(QuoteWire::new(&quote)))
}

/// What is not the user's own does not exist: the same 404 as for an id that nobody has, or that is none.
pub(super) async fn show(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let _turn = state.limits.turn()?;
    // as it was sent: an id has nothing that could be escaped
    let id = request.match_info().query("id");
    let quote = quote::fetch(&state.anchor, &user.subject, id).await?;
    let quote = quote.ok_or_else(|| SepError::not_found("there is no such quote"))?;
    Ok(fresh(HttpResponse::Ok()).json(QuoteWire::new(&quote)))
}

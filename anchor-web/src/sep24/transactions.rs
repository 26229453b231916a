//! `GET /transaction` and `GET /transactions` of hosted transactions.

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::transaction::{Protocol, Variant};

use crate::auth::User;
use crate::error::SepError;
use crate::extract::Params;
use crate::history;
use crate::state::WebState;

pub(super) async fn one(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    history::one(&user, &state, &request, Protocol::Sep24).await
}

pub(super) async fn list(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let params = Params::from_query(&request)?;
    let variants = match params.text("kind")? {
        None => Vec::new(),
        Some("deposit") => vec![Variant::Deposit],
        Some("withdrawal") => vec![Variant::Withdrawal],
        Some(_) => return Err(SepError::bad_request("kind has to be deposit or withdrawal")),
    };
    history::list(&user, &state, &params, Protocol::Sep24, variants).await
}

//! `GET /info`, `GET /prices`, `GET /price`: for everybody, and for those who say who they are.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::ops::quote;

use super::{fresh, refused, wish};
use crate::auth::OptionalUser;
use crate::error::SepError;
use crate::extract::Params;
use crate::state::WebState;
use crate::wire::quote::{PriceWire, PricesWire};

pub(super) async fn info(_: OptionalUser, state: web::Data<WebState>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .body(state.quotes_info.clone())
}

pub(super) async fn list(
    user: OptionalUser,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let wish = wish(&Params::from_query(&request)?)?;
    let _turn = state.limits.turn()?;
    let prices = quote::prices(&state.anchor, user.subject(), &wish).await.map_err(refused)?;
    Ok(fresh(HttpResponse::Ok()).json(PricesWire::new(&prices)))
}

pub(super) async fn one(
    user: OptionalUser,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let wish = wish(&Params::from_query(&request)?)?;
    let _turn = state.limits.turn()?;
    let price = quote::price(&state.anchor, user.subject(), &wish).await.map_err(refused)?;
    Ok(fresh(HttpResponse::Ok()).json(PriceWire::new(&price.figures, price.fee_asset())))
}

//! SEP-6: deposit and withdrawal by API. Mounted only where an asset has a funding method.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use anchor_core::Anchor;

use crate::config::SEP6_PATH;
use crate::error::SepError;
use crate::middleware::{Counted, open_resource};
use crate::observe::observed;
use crate::state::WebState;
use crate::wire::sep6::info::InfoWire;

mod described;
mod fee;
mod start;
mod transactions;
mod update;

pub(crate) use described::describe;

const READ: &str = "GET, HEAD, OPTIONS";
const START: &str = "GET, OPTIONS";
const UPDATE: &str = "PATCH, OPTIONS";

/// Starting is a `GET` by the protocol, and no `HEAD`: that one is to change nothing.
pub(crate) fn routes(app: &mut ServiceConfig, fee: bool) {
    let mut scope = web::scope(SEP6_PATH)
        .service(
            open_resource("/info", READ, Counted::Here)
                .route(web::get().to(info))
                .route(web::head().to(info)),
        )
        .service(open_resource("/deposit", START, Counted::ByToken).route(web::get().to(start::deposit)))
        .service(
            open_resource("/deposit-exchange", START, Counted::ByToken)
                .route(web::get().to(start::deposit_exchange)),
        )
        .service(open_resource("/withdraw", START, Counted::ByToken).route(web::get().to(start::withdraw)))
        .service(
            open_resource("/withdraw-exchange", START, Counted::ByToken)
                .route(web::get().to(start::withdraw_exchange)),
        )
        .service(
            open_resource("/transaction", READ, Counted::ByToken)
                .route(web::get().to(transactions::one))
                .route(web::head().to(transactions::one)),
        )
        .service(
            open_resource("/transactions", READ, Counted::ByToken)
                .route(web::get().to(transactions::list))
                .route(web::head().to(transactions::list)),
        )
        .service(
            open_resource("/transactions/{id}", UPDATE, Counted::ByToken)
                .route(web::patch().to(update::update)),
        );
    if fee {
        scope = scope.service(
            open_resource("/fee", READ, Counted::ByToken)
                .route(web::get().to(fee::fee))
                .route(web::head().to(fee::fee)),
        );
    }
    app.service(scope.default_service(web::to(unknown).wrap(from_fn(observed))));
}

/// The answer to `GET /info`, which is the same for everybody until the next start.
pub(crate) fn info_document(anchor: &Anchor) -> web::Bytes {
    // Decimals, words and flags: there is nothing that could fail.
    serde_json::to_vec(&InfoWire::new(anchor)).unwrap_or_default().into()
}

async fn info(state: web::Data<WebState>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .body(state.sep6_info.clone())
}

async fn unknown() -> Result<HttpResponse, SepError> {
    Err(SepError::not_found("there is no such endpoint"))
}

//! SEP-24: hosted deposit and withdrawal, the part that wallets call.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use anchor_core::Anchor;

use crate::config::SEP24_PATH;
use crate::error::SepError;
use crate::middleware::{Counted, open_resource};
use crate::observe::observed;
use crate::state::WebState;
use crate::wire::info::InfoWire;

mod described;
mod start;
mod transactions;

pub(crate) use described::describe;

const READ: &str = "GET, HEAD, OPTIONS";
const START: &str = "POST, OPTIONS";

pub(crate) fn routes(app: &mut ServiceConfig) {
    let scope = web::scope(SEP24_PATH)
        .service(
            open_resource("/info", READ, Counted::Here)
                .route(web::get().to(info))
                .route(web::head().to(info)),
        )
        .service(
            open_resource("/transactions/deposit/interactive", START, Counted::ByToken)
                .route(web::post().to(start::deposit)),
        )
        .service(
            open_resource("/transactions/withdraw/interactive", START, Counted::ByToken)
                .route(web::post().to(start::withdraw)),
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
        // deprecated by SEP-24; /info says that it is not there
        .service(open_resource("/fee", READ, Counted::Here).route(web::get().to(unknown)))
        .default_service(web::to(unknown).wrap(from_fn(observed)));
    app.service(scope);
}

/// The answer to `GET /info`, which is the same for everybody until the next start.
pub(crate) fn info_document(anchor: &Anchor) -> web::Bytes {
    // Decimals, words and flags: there is nothing that could fail.
    serde_json::to_vec(&InfoWire::new(anchor.config(), anchor.assets())).unwrap_or_default().into()
}

async fn info(state: web::Data<WebState>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .body(state.info.clone())
}

async fn unknown() -> Result<HttpResponse, SepError> {
    Err(SepError::not_found("there is no such endpoint"))
}

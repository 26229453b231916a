//! SEP-38: prices and firm quotes. Mounted only where something is quoted.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use anchor_core::Anchor;
use anchor_core::ops::quote::{QuoteError, Wish};
use anchor_core::ops::{OpsError, chain};

use crate::config::SEP38_PATH;
use crate::error::SepError;
use crate::extract::Params;
use crate::middleware::{Counted, open_resource};
use crate::observe::observed;
use crate::wire::quote::InfoWire;

mod described;
mod prices;
mod quote;

pub(crate) use described::describe;

const READ: &str = "GET, HEAD, OPTIONS";
const MAKE: &str = "POST, OPTIONS";

pub(crate) fn routes(app: &mut ServiceConfig) {
    let scope = web::scope(SEP38_PATH)
        .service(
            open_resource("/info", READ, Counted::ByToken)
                .route(web::get().to(prices::info))
                .route(web::head().to(prices::info)),
        )
        .service(
            open_resource("/prices", READ, Counted::ByToken)
                .route(web::get().to(prices::list))
                .route(web::head().to(prices::list)),
        )
        .service(
            open_resource("/price", READ, Counted::ByToken)
                .route(web::get().to(prices::one))
                .route(web::head().to(prices::one)),
        )
        .service(open_resource("/quote", MAKE, Counted::ByToken).route(web::post().to(quote::make)))
        .service(
            open_resource("/quote/{id}", READ, Counted::ByToken)
                .route(web::get().to(quote::show))
                .route(web::head().to(quote::show)),
        )
        .default_service(web::to(unknown).wrap(from_fn(observed)));
    app.service(scope);
}

/// The answer to `GET /info`, which is the same for everybody until the next start; empty where nothing is quoted.
pub(crate) fn info_document(anchor: &Anchor) -> web::Bytes {
    let document = anchor.quote_desk().map(|desk| serde_json::to_vec(&InfoWire::new(desk)));
    // words: there is nothing that could fail
    document.and_then(Result::ok).unwrap_or_default().into()
}

/// The parameters that the endpoints share, as they were sent.
fn wish(params: &Params) -> Result<Wish, SepError> {
    let text = |name| params.text(name).map(|text| text.map(str::to_owned));
    let decimal = |name| params.decimal(name).map(|text| text.map(str::to_owned));
    Ok(Wish {
        sell_asset: text("sell_asset")?,
        buy_asset: text("buy_asset")?,
        sell_amount: decimal("sell_amount")?,
        buy_amount: decimal("buy_amount")?,
        sell_delivery_method: text("sell_delivery_method")?,
        buy_delivery_method: text("buy_delivery_method")?,
        country_code: text("country_code")?,
        context: text("context")?,
        expire_after: text("expire_after")?,
    })
}

fn refused(error: QuoteError) -> SepError {
    match error {
        QuoteError::Refused(refusal) => SepError::bad_request(refusal.to_string()),
        QuoteError::Forbidden(reason) => SepError::forbidden(reason),
        // no price is better than an old one
        QuoteError::Failed(OpsError::Integration(error)) => {
            tracing::warn!(error = chain(&error), "no price is known");
            SepError::unavailable()
        }
        QuoteError::Failed(error) => error.into(),
        _ => SepError::internal(),
    }
}

async fn unknown() -> Result<HttpResponse, SepError> {
    Err(SepError::not_found("there is no such endpoint"))
}

fn fresh(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

//! SEP-31: payments that other anchors send, for somebody who is paid outside the ledger. Mounted only where something is
//! taken.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use anchor_core::Anchor;
use anchor_core::store::TransactionLookup;
use anchor_core::transaction::{Protocol, Transaction};

use crate::auth::User;
use crate::config::SEP31_PATH;
use crate::error::SepError;
use crate::middleware::{Counted, open_resource};
use crate::observe::observed;
use crate::state::WebState;
use crate::wire::receive::ReceiveInfoWire;

mod callback;
mod described;
mod start;
mod transactions;

pub(crate) use described::describe;

const READ: &str = "GET, HEAD, OPTIONS";
const START: &str = "POST, OPTIONS";
const ONE: &str = "GET, HEAD, PATCH, OPTIONS";
const CALLBACK: &str = "PUT, OPTIONS";

pub(crate) fn routes(app: &mut ServiceConfig) {
    let scope = web::scope(SEP31_PATH)
        .service(
            open_resource("/info", READ, Counted::Here)
                .route(web::get().to(info))
                .route(web::head().to(info)),
        )
        .service(
            open_resource("/transactions", START, Counted::ByToken)
                .route(web::post().to(start::receive_payment)),
        )
        .service(
            open_resource("/transactions/{id}", ONE, Counted::ByToken)
                .route(web::get().to(transactions::show))
                .route(web::head().to(transactions::show))
                .route(web::patch().to(transactions::update)),
        )
        .service(
            open_resource("/transactions/{id}/callback", CALLBACK, Counted::ByToken)
                .route(web::put().to(callback::put)),
        )
        .default_service(web::to(unknown).wrap(from_fn(observed)));
    app.service(scope);
}

/// The answer to `GET /info`, which is the same for everybody until the next start.
pub(crate) fn info_document(anchor: &Anchor) -> web::Bytes {
    // decimals, words and flags: there is nothing that could fail
    serde_json::to_vec(&ReceiveInfoWire::new(anchor)).unwrap_or_default().into()
}

/// The text of the SEP wants a token here too; its clients come without one.
async fn info(state: web::Data<WebState>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .body(state.receive_info.clone())
}

async fn unknown() -> Result<HttpResponse, SepError> {
    Err(SepError::not_found("there is no such endpoint"))
}

/// Somebody with whom there is an agreement. As an extractor it answers 403 to all others, before anything else is read.
#[derive(Debug)]
pub(crate) struct SendingAnchor(User);

impl FromRequest for SendingAnchor {
    type Error = SepError;
    type Future = Ready<Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let user = User::from_request(request, payload).into_inner();
        ready(user.and_then(|user| {
            let state = request.app_data::<web::Data<WebState>>().ok_or_else(SepError::internal)?;
            if state.anchor.config().sending_anchors.admit(&user.subject) {
                Ok(Self(user))
            } else {
                Err(SepError::forbidden("this anchor has no agreement with the account that authenticated"))
            }
        }))
    }
}

impl SendingAnchor {
    /// One of its own. What is not does not exist: the same 404 as for an id that nobody has, or that is none.
    async fn transaction(&self, state: &WebState, request: &HttpRequest) -> Result<Transaction, SepError> {
        let not_found = || SepError::not_found("there is no such transaction");
        // as it was sent: an id has nothing that could be escaped
        let id = request.match_info().query("id").parse().map_err(|_| not_found())?;
        let lookup = TransactionLookup { id: Some(id), ..TransactionLookup::default() };
        let subject = self.0.subject.key();
        let found = state.anchor.store().transaction_find(&subject, Protocol::Sep31, &lookup).await?;
        found.ok_or_else(not_found)
    }
}

fn fresh(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

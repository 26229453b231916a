//! The way to the business's own pages and back (`INTERACTIVE_UI_URL`).
//!
//! The user comes back with an answer that the pages signed, in the browser that was sent there: the signature says
//! what was agreed, the cookie whose browser may see it.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use anchor_core::id::TransactionId;
use anchor_core::integration::Agreement;
use anchor_core::ops;
use anchor_core::ops::form::Closed;
use anchor_core::transaction::{Kind, State, Transaction};
use serde_json::{Value, json};

use super::flow::{clean_address, refuse, see_other, show_status};
use super::notice::Notice;
use super::query::Query;
use super::session::{self, Visit};
use crate::config::{FIELD_BYTES_MAX, INTERACTIVE_PATH};
use crate::documents::transaction_wire;
use crate::own_pages::{Doorkeeper, HandOver, Outcome};
use crate::state::WebState;

/// Where this visitor has to go on; `None` if the pages are ours, or there is nothing left to ask.
pub(super) fn address(state: &WebState, visit: &Visit) -> Result<Option<String>, Notice> {
    let Some(doorkeeper) = Doorkeeper::of(state.anchor.config()) else { return Ok(None) };
    let now = state.anchor.clock().now();
    let transaction = &visit.transaction;
    if transaction.state != State::Collecting {
        return Ok(None);
    }
    if transaction.deadline.is_some_and(|end| end <= now) {
        return Err(Notice::TooLate);
    }
    let there = doorkeeper.send(hand_over(state, transaction, &visit.language.tag), now);
    there.map(Some).map_err(|error| {
        tracing::error!("no hand-over could be signed: {error}");
        Notice::Apology
    })
}

fn hand_over(state: &WebState, transaction: &Transaction, lang: &str) -> HandOver {
    let here = format!("{}{INTERACTIVE_PATH}/{}", state.anchor.config().host_url(), transaction.id);
    let (token, money) = (transaction.asset.clone().into(), transaction.off_chain_asset.clone());
    let (asset_in, asset_out) = match transaction.kind {
        Kind::Deposit => (money, token),
        Kind::Withdrawal => (token, money),
    };
    HandOver {
        iss: String::new(),
        sub: transaction.id,
        jti: session::random_token(),
        iat: 0,
        exp: 0,
        kind: transaction.kind,
        asset_in,
        asset_out,
        amount: transaction.request.amount,
        lang: lang.to_owned(),
        return_url: format!("{here}/return"),
        details_url: format!("{here}/details"),
    }
}

/// `GET …/{id}/return?token=…`: what came of the visit.
pub(super) async fn take_back(request: HttpRequest, id: Path<String>, state: Data<WebState>) -> HttpResponse {
    let query = Query::parse(request.query_string());
    let taken = conclude(&state, &request, &id, &query).await;
    taken.unwrap_or_else(|notice| refuse(&state, &request, &query, &id, notice))
}

async fn conclude(
    state: &WebState,
    request: &HttpRequest,
    id: &str,
    query: &Query,
) -> Result<HttpResponse, Notice> {
    let doorkeeper = Doorkeeper::of(state.anchor.config()).ok_or(Notice::BadRequest)?;
    let _turn = state.limits.turn().map_err(|_| Notice::Apology)?;
    let visit = session::visit(state, request, id, query).await?;
    let transaction = &visit.transaction;
    let token = query.first("token").unwrap_or_default();
    let outcome = doorkeeper.take_back(token, transaction.id, state.anchor.clock().now());
    let closed = match outcome.map_err(|_| Notice::BadReturn)? {
        Outcome::Agreed { amount, instructions, counterpart } => {
            let mut agreement = Agreement::new(amount);
            agreement.instructions = instructions;
            agreement.counterpart = counterpart;
            ops::form::agree(&state.anchor, transaction, agreement).await?
        }
        Outcome::Declined { reason } => ops::form::decline(&state.anchor, transaction, reason).await?,
        // to the status and not to the pages again, or the user would go round in circles
        Outcome::Unfinished => return show_status(state, &visit).await,
    };
    match closed {
        Closed::Finished(_) => Ok(see_other(&clean_address(id, query), None)),
        Closed::TooLate(_) => Err(Notice::TooLate),
        Closed::Impossible(problem) => {
            tracing::error!(transaction.id = %transaction.id, ?problem, "own pages agreed on impossible terms");
            Err(Notice::BadReturn)
        }
    }
}

/// `GET …/{id}/details`, from the pages' server: what does not travel through the browser.
pub(super) async fn details(request: HttpRequest, id: Path<String>, state: Data<WebState>) -> HttpResponse {
    let forbidden =
        || HttpResponse::build(StatusCode::FORBIDDEN).json(json!({ "error": "not yours to ask" }));
    let try_again = || HttpResponse::ServiceUnavailable().json(json!({ "error": "please try again" }));
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|header| header.to_str().ok());
    let bearer = bearer.and_then(|header| header.strip_prefix("Bearer "));
    let (Some(doorkeeper), Some(token), Ok(id)) =
        (Doorkeeper::of(state.anchor.config()), bearer, id.parse::<TransactionId>())
    else {
        return forbidden();
    };
    let now = state.anchor.clock().now();
    if token.len() > FIELD_BYTES_MAX || doorkeeper.may_ask(token, id, now).is_err() {
        return forbidden();
    }
    let Ok(_turn) = state.limits.turn() else { return try_again() };
    match state.anchor.store().transaction_fetch(id).await {
        Ok(Some(transaction)) => HttpResponse::Ok().json(json!({
            "transaction": transaction_wire(&state.links, &transaction, now),
            "request": request_object(&transaction),
        })),
        Ok(None) => forbidden(),
        Err(error) => {
            tracing::error!("details could not be read: {error}");
            try_again()
        }
    }
}

/// What the wallet said, as it said it.
fn request_object(transaction: &Transaction) -> Value {
    let request = &transaction.request;
    json!({
        "user": transaction.subject.to_string(),
        "client_domain": transaction.client_domain,
        "account": request.account.to_string(),
        "amount": request.amount,
        "memo": request.memo.value(),
        "memo_type": request.memo.value().map(|_| request.memo.memo_type()),
        "customer_id": request.customer,
        "lang": request.language,
    })
}

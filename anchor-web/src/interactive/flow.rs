//! The flow's addresses: enter with a token, see the page that is due, send it.

use std::collections::BTreeMap;

use actix_web::cookie::Cookie;
use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use anchor_core::id::TransactionId;
use anchor_core::integration::Answers;
use anchor_core::integration::form::{FieldError, Page};
use anchor_core::ops;
use anchor_core::ops::form::{SentPage, Shown, Submitted};

use super::form_view::{self, FormView, PriceView};
use super::messages::Language;
use super::notice::{self, Notice};
use super::query::Query;
use super::render::{self, Frame};
use super::sent_form::SentForm;
use super::session::{self, Visit};
use super::status_view::{StatusView, WalletView};
use super::{callbacks, csrf, own_pages};
use crate::config::INTERACTIVE_PATH;
use crate::state::WebState;

/// What the sender of a form says about it, besides the answers.
pub(super) const PAGE_FIELD: &str = "_page";
pub(super) const STEP_FIELD: &str = "_step";

/// `GET …/{id}`, with a token at first.
pub(super) async fn show(request: HttpRequest, id: Path<String>, state: Data<WebState>) -> HttpResponse {
    let query = Query::parse(request.query_string());
    let shown = match query.first("token") {
        Some(token) => enter(&state, &request, &id, &query, token).await,
        None => show_due(&state, &request, &id, &query).await,
    };
    shown.unwrap_or_else(|notice| refuse(&state, &request, &query, &id, notice))
}

/// `POST …/{id}`: one filled-in page.
pub(super) async fn submit(
    request: HttpRequest,
    id: Path<String>,
    state: Data<WebState>,
    payload: Payload,
) -> HttpResponse {
    let query = Query::parse(request.query_string());
    let taken = take(&state, &request, &id, &query, payload).await;
    taken.unwrap_or_else(|notice| refuse(&state, &request, &query, &id, notice))
}

/// `GET …/{id}/preview?amount=…`: the same rows as on the page, for the script.
pub(super) async fn preview(request: HttpRequest, id: Path<String>, state: Data<WebState>) -> HttpResponse {
    let query = Query::parse(request.query_string());
    let Ok(visit) = session::visit(&state, &request, &id, &query).await else {
        return HttpResponse::Forbidden().finish();
    };
    let Ok(_turn) = state.limits.turn() else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    let text = query.first("amount").unwrap_or_default();
    match PriceView::of(&state.anchor, &visit.transaction, text, &visit.language.messages) {
        Some(price) => HttpResponse::Ok().json(price),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Exchanges the token for a cookie and sends the browser to the address without it.
async fn enter(
    state: &WebState,
    request: &HttpRequest,
    id: &str,
    query: &Query,
    token: &str,
) -> Result<HttpResponse, Notice> {
    // before the token is consumed, so that a wallet can correct itself
    let local_mode = state.anchor.config().local_mode;
    let callbacks = callbacks::parse(query, local_mode).map_err(|_| Notice::BadCallback)?;
    let known: TransactionId = id.parse().map_err(|_| Notice::LinkUsed)?;
    let _turn = state.limits.turn().map_err(|_| Notice::Apology)?;
    let address = clean_address(id, query);
    if let Some(cookie) = session::open(state, known, token, &callbacks).await? {
        return Ok(see_other(&address, Some(cookie)));
    }
    match session::visit(state, request, id, query).await {
        // the same browser came back by its history
        Ok(_) => Ok(see_other(&address, None)),
        Err(Notice::Apology) => Err(Notice::Apology),
        Err(_) => Err(Notice::LinkUsed),
    }
}

async fn show_due(
    state: &WebState,
    request: &HttpRequest,
    id: &str,
    query: &Query,
) -> Result<HttpResponse, Notice> {
    let _turn = state.limits.turn().map_err(|_| Notice::Apology)?;
    let visit = session::visit(state, request, id, query).await?;
    if let Some(there) = own_pages::address(state, &visit)? {
        return Ok(see_other(&there, None));
    }
    match ops::form::page(&state.anchor, &visit.transaction, &visit.language.tag).await? {
        Shown::Page { page, answers } => {
            let values = Values::Stored(&answers);
            Ok(show_form(state, &visit, query, &page, values, &[]))
        }
        Shown::Finished(_) => show_status(state, &visit).await,
        Shown::TooLate(_) => Err(Notice::TooLate),
    }
}

async fn take(
    state: &WebState,
    request: &HttpRequest,
    id: &str,
    query: &Query,
    payload: Payload,
) -> Result<HttpResponse, Notice> {
    let visit = session::visit(state, request, id, query).await?;
    if state.anchor.config().interactive_ui.is_some() {
        // what the business asks on its own pages cannot be left out here
        return Err(Notice::BadRequest);
    }
    let SentForm { mut fields, files, held: _held } =
        SentForm::read(state, request, payload.into_inner()).await?;
    if !csrf::is_own_form(request, &visit.session, fields.remove(csrf::FIELD).as_deref()) {
        return Err(Notice::FormTooOld);
    }
    let _turn = state.limits.turn().map_err(|_| Notice::Apology)?;
    let sent = SentPage { page: fields.remove(PAGE_FIELD).unwrap_or_default(), fields, files };
    let here = see_other(&clean_address(id, query), None);
    let (anchor, tag) = (&state.anchor, &visit.language.tag);
    match sent.fields.get(STEP_FIELD).map(String::as_str) {
        Some("restart") => {
            ops::form::restart(anchor, &visit.transaction).await?;
            Ok(here)
        }
        Some("preview") => Ok(match ops::form::page(anchor, &visit.transaction, tag).await? {
            Shown::Page { page, answers } if page.name == sent.page => {
                show_form(state, &visit, query, &page, Values::Sent(&answers, &sent.fields), &[])
            }
            _ => here,
        }),
        _ => match ops::form::submit(anchor, &visit.transaction, tag, &sent).await? {
            Submitted::Again { page, answers, errors } => {
                let values = Values::Sent(&answers, &sent.fields);
                Ok(show_form(state, &visit, query, &page, values, &errors))
            }
            Submitted::Next | Submitted::Finished(_) => Ok(here),
            Submitted::Redirect(address) => Ok(notice::go_on(frame(state, &visit.language), &address)),
            Submitted::TooLate(_) => Err(Notice::TooLate),
        },
    }
}

/// What stands in the fields.
enum Values<'a> {
    Stored(&'a Answers),
    Sent(&'a Answers, &'a BTreeMap<String, String>),
}

fn show_form(
    state: &WebState,
    visit: &Visit,
    query: &Query,
    page: &Page,
    values: Values<'_>,
    errors: &[FieldError],
) -> HttpResponse {
    let id = visit.transaction.id.to_string();
    let (answers, sent) = match values {
        Values::Stored(answers) => (answers, None),
        Values::Sent(answers, sent) => (answers, Some(sent)),
    };
    let context = form_view::Context {
        anchor: &state.anchor,
        transaction: &visit.transaction,
        messages: &visit.language.messages,
        csrf: &visit.session.csrf,
        action: clean_address(&id, query),
        preview_url: format!("{INTERACTIVE_PATH}/{id}/preview{}", lang_of(query)),
    };
    let view = FormView::new(&context, page, answers, sent, errors);
    let status = if errors.is_empty() {
        actix_web::http::StatusCode::OK
    } else {
        actix_web::http::StatusCode::UNPROCESSABLE_ENTITY
    };
    render::page(status, "form.html", frame(state, &visit.language), &view)
}

pub(super) async fn show_status(state: &WebState, visit: &Visit) -> Result<HttpResponse, Notice> {
    let transaction = &visit.transaction;
    let facts = state.anchor.store().fact_list(transaction.id).await?;
    let wanted = state.anchor.store().callbacks_fetch(transaction.id).await?;
    let mut view = StatusView::new(&state.anchor, transaction, &facts, &visit.language.messages);
    view.wallet = Some(WalletView {
        message: state.anchor.documents().map(|documents| documents.document(transaction).to_string()),
        id: transaction.id.to_string(),
        status: transaction.status().as_str(),
        callback: callbacks::is_post_message(wanted.finished.as_ref()),
        on_change: callbacks::is_post_message(wanted.on_change.as_ref()),
    });
    Ok(render::page(actix_web::http::StatusCode::OK, "status.html", frame(state, &visit.language), &view))
}

pub(super) fn refuse(
    state: &WebState,
    request: &HttpRequest,
    query: &Query,
    id: &str,
    notice: Notice,
) -> HttpResponse {
    let language = session::language(state, request, query, None);
    let address = clean_address(id, query);
    let retry =
        matches!(notice, Notice::Apology | Notice::TooSlow | Notice::FormTooOld).then_some(address.as_str());
    notice.page(frame(state, &language), retry)
}

fn frame<'a>(state: &'a WebState, language: &'a Language) -> Frame<'a> {
    Frame::new(state, language)
}

/// The flow's address without the token; only the language stays visible.
pub(super) fn clean_address(id: &str, query: &Query) -> String {
    let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(36).collect();
    format!("{INTERACTIVE_PATH}/{id}{}", lang_of(query))
}

fn lang_of(query: &Query) -> String {
    let tag = |lang: &&str| {
        lang.len() <= 35 && lang.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let lang = query.first("lang").filter(tag);
    lang.map(|lang| format!("?lang={lang}")).unwrap_or_default()
}

pub(super) fn see_other(address: &str, cookie: Option<Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, address));
    if let Some(cookie) = cookie {
        response.cookie(cookie);
    }
    response.finish()
}

//! The page behind `more_info_url`: what became of a transaction, for whoever has the signed address. Never a form.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::notice::Notice;
use super::query::Query;
use super::render::{self, Frame};
use super::session;
use super::status_view::StatusView;
use crate::state::WebState;

/// `GET …/more_info?id=…&token=…`. The token alone decides what is shown; ids and hashes are public.
pub(super) async fn show(request: HttpRequest, state: Data<WebState>) -> HttpResponse {
    let query = Query::parse(request.query_string());
    find(&state, &request, &query).await.unwrap_or_else(|notice| {
        let language = session::language(&state, &request, &query, None);
        notice.page(Frame::new(&state, &language), None)
    })
}

async fn find(state: &WebState, request: &HttpRequest, query: &Query) -> Result<HttpResponse, Notice> {
    let token = query.first("token").unwrap_or_default();
    let now = state.anchor.clock().now();
    let id = state.tokens.more_info_verify(token, now).map_err(|_| Notice::InfoExpired)?;
    if query.first("id").is_some_and(|wanted| wanted != id.to_string()) {
        return Err(Notice::InfoExpired);
    }
    let _turn = state.limits.turn().map_err(|_| Notice::Apology)?;
    let store = state.anchor.store();
    let transaction = store.transaction_fetch(id).await?.ok_or(Notice::InfoExpired)?;
    let facts = store.fact_list(id).await?;
    let language = session::language(state, request, query, Some(&transaction));
    let view = StatusView::new(&state.anchor, &transaction, &facts, &language.messages);
    let frame = Frame::new(state, &language);
    Ok(render::page(StatusCode::OK, "status.html", frame, &view))
}

//! Every request has a name: in all lines that are logged for it, and in its answer.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use tracing::Instrument as _;

use crate::config::HEALTH_PATH;
use crate::state::WebState;
use crate::unread::Unread;

/// In answers, and in requests that come through proxies of our own.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer ones are not taken over.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Runs the rest, and logs how it went: the route's pattern, never the address, for that may hold tokens.
pub(crate) async fn observed(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    // Routing is over at this point, so that a second handle on the request disturbs nobody.
    let handle = request.request().clone();
    let state = request.app_data::<web::Data<WebState>>().cloned();
    let id = request_id(&request);
    let unread = Unread::of(&mut request);
    let route = request.match_pattern().unwrap_or_else(|| "unknown".to_owned());
    let method = method(request.method());
    // an error's span: it is there whatever RUST_LOG leaves out
    let span = tracing::error_span!("request", request_id = id, method, route);
    let answer = async {
        let answered = next.call(request).await;
        let mut response = match answered {
            Ok(response) => response.map_into_boxed_body(),
            Err(error) => ServiceResponse::from_err(error, handle),
        };
        let (status, took) = (response.status().as_u16(), began.elapsed());
        let millis = took.as_millis();
        if let Some(state) = state {
            state.requests.count(&route, method, status, took);
        }
        if route.starts_with(HEALTH_PATH) {
            tracing::debug!(status, millis, "answered");
        } else {
            tracing::info!(status, millis, "answered");
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        match unread {
            Some(unread) => unread.until_answered(response),
            None => response,
        }
    };
    Ok(answer.instrument(span.clone()).await)
}

/// A fresh one; behind proxies of our own, theirs.
fn request_id(request: &ServiceRequest) -> String {
    let state = request.app_data::<web::Data<WebState>>();
    let is_ours = state.is_some_and(|state| state.anchor.config().limits.trusted_proxies > 0);
    let given = request.headers().get(REQUEST_ID).filter(|_| is_ours).and_then(|id| id.to_str().ok());
    let is_plain = |id: &&str| {
        (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(is_plain).map_or_else(|| hex::encode(rand::random::<[u8; 16]>()), str::to_owned)
}

/// Clients may invent methods.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

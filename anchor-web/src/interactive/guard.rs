//! What every page has around it: headers that keep other sites out, and an answer even after a panic.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, web};
use futures_util::FutureExt as _;

use super::notice::Notice;
use super::query::Query;
use super::render::Frame;
use super::session;
use crate::limits::TooOften;
use crate::middleware::count;
use crate::state::WebState;

/// No inline code, no other host. `form-action` also binds the redirects after a form. `frame-ancestors`: the
/// wallet opens a window or a web view; in a frame of another site, clicks could be stolen (SEP-24 allows both).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// No `Cross-Origin-Opener-Policy`: it would cut the page off from the wallet's window, which waits for
/// `postMessage` (SEP-24 §Callbacks).
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Runs the rest.
pub(super) async fn page(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // Routing is over at this point, so that a second handle on the request disturbs nobody.
    let handle = request.request().clone();
    if let Err(too_often) = count(&request) {
        let mut response = ServiceResponse::new(handle.clone(), too_many(&handle, too_often));
        closed_headers(response.headers_mut());
        return Ok(response);
    }
    let mut response = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => ServiceResponse::from_err(error, handle),
        Err(_) => {
            tracing::error!("a page panicked");
            let apology = handle.app_data::<web::Data<WebState>>().map_or_else(
                || HttpResponse::InternalServerError().finish(),
                |state| Notice::Apology.page(Frame::new(state, &state.pages.languages.english()), None),
            );
            ServiceResponse::new(handle, apology)
        }
    };
    closed_headers(response.headers_mut());
    Ok(response)
}

/// The page that asks to try again later.
fn too_many(request: &HttpRequest, too_often: TooOften) -> HttpResponse {
    let mut response = request.app_data::<web::Data<WebState>>().map_or_else(
        || HttpResponse::TooManyRequests().finish(),
        |state| {
            let language = session::language(state, request, &Query::default(), None);
            Notice::Apology.page(Frame::new(state, &language), None)
        },
    );
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(too_often.retry_after_seconds));
    response
}

fn closed_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

//! What every protocol endpoint does around its handler: CORS, preflight, and an answer even after a panic.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpResponse, Resource, ResponseError as _, dev, web};
use futures_util::FutureExt as _;

use crate::error::SepError;
use crate::limits::TooOften;
use crate::observe::observed;
use crate::state::WebState;

/// Scripts of other origins may read these besides the usual ones (Fetch standard).
const EXPOSED: HeaderValue = HeaderValue::from_static("Retry-After, X-Request-Id");

/// Whose requests are counted at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Everybody's, by address.
    Here,
    /// Nobody's: the endpoint asks for a token, and counts by it.
    ByToken,
}

/// An endpoint that any web page may call; `methods` are those that it will have, for preflight and 405.
///
/// The hosted pages are not made with this: they must not be open to other origins.
pub(crate) fn open_resource(
    path: &str,
    methods: &'static str,
    counted: Counted,
) -> Resource<
    impl dev::ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    web::resource(path)
        .default_service(web::to(move |request: actix_web::HttpRequest| async move {
            if request.method() == Method::OPTIONS {
                preflight(methods)
            } else {
                SepError::method_not_allowed(methods).error_response()
            }
        }))
        .wrap(from_fn(move |request, next: Next<BoxBody>| open(request, next, counted)))
        .wrap(from_fn(observed))
}

/// Runs the rest and sees to it that there is an answer, readable by any page.
async fn open(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    counted: Counted,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // Routing is over at this point, so that a second handle on the request disturbs nobody.
    let handle = request.request().clone();
    if counted == Counted::Here
        && let Err(too_often) = count(&request)
    {
        let mut response = ServiceResponse::from_err(SepError::from(too_often), handle);
        open_headers(response.headers_mut());
        return Ok(response);
    }
    let mut response = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => ServiceResponse::from_err(error, handle),
        Err(panic) => {
            let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            tracing::error!("an endpoint panicked: {what}");
            ServiceResponse::from_err(SepError::internal(), handle)
        }
    };
    open_headers(response.headers_mut());
    Ok(response)
}

/// Preflight asks nothing of anybody, and a browser does not show a page why it failed.
pub(crate) fn count(request: &ServiceRequest) -> Result<(), TooOften> {
    match request.app_data::<web::Data<WebState>>() {
        Some(state) if request.method() != Method::OPTIONS => {
            state.limits.addresses.admit(request.request(), state.anchor.clock().now())
        }
        _ => Ok(()),
    }
}

fn open_headers(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn preflight(methods: &'static str) -> HttpResponse {
    HttpResponse::build(StatusCode::NO_CONTENT)
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods))
        // by name: the wildcard never covers Authorization (Fetch standard)
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

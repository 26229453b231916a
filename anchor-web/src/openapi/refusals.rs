//! Errors in the protocols' form: one response for each status, as the code answers it.

use actix_web::ResponseError as _;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use serde_json::{Map, Value, json};

use super::operation::JSON;
use super::schemas::Schemas;
use crate::error::{Body, SepError};
use crate::observe::REQUEST_ID;

/// One of each, for what their answers have in common.
fn samples() -> [SepError; 13] {
    [
        SepError::bad_request(""),
        SepError::unauthorized(""),
        SepError::forbidden(""),
        SepError::authentication_required(),
        SepError::not_found(""),
        SepError::method_not_allowed(""),
        SepError::too_slow(),
        SepError::too_large(0),
        SepError::unsupported_media_type(""),
        SepError::too_many_requests(1),
        SepError::internal(),
        SepError::unavailable(),
        SepError::busy(),
    ]
}

/// What a status means here.
pub(super) fn reason(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "The request cannot be served as it is",
        StatusCode::UNAUTHORIZED => "Nobody said who asks, or not as somebody who may",
        StatusCode::FORBIDDEN => "No valid token, or it is known who asks, and they may not",
        StatusCode::NOT_FOUND => "Nothing of this user's is there",
        StatusCode::METHOD_NOT_ALLOWED => "This path has other methods",
        StatusCode::REQUEST_TIMEOUT => "The body did not arrive in time; the connection ends",
        StatusCode::PAYLOAD_TOO_LARGE => "The body is too large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "The body has an encoding that is not understood",
        StatusCode::TOO_MANY_REQUESTS => "Too often: come back later",
        StatusCode::INTERNAL_SERVER_ERROR => "Our own fault",
        StatusCode::SERVICE_UNAVAILABLE => {
            "Something that we depend on does not answer, or too much is being worked on"
        }
        other => other.canonical_reason().unwrap_or_default(),
    }
}

/// Where the response of this status stands.
pub(super) fn reference(status: StatusCode) -> String {
    format!("#/components/responses/{}", name(status))
}

/// All of them, by name.
pub(super) fn responses() -> Map<String, Value> {
    let statuses = samples().map(|sample| sample.status_code());
    statuses.iter().map(|status| (name(*status), response(*status, true))).collect()
}

pub(super) fn response(status: StatusCode, has_body: bool) -> Value {
    let mut response = json!({ "description": reason(status), "headers": headers(status) });
    if has_body {
        response["content"] = json!({ JSON: { "schema": Schemas::default().shape::<Body<'static>>() } });
    }
    response
}

/// Those that the samples carry. What only some of them carry is no promise.
fn headers(status: StatusCode) -> Map<String, Value> {
    let samples: Vec<_> = samples().into_iter().filter(|sample| sample.status_code() == status).collect();
    let answers: Vec<_> = samples.iter().map(SepError::error_response).collect();
    let carried = answers.iter().flat_map(|answer| answer.headers().keys());
    let described = carried.filter_map(|name| Some((name, about(name)?))).map(|(name, about)| {
        let always = answers.iter().all(|answer| answer.headers().contains_key(name));
        (title(name), header(about, always))
    });
    described.chain(request_id()).collect()
}

/// Every answer has it.
pub(super) fn request_id() -> Option<(String, Value)> {
    Some((title(&REQUEST_ID), header("Names the request, also in the server's log", true)))
}

/// Every answer of an open endpoint has it.
pub(super) fn open() -> Option<(String, Value)> {
    let name = header::ACCESS_CONTROL_ALLOW_ORIGIN;
    Some((title(&name), header(about(&name)?, true)))
}

pub(super) fn header(about: &str, always: bool) -> Value {
    json!({ "description": about, "required": always, "schema": { "type": "string" } })
}

/// `None`: of no use to those who ask.
fn about(name: &HeaderName) -> Option<&'static str> {
    match *name {
        header::ALLOW => Some("The methods that there are"),
        header::RETRY_AFTER => Some("Seconds"),
        header::WWW_AUTHENTICATE => Some("How to say who asks"),
        header::ACCESS_CONTROL_ALLOW_ORIGIN => Some("Any page may read it"),
        _ => None,
    }
}

fn name(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    reason.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// `retry-after` as it is usually written.
fn title(name: &HeaderName) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.as_str().split('-').map(word).collect::<Vec<_>>().join("-")
}

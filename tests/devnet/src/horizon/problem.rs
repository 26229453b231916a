//! Errors as `application/problem+json`, with Horizon's types, statuses and extras.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde_json::{Map, Value, json};

const TYPE_PREFIX: &str = "https://stellar.org/horizon-errors/";

/// An error answer. Its `type` is one of Horizon's, so clients classify it as they do in production.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    kind: &'static str,
    title: &'static str,
    status: StatusCode,
    detail: String,
    extras: Map<String, Value>,
}

impl Problem {
    pub(crate) fn new(kind: &'static str, title: &'static str, status: StatusCode, detail: &str) -> Self {
        Self { kind, title, status, detail: detail.to_owned(), extras: Map::new() }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            "not_found",
            "Resource Missing",
            StatusCode::NOT_FOUND,
            "Nothing is stored at this address.",
        )
    }

    pub(crate) fn bad_request(detail: &str) -> Self {
        Self::new("bad_request", "Bad Request", StatusCode::BAD_REQUEST, detail)
    }

    /// A query, path or form field that does not parse; the client finds its name in `extras.invalid_field`.
    pub(crate) fn invalid_field(field: &str, reason: &str) -> Self {
        Self::bad_request("A parameter of this request is invalid.")
            .with("invalid_field", field)
            .with("reason", reason)
    }

    pub(crate) fn before_history() -> Self {
        Self::new(
            "before_history",
            "Data Requested Is Before Recorded History",
            StatusCode::GONE,
            "The request reaches back beyond the first ledger this server has.",
        )
    }

    pub(crate) fn not_acceptable() -> Self {
        Self::new(
            "not_acceptable",
            "An acceptable response content-type could not be provided for this request",
            StatusCode::NOT_ACCEPTABLE,
            "",
        )
    }

    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(
            "unsupported_media_type",
            "Unsupported Media Type",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body has to be application/x-www-form-urlencoded.",
        )
    }

    pub(crate) fn rate_limit_exceeded() -> Self {
        Self::new(
            "rate_limit_exceeded",
            "Rate Limit Exceeded",
            StatusCode::TOO_MANY_REQUESTS,
            "Too many requests from this address.",
        )
    }

    pub(crate) fn timeout() -> Self {
        Self::new("timeout", "Timeout", StatusCode::GATEWAY_TIMEOUT, "The request was not answered in time.")
    }

    /// Any 5xx that a fault asks for.
    pub(crate) fn server(status: StatusCode) -> Self {
        match status {
            StatusCode::GATEWAY_TIMEOUT => Self::timeout(),
            StatusCode::SERVICE_UNAVAILABLE => Self::new(
                "service_unavailable",
                "Service Unavailable",
                status,
                "The request cannot be served at this time.",
            ),
            _ => Self::new("server_error", "Internal Server Error", status, "The server failed."),
        }
    }

    /// Adds a field to `extras`.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extras.insert(key.to_owned(), value.into());
        self
    }

    /// The JSON body.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "type": format!("{TYPE_PREFIX}{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
        });
        if !self.detail.is_empty() {
            body["detail"] = self.detail.clone().into();
        }
        if !self.extras.is_empty() {
            body["extras"] = self.extras.clone().into();
        }
        body
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status)
            .content_type("application/problem+json; charset=utf-8")
            .body(self.body().to_string())
    }
}

//! How the SEPs report errors: a status, and `{"error": "..."}` that a wallet shows to its user.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use anchor_core::ops::OpsError;
use anchor_core::stellar::LedgerError;
use anchor_core::store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// An error on its way to a wallet. Its text is public: the cause was logged where it was caught.
#[derive(Debug)]
pub(crate) struct SepError {
    status: StatusCode,
    message: Cow<'static, str>,
    kind: Option<&'static str>,
    allow: Option<&'static str>,
    retry_after_seconds: Option<u64>,
}

/// What a wallet reads.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct Body<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    error: &'a str,
}

impl SepError {
    fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into(), kind: None, allow: None, retry_after_seconds: None }
    }

    /// 400: the request cannot be served as it is.
    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401: nobody said who asks.
    pub(crate) fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 403: it is known who asks, and they may not.
    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 429, and when to come back.
    pub(crate) fn too_many_requests(retry_after_seconds: u64) -> Self {
        let message = format!("too many requests, please try again in {retry_after_seconds} seconds");
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, message);
        Self { retry_after_seconds: Some(retry_after_seconds), ..error }
    }

    /// 403 in the form that SEP-24 prescribes for a missing or useless token.
    pub(crate) fn authentication_required() -> Self {
        let message = "a valid SEP-10 token is required: Authorization: Bearer <token>";
        Self { kind: Some("authentication_required"), ..Self::new(StatusCode::FORBIDDEN, message) }
    }

    /// The same in the form of the protocols that have 401 for it.
    pub(crate) fn or_unauthorized(self) -> Self {
        match self.kind {
            Some("authentication_required") => Self::unauthorized(self.message),
            _ => self,
        }
    }

    /// 404: nothing of this user's is there.
    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 405 with the methods that are there.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let message = format!("this method is not allowed here, only {allow}");
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// 408; the connection is of no more use.
    pub(crate) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time")
    }

    /// 413.
    pub(crate) fn too_large(bytes_max: usize) -> Self {
        let message = format!("the request body is larger than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// 415, naming what is understood.
    pub(crate) fn unsupported_media_type(understood: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the content type has to be {understood}"))
    }

    /// 503: something that we depend on does not answer.
    pub(crate) fn unavailable() -> Self {
        let message = "the service is temporarily unavailable, please try again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// 503: more is being worked on than this process takes at once.
    pub(crate) fn busy() -> Self {
        Self { retry_after_seconds: Some(1), ..Self::unavailable() }
    }

    /// 500: our own fault.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on our side")
    }
}

impl fmt::Display for SepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for SepError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status);
        response
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if self.status == StatusCode::REQUEST_TIMEOUT {
            response.force_close();
        }
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.json(Body { kind: self.kind, error: &self.message })
    }
}

impl From<StoreError> for SepError {
    fn from(error: StoreError) -> Self {
        log(&error);
        match error {
            StoreError::Unavailable(_) => Self::unavailable(),
            _ => Self::internal(),
        }
    }
}

impl From<LedgerError> for SepError {
    fn from(error: LedgerError) -> Self {
        log(&error);
        Self::unavailable()
    }
}

impl From<OpsError> for SepError {
    fn from(error: OpsError) -> Self {
        match error {
            OpsError::Store(error) => error.into(),
            OpsError::Ledger(error) => error.into(),
            error => {
                log(&error);
                Self::internal()
            }
        }
    }
}

fn log(error: &dyn std::error::Error) {
    let mut causes = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push_str(": ");
        causes.push_str(&cause.to_string());
        source = cause.source();
    }
    tracing::error!("{error}{causes}");
}

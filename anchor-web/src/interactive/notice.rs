//! Pages that only say something: why it does not go on, and what to do.

use actix_web::HttpResponse;
use actix_web::http::{ConnectionType, StatusCode};
use anchor_core::ops::OpsError;
use anchor_core::store::StoreError;
use serde::Serialize;

use super::render::{self, Frame};

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// The single-use address was used, has ended, or is none of ours.
    LinkUsed,
    /// No cookie, or one of another transaction.
    NoSession,
    /// A form that cannot be read.
    BadRequest,
    /// The wallet's callback is not allowed.
    BadCallback,
    /// The business's own pages sent the user back with an answer that is not theirs, or no longer good.
    BadReturn,
    /// The form does not come from our page.
    FormTooOld,
    /// The flow was not finished in time.
    TooLate,
    /// Something that we depend on does not answer.
    Apology,
    /// A form did not arrive in time.
    TooSlow,
    /// `more_info_url` with a wrong or old token.
    InfoExpired,
}

#[derive(Serialize)]
struct View<'a> {
    title: &'a str,
    text: String,
    retry: Option<&'a str>,
    go_on: Option<&'a str>,
}

impl Notice {
    const fn key(self) -> (&'static str, &'static str) {
        match self {
            Self::LinkUsed => ("notice.link_used", "notice.link_used.text"),
            Self::NoSession => ("notice.no_session", "notice.no_session.text"),
            Self::BadRequest => ("notice.bad_request", "notice.bad_request.text"),
            Self::BadCallback => ("notice.bad_callback", "notice.bad_callback.text"),
            Self::BadReturn => ("notice.bad_return", "notice.bad_return.text"),
            Self::FormTooOld => ("notice.form_too_old", "notice.form_too_old.text"),
            Self::TooLate => ("notice.too_late", "notice.too_late.text"),
            Self::Apology | Self::TooSlow => ("notice.apology", "notice.apology.text"),
            Self::InfoExpired => ("notice.info_expired", "notice.info_expired.text"),
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::LinkUsed | Self::TooLate => StatusCode::GONE,
            Self::NoSession | Self::BadReturn | Self::FormTooOld | Self::InfoExpired => StatusCode::FORBIDDEN,
            Self::BadRequest | Self::BadCallback => StatusCode::BAD_REQUEST,
            Self::Apology => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// The whole page; `retry` is where the user can try again.
    pub(super) fn page(self, frame: Frame<'_>, retry: Option<&str>) -> HttpResponse {
        let (title, text) = self.key();
        let messages = &frame.language.messages;
        let view =
            View { title: messages.text(title), text: messages.text(text).to_owned(), retry, go_on: None };
        let mut response = render::page(self.status(), "notice.html", frame, &view);
        if self == Self::TooSlow {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    }
}

/// Sends the user on to another site. A page and not a redirect, because browsers hold redirects after a form to
/// the policy of the form.
pub(super) fn go_on(frame: Frame<'_>, address: &url::Url) -> HttpResponse {
    let messages = &frame.language.messages;
    let host = address.host_str().unwrap_or_default();
    let view = View {
        title: messages.text("notice.redirect"),
        text: messages.fill("notice.redirect.text", &[("host", host)]),
        retry: None,
        go_on: Some(address.as_str()),
    };
    render::page(StatusCode::OK, "notice.html", frame, &view)
}

impl From<StoreError> for Notice {
    fn from(error: StoreError) -> Self {
        log(&error);
        Self::Apology
    }
}

impl From<OpsError> for Notice {
    fn from(error: OpsError) -> Self {
        log(&error);
        Self::Apology
    }
}

fn log(error: &dyn std::error::Error) {
    let causes = std::iter::successors(error.source(), |error| error.source());
    let causes: String = causes.map(|cause| format!(": {cause}")).collect();
    tracing::error!("a page could not be shown: {error}{causes}");
}

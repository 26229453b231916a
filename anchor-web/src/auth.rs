//! Who is asking: the SEP-10 token of a request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use anchor_core::account::Subject;

use crate::error::SepError;
use crate::state::WebState;

/// The user that the request's token speaks for. As an extractor it answers 403, or 429 to those who ask too often,
/// before anything else is read.
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// Whose data may be seen.
    pub(crate) subject: Subject,
    /// The wallet's proven domain.
    pub(crate) client_domain: Option<String>,
}

impl FromRequest for User {
    type Error = SepError;
    type Future = Ready<Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admit(request))
    }
}

/// As [`User`], where the protocol has 401 for those who do not say who they are.
#[derive(Debug, Clone)]
pub(crate) struct KnownUser(pub(crate) User);

impl FromRequest for KnownUser {
    type Error = SepError;
    type Future = Ready<Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admit(request).map(Self).map_err(SepError::or_unauthorized))
    }
}

/// As [`User`], where nobody has to say who they are. Whoever does has to prove it: a useless token is 403 here too.
#[derive(Debug, Clone)]
pub(crate) struct OptionalUser(Option<User>);

impl OptionalUser {
    /// Who asks, if they said so.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        self.0.as_ref().map(|user| &user.subject)
    }
}

impl FromRequest for OptionalUser {
    type Error = SepError;
    type Future = Ready<Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let says_who = request.headers().contains_key(header::AUTHORIZATION);
        let user = if says_who { admit(request).map(Some) } else { admit_anybody(request).map(|()| None) };
        ready(user.map(Self))
    }
}

fn admit_anybody(request: &HttpRequest) -> Result<(), SepError> {
    let state = request.app_data::<web::Data<WebState>>().ok_or_else(SepError::internal)?;
    Ok(state.limits.addresses.admit(request, state.anchor.clock().now())?)
}

/// Users are counted by their account, those who have no token by their address.
fn admit(request: &HttpRequest) -> Result<User, SepError> {
    let state = request.app_data::<web::Data<WebState>>().ok_or_else(SepError::authentication_required)?;
    let now = state.anchor.clock().now();
    match authenticate(request) {
        Some(user) => {
            state.limits.users.admit(user.subject.key(), now).map(|()| user).map_err(SepError::from)
        }
        None => {
            state.limits.addresses.admit(request, now)?;
            Err(SepError::authentication_required())
        }
    }
}

fn authenticate(request: &HttpRequest) -> Option<User> {
    let state = request.app_data::<web::Data<WebState>>()?;
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let (header, None) = (headers.next()?, headers.next()) else {
        return None; // two tokens: whose answer would it be?
    };
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let now = state.anchor.clock().now();
    let claims = state.tokens.web_auth_verify(token.trim(), now).ok()?;
    Some(User { subject: claims.sub, client_domain: claims.client_domain })
}

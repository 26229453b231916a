//! A JSON body whose texts stand some objects deep: `{"transaction": {"dest": "…"}}`.

use std::collections::BTreeMap;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::body;
use crate::config::FIELDS_MAX;
use crate::error::SepError;
use crate::state::WebState;

/// The body of somebody who is known already.
pub(crate) struct Nested(Value);

/// Values are personal data.
impl std::fmt::Debug for Nested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nested").finish_non_exhaustive()
    }
}

impl Nested {
    /// The texts of the object that stands under these names.
    ///
    /// # Errors
    /// When there is none, or it has anything but texts.
    pub(crate) fn texts(&self, path: &[&'static str]) -> Result<BTreeMap<String, String>, SepError> {
        let shape = path.join(".");
        let mut value = &self.0;
        for name in path {
            value = value.get(name).unwrap_or(&Value::Null);
        }
        let members = value
            .as_object()
            .ok_or_else(|| SepError::bad_request(format!("{shape} has to be a JSON object")))?;
        if members.len() > FIELDS_MAX {
            return Err(SepError::bad_request("the request has too many parameters"));
        }
        let text = |(name, value): (&String, &Value)| match value {
            Value::String(text) => Ok((name.clone(), text.clone())),
            _ => Err(SepError::bad_request(format!("the members of {shape} have to be strings"))),
        };
        members.iter().map(text).collect()
    }
}

impl FromRequest for Nested {
    type Error = SepError;
    type Future = LocalBoxFuture<'static, Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let state = request.app_data::<web::Data<WebState>>().ok_or_else(SepError::internal)?;
            if !request.content_type().eq_ignore_ascii_case("application/json") {
                return Err(SepError::unsupported_media_type("application/json"));
            }
            let time = state.anchor.config().limits.body_time;
            let read = body::json(&request, payload);
            let bytes = state.limits.known_bodies.read(time, read).await??;
            let value = serde_json::from_slice(&bytes)
                .map_err(|_| SepError::bad_request("the request body is not a JSON object"))?;
            Ok(Self(value))
        }
        .boxed_local()
    }
}

//! What requests carry, whatever the encoding: names, each once, with a value that is checked when it is used.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use crate::config::{FIELD_BYTES_MAX, FIELDS_MAX, QUERY_BYTES_MAX};
use crate::error::SepError;
use crate::limits::Bodies;
use crate::state::WebState;

mod body;
mod json;
mod multipart;
mod nested;
mod uploads;
mod urlencoded;

pub(crate) use nested::Nested;
pub(crate) use uploads::{OneUpload, Uploads};

/// One parameter as it was sent.
#[derive(Clone, PartialEq, Eq)]
enum Value {
    /// Text; everything is text in forms and queries.
    Text(String),
    /// A JSON number, digit by digit.
    Number(String),
    /// A JSON boolean.
    Bool(bool),
    /// A JSON list or object, as it was written.
    Structure(String),
    /// A file.
    File,
}

/// The parameters of one request. A name that comes twice was refused.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(BTreeMap<String, Value>);

/// Values are personal data: names only.
impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Params {
    /// Reads the query string.
    pub(crate) fn from_query(request: &HttpRequest) -> Result<Self, SepError> {
        let query = request.query_string();
        if query.len() > QUERY_BYTES_MAX {
            return Err(SepError::bad_request("the query string is too long"));
        }
        urlencoded::parse(query.as_bytes())
    }

    /// As [`from_query`](Self::from_query), with one name that may come any number of times, and its values.
    pub(crate) fn from_query_with(
        request: &HttpRequest,
        many: &'static str,
    ) -> Result<(Self, Vec<String>), SepError> {
        let query = request.query_string();
        if query.len() > QUERY_BYTES_MAX {
            return Err(SepError::bad_request("the query string is too long"));
        }
        urlencoded::parse_with(query.as_bytes(), Some(many))
    }

    /// Reads the body, in any of the three encodings of SEP-24.
    ///
    /// # Errors
    /// When it is not what it says, too large, or not here in `time`.
    pub(crate) async fn from_body(
        request: &HttpRequest,
        payload: Payload,
        bodies: &Bodies,
        time: Duration,
    ) -> Result<Self, SepError> {
        bodies.read(time, body::read(request, payload)).await?
    }

    /// A text of any length, also an empty one; `None` if the name was not sent.
    pub(crate) fn raw_text(&self, name: &str) -> Result<Option<&str>, SepError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(SepError::bad_request(format!("{name} has to be a string"))),
        }
    }

    /// A text. Empty counts as absent, because forms send empty fields.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, SepError> {
        let text = self.raw_text(name)?.filter(|text| !text.is_empty());
        if text.is_some_and(|text| text.len() > FIELD_BYTES_MAX) {
            return Err(SepError::bad_request(format!("{name} is too long")));
        }
        Ok(text)
    }

    /// A text, or a JSON number or boolean as it was written: digits never pass through a float. Empty counts as absent.
    pub(crate) fn scalar(&self, name: &'static str) -> Result<Option<&str>, SepError> {
        match self.0.get(name) {
            Some(Value::Number(digits)) if digits.len() <= FIELD_BYTES_MAX => Ok(Some(digits)),
            Some(Value::Bool(flag)) => Ok(Some(if *flag { "true" } else { "false" })),
            _ => self.text(name),
        }
    }

    /// Everything but these, as text. What is nested is refused: names with dots are flat.
    pub(crate) fn scalars(&self, without: &[&str]) -> Result<BTreeMap<String, String>, SepError> {
        let others = self.0.iter().filter(|(name, _)| !without.contains(&name.as_str()));
        let text = |(name, value): (&String, &Value)| match value {
            Value::Text(text) | Value::Number(text) => Ok((name.clone(), text.clone())),
            Value::Bool(flag) => Ok((name.clone(), flag.to_string())),
            Value::Structure(_) => Err(SepError::bad_request(
                "a parameter is nested: send names such as organization.name as they are",
            )),
            Value::File => Err(SepError::bad_request("files cannot be sent here")),
        };
        others.map(text).collect()
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A decimal, from a JSON number or a string, still to be parsed.
    pub(crate) fn decimal(&self, name: &'static str) -> Result<Option<&str>, SepError> {
        match self.0.get(name) {
            Some(Value::Number(digits)) if digits.len() <= FIELD_BYTES_MAX => Ok(Some(digits)),
            None | Some(Value::Text(_)) => self.text(name),
            Some(_) => Err(SepError::bad_request(format!("{name} has to be a number"))),
        }
    }

    /// A flag, from a JSON boolean or the words `true` and `false`; off if absent.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, SepError> {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::Text(word)) if word == "true" => Ok(true),
            None => Ok(false),
            Some(Value::Text(word)) if word == "false" || word.is_empty() => Ok(false),
            Some(_) => Err(SepError::bad_request(format!("{name} has to be true or false"))),
        }
    }

    /// A JSON object within the body, with what is in it.
    pub(crate) fn nested(&self, name: &'static str) -> Result<Option<Self>, SepError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Structure(text)) => json::parse_member(name, text).map(Some),
            Some(_) => Err(SepError::bad_request(format!("{name} has to be an object"))),
        }
    }

    fn insert(&mut self, name: String, value: Value) -> Result<(), SepError> {
        if self.0.len() >= FIELDS_MAX {
            return Err(SepError::bad_request("the request has too many parameters"));
        }
        match self.0.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(value);
                Ok(())
            }
            Entry::Occupied(_) => Err(SepError::bad_request("a parameter was sent twice")),
        }
    }
}

/// As an extractor: the body of somebody who is known already (see [`User`](crate::auth::User)), with files or without.
impl FromRequest for Params {
    type Error = SepError;
    type Future = LocalBoxFuture<'static, Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let state = request.app_data::<web::Data<WebState>>().ok_or_else(SepError::internal)?;
            let limits = &state.anchor.config().limits;
            let may_have_files = request.content_type().eq_ignore_ascii_case("multipart/form-data");
            let time = if may_have_files { limits.upload_time } else { limits.body_time };
            Self::from_body(&request, payload, &state.limits.known_bodies, time).await
        }
        .boxed_local()
    }
}

/// As [`Params`], where JSON is the only encoding.
#[derive(Debug)]
pub(crate) struct JsonParams(pub(crate) Params);

impl FromRequest for JsonParams {
    type Error = SepError;
    type Future = LocalBoxFuture<'static, Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let state = request.app_data::<web::Data<WebState>>().ok_or_else(SepError::internal)?;
            let time = state.anchor.config().limits.body_time;
            let body = body::read_json(&request, payload);
            state.limits.known_bodies.read(time, body).await?.map(Self)
        }
        .boxed_local()
    }
}

/// As [`Params`], where there need not be a body.
#[derive(Debug)]
pub(crate) struct OptionalParams(pub(crate) Params);

impl FromRequest for OptionalParams {
    type Error = SepError;
    type Future = LocalBoxFuture<'static, Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let is_chunked = headers.contains_key(header::TRANSFER_ENCODING);
        if !is_chunked && length.is_none_or(|length| length == "0") && request.content_type().is_empty() {
            return std::future::ready(Ok(Self(Params::default()))).boxed_local();
        }
        if !is_chunked && length == Some("0") {
            return std::future::ready(Ok(Self(Params::default()))).boxed_local();
        }
        let body = Params::from_request(request, payload);
        async move { body.await.map(Self) }.boxed_local()
    }
}

#[cfg(test)]
mod tests;

//! Which encoding a body has, and how much of it is read.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::TryStreamExt as _;

use super::{Params, json, multipart, urlencoded};
use crate::config::BODY_BYTES_MAX;
use crate::error::SepError;

pub(super) const UNDERSTOOD: &str =
    "application/json, application/x-www-form-urlencoded or multipart/form-data";

pub(super) async fn read(request: &HttpRequest, payload: Payload) -> Result<Params, SepError> {
    if request.headers().get_all(header::CONTENT_ENCODING).next().is_some() {
        return Err(SepError::unsupported_media_type(&format!("{UNDERSTOOD}, not compressed")));
    }
    match request.content_type().to_ascii_lowercase().as_str() {
        "application/json" => json::parse(&bytes(request, payload).await?),
        "application/x-www-form-urlencoded" => urlencoded::parse(&bytes(request, payload).await?),
        "multipart/form-data" => multipart::read(request, payload).await,
        _ => Err(SepError::unsupported_media_type(UNDERSTOOD)),
    }
}

/// JSON and nothing else.
pub(super) async fn read_json(request: &HttpRequest, payload: Payload) -> Result<Params, SepError> {
    if !request.content_type().eq_ignore_ascii_case("application/json") {
        return Err(SepError::unsupported_media_type("application/json, not compressed"));
    }
    json::parse(&json(request, payload).await?)
}

/// A JSON body, still to be parsed.
pub(super) async fn json(request: &HttpRequest, payload: Payload) -> Result<Vec<u8>, SepError> {
    if request.headers().get_all(header::CONTENT_ENCODING).next().is_some() {
        return Err(SepError::unsupported_media_type("application/json, not compressed"));
    }
    bytes(request, payload).await
}

async fn bytes(request: &HttpRequest, mut payload: Payload) -> Result<Vec<u8>, SepError> {
    let too_large = || SepError::too_large(BODY_BYTES_MAX);
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if announced.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let broken = |_| SepError::bad_request("the request body could not be read");
    while let Some(chunk) = payload.try_next().await.map_err(broken)? {
        if bytes.len().saturating_add(chunk.len()) > BODY_BYTES_MAX {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

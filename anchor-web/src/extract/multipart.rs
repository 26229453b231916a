//! `multipart/form-data`: text parts are parameters, files are read past. They may come in any order.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{Params, Value};
use crate::config::{BODY_BYTES_MAX, FIELD_BYTES_MAX, MULTIPART_BYTES_MAX};
use crate::error::SepError;

pub(super) async fn read(request: &HttpRequest, payload: Payload) -> Result<Params, SepError> {
    let mut multipart = Multipart::new(request.headers(), capped(payload));
    let mut params = Params::default();
    let mut text_bytes = 0_usize;
    while let Some(mut field) = multipart.try_next().await.map_err(refuse)? {
        let name = field.name().map(str::to_owned).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| SepError::bad_request("a part of the request body has no name"))?;
        let disposition = field.content_disposition();
        let value = if disposition.is_some_and(|disposition| disposition.get_filename().is_some()) {
            while field.try_next().await.map_err(refuse)?.is_some() {}
            Value::File
        } else {
            let text = text(&mut field).await?;
            text_bytes = text_bytes.saturating_add(text.len());
            Value::Text(text)
        };
        if text_bytes > BODY_BYTES_MAX {
            return Err(SepError::too_large(BODY_BYTES_MAX));
        }
        params.insert(name, value)?;
    }
    Ok(params)
}

async fn text(field: &mut Field) -> Result<String, SepError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.try_next().await.map_err(refuse)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD_BYTES_MAX {
            return Err(SepError::bad_request("a field of the request body is too long"));
        }
    }
    String::from_utf8(bytes).map_err(|_| SepError::bad_request("the request is not valid UTF-8"))
}

/// Ends the stream with an error at the limit: the sum of all parts, their headers and boundaries.
fn capped(
    payload: Payload,
) -> impl futures_util::Stream<Item = Result<actix_web::web::Bytes, PayloadError>> + 'static {
    let mut left = MULTIPART_BYTES_MAX;
    payload.map(move |chunk| {
        let chunk = chunk?;
        left = left.checked_sub(chunk.len()).ok_or(PayloadError::Overflow)?;
        Ok(chunk)
    })
}

fn refuse(error: MultipartError) -> SepError {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => SepError::too_large(MULTIPART_BYTES_MAX),
        _ => SepError::bad_request("the request body is not valid multipart/form-data"),
    }
}

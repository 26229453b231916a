//! Bodies with files that are kept: each within its limit, all of one request within another, and those of all requests
//! within a third. Only what has a place is read: what a part is called is looked at first.

use std::collections::BTreeMap;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use anchor_core::customer::fields::{self, FieldType};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryFutureExt as _, TryStreamExt as _};

use super::{Params, Value, body};
use crate::config::{BODY_BYTES_MAX, FIELD_BYTES_MAX, PARTS_MAX, upload_bytes_max};
use crate::error::SepError;
use crate::limits::{Bodies, Held};
use crate::state::WebState;

/// The parameters of a request, and its files by the names of their parts. What a file is called is not looked at.
#[derive(Default)]
pub(crate) struct Uploads {
    pub(crate) params: Params,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// What they take of the memory for uploads.
    held: Option<Held>,
}

/// The same with one file at most, in the part of this name.
#[derive(Debug)]
pub(crate) struct OneUpload(pub(crate) Uploads);

impl OneUpload {
    pub(crate) const PART: &str = "file";
}

/// Which files are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Those of customers' fields.
    Fields,
    /// See [`OneUpload`].
    One,
}

/// Names only.
impl std::fmt::Debug for Uploads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploads").field("params", &self.params).field("files", &self.files.keys()).finish()
    }
}

impl FromRequest for Uploads {
    type Error = SepError;
    type Future = LocalBoxFuture<'static, Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        uploads(request.clone(), payload.take(), Wanted::Fields).boxed_local()
    }
}

impl FromRequest for OneUpload {
    type Error = SepError;
    type Future = LocalBoxFuture<'static, Result<Self, SepError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        uploads(request.clone(), payload.take(), Wanted::One).map_ok(Self).boxed_local()
    }
}

async fn uploads(request: HttpRequest, payload: Payload, wanted: Wanted) -> Result<Uploads, SepError> {
    let state = request.app_data::<web::Data<WebState>>().ok_or_else(SepError::internal)?;
    let limits = &state.anchor.config().limits;
    if !request.content_type().eq_ignore_ascii_case("multipart/form-data") {
        let (bodies, time) = (&state.limits.known_bodies, limits.body_time);
        let params = Params::from_body(&request, payload, bodies, time).await?;
        return Ok(Uploads { params, ..Uploads::default() });
    }
    if request.headers().get_all(header::CONTENT_ENCODING).next().is_some() {
        return Err(SepError::unsupported_media_type(body::UNDERSTOOD));
    }
    let read = read(&request, payload, state, wanted);
    state.limits.known_bodies.read(limits.upload_time, read).await?
}

async fn read(
    request: &HttpRequest,
    payload: Payload,
    state: &WebState,
    wanted: Wanted,
) -> Result<Uploads, SepError> {
    let bytes_max = state.anchor.config().file_bytes_max;
    let all_max = match wanted {
        Wanted::Fields => upload_bytes_max(bytes_max),
        Wanted::One => bytes_max.saturating_add(BODY_BYTES_MAX),
    };
    let mut left = all_max;
    let capped = payload.map(move |chunk| {
        let chunk = chunk?;
        left = left.checked_sub(chunk.len()).ok_or(PayloadError::Overflow)?;
        Ok::<_, PayloadError>(chunk)
    });
    let refuse = |error: MultipartError| match error {
        MultipartError::Payload(PayloadError::Overflow) => SepError::too_large(all_max),
        _ => SepError::bad_request("the request body is not valid multipart/form-data"),
    };
    let mut multipart = Multipart::new(request.headers(), capped);
    let bodies = &state.limits.known_bodies;
    let mut held = state.limits.upload_bytes.hold();
    let mut uploads = Uploads::default();
    let (mut parts, mut text_bytes) = (0_usize, 0_usize);
    while let Some(mut part) = multipart.try_next().await.map_err(refuse)? {
        parts += 1;
        if parts > PARTS_MAX {
            return Err(SepError::bad_request("the request has too many parts"));
        }
        let name = part.name().map(str::to_owned).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| SepError::bad_request("a part of the request body has no name"))?;
        let has_filename = part.content_disposition().is_some_and(|part| part.get_filename().is_some());
        let twice = || SepError::bad_request("a parameter was sent twice");
        let has_place = wanted.has_place(state, &name);
        if has_filename && !has_place {
            return Err(wanted.no_place());
        }
        if has_place {
            if uploads.params.has(&name) || uploads.files.contains_key(&name) {
                return Err(twice());
            }
            let too_large = || SepError::too_large(bytes_max);
            let content = bytes(&mut part, bytes_max, too_large, refuse, (&mut held, bodies)).await?;
            uploads.files.insert(name, content);
        } else {
            let too_long = || SepError::bad_request("a field of the request body is too long");
            let text = bytes(&mut part, FIELD_BYTES_MAX, too_long, refuse, (&mut held, bodies)).await?;
            text_bytes = text_bytes.saturating_add(text.len());
            if text_bytes > BODY_BYTES_MAX {
                return Err(SepError::too_large(BODY_BYTES_MAX));
            }
            let text = String::from_utf8(text);
            let text = text.map_err(|_| SepError::bad_request("the request is not valid UTF-8"))?;
            if uploads.files.contains_key(&name) {
                return Err(twice());
            }
            uploads.params.insert(name, Value::Text(text))?;
        }
    }
    uploads.held = Some(held);
    Ok(uploads)
}

async fn bytes(
    part: &mut Field,
    most: usize,
    too_large: impl Fn() -> SepError,
    refuse: impl Fn(MultipartError) -> SepError,
    (held, bodies): (&mut Held, &Bodies),
) -> Result<Vec<u8>, SepError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.try_next().await.map_err(&refuse)? {
        if bytes.len().saturating_add(chunk.len()) > most {
            return Err(too_large());
        }
        held.add(chunk.len(), bodies)?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

impl Wanted {
    fn has_place(self, state: &WebState, name: &str) -> bool {
        match self {
            Self::Fields => is_binary(state, name),
            Self::One => name == OneUpload::PART,
        }
    }

    fn no_place(self) -> SepError {
        SepError::bad_request(match self {
            Self::Fields => "a file was sent that no field takes",
            Self::One => "one file at a time, in a part named file",
        })
    }
}

/// Some clients send bytes without calling them a file.
fn is_binary(state: &WebState, name: &str) -> bool {
    let own = || {
        let types = state.anchor.customers().map(|business| business.types()).unwrap_or_default();
        types
            .iter()
            .flat_map(|each| &each.fields)
            .any(|field| field.name == name && field.kind == FieldType::Binary)
    };
    fields::find(name).is_some_and(|field| field.kind == FieldType::Binary) || own()
}

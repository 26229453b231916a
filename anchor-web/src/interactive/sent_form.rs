//! A form as a browser sends it, with or without files. Everything is bounded before it is kept.

use std::collections::BTreeMap;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::web::Form;
use actix_web::{FromRequest as _, HttpMessage as _, HttpRequest};
use anchor_core::integration::form::Upload;
use futures_util::TryStreamExt as _;

use super::notice::Notice;
use crate::config::{FIELD_BYTES_MAX, FIELDS_MAX, MULTIPART_BYTES_MAX};
use crate::limits::{Bodies, Held, Interrupted};
use crate::state::WebState;

const MULTIPART: &str = "multipart/form-data";

/// Its parts by name; the first of several with one name counts.
#[derive(Default)]
pub(super) struct SentForm {
    pub(super) fields: BTreeMap<String, String>,
    pub(super) files: BTreeMap<String, Upload>,
    /// What it takes of the memory for uploads.
    pub(super) held: Option<Held>,
}

impl SentForm {
    pub(super) async fn read(
        state: &WebState,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<Self, Notice> {
        let limits = &state.anchor.config().limits;
        let has_files = request.content_type() == MULTIPART;
        let time = if has_files { limits.upload_time } else { limits.body_time };
        let read = state.limits.known_bodies.read(time, Self::read_body(state, request, payload)).await;
        read.map_err(|interrupted| match interrupted {
            Interrupted::TooSlow => Notice::TooSlow,
            Interrupted::GaveWay => Notice::Apology,
        })?
    }

    async fn read_body(
        state: &WebState,
        request: &HttpRequest,
        mut payload: Payload,
    ) -> Result<Self, Notice> {
        if request.content_type() == MULTIPART {
            let (held, bodies) = (state.limits.upload_bytes.hold(), &state.limits.known_bodies);
            return Self::read_multipart(Multipart::new(request.headers(), payload), held, bodies).await;
        }
        let form = Form::<Vec<(String, String)>>::from_request(request, &mut payload).await;
        let form = form.map_err(|_| Notice::BadRequest)?.into_inner();
        Ok(Self { fields: form.into_iter().rev().collect(), ..Self::default() })
    }

    async fn read_multipart(mut parts: Multipart, mut held: Held, bodies: &Bodies) -> Result<Self, Notice> {
        let mut form = Self::default();
        let mut left = MULTIPART_BYTES_MAX;
        let mut count = 0_usize;
        while let Some(mut part) = parts.try_next().await.map_err(|_| Notice::BadRequest)? {
            let name = part.name().map(str::to_owned).ok_or(Notice::BadRequest)?;
            let is_file = part.content_disposition().is_some_and(|it| it.get_filename().is_some());
            let most = if is_file { left } else { left.min(FIELD_BYTES_MAX) };
            let mut content = Vec::new();
            while let Some(chunk) = part.try_next().await.map_err(|_| Notice::BadRequest)? {
                if content.len().saturating_add(chunk.len()) > most {
                    return Err(Notice::BadRequest);
                }
                held.add(chunk.len(), bodies).map_err(|_| Notice::Apology)?;
                content.extend_from_slice(&chunk);
            }
            left = left.saturating_sub(content.len());
            count += 1;
            if count > FIELDS_MAX {
                return Err(Notice::BadRequest);
            }
            if is_file {
                // browsers send an empty one where nothing was chosen
                if !content.is_empty() {
                    form.files.entry(name).or_insert(Upload::new(content));
                }
            } else {
                let text = String::from_utf8(content).map_err(|_| Notice::BadRequest)?;
                form.fields.entry(name).or_insert(text);
            }
        }
        form.held = Some(held);
        Ok(form)
    }
}

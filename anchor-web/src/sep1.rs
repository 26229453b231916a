//! SEP-1: stellar.toml, built and checked once at start.

use std::path::Path;

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use anchor_core::Anchor;
use anchor_core::stellar::toml_file::BYTES_MAX;
use sha2::{Digest as _, Sha256};
use toml::Table;

use crate::config::STELLAR_TOML_PATH;
use crate::middleware::{Counted, open_resource};
use crate::state::WebState;

mod build;
mod check;
mod described;
mod merge;

pub(crate) use described::describe;

pub use check::TomlError;

/// The file as it is served.
#[derive(Debug, Clone)]
pub(crate) struct StellarToml {
    body: web::Bytes,
    etag: String,
}

impl StellarToml {
    /// What the configuration says, amended by the operator and the business, and checked against the configuration
    /// again.
    pub(crate) fn new(anchor: &Anchor) -> Result<Self, TomlError> {
        let generated = build::document(anchor)?;
        let mut document = generated.clone();
        if let Some(path) = &anchor.config().stellar_toml {
            merge::file(&mut document, operators_file(path)?);
        }
        if let Some(toml) = anchor.toml() {
            toml.amend(&mut document);
        }
        check::document(&document, &generated, anchor.config())?;
        let text = build::text(&document)?;
        if text.len() > BYTES_MAX {
            return Err(TomlError::TooLarge(text.len()));
        }
        let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&text)[..16]));
        Ok(Self { body: text.into(), etag })
    }
}

fn operators_file(path: &Path) -> Result<Table, TomlError> {
    let name = || path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| TomlError::Unreadable { path: name(), source })?;
    text.parse().map_err(|source| TomlError::Syntax { path: name(), source: Box::new(source) })
}

pub(crate) fn routes(app: &mut ServiceConfig) {
    app.service(
        open_resource(STELLAR_TOML_PATH, "GET, HEAD, OPTIONS", Counted::Here)
            .route(web::get().to(serve))
            .route(web::head().to(serve)),
    );
}

async fn serve(request: HttpRequest, state: web::Data<WebState>) -> HttpResponse {
    let toml = &state.toml;
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|etag| etag.trim() == toml.etag));
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        // short, so that a new signing key gets around
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .insert_header((header::ETAG, toml.etag.clone()));
    if is_known {
        return response.finish();
    }
    response.content_type("text/plain; charset=utf-8").body(toml.body.clone())
}

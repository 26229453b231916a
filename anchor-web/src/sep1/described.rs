//! The file, described.

use actix_web::http::StatusCode;
use serde_json::json;

use super::serve;
use crate::config::STELLAR_TOML_PATH;
use crate::openapi::{Description, of};

pub(crate) fn describe(api: &mut Description<'_>) {
    let serve = of(serve)
        .about("stellar.toml")
        .in_header::<String>("If-None-Match", "The `ETag` of an earlier answer")
        .answers_as(StatusCode::OK, "The file", "text/plain", json!({ "type": "string" }))
        .answers_nothing(StatusCode::NOT_MODIFIED, "It is the same as then")
        .with_header(StatusCode::OK, "ETag", "Changes with the file")
        .with_header(StatusCode::NOT_MODIFIED, "ETag", "Changes with the file");
    api.group("SEP-1", "Who the anchor is, and where its endpoints are").read(STELLAR_TOML_PATH, serve);
}

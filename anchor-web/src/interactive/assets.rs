//! Style and script of the pages, inside the binary, under addresses that change with their content.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use sha2::{Digest as _, Sha256};

use crate::config::SEP24_PATH;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
    url: String,
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("pages.css", "text/css; charset=utf-8", include_str!("../../static/pages.css"))
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("pages.js", "text/javascript; charset=utf-8", include_str!("../../static/pages.js"))
});

/// Where [`serve`] is mounted.
pub(super) fn path() -> String {
    format!("{SEP24_PATH}/static/{{hash}}/{{name}}")
}

pub(super) fn style_url() -> &'static str {
    &STYLE.url
}

pub(super) fn script_url() -> &'static str {
    &SCRIPT.url
}

/// A page of another release may ask for another content: it gets ours, which nobody may keep.
pub(super) async fn serve(path: web::Path<(String, String)>) -> HttpResponse {
    let (hash, name) = path.into_inner();
    let Some(asset) = [&STYLE, &SCRIPT].into_iter().find(|asset| asset.name == name) else {
        return HttpResponse::NotFound().finish();
    };
    let keep = if asset.url.contains(&format!("/{hash}/")) {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, asset.content_type))
        .insert_header((header::CACHE_CONTROL, keep))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(asset.content)
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, content: &'static str) -> Self {
        let hash = hex::encode(&Sha256::digest(content)[..8]);
        Self { name, content_type, content, url: format!("{SEP24_PATH}/static/{hash}/{name}") }
    }
}

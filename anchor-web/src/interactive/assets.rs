//! Style, script and pictures of the pages, in memory, under addresses that change with their content.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path};
use sha2::{Digest as _, Sha256};

use crate::config::SEP24_PATH;
use crate::state::WebState;

/// A picture that is opened by itself must not run scripts as a page of ours.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// The kinds of files that are served, by the end of their names.
pub(super) const CONTENT_TYPES: [(&str, &str); 9] = [
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
];

/// By name.
#[derive(Debug, Default)]
pub(super) struct Assets(BTreeMap<String, Asset>);

#[derive(Debug)]
struct Asset {
    content_type: &'static str,
    content: Bytes,
    url: String,
}

impl Assets {
    /// Replaces what had this name. False if it is no kind of file that is served.
    #[must_use]
    pub(super) fn insert(&mut self, name: &str, content: Vec<u8>) -> bool {
        let end = name.rsplit_once('.').map(|(_, end)| end).unwrap_or_default();
        let Some((_, content_type)) = CONTENT_TYPES.iter().find(|(known, _)| *known == end) else {
            return false;
        };
        let hash = hex::encode(&Sha256::digest(&content)[..8]);
        let url = format!("{SEP24_PATH}/static/{hash}/{name}");
        self.0.insert(name.to_owned(), Asset { content_type, content: content.into(), url });
        true
    }

    /// Where each is served, by name.
    pub(super) fn urls(&self) -> BTreeMap<&str, &str> {
        self.0.iter().map(|(name, asset)| (name.as_str(), asset.url.as_str())).collect()
    }
}

/// Where [`serve`] is mounted.
pub(super) fn path() -> String {
    format!("{SEP24_PATH}/static/{{hash}}/{{name}}")
}

/// A page of another release may ask for another content: it gets ours, which nobody may keep.
pub(super) async fn serve(path: Path<(String, String)>, state: Data<WebState>) -> HttpResponse {
    let (hash, name) = path.into_inner();
    let Some(asset) = state.pages.assets.0.get(&name) else {
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
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .body(asset.content.clone())
}

//! Forms come from our own pages only.

use actix_web::HttpRequest;
use anchor_core::store::Session;
use subtle::ConstantTimeEq as _;

/// The name of the hidden field.
pub(super) const FIELD: &str = "_csrf";

/// Whether a sent form carries its session's secret. What the browser itself says of its origin is believed where
/// it speaks against the request; it is not enough to speak for it.
pub(super) fn is_own_form(request: &HttpRequest, session: &Session, sent: Option<&str>) -> bool {
    let site = request.headers().get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let foreign = matches!(site, Some("cross-site" | "same-site"));
    let sent = sent.unwrap_or_default();
    let equal: bool = session.csrf.as_bytes().ct_eq(sent.as_bytes()).into();
    !foreign && equal && !session.csrf.is_empty()
}

//! Addresses that wallets want to be called at: which ones we would call.

use anchor_core::http::check_url;
use url::Url;

/// Longer addresses are refused.
const URL_BYTES_MAX: usize = 2048;

/// An address that we would not call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadCallback;

/// Whoever calls them checks them again, and what their host resolves to.
pub(crate) fn check(value: &str, local_mode: bool) -> Result<String, BadCallback> {
    if value.len() > URL_BYTES_MAX || value.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(BadCallback);
    }
    let url = Url::parse(value).map_err(|_| BadCallback)?;
    let allowed = url.fragment().is_none() && check_url(&url, local_mode).is_ok();
    if allowed { Ok(url.into()) } else { Err(BadCallback) }
}

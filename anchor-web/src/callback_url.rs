//! Addresses that wallets want to be called at: strangers' addresses, stored now and called later.

use anchor_core::http::check_url;
use url::Url;

/// Longer addresses are refused.
const URL_BYTES_MAX: usize = 2048;

/// The address as it is stored; `None` if it is none that we would call. Whoever calls it checks it again, and what its host
/// resolves to.
pub(crate) fn parse(value: &str, local_mode: bool) -> Option<String> {
    if value.len() > URL_BYTES_MAX || value.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(value).ok()?;
    let allowed = url.fragment().is_none() && check_url(&url, local_mode).is_ok();
    allowed.then(|| url.into())
}

//! stellar.toml (SEP-1): what we read in the files of others, and what ours has to be.

use toml::Table;

use crate::account::AccountId;

mod check;
mod currency;
mod documentation;
mod validator;

pub use check::{CheckRules, Finding, Severity, check};

/// SEP-1 allows 100 KB; the official tests count 100 000 bytes.
pub const BYTES_MAX: usize = 100_000;

/// Where a domain keeps its file.
pub const PATH: &str = "/.well-known/stellar.toml";

/// The file of another domain says nothing that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not TOML; a page that says 404 with status 200, for example.
    #[error("it is not valid TOML")]
    Toml,
    /// There is no `SIGNING_KEY`, or it is not a valid `G…`.
    #[error("it has no SIGNING_KEY that is a valid G… account")]
    SigningKey,
}

/// The `SIGNING_KEY` of a file. All else in it is ignored, whatever it is.
///
/// # Errors
/// See [`ReadError`].
pub fn signing_key(text: &str) -> Result<AccountId, ReadError> {
    let document: Table =
        text.strip_prefix('\u{feff}').unwrap_or(text).parse().map_err(|_| ReadError::Toml)?;
    let key = document.get("SIGNING_KEY").and_then(toml::Value::as_str);
    key.and_then(|key| key.parse().ok()).ok_or(ReadError::SigningKey)
}

#[cfg(test)]
mod tests;

//! Query parameters, read leniently: wallets append what they like.

use url::form_urlencoded;

use crate::config::QUERY_BYTES_MAX;

/// The parameters of an address. The first of several with one name counts.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Nothing, if it is longer than anybody needs.
    pub(super) fn parse(text: &str) -> Self {
        if text.len() > QUERY_BYTES_MAX {
            return Self::default();
        }
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

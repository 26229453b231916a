//! What is posted to wallets: signed, so that they know who speaks (SEP-24, URL callback signature).

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use url::Url;

use crate::http::{GuardError, GuardedClient};
use crate::keys::SigningKey;

/// One signed document for a wallet, to be posted as `application/json`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackRequest {
    /// Given by the wallet: a stranger's address.
    pub url: Url,
    /// The value of the `Signature` header.
    pub signature: String,
    /// The exact bytes that were signed.
    pub body: Vec<u8>,
}

/// The body is somebody's payment: only its length is shown.
impl fmt::Debug for CallbackRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str();
        f.debug_struct("CallbackRequest").field("host", &host).field("body", &self.body.len()).finish()
    }
}

/// The wallet gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// It certainly does not know: no connection was made.
    #[error("the wallet could not be reached")]
    NotSent(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It may know: the connection ended before an answer came.
    #[error("the wallet did not answer")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address is one that is never contacted, such as one inside the anchor's own network.
    #[error("the wallet's address is not allowed")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Posts documents to wallets.
///
/// # Rules for implementations
/// The address is hostile: no private networks, no redirects, a deadline, a bounded answer.
#[async_trait]
pub trait CallbackSender: Send + Sync {
    /// Posts it once. The HTTP status, whatever it is.
    ///
    /// # Errors
    /// See [`CallbackError`].
    async fn post(&self, request: &CallbackRequest) -> Result<u16, CallbackError>;
}

#[async_trait]
impl CallbackSender for GuardedClient {
    async fn post(&self, request: &CallbackRequest) -> Result<u16, CallbackError> {
        let headers = [("signature", request.signature.as_str())];
        let posted = self.post_json(&request.url, &headers, request.body.clone()).await;
        posted.map_err(|error| match error {
            GuardError::Address | GuardError::Port | GuardError::Forbidden => {
                CallbackError::Refused(error.into())
            }
            GuardError::Unreachable(_) | GuardError::Setup(_) => CallbackError::NotSent(error.into()),
            _ => CallbackError::Unknown(error.into()),
        })
    }
}

impl CallbackRequest {
    /// Signs `body` for the host of `url`, as sent at this time.
    pub fn sign(key: &SigningKey, url: Url, body: Vec<u8>, at: DateTime<Utc>) -> Self {
        let timestamp = at.timestamp();
        let mut signed = format!("{timestamp}.{}.", authority(&url)).into_bytes();
        signed.extend_from_slice(&body);
        let signature = BASE64_STANDARD.encode(key.sign(&signed));
        Self { url, signature: format!("t={timestamp}, s={signature}"), body }
    }
}

/// The host, with the port only if the address names one.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN";
    const BODY: &str = r#"{"transaction":{"id":"82fhs729f63dh0v4","kind":"withdrawal","status":"pending_user_transfer_start"}}"#;

    fn signed(url: &str) -> CallbackRequest {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        CallbackRequest::sign(&SEED.parse().unwrap(), url.parse().unwrap(), BODY.into(), at)
    }

    #[test]
    fn r_24_018_r_24_019_r_24_020_r_06_201_r_06_202_r_06_204_signature_covers_time_host_and_body() {
        assert_eq!(
            signed("https://wallet.example.com/callback?user=7").signature,
            "t=1700000000, s=eQtLGQmwQoOWwwppsrELtX7HF2BcDsLr6tuywxqq4YegubICnUA3TWweGzT3jVmus0YQHs2yY4gK5HbP7OyUCA=="
        );
    }

    #[test]
    fn r_24_021_r_06_203_port_is_signed_only_if_the_address_names_one() {
        let plain = signed("https://wallet.example.com/").signature;
        assert_eq!(signed("https://wallet.example.com:443/").signature, plain);
        assert_ne!(signed("https://wallet.example.com:8443/").signature, plain);
    }

    #[test]
    fn debug_text_hides_path_and_body() {
        let text = format!("{:?}", signed("https://wallet.example.com/secret"));
        assert!(!text.contains("secret") && !text.contains("82fhs"), "{text}");
    }
}

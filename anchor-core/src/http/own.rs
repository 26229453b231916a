//! Speaking to the anchor's own addresses, as a wallet would: to see whether they are served as they should be.

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, header};
use url::Url;

use super::{CONNECT_TIMEOUT, GuardError, TIMEOUT, failed, read};

/// A client for addresses that the operator wrote: any port and any network, because they are no stranger's.
#[derive(Debug, Clone)]
pub struct OwnClient {
    client: Client,
}

/// What was answered, whatever the status.
#[derive(Debug, Clone)]
pub struct OwnAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
    headers: HeaderMap,
}

impl OwnClient {
    /// `local_mode` also allows plain http.
    ///
    /// # Errors
    /// [`GuardError::Setup`].
    pub fn new(local_mode: bool) -> Result<Self, GuardError> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .https_only(!local_mode)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| GuardError::Setup(error.into()))?;
        Ok(Self { client })
    }

    /// Fetches at most `max_bytes` of text, from another origin's page.
    ///
    /// # Errors
    /// When there is no answer, or more than was asked for. No status is an error.
    pub async fn get(&self, url: &Url, max_bytes: usize) -> Result<OwnAnswer, GuardError> {
        let request = self.client.get(url.clone()).header(header::ORIGIN, "https://wallet.example");
        let answer = request.send().await.map_err(failed)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = String::from_utf8(read(answer, max_bytes).await?).map_err(|_| GuardError::Body)?;
        Ok(OwnAnswer { status, text, headers })
    }
}

impl OwnAnswer {
    /// One header, empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

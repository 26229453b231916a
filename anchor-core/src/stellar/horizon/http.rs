//! Questions and answers: deadlines, limits, and what a status means.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::json::Problem;
use super::{HorizonError, HorizonOptions, malformed};
use crate::stellar::LedgerError;

pub(super) struct Http {
    client: Client,
    base: Url,
    timeout: Duration,
    body_max: usize,
}

/// A complete answer of any status but those that are errors for every question.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// What Horizon says it had read when it answered.
    pub(super) latest_ledger: Option<u32>,
    pub(super) body: Vec<u8>,
    is_problem: bool,
}

impl Http {
    pub(super) fn new(url: &Url, options: &HorizonOptions) -> Result<Self, HorizonError> {
        if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
            return Err(HorizonError::Url);
        }
        let client = Client::builder()
            .connect_timeout(options.connect_timeout)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("anchor-core/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HorizonError::Client(error.to_string()))?;
        Ok(Self { client, base: url.clone(), timeout: options.timeout, body_max: options.body_max })
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, LedgerError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| malformed("the server's address has no path"))?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    pub(super) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, LedgerError> {
        self.ask(self.client.get(self.url(path, query)?)).await
    }

    pub(super) async fn post_form(
        &self,
        path: &[&str],
        form: &[(&str, &str)],
    ) -> Result<Answer, LedgerError> {
        self.ask(self.client.post(self.url(path, &[])?).form(form)).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, LedgerError> {
        let response = request.timeout(self.timeout).send().await.map_err(|error| self.failed(error))?;
        throttled(&response)?;
        let (status, latest_ledger) = (response.status(), number(response.headers(), "latest-ledger"));
        let is_problem = content_type(&response).starts_with("application/problem+json");
        let body = self.body(response).await?;
        Ok(Answer { status, latest_ledger, body, is_problem })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, LedgerError> {
        let too_long = || malformed(TOO_LONG);
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |announced| announced > self.body_max) {
            return Err(too_long());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if body.len().saturating_add(chunk.len()) > self.body_max {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// An event stream, whose deadlines are the caller's business.
    pub(super) async fn stream(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Response, LedgerError> {
        let request = self.client.get(self.url(path, query)?).header(ACCEPT, "text/event-stream");
        let opened = tokio::time::timeout(self.timeout, request.send()).await;
        let response =
            opened.map_err(|_| LedgerError::Timeout(self.timeout))?.map_err(|error| self.failed(error))?;
        throttled(&response)?;
        if response.status() != StatusCode::OK {
            return Err(LedgerError::Server { status: response.status().as_u16() });
        }
        if !content_type(&response).starts_with("text/event-stream") {
            return Err(malformed("not an event stream"));
        }
        Ok(response)
    }

    pub(super) fn failed(&self, error: reqwest::Error) -> LedgerError {
        if error.is_timeout() {
            LedgerError::Timeout(self.timeout)
        } else {
            LedgerError::Unreachable(Arc::new(error.without_url()))
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the address may carry a provider's key
        f.debug_struct("Http").field("host", &self.base.host_str()).finish_non_exhaustive()
    }
}

/// Said of answers beyond the limit; a smaller question may help.
pub(super) const TOO_LONG: &str = "the answer is too long";

impl Answer {
    /// The object of a successful answer.
    pub(super) fn object<T: DeserializeOwned>(&self) -> Result<T, LedgerError> {
        if self.status != StatusCode::OK {
            return Err(self.unexpected());
        }
        self.parse()
    }

    /// The body, whatever the status.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, LedgerError> {
        serde_json::from_slice(&self.body).map_err(|error| malformed(error.to_string()))
    }

    /// Horizon's own description of what is wrong.
    pub(super) fn problem(&self) -> Option<Problem> {
        let problem: Problem = if self.is_problem { self.parse().ok()? } else { return None };
        (problem.status == self.status.as_u16()).then_some(problem)
    }

    /// Horizon itself says that there is no such thing; a page of a proxy in front of it does not.
    pub(super) fn is_proof_of_absence(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
            && self.problem().is_some_and(|problem| problem.kind() == "not_found")
    }

    pub(super) fn is_unknown_endpoint(&self) -> bool {
        matches!(self.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
    }

    /// An answer of a status that has no meaning for this question.
    pub(super) fn unexpected(&self) -> LedgerError {
        match self.status {
            StatusCode::NOT_FOUND => malformed("status 404 that is not Horizon's own"),
            status => LedgerError::Server { status: status.as_u16() },
        }
    }
}

fn throttled(response: &Response) -> Result<(), LedgerError> {
    if response.status() != StatusCode::TOO_MANY_REQUESTS {
        return Ok(());
    }
    let headers = response.headers();
    let seconds = number(headers, RETRY_AFTER.as_str()).or_else(|| number(headers, "x-ratelimit-reset"));
    Err(LedgerError::Throttled { after: seconds.map(u64::from).map(Duration::from_secs) })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn content_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

//! Questions and answers: JSON-RPC over HTTP, with deadlines and limits.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::{RpcAuthorization, RpcError, RpcOptions, malformed};
use crate::stellar::LedgerError;

/// Said of answers beyond the limit; a smaller question may help.
pub(super) const TOO_LONG: &str = "the answer is too long";

/// So much of what a server says is repeated in errors.
const SAID_MAX: usize = 200;

pub(super) struct Http {
    client: Client,
    url: Url,
    authorization: Option<(HeaderName, HeaderValue)>,
    timeout: Duration,
    body_max: usize,
    asked: AtomicU64,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    error: Option<Fault>,
}

/// Why there is no result; the HTTP status is 200 all the same.
#[derive(Deserialize)]
struct Fault {
    code: i64,
    #[serde(default)]
    message: String,
}

impl Http {
    pub(super) fn new(url: &Url, options: &RpcOptions) -> Result<Self, RpcError> {
        if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
            return Err(RpcError::Url);
        }
        let client = Client::builder()
            .connect_timeout(options.connect_timeout)
            .timeout(options.timeout)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("anchor-core/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| RpcError::Client(error.to_string()))?;
        Ok(Self {
            client,
            url: url.clone(),
            authorization: options.authorization.as_ref().map(header).transpose()?,
            timeout: options.timeout,
            body_max: options.body_max,
            asked: AtomicU64::new(0),
        })
    }

    /// One question. An error object is an error, whatever the HTTP status.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &Value,
    ) -> Result<T, LedgerError> {
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        let question = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let mut request = self.client.post(self.url.clone()).json(&question);
        if let Some((name, value)) = &self.authorization {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| self.failed(error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::TOO_MANY_REQUESTS => return Err(throttled(&response)),
            status => return Err(LedgerError::Server { status: status.as_u16() }),
        }
        let body = self.body(response).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(unreadable)?;
        if let Some(Fault { code, message }) = answer.error {
            return Err(LedgerError::Refused { code, message: short(&message) });
        }
        if answer.id != id {
            return Err(malformed("an answer to another question"));
        }
        let result = answer.result.ok_or_else(|| malformed("neither a result nor an error"))?;
        serde_json::from_value(result).map_err(unreadable)
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

    fn failed(&self, error: reqwest::Error) -> LedgerError {
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
        f.debug_struct("Http").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

fn header(authorization: &RpcAuthorization) -> Result<(HeaderName, HeaderValue), RpcError> {
    let name = HeaderName::from_bytes(authorization.header.as_bytes());
    let value = HeaderValue::from_str(authorization.value.expose());
    let (Ok(name), Ok(mut value)) = (name, value) else { return Err(RpcError::Authorization) };
    value.set_sensitive(true);
    Ok((name, value))
}

fn throttled(response: &Response) -> LedgerError {
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds: Option<u32> = after.and_then(|text| text.trim().parse().ok());
    LedgerError::Throttled { after: seconds.map(u64::from).map(Duration::from_secs) }
}

fn unreadable(error: serde_json::Error) -> LedgerError {
    malformed(short(&error.to_string()))
}

/// What a stranger wrote, fit for a line of a log.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(SAID_MAX).collect()
}

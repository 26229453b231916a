//! Speaking to servers whose address a stranger gave: wallets' callbacks, wallets' stellar.toml.
//!
//! Such an address must not make the anchor reach into its own network (SSRF), nor knock at any port of anybody's. So:
//! https, real host names and port 443 only, every resolved address is checked and the connection goes to exactly that address (no second look-up that could
//! answer differently), no redirects, no proxy, one deadline for everything, and bounded answers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::{Host, Url};

mod address;
mod own;

pub use own::{OwnAnswer, OwnClient};

use address::{is_global, is_loopback};

/// To establish a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// From the first packet to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(8);

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A stranger's server was not reached, or its answer not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// Not an absolute https address with a host name.
    #[error("the address is not an https address with a host name")]
    Address,
    /// Another port than that of https: the anchor is nobody's port scanner.
    #[error("the port is not 443")]
    Port,
    /// The host belongs to a network that is never contacted.
    #[error("the host is not on the public internet")]
    Forbidden,
    /// No connection was made: the server certainly knows nothing.
    #[error("the server could not be reached")]
    Unreachable(#[source] Source),
    /// A connection was made, but no complete answer came: the server may know.
    #[error("the server did not answer")]
    Unanswered(#[source] Source),
    /// It answered with this status instead of success.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// More than was asked for, or not text.
    #[error("the answer is too large or not text")]
    Body,
    /// This process lacks what a client needs, such as root certificates.
    #[error("the client could not be set up")]
    Setup(#[source] Source),
}

/// A client for strangers' addresses. Clones share connections.
#[derive(Debug, Clone)]
pub struct GuardedClient {
    client: Client,
    local_mode: bool,
}

impl GuardedClient {
    /// `local_mode` also allows plain http and loopback hosts, for development on one machine.
    ///
    /// # Errors
    /// [`GuardError::Setup`].
    pub fn new(local_mode: bool) -> Result<Self, GuardError> {
        let system = |host: String| async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.collect())
        };
        Self::with_lookup(local_mode, Box::new(move |host| system(host).boxed()))
    }

    fn with_lookup(local_mode: bool, lookup: Lookup) -> Result<Self, GuardError> {
        let client = Client::builder()
            .dns_resolver(Arc::new(Resolver { local_mode, lookup }))
            .redirect(Policy::none())
            .no_proxy()
            .https_only(!local_mode)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| GuardError::Setup(error.into()))?;
        Ok(Self { client, local_mode })
    }

    /// Posts JSON once. The status, whatever it is; the answer's body is not read.
    ///
    /// # Errors
    /// See [`GuardError`].
    pub async fn post_json(
        &self,
        url: &Url,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<u16, GuardError> {
        check_url(url, self.local_mode)?;
        let mut request = self.client.post(url.clone()).header("content-type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.map_err(failed)?;
        Ok(answer.status().as_u16())
    }

    /// Fetches at most `max_bytes` of text.
    ///
    /// # Errors
    /// See [`GuardError`]; any status but success is one.
    pub async fn fetch_text(&self, address: &str, max_bytes: usize) -> Result<String, GuardError> {
        let url = Url::parse(address).map_err(|_| GuardError::Address)?;
        check_url(&url, self.local_mode)?;
        let answer = self.client.get(url).send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(GuardError::Status(answer.status().as_u16()));
        }
        String::from_utf8(read(answer, max_bytes).await?).map_err(|_| GuardError::Body)
    }
}

/// Whether an address is one that [`GuardedClient`] would contact, as far as it says so itself: for addresses that
/// are stored now and contacted later. What the host resolves to is checked when it is contacted.
///
/// `local_mode` also allows this machine itself, by any port and with plain http.
///
/// # Errors
/// [`GuardError::Address`], [`GuardError::Port`] or [`GuardError::Forbidden`].
pub fn check_url(url: &Url, local_mode: bool) -> Result<(), GuardError> {
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return Err(GuardError::Address);
    }
    let (local, named) = match url.host() {
        Some(Host::Domain(domain)) => (is_local_name(domain), true),
        Some(Host::Ipv4(address)) => (is_loopback(IpAddr::V4(address)), false),
        Some(Host::Ipv6(address)) => (is_loopback(IpAddr::V6(address)), false),
        None => return Err(GuardError::Address),
    };
    match () {
        () if local_mode && local => Ok(()),
        () if url.scheme() != "https" => Err(GuardError::Address),
        () if !named || local => Err(GuardError::Forbidden),
        () if url.port_or_known_default() != Some(443) => Err(GuardError::Port),
        () => Ok(()),
    }
}

/// Names that never leave this machine (RFC 6761).
fn is_local_name(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    domain == "localhost" || domain.ends_with(".localhost")
}

async fn read(mut answer: Response, max_bytes: usize) -> Result<Vec<u8>, GuardError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len().saturating_add(chunk.len()) > max_bytes {
            return Err(GuardError::Body);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failed(error: reqwest::Error) -> GuardError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if current.is::<NotGlobal>() {
            return GuardError::Forbidden;
        }
        cause = current.source();
    }
    // the address may stand in the message, and with it what a wallet hid in its query
    let error = error.without_url();
    match error.is_connect() || error.is_builder() {
        true => GuardError::Unreachable(error.into()),
        false => GuardError::Unanswered(error.into()),
    }
}

/// Asks for the addresses of a host.
type Lookup = Box<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Answers with addresses that may be contacted, and with nothing else.
struct Resolver {
    local_mode: bool,
    lookup: Lookup,
}

/// The host's addresses are all in networks that are never contacted.
#[derive(Debug, thiserror::Error)]
#[error("no address of the host is on the public internet")]
struct NotGlobal;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let local_mode = self.local_mode;
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let found = found.await?.into_iter();
            let allowed: Vec<SocketAddr> = found
                .filter(|found| is_global(found.ip()) || (local_mode && is_loopback(found.ip())))
                .collect();
            if allowed.is_empty() {
                return Err(NotGlobal.into());
            }
            let allowed: Addrs = Box::new(allowed.into_iter());
            Ok(allowed)
        })
    }
}

#[cfg(test)]
mod tests;

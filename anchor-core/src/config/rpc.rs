use std::fmt;

use url::Url;

use super::Reader;
use crate::secret::Secret;

/// A Stellar RPC server (`STELLAR_RPC_URI`) and how it knows its customer.
#[derive(Clone)]
#[non_exhaustive]
pub struct RpcServer {
    /// Where it is.
    pub url: Url,
    /// `STELLAR_RPC_AUTHORIZATION_HEADER`: the header's name; `Authorization` if absent.
    pub header: String,
    /// `STELLAR_RPC_AUTHORIZATION`: the header's whole value; no header if absent.
    pub authorization: Option<Secret<String>>,
}

/// The address may carry a provider's key: only its host is shown.
impl fmt::Debug for RpcServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcServer").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Reader<'_> {
    pub(super) fn rpc(&mut self) -> Option<RpcServer> {
        let header =
            self.text("STELLAR_RPC_AUTHORIZATION_HEADER").unwrap_or_else(|| "Authorization".to_owned());
        if header.bytes().any(|byte| !byte.is_ascii_alphanumeric() && byte != b'-') {
            self.problem("STELLAR_RPC_AUTHORIZATION_HEADER", "the name of an HTTP header");
        }
        let authorization = self.text("STELLAR_RPC_AUTHORIZATION");
        if authorization
            .as_ref()
            .is_some_and(|value| value.bytes().any(|byte| !(b' '..=b'~').contains(&byte)))
        {
            self.problem("STELLAR_RPC_AUTHORIZATION", "the value of an HTTP header");
        }
        let url = self.url("STELLAR_RPC_URI")?;
        Some(RpcServer { url, header, authorization: authorization.map(Secret::new) })
    }
}

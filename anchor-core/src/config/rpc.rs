use std::fmt;

use url::Url;

use super::Reader;
use crate::secret::Secret;

/// A Stellar RPC server (`STELLAR_RPC_URI`, `SEP45_RPC_URI`) and how it knows its customer.
#[derive(Clone)]
#[non_exhaustive]
pub struct RpcServer {
    /// Where it is.
    pub url: Url,
    /// `STELLAR_RPC_AUTHORIZATION_HEADER` (of the second server: `…_2`): the header's name; `Authorization` if absent.
    pub header: String,
    /// `STELLAR_RPC_AUTHORIZATION` (of the second server: `…_2`): the header's whole value; no header if absent.
    pub authorization: Option<Secret<String>>,
}

/// The address may carry a provider's key: only its host is shown.
impl fmt::Debug for RpcServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcServer").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Reader<'_> {
    /// One server or several. What one provider is told to know its customer by is nobody else's business: the key of
    /// the second server is called `STELLAR_RPC_AUTHORIZATION_2`, and so on.
    /// `name` is what the names of these settings begin with.
    pub(super) fn rpc(&mut self, name: &str) -> Vec<RpcServer> {
        let mut urls = self.urls(&format!("{name}_URI")).into_iter();
        let first = self.rpc_server(name, "", urls.next());
        let others: Vec<_> = (2..)
            .zip(urls)
            .filter_map(|(place, url)| self.rpc_server(name, &format!("_{place}"), Some(url)))
            .collect();
        first.into_iter().chain(others).collect()
    }

    fn rpc_server(&mut self, start: &str, suffix: &str, url: Option<Url>) -> Option<RpcServer> {
        let name = format!("{start}_AUTHORIZATION_HEADER{suffix}");
        let header = self.text(&name).unwrap_or_else(|| "Authorization".to_owned());
        if header.bytes().any(|byte| !byte.is_ascii_alphanumeric() && byte != b'-') {
            self.problem(&name, "the name of an HTTP header");
        }
        let name = format!("{start}_AUTHORIZATION{suffix}");
        let authorization = self.text(&name);
        if authorization
            .as_ref()
            .is_some_and(|value| value.bytes().any(|byte| !(b' '..=b'~').contains(&byte)))
        {
            self.problem(&name, "the value of an HTTP header");
        }
        Some(RpcServer { url: url?, header, authorization: authorization.map(Secret::new) })
    }
}

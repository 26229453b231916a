//! The network through a Stellar RPC server. Nothing outside this module knows Stellar RPC's JSON.
//!
//! Such a server knows ledger entries by their exact keys and the last days of transactions, and has no listings: not
//! "trust lines of", not "payments to". So the adapter is told the assets that matter, and reads *every* transaction of
//! the network to find those that pay a watched account; accounts that are watched side by side share what is read.
//!
//! Positions in history are the network's own numbers (SEP-35), the same that Horizon uses: an anchor may change from
//! one kind of server to the other and reads on where it was.

use std::fmt;
use std::sync::RwLock;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::{
    AccountSnapshot, BalanceLookup, Cursor, Ledger, LedgerError, LedgerPoint, Lookup, Movement, MovementPage,
    Network, Submission,
};
use crate::account::AccountId;
use crate::asset::StellarAsset;
use crate::config::RpcServer;
use crate::secret::Secret;
use crate::transaction::TransactionHash;

use history::Recent;
use http::Http;
use lookup::{Searches, Sent};
use position::Position;

mod balances;
mod contracts;
mod entries;
mod follow;
mod history;
mod http;
mod json;
mod lookup;
mod position;
mod reach;
mod record;
mod search;
mod submit;

/// How patient and how greedy the adapter is, and how it says who it is.
#[derive(Debug, Clone)]
pub struct RpcOptions {
    /// For establishing a connection; 3 s.
    pub connect_timeout: Duration,
    /// For a whole question and its answer; 20 s.
    pub timeout: Duration,
    /// Between two looks for new transactions; 1.5 s.
    pub poll: Duration,
    /// First pause after trouble, doubled up to `backoff_max`; 1 s.
    pub backoff: Duration,
    /// Longest such pause; 30 s.
    pub backoff_max: Duration,
    /// Longest answer in bytes; 16 MiB.
    pub body_max: usize,
    /// A header that a provider asks for; none. Never logged.
    pub authorization: Option<RpcAuthorization>,
}

impl Default for RpcOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(20),
            poll: Duration::from_millis(1500),
            backoff: Duration::from_secs(1),
            backoff_max: Duration::from_secs(30),
            body_max: 16 * 1024 * 1024,
            authorization: None,
        }
    }
}

/// The header by which a provider knows its customer.
#[derive(Debug, Clone)]
pub struct RpcAuthorization {
    /// The header's name: `Authorization`, `X-Api-Key`.
    pub header: String,
    /// All of its value: `Bearer …`.
    pub value: Secret<String>,
}

/// The adapter could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// Not an `http(s)` address.
    #[error("the address of a Stellar RPC server starts with http:// or https://")]
    Url,
    /// Name or value of the authorization cannot stand in a header. Neither is repeated.
    #[error("the authorization for the Stellar RPC server is no HTTP header")]
    Authorization,
    /// No HTTP client, for example because the machine has no certificate authorities.
    #[error("no HTTP client could be set up: {0}")]
    Client(String),
}

/// A [`Ledger`] that asks one Stellar RPC server, or one address behind which several answer.
///
/// The network's passphrase is compared once, before the first answer is believed. Redirects are not followed, no
/// proxy is used, and every question has a deadline and a limit on its answer.
///
/// Account snapshots show the trust lines of the assets that the adapter was told: those given to [`RpcLedger::new`],
/// and those that the anchor offers.
pub struct RpcLedger {
    network: Network,
    http: Http,
    options: RpcOptions,
    assets: RwLock<Vec<StellarAsset>>,
    verified: OnceCell<()>,
    recent: Recent,
    sent: Sent,
    searches: Searches,
}

impl RpcLedger {
    /// Contacts nobody yet.
    ///
    /// # Errors
    /// See [`RpcError`].
    pub fn new(
        url: &Url,
        network: Network,
        assets: impl IntoIterator<Item = StellarAsset>,
        options: RpcOptions,
    ) -> Result<Self, RpcError> {
        let ledger = Self {
            network,
            http: Http::new(url, &options)?,
            options,
            assets: RwLock::default(),
            verified: OnceCell::new(),
            recent: Recent::default(),
            sent: Sent::default(),
            searches: Searches::default(),
        };
        ledger.add_assets(assets);
        Ok(ledger)
    }

    /// The server that the settings name, with its authorization; the assets are made known later.
    ///
    /// # Errors
    /// See [`RpcError`].
    pub fn of(server: &RpcServer, network: Network, options: RpcOptions) -> Result<Self, RpcError> {
        let authorization = server
            .authorization
            .clone()
            .map(|value| RpcAuthorization { header: server.header.clone(), value });
        Self::new(&server.url, network, [], RpcOptions { authorization, ..options })
    }

    /// Refuses to go on with a server of another network. A wrong server is asked again each time: it may be repaired.
    async fn verify_network(&self) -> Result<(), LedgerError> {
        let verify = || async {
            let said: json::NetworkAnswer = self.http.call("getNetwork", &json!({})).await?;
            if said.passphrase == self.network.passphrase() { Ok(()) } else { Err(LedgerError::OtherNetwork) }
        };
        self.verified.get_or_try_init(verify).await.map(|_| ())
    }

    /// After the server's network was compared.
    async fn call<T: DeserializeOwned>(&self, method: &str, params: &Value) -> Result<T, LedgerError> {
        self.verify_network().await?;
        self.http.call(method, params).await
    }
}

impl fmt::Debug for RpcLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcLedger").field("http", &self.http).finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for RpcLedger {
    fn network(&self) -> &Network {
        &self.network
    }

    fn expect_assets(&self, assets: &[StellarAsset]) {
        self.add_assets(assets.iter().cloned());
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        self.point().await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        self.snapshots(std::slice::from_ref(id)).await.pop().unwrap_or_else(|| Err(malformed("no answer")))
    }

    async fn accounts(&self, ids: &[AccountId]) -> Vec<Result<Option<AccountSnapshot>, LedgerError>> {
        self.snapshots(ids).await
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        let stats: json::FeeStats = self.call("getFeeStats", &json!({})).await?;
        stats.bid()
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        self.send(envelope).await
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        let point = self.point().await?;
        self.lookup_after(point, hash).await
    }

    async fn lookup_all(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        self.lookup_each(hashes).await
    }

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        self.balance_of(id).await
    }

    async fn arrivals(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        self.arrivals_of(hash, account).await
    }

    async fn search(&self, hash: &TransactionHash, from: u64, until: u64) -> Result<Lookup, LedgerError> {
        self.search_through(hash, from, until).await
    }

    async fn movements_start(&self, _account: &AccountId) -> Result<Cursor, LedgerError> {
        Ok(Position::end_of(self.point().await?.sequence).cursor())
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        self.movement_page(account, after).await
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        follow::follow(self, account, after)
    }
}

fn malformed(reason: impl Into<String>) -> LedgerError {
    LedgerError::Malformed(reason.into())
}

#[cfg(test)]
mod tests;

//! The network through a Horizon server. Nothing outside this module knows Horizon's JSON.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::OnceCell;
use url::Url;

use super::{
    AccountSnapshot, BalanceLookup, Cursor, Ledger, LedgerError, LedgerPoint, Lookup, Movement, MovementPage,
    Network, SIDE_BY_SIDE, Submission,
};
use crate::account::AccountId;
use crate::transaction::TransactionHash;

use http::{Answer, Http};

pub use friendbot::fund;

mod follow;
mod friendbot;
mod history;
mod http;
mod json;
mod sse;
mod submit;

/// How patient and how greedy the adapter is.
#[derive(Debug, Clone, Copy)]
pub struct HorizonOptions {
    /// For establishing a connection; 3 s.
    pub connect_timeout: Duration,
    /// For a whole question and its answer; 20 s.
    pub timeout: Duration,
    /// A stream that says nothing for so long, not even a heartbeat, is opened anew once paging has shown that the
    /// server is still there; 30 s.
    pub silence: Duration,
    /// First pause before a broken stream is opened again, doubled up to `backoff_max`; 1 s.
    pub backoff: Duration,
    /// Longest such pause; 30 s.
    pub backoff_max: Duration,
    /// Longest answer in bytes, and longest event of a stream; 16 MiB.
    pub body_max: usize,
}

impl Default for HorizonOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(20),
            silence: Duration::from_secs(30),
            backoff: Duration::from_secs(1),
            backoff_max: Duration::from_secs(30),
            body_max: 16 * 1024 * 1024,
        }
    }
}

/// The adapter could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HorizonError {
    /// Not an `http(s)` address.
    #[error("the address of a Horizon server starts with http:// or https://")]
    Url,
    /// No HTTP client, for example because the machine has no certificate authorities.
    #[error("no HTTP client could be set up: {0}")]
    Client(String),
}

/// A [`Ledger`] that asks one Horizon server, or one address behind which several answer.
///
/// The network's passphrase is compared once, before the first answer is believed. Redirects are not followed, no
/// proxy is used, and every question has a deadline and a limit on its answer.
pub struct HorizonLedger {
    network: Network,
    http: Http,
    options: HorizonOptions,
    verified: OnceCell<()>,
    /// The server has no `/transactions_async`.
    submits_synchronously: AtomicBool,
}

impl HorizonLedger {
    /// Contacts nobody yet.
    ///
    /// # Errors
    /// See [`HorizonError`].
    pub fn new(url: &Url, network: Network, options: HorizonOptions) -> Result<Self, HorizonError> {
        Ok(Self {
            network,
            http: Http::new(url, &options)?,
            options,
            verified: OnceCell::new(),
            submits_synchronously: AtomicBool::new(false),
        })
    }

    /// Refuses to go on with a server of another network. A wrong server is asked again each time: it may be repaired.
    async fn verify_network(&self) -> Result<(), LedgerError> {
        let verify = || async {
            let root: json::Root = self.http.get(&[], &[]).await?.object()?;
            if root.network_passphrase == self.network.passphrase() {
                Ok(())
            } else {
                Err(LedgerError::OtherNetwork)
            }
        };
        self.verified.get_or_try_init(verify).await.map(|_| ())
    }

    /// After the server's network was compared.
    async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, LedgerError> {
        self.verify_network().await?;
        self.http.get(path, query).await
    }

    /// `point` was read before: what is not there now, is not there in any ledger up to it.
    async fn lookup_after(&self, point: LedgerPoint, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        let answer = self.get(&["transactions", &hash.to_string()], &[]).await?;
        if answer.is_proof_of_absence() {
            let checked = self.reached(point, answer.latest_ledger).await?;
            return Ok(Lookup::NotFound { checked });
        }
        let transaction: json::TransactionRecord = answer.object()?;
        transaction.lookup(hash)
    }

    /// The point that a server had reached when it answered, if it said so and `point` is beyond it: behind one
    /// address there may be servers that lag behind the one that was asked first.
    async fn reached(&self, point: LedgerPoint, header: Option<u32>) -> Result<LedgerPoint, LedgerError> {
        match header {
            Some(sequence) if sequence < point.sequence => {
                let sequence = sequence.to_string();
                let ledger: json::LedgerRecord = self.get(&["ledgers", &sequence], &[]).await?.object()?;
                ledger.point()
            }
            _ => Ok(point),
        }
    }
}

impl fmt::Debug for HorizonLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HorizonLedger").field("http", &self.http).finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for HorizonLedger {
    fn network(&self) -> &Network {
        &self.network
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        let answer = self.get(&["ledgers"], &[("order", "desc"), ("limit", "1")]).await?;
        let page: json::Page<json::LedgerRecord> = answer.object()?;
        let ledger = page.embedded.records.first().ok_or_else(|| malformed("no ledger at all"))?;
        ledger.point()
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        let answer = self.get(&["accounts", &id.to_string()], &[]).await?;
        if answer.is_proof_of_absence() {
            return Ok(None);
        }
        let account: json::AccountRecord = answer.object()?;
        account.snapshot(id, answer.latest_ledger).map(Some)
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        let stats: json::FeeStats = self.get(&["fee_stats"], &[]).await?.object()?;
        stats.bid()
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        self.verify_network().await?;
        let hash = submit::hash(envelope, &self.network)?;
        if !self.submits_synchronously.load(Ordering::Relaxed) {
            let answer = self.http.post_form(&["transactions_async"], &[("tx", envelope)]).await?;
            if !answer.is_unknown_endpoint() {
                return submit::asynchronous(&answer, &hash);
            }
            self.submits_synchronously.store(true, Ordering::Relaxed);
        }
        let answer = self.http.post_form(&["transactions"], &[("tx", envelope)]).await?;
        submit::synchronous(&answer, &hash)
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        self.lookup_after(self.latest().await?, hash).await
    }

    async fn lookup_all(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        match self.latest().await {
            Ok(point) => {
                let asked: Vec<_> = hashes.iter().map(|hash| self.lookup_after(point, hash)).collect();
                stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await
            }
            Err(error) => hashes.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        let point = self.latest().await?;
        let answer = self.get(&["claimable_balances", id], &[]).await?;
        if answer.is_proof_of_absence() {
            let checked = self.reached(point, answer.latest_ledger).await?;
            return Ok(BalanceLookup::Absent { checked });
        }
        let as_of = answer.latest_ledger.unwrap_or(point.sequence);
        let balance: json::BalanceRecord = answer.object()?;
        balance.held(id, as_of)
    }

    async fn arrivals(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        let answer = self.get(&["transactions", &hash.to_string()], &[]).await?;
        if answer.is_proof_of_absence() {
            return Ok(None);
        }
        let transaction: json::TransactionRecord = answer.object()?;
        // says the same of hash, result and success as a look-up does
        transaction.lookup(hash)?;
        let listed = transaction.listed(&self.network)?;
        listed.brought(account, &self.network).map(|brought| Some(brought.movements)).map_err(malformed)
    }

    async fn movements_start(&self, _account: &AccountId) -> Result<Cursor, LedgerError> {
        Ok(history::end_of(self.latest().await?.sequence))
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

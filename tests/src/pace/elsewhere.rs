//! A ledger whose work is done on other threads, as that of a server is on another machine.

use anchor_core::account::AccountId;
use anchor_core::stellar::{
    AccountSnapshot, Cursor, Ledger, LedgerError, LedgerPoint, Lookup, MovementPage, Network, Submission,
};
use anchor_core::transaction::TransactionHash;
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use tokio::runtime::Handle;

use crate::ledger::InProcessLedger;

/// Asks on another runtime. What is read there is decoded here, where a worker would.
#[derive(Debug, Clone)]
pub(super) struct Elsewhere {
    ledger: InProcessLedger,
    there: Handle,
}

impl Elsewhere {
    pub(super) const fn new(ledger: InProcessLedger, there: Handle) -> Self {
        Self { ledger, there }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.there.spawn(question).await.map_err(|error| LedgerError::Unreachable(std::sync::Arc::new(error)))
    }
}

fn again(error: &LedgerError) -> LedgerError {
    LedgerError::Malformed(error.to_string())
}

#[async_trait]
impl Ledger for Elsewhere {
    fn network(&self) -> &Network {
        self.ledger.network()
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        let ledger = self.ledger.clone();
        self.ask(async move { ledger.latest().await }).await?
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        let (ledger, id) = (self.ledger.clone(), *id);
        self.ask(async move { ledger.account(&id).await }).await?
    }

    async fn accounts(&self, ids: &[AccountId]) -> Vec<Result<Option<AccountSnapshot>, LedgerError>> {
        let (ledger, owned) = (self.ledger.clone(), ids.to_vec());
        let all = self.ask(async move { ledger.accounts(&owned).await }).await;
        all.unwrap_or_else(|error| ids.iter().map(|_| Err(again(&error))).collect())
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        let ledger = self.ledger.clone();
        self.ask(async move { ledger.fee_bid().await }).await?
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        let (ledger, envelope) = (self.ledger.clone(), envelope.to_owned());
        self.ask(async move { ledger.submit(&envelope).await }).await?
    }

    async fn submit_all(&self, envelopes: &[&str]) -> Vec<Result<Submission, LedgerError>> {
        let ledger = self.ledger.clone();
        let owned: Vec<String> = envelopes.iter().map(|envelope| (*envelope).to_owned()).collect();
        let all = self.ask(async move {
            ledger.submit_all(&owned.iter().map(String::as_str).collect::<Vec<_>>()).await
        });
        all.await.unwrap_or_else(|error| envelopes.iter().map(|_| Err(again(&error))).collect())
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        let (ledger, hash) = (self.ledger.clone(), *hash);
        self.ask(async move { ledger.lookup(&hash).await }).await?
    }

    async fn lookup_all(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        let (ledger, owned) = (self.ledger.clone(), hashes.to_vec());
        let all = self.ask(async move { ledger.lookup_all(&owned).await });
        all.await.unwrap_or_else(|error| hashes.iter().map(|_| Err(again(&error))).collect())
    }

    async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
        self.ledger.movements_start(account).await
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        self.ledger.movements(account, after).await
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        self.ledger.follow(account, after)
    }
}

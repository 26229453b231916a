//! A ledger that answers when it is told to, and counts who asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anchor_core::account::AccountId;
use anchor_core::stellar::{
    AccountSnapshot, Cursor, Ledger, LedgerError, LedgerPoint, Lookup, MovementPage, Network, Submission,
};
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::transaction::TransactionHash;
use anyhow::Result;
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use tokio::sync::watch;

/// One kind of question.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    asked: Arc<AtomicU32>,
    is_open: watch::Sender<bool>,
}

impl Gate {
    fn new() -> Self {
        Self { asked: Arc::default(), is_open: watch::Sender::new(true) }
    }

    async fn pass(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let _ = self.is_open.subscribe().wait_for(|is_open| *is_open).await;
    }

    pub(crate) fn close(&self) {
        self.is_open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// How often so far.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until so many questions were asked.
    pub(crate) async fn is_asked(&self, times: u32) {
        while self.asked() < times {
            tokio::task::yield_now().await;
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SlowLedger {
    inner: FakeLedger,
    pub(crate) latest: Gate,
    pub(crate) account: Gate,
}

impl SlowLedger {
    /// Answers everything at once.
    pub(crate) fn new() -> Result<Self> {
        let network = anchor_tests::web::config(&[])?.network;
        let now = u64::try_from(samples::start().timestamp())?;
        Ok(Self { inner: FakeLedger::new(network, now), latest: Gate::new(), account: Gate::new() })
    }
}

#[async_trait]
impl Ledger for SlowLedger {
    fn network(&self) -> &Network {
        self.inner.network()
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        self.latest.pass().await;
        self.inner.latest().await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        self.account.pass().await;
        self.inner.account(id).await
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        self.inner.fee_bid().await
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        self.inner.submit(envelope).await
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        self.inner.lookup(hash).await
    }

    async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
        self.inner.movements_start(account).await
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        self.inner.movements(account, after).await
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        self.inner.follow(account, after)
    }
}

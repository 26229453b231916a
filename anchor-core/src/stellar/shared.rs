//! A ledger that several share is a ledger.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use super::{
    AccountSnapshot, BalanceLookup, Cursor, Endpoints, Ledger, LedgerError, LedgerPoint, Lookup, Movement,
    MovementPage, Network, Submission,
};
use crate::account::AccountId;
use crate::asset::StellarAsset;
use crate::transaction::TransactionHash;

/// Every method is handed on, also those that have a default: the adapter inside does better.
#[async_trait]
impl<L: Ledger + ?Sized> Ledger for Arc<L> {
    fn network(&self) -> &Network {
        (**self).network()
    }

    fn expect_assets(&self, assets: &[StellarAsset]) {
        (**self).expect_assets(assets);
    }

    fn endpoints(&self) -> Option<Endpoints> {
        (**self).endpoints()
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        (**self).latest().await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        (**self).account(id).await
    }

    async fn accounts(&self, ids: &[AccountId]) -> Vec<Result<Option<AccountSnapshot>, LedgerError>> {
        (**self).accounts(ids).await
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        (**self).fee_bid().await
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        (**self).submit(envelope).await
    }

    async fn submit_all(&self, envelopes: &[&str]) -> Vec<Result<Submission, LedgerError>> {
        (**self).submit_all(envelopes).await
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        (**self).lookup(hash).await
    }

    async fn lookup_all(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        (**self).lookup_all(hashes).await
    }

    async fn search(&self, hash: &TransactionHash, from: u64, until: u64) -> Result<Lookup, LedgerError> {
        (**self).search(hash, from, until).await
    }

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        (**self).claimable_balance(id).await
    }

    async fn arrivals(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        (**self).arrivals(hash, account).await
    }

    async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
        (**self).movements_start(account).await
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        (**self).movements(account, after).await
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        (**self).follow(account, after)
    }
}

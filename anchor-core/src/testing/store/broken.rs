//! Stores with one defect each: a suite that does not find them proves nothing.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::account::{AccountId, Sharing};
use crate::asset::{Asset, AssetId};
use crate::customer::{Customer, CustomerOwner, Kept, Sealed};
use crate::id::{AttemptId, CustomerId, EventId, FileId, QuoteId, TransactionId};
use crate::memo::Memo;
use crate::quote::Quote;
use crate::stellar::Cursor;
use crate::store::{
    Begin, Begun, Bump, CallbackEnd, Callbacks, Channel, ChannelCount, Claim, Claimed, ClaimedAttempt,
    ClaimedCallback, ClaimedChannel, ClaimedEvent, ClaimedSigning, CustodyRecord, CustomerCallback,
    CustomerKeyed, CustomerStored, CustomerWrite, DecisionWrite, Disposition, EventProgress, Figures,
    FileRecord, GivenUp, Heartbeat, KnownRequest, LeaseToken, NewFile, Observation, PaymentRecord, QuoteHold,
    QuoteUsed, Quoted, Recorded, SealedRow, Session, SetAside, Settled, Signing, SigningEnd, StateCount,
    Store, StoreError, Stored, SuspenseReason, TransactionFilter, TransactionLookup, WatchLease,
};
use crate::transaction::{
    Attempt, AttemptStatus, Change, FactRecord, Order, Protocol, Queue, Transaction, TransactionHash,
};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// A claimed transaction can be claimed by others.
    SharedClaims,
    /// Claimed news can be claimed by others.
    SharedNews,
    /// A change on an old version is reported as written.
    LostUpdates,
    /// A memo that was given away is given again.
    SharedMemos,
    /// A receipt that funded a transaction funds another one.
    SharedReceipts,
    /// A second open attempt is reported as stored.
    SharedSources,
    /// A reader that lost its lease is told that it wrote.
    UnfencedReaders,
    /// What nobody is credited for is dropped.
    DroppedSuspense,
    /// A challenge can be used again.
    ReplayableChallenges,
    /// Anybody finds any transaction.
    OpenTransactions,
    /// What did not fit is forgotten.
    ForgottenAnomalies,
    /// Changes that belong together are written one by one.
    TornGroups,
    /// A claimed attempt can be claimed by others.
    SharedAttempts,
    /// A claimed channel can be claimed by others.
    SharedChannels,
    /// A payment that was settled is reported as settled again.
    SharedPayments,
    /// What somebody has to sign can be claimed by others.
    SharedSignings,
    /// Signatures that come too late are reported as written.
    LateSignatures,
    /// A quote that was used is reported as used again.
    ReusableQuotes,
    /// A quote beyond the limits is reported as stored.
    BoundlessPromises,
    /// A request that came before is reported as begun again.
    TwinRequests,
    /// A change of a customer that was not written is reported as written.
    CarelessCustomers,
    /// A callback that somebody looks at can be claimed by others.
    SharedCallbacks,
    /// A code can be tried for ever.
    EndlessTries,
}

impl Defect {
    /// All defects.
    pub const ALL: [Self; 23] = [
        Self::SharedClaims,
        Self::SharedNews,
        Self::LostUpdates,
        Self::SharedMemos,
        Self::SharedReceipts,
        Self::SharedSources,
        Self::UnfencedReaders,
        Self::DroppedSuspense,
        Self::ReplayableChallenges,
        Self::OpenTransactions,
        Self::ForgottenAnomalies,
        Self::TornGroups,
        Self::SharedAttempts,
        Self::SharedChannels,
        Self::SharedPayments,
        Self::SharedSignings,
        Self::LateSignatures,
        Self::ReusableQuotes,
        Self::BoundlessPromises,
        Self::TwinRequests,
        Self::CarelessCustomers,
        Self::SharedCallbacks,
        Self::EndlessTries,
    ];
}

/// A good store with a defect on top.
#[derive(Debug)]
pub struct Broken {
    store: Box<dyn Store>,
    defect: Defect,
}

impl Broken {
    /// Breaks `store`.
    pub fn new(store: Box<dyn Store>, defect: Defect) -> Self {
        Self { store, defect }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == defect
    }
}

/// Implements the store: these verbs are passed on, the others may be broken.
macro_rules! pass_on {
    ($(fn $verb:ident($($argument:ident: $type:ty),*) -> $result:ty;)+) => {
        #[async_trait]
        impl Store for Broken {
            $(
                async fn $verb(&self, $($argument: $type),*) -> Result<$result, StoreError> {
                    self.store.$verb($($argument),*).await
                }
            )+

            async fn transaction_apply(&self, change: &Change, keep: bool) -> Result<Stored, StoreError> {
                let stored = self.store.transaction_apply(change, keep).await?;
                let hidden = match stored {
                    Stored::Stale => self.has(Defect::LostUpdates),
                    Stored::MemoTaken => self.has(Defect::SharedMemos),
                    Stored::ReceiptTaken => self.has(Defect::SharedReceipts),
                    Stored::SourceBusy => self.has(Defect::SharedSources),
                    Stored::Applied => false,
                };
                Ok(if hidden { Stored::Applied } else { stored })
            }

            async fn transaction_apply_groups(&self, groups: &[Vec<Change>]) -> Result<Vec<Stored>, StoreError> {
                if self.has(Defect::TornGroups) {
                    let mut stored = Vec::new();
                    for change in groups.iter().flatten() {
                        let one = self.store.transaction_apply_groups(&[vec![change.clone()]]).await;
                        stored.extend(one.unwrap_or_else(|_| vec![Stored::Stale]));
                    }
                    let all_applied = stored.iter().all(|stored| *stored == Stored::Applied);
                    let end = if all_applied { Stored::Applied } else { Stored::Stale };
                    return Ok(vec![end; groups.len()]);
                }
                self.store.transaction_apply_groups(groups).await
            }

            async fn attempt_claim(&self, claim: &Claim) -> Result<Vec<ClaimedAttempt>, StoreError> {
                let claimed = self.store.attempt_claim(claim).await?;
                if self.has(Defect::SharedAttempts) {
                    let first = claimed.iter().filter(|one| one.lease.0 < 3);
                    let back: Vec<_> = first.map(|one| (one.attempt.id, one.lease, claim.now)).collect();
                    self.store.attempt_release(&back).await?;
                }
                Ok(claimed)
            }

            async fn signing_claim(&self, claim: &Claim) -> Result<Vec<ClaimedSigning>, StoreError> {
                let claimed = self.store.signing_claim(claim).await?;
                if self.has(Defect::SharedSignings) {
                    let first = claimed.iter().filter(|one| one.lease.0 < 3);
                    let back: Vec<_> = first.map(|one| (one.hash, one.lease, claim.now)).collect();
                    self.store.signing_release(&back).await?;
                }
                Ok(claimed)
            }

            async fn signing_close(
                &self,
                hash: &TransactionHash,
                lease: LeaseToken,
                end: &SigningEnd,
                at: DateTime<Utc>,
            ) -> Result<bool, StoreError> {
                let written = self.store.signing_close(hash, lease, end, at).await?;
                Ok(written || self.has(Defect::LateSignatures))
            }

            async fn channel_claim(&self, claim: &Claim) -> Result<Vec<ClaimedChannel>, StoreError> {
                let claimed = self.store.channel_claim(claim).await?;
                if self.has(Defect::SharedChannels) {
                    let first = claimed.iter().filter(|one| one.lease.0 < 3);
                    let back: Vec<_> = first.map(|one| (one.channel.account, one.lease)).collect();
                    self.store.channel_release(&back).await?;
                }
                Ok(claimed)
            }

            async fn transaction_claim(&self, queue: Queue, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
                let claimed = self.store.transaction_claim(queue, claim).await?;
                if self.has(Defect::SharedClaims) {
                    // one is let go, so that the claimers come to an end
                    if let Some(first) = claimed.first().filter(|first| first.lease.0 < 3) {
                        self.store.transaction_release(first.transaction.id, first.lease, claim.now).await?;
                    }
                }
                Ok(claimed)
            }

            async fn event_claim(&self, claim: &Claim) -> Result<Vec<ClaimedEvent>, StoreError> {
                let claimed = self.store.event_claim(claim).await?;
                if self.has(Defect::SharedNews) {
                    for news in claimed.iter().filter(|news| news.lease.0 < 3) {
                        self.store.event_defer(news.event.id, news.lease, news.progress, claim.now).await?;
                    }
                }
                Ok(claimed)
            }

            async fn payments_record(&self, observation: &Observation) -> Result<Recorded, StoreError> {
                let mut observation = observation.clone();
                if self.has(Defect::DroppedSuspense) {
                    let kept = |disposition: &Disposition| !matches!(disposition, Disposition::Suspense { .. });
                    observation.observed.retain(|observed| kept(&observed.disposition));
                }
                let recorded = self.store.payments_record(&observation).await?;
                let hidden = recorded == Recorded::Fenced && self.has(Defect::UnfencedReaders);
                Ok(if hidden { Recorded::Recorded } else { recorded })
            }

            async fn suspense_settle(&self, payment: &str, by: &Change) -> Result<Settled, StoreError> {
                let settled = self.store.suspense_settle(payment, by).await?;
                let hidden = settled == Settled::Taken && self.has(Defect::SharedPayments);
                Ok(if hidden { Settled::Settled } else { settled })
            }

            async fn quote_insert(&self, quote: &Quote, hold: &QuoteHold) -> Result<Quoted, StoreError> {
                let quoted = self.store.quote_insert(quote, hold).await?;
                Ok(if self.has(Defect::BoundlessPromises) { Quoted::Stored } else { quoted })
            }

            async fn quote_use(
                &self,
                quote: QuoteId,
                transaction: &Transaction,
                url_token: Option<(&[u8; 32], DateTime<Utc>)>,
                sharing: Option<(AccountId, Sharing)>,
                now: DateTime<Utc>,
            ) -> Result<QuoteUsed, StoreError> {
                let used = self.store.quote_use(quote, transaction, url_token, sharing, now).await?;
                let hidden = used == QuoteUsed::Taken && self.has(Defect::ReusableQuotes);
                Ok(if hidden { QuoteUsed::Used } else { used })
            }

            async fn transaction_begin(&self, begin: &Begin) -> Result<Begun, StoreError> {
                let begun = self.store.transaction_begin(begin).await?;
                let hidden = match begun {
                    Begun::QuoteTaken => self.has(Defect::ReusableQuotes),
                    Begun::MemoTaken => self.has(Defect::SharedMemos),
                    Begun::Known(_) => self.has(Defect::TwinRequests),
                    _ => false,
                };
                Ok(if hidden { Begun::Begun } else { begun })
            }

            async fn customer_put(&self, write: &CustomerWrite) -> Result<CustomerStored, StoreError> {
                let stored = self.store.customer_put(write).await?;
                Ok(if self.has(Defect::CarelessCustomers) { CustomerStored::Stored } else { stored })
            }

            async fn customer_callback_claim(&self, claim: &Claim) -> Result<Vec<ClaimedCallback>, StoreError> {
                let claimed = self.store.customer_callback_claim(claim).await?;
                if self.has(Defect::SharedCallbacks) {
                    for one in claimed.iter().filter(|one| one.lease.0 < 3) {
                        let told = one.callback.told.clone();
                        let again = CallbackEnd::Again { told, tries: one.tries, due: claim.now };
                        self.store.customer_callback_end(one.customer, one.lease, &again).await?;
                    }
                }
                Ok(claimed)
            }

            async fn customer_code_try(
                &self,
                id: CustomerId,
                field: &str,
                most: u32,
                now: DateTime<Utc>,
            ) -> Result<Option<Sealed>, StoreError> {
                let most = if self.has(Defect::EndlessTries) { u32::MAX } else { most };
                self.store.customer_code_try(id, field, most, now).await
            }

            async fn challenge_use(&self, hash: &[u8; 32], expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
                let first = self.store.challenge_use(hash, expires_at).await?;
                Ok(first || self.has(Defect::ReplayableChallenges))
            }

            async fn transaction_find(
                &self,
                subject: &str,
                protocol: Protocol,
                lookup: &TransactionLookup,
            ) -> Result<Option<Transaction>, StoreError> {
                match lookup.id {
                    Some(id) if self.has(Defect::OpenTransactions) => self.store.transaction_fetch(id).await,
                    _ => self.store.transaction_find(subject, protocol, lookup).await,
                }
            }

            async fn fact_anomaly(&self, record: &FactRecord) -> Result<(), StoreError> {
                if self.has(Defect::ForgottenAnomalies) {
                    return Ok(());
                }
                self.store.fact_anomaly(record).await
            }
        }
    };
}

pass_on! {
    fn ping() -> ();
    fn customer_fetch(key: &CustomerKeyed) -> Option<Customer>;
    fn customer_list(before: Option<CustomerId>, limit: u32) -> Vec<Customer>;
    fn customer_decide(id: CustomerId, write: &DecisionWrite) -> bool;
    fn customer_delete(id: CustomerId, at: DateTime<Utc>) -> bool;
    fn customer_forget(owner: &CustomerOwner, at: DateTime<Utc>) -> bool;
    fn customer_code_is_open(id: CustomerId, field: &str, most: u32, now: DateTime<Utc>) -> bool;
    fn customer_file_insert(file: &NewFile, most: u32) -> bool;
    fn customer_file_fetch(id: FileId) -> Option<FileRecord>;
    fn customer_file_list(customer: CustomerId) -> Vec<FileRecord>;
    fn customer_file_content(id: FileId) -> Option<Sealed>;
    fn customer_callback_put(id: CustomerId, callback: &CustomerCallback, now: DateTime<Utc>) -> bool;
    fn customer_callback_end(id: CustomerId, lease: LeaseToken, end: &CallbackEnd) -> ();
    fn customer_sealed_list(current: &str, limit: u32) -> Vec<SealedRow>;
    fn customer_reseal(row: &SealedRow, by: &Sealed) -> bool;
    fn figures(since: DateTime<Utc>) -> Figures;
    fn sharing_fetch(account: &AccountId) -> Option<Sharing>;
    fn sharing_put(account: &AccountId, sharing: Sharing) -> ();
    fn asset_put(asset: &Asset) -> ();
    fn asset_list() -> Vec<Asset>;
    fn transaction_insert(transaction: &Transaction, url_token: Option<(&[u8; 32], DateTime<Utc>)>) -> ();
    fn transaction_start(transaction: &Transaction, url_token: (&[u8; 32], DateTime<Utc>), account: &AccountId, wanted: Sharing) -> Sharing;
    fn request_find(subject: &str, key: &[u8; 32]) -> Option<KnownRequest>;
    fn transaction_fetch(id: TransactionId) -> Option<Transaction>;
    fn transaction_list(filter: &TransactionFilter) -> Vec<Transaction>;
    fn transaction_by_memo(account: &AccountId, memo: &Memo) -> Option<Transaction>;
    fn transactions_by_memos(account: &AccountId, memos: &[Memo]) -> HashMap<Memo, Transaction>;
    fn transaction_claim_overdue(claim: &Claim) -> Vec<Claimed>;
    fn transaction_release(id: TransactionId, lease: LeaseToken, due: DateTime<Utc>) -> ();
    fn transaction_count() -> Vec<StateCount>;
    fn transaction_count_ended() -> Vec<StateCount>;
    fn fact_list(transaction: TransactionId) -> Vec<FactRecord>;
    fn attempt_fetch(id: AttemptId) -> Option<Attempt>;
    fn attempt_open_of(source: &AccountId) -> Option<Attempt>;
    fn attempt_landed_at(source: &AccountId, sequence: i64) -> Option<Attempt>;
    fn transaction_release_all(claims: &[(TransactionId, LeaseToken, DateTime<Utc>)]) -> ();
    fn attempt_open(attempt: &Attempt, at: DateTime<Utc>) -> Stored;
    fn attempt_close(
        id: AttemptId,
        status: AttemptStatus,
        ledger: Option<u32>,
        note: &str,
        at: DateTime<Utc>
    ) -> ();
    fn attempt_release(claims: &[(AttemptId, LeaseToken, DateTime<Utc>)]) -> ();
    fn attempt_bump(id: AttemptId, bump: &Bump) -> bool;
    fn attempt_void_list(transactions: &[TransactionId]) -> Vec<GivenUp>;
    fn attempt_fees_since(since: DateTime<Utc>) -> i64;
    fn signing_release(claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)]) -> ();
    fn signing_fetch(hash: &TransactionHash) -> Option<Signing>;
    fn channel_put(channels: &[(AccountId, Option<u32>)]) -> ();
    fn channel_list() -> Vec<Channel>;
    fn channel_count(now: DateTime<Utc>) -> ChannelCount;
    fn channel_claim_of(accounts: &[AccountId], claim: &Claim) -> Vec<ClaimedChannel>;
    fn channel_release(claims: &[(AccountId, LeaseToken)]) -> ();
    fn channel_retire(account: &AccountId, now: DateTime<Utc>) -> bool;
    fn channel_find(accounts: &[AccountId]) -> Vec<Channel>;
    fn channel_forget(accounts: &[AccountId]) -> ();
    fn custody_list(transaction: TransactionId) -> Vec<CustodyRecord>;
    fn custody_movements(hash: &TransactionHash) -> Vec<String>;
    fn set_aside_claim(claim: &Claim, until: u64) -> Vec<SetAside>;
    fn set_aside_wait(balance: &str, due: DateTime<Utc>) -> ();
    fn set_aside_reclaim(balance: &str, before: Option<AttemptId>, attempt: &Attempt, at: DateTime<Utc>) -> Stored;
    fn set_aside_end(balance: &str, before: Option<AttemptId>) -> bool;
    fn set_aside_find(balances: &[String]) -> Vec<SetAside>;
    fn set_aside_list() -> Vec<SetAside>;
    fn set_aside_is_pending(by: &AccountId, until: u64) -> bool;
    fn order_open_of(transaction: TransactionId) -> Option<(Order, Option<String>)>;
    fn watch_claim(account: &AccountId, owner: &str, now: DateTime<Utc>, lease: Duration) -> Option<WatchLease>;
    fn watch_fetch(account: &AccountId) -> Option<Cursor>;
    fn watch_list() -> Vec<AccountId>;
    fn watch_start(account: &AccountId, cursor: &Cursor) -> ();
    fn watch_forget(account: &AccountId) -> ();
    fn watch_release(lease: &WatchLease) -> ();
    fn suspense_list(reason: Option<SuspenseReason>) -> Vec<PaymentRecord>;
    fn payment_fetch(id: &str) -> Option<PaymentRecord>;
    fn payment_list(transaction: TransactionId) -> Vec<PaymentRecord>;
    fn answers_fetch(transaction: TransactionId) -> Option<Kept>;
    fn answers_put(transaction: TransactionId, answers: &Kept) -> ();
    fn callbacks_put(transaction: TransactionId, callbacks: &Callbacks) -> ();
    fn callbacks_fetch(transaction: TransactionId) -> Callbacks;
    fn session_open(
        url_token: &[u8; 32],
        cookie: &[u8; 32],
        csrf: &str,
        callbacks: &Callbacks,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>
    ) -> Option<Session>;
    fn session_fetch(cookie: &[u8; 32], now: DateTime<Utc>) -> Option<Session>;
    fn event_ack(id: EventId, lease: LeaseToken, at: DateTime<Utc>) -> ();
    fn event_mark(id: EventId, lease: LeaseToken, progress: EventProgress) -> bool;
    fn event_defer(id: EventId, lease: LeaseToken, progress: EventProgress, due: DateTime<Utc>) -> ();
    fn quote_fetch(id: QuoteId) -> Option<Quote>;
    fn quote_used_by(id: QuoteId) -> Option<TransactionId>;
    fn quote_overdue(now: DateTime<Utc>, limit: u32) -> Vec<QuoteId>;
    fn quote_release(id: QuoteId, now: DateTime<Utc>) -> bool;
    fn quote_reserved(asset: &AssetId) -> i64;
    fn heartbeat_put(job: &str, at: DateTime<Utc>) -> ();
    fn heartbeat_list() -> Vec<Heartbeat>;
    fn expired_delete(now: DateTime<Utc>) -> u64;
}

//! Every verb of the store, and which of the books it reads or writes.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::MemoryStore;
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
    CustomerKeyed, CustomerStored, CustomerWrite, DecisionWrite, EventProgress, Figures, FileRecord, GivenUp,
    Heartbeat, KnownRequest, LeaseToken, NewFile, Observation, PaymentRecord, QuoteHold, QuoteUsed, Quoted,
    Recorded, SealedRow, Session, SetAside, Settled, Signing, SigningEnd, StateCount, Store, StoreError,
    Stored, SuspenseReason, TransactionFilter, TransactionLookup, WatchLease,
};
use crate::transaction::{
    Attempt, AttemptStatus, Change, FactRecord, Order, Protocol, Queue, Transaction, TransactionHash,
};

#[async_trait]
impl Store for MemoryStore {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn figures(&self, since: DateTime<Utc>) -> Result<Figures, StoreError> {
        Ok(self.books().figures(since))
    }

    async fn asset_put(&self, asset: &Asset) -> Result<(), StoreError> {
        self.books().assets.insert(asset.id.clone(), asset.clone());
        Ok(())
    }

    async fn asset_list(&self) -> Result<Vec<Asset>, StoreError> {
        Ok(self.books().assets.values().cloned().collect())
    }

    async fn sharing_fetch(&self, account: &AccountId) -> Result<Option<Sharing>, StoreError> {
        Ok(self.books().sharing.get(account).copied())
    }

    async fn sharing_put(&self, account: &AccountId, sharing: Sharing) -> Result<(), StoreError> {
        self.books().sharing.insert(*account, sharing);
        Ok(())
    }

    async fn transaction_insert(
        &self,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
    ) -> Result<(), StoreError> {
        self.books().insert(transaction, url_token)
    }

    async fn transaction_start(
        &self,
        transaction: &Transaction,
        url_token: (&[u8; 32], DateTime<Utc>),
        account: &AccountId,
        wanted: Sharing,
    ) -> Result<Sharing, StoreError> {
        let mut books = self.books();
        let decided = books.sharing.get(account).copied().unwrap_or(wanted);
        if decided.admits(wanted) {
            books.insert(transaction, Some(url_token))?;
        }
        books.sharing.insert(*account, decided);
        Ok(decided)
    }

    async fn transaction_begin(&self, begin: &Begin) -> Result<Begun, StoreError> {
        self.books().begin_with(begin)
    }

    async fn request_find(&self, subject: &str, key: &[u8; 32]) -> Result<Option<KnownRequest>, StoreError> {
        Ok(self.books().requests.get(&(subject.to_owned(), *key)).copied())
    }

    async fn transaction_fetch(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError> {
        Ok(self.books().transactions.get(&id).map(|row| row.transaction.clone()))
    }

    async fn transaction_find(
        &self,
        subject: &str,
        protocol: Protocol,
        lookup: &TransactionLookup,
    ) -> Result<Option<Transaction>, StoreError> {
        Ok(self.books().find(subject, protocol, lookup))
    }

    async fn transaction_list(&self, filter: &TransactionFilter) -> Result<Vec<Transaction>, StoreError> {
        Ok(self.books().list(filter))
    }

    async fn transaction_by_memo(
        &self,
        account: &AccountId,
        memo: &Memo,
    ) -> Result<Option<Transaction>, StoreError> {
        Ok(self.books().by_memo(account, memo))
    }

    async fn transaction_apply(&self, change: &Change, keep_lease: bool) -> Result<Stored, StoreError> {
        self.books().apply(std::slice::from_ref(change), keep_lease)
    }

    async fn transaction_apply_groups(&self, groups: &[Vec<Change>]) -> Result<Vec<Stored>, StoreError> {
        let mut books = self.books();
        groups.iter().map(|group| books.apply(group, false)).collect()
    }

    async fn transaction_claim(&self, queue: Queue, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        Ok(self.books().claim(queue, claim))
    }

    async fn transaction_claim_overdue(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        Ok(self.books().claim_overdue(claim))
    }

    async fn transaction_release(
        &self,
        id: TransactionId,
        lease: LeaseToken,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.books().release(id, lease, due);
        Ok(())
    }

    async fn transaction_release_all(
        &self,
        claims: &[(TransactionId, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        let mut books = self.books();
        claims.iter().for_each(|(id, lease, due)| books.release(*id, *lease, *due));
        Ok(())
    }

    async fn transaction_count(&self) -> Result<Vec<StateCount>, StoreError> {
        Ok(self.books().count())
    }

    async fn transaction_count_ended(&self) -> Result<Vec<StateCount>, StoreError> {
        Ok(self.books().count_ended())
    }

    async fn fact_list(&self, transaction: TransactionId) -> Result<Vec<FactRecord>, StoreError> {
        Ok(self.books().history(transaction))
    }

    async fn fact_anomaly(&self, record: &FactRecord) -> Result<(), StoreError> {
        self.books().anomaly(record)
    }

    async fn attempt_fetch(&self, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        Ok(self.books().attempts.get(&id).map(|row| row.attempt.clone()))
    }

    async fn attempt_open_of(&self, source: &AccountId) -> Result<Option<Attempt>, StoreError> {
        Ok(self.books().attempt_open_of(source))
    }

    async fn attempt_landed_at(
        &self,
        source: &AccountId,
        sequence: i64,
    ) -> Result<Option<Attempt>, StoreError> {
        Ok(self.books().attempt_landed_at(source, sequence))
    }

    async fn attempt_open(&self, attempt: &Attempt, at: DateTime<Utc>) -> Result<Stored, StoreError> {
        self.books().attempt_open(attempt, at)
    }

    async fn attempt_close(
        &self,
        id: AttemptId,
        status: AttemptStatus,
        ledger: Option<u32>,
        _note: &str,
        _at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.books().attempt_close(id, status, ledger)
    }

    async fn attempt_claim(&self, claim: &Claim) -> Result<Vec<ClaimedAttempt>, StoreError> {
        Ok(self.books().attempt_claim(claim))
    }

    async fn attempt_release(
        &self,
        claims: &[(AttemptId, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        self.books().attempt_release(claims);
        Ok(())
    }

    async fn attempt_bump(&self, id: AttemptId, bump: &Bump) -> Result<bool, StoreError> {
        Ok(self.books().attempt_bump(id, bump))
    }

    async fn attempt_void_list(&self, transactions: &[TransactionId]) -> Result<Vec<GivenUp>, StoreError> {
        Ok(self.books().attempt_void_list(transactions))
    }

    async fn attempt_fees_since(&self, since: DateTime<Utc>) -> Result<i64, StoreError> {
        Ok(self.books().attempt_fees_since(since))
    }

    async fn signing_claim(&self, claim: &Claim) -> Result<Vec<ClaimedSigning>, StoreError> {
        Ok(self.books().signing_claim(claim))
    }

    async fn signing_release(
        &self,
        claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        self.books().signing_release(claims);
        Ok(())
    }

    async fn signing_close(
        &self,
        hash: &TransactionHash,
        lease: LeaseToken,
        end: &SigningEnd,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(self.books().signing_close(hash, lease, end, at))
    }

    async fn signing_fetch(&self, hash: &TransactionHash) -> Result<Option<Signing>, StoreError> {
        Ok(self.books().signing_fetch(hash))
    }

    async fn channel_put(&self, channels: &[(AccountId, Option<u32>)]) -> Result<(), StoreError> {
        self.books().channel_put(channels);
        Ok(())
    }

    async fn channel_list(&self) -> Result<Vec<Channel>, StoreError> {
        Ok(self.books().channel_list())
    }

    async fn channel_count(&self, now: DateTime<Utc>) -> Result<ChannelCount, StoreError> {
        Ok(self.books().channel_count(now))
    }

    async fn channel_claim(&self, claim: &Claim) -> Result<Vec<ClaimedChannel>, StoreError> {
        Ok(self.books().channel_claim(claim))
    }

    async fn channel_claim_of(
        &self,
        accounts: &[AccountId],
        claim: &Claim,
    ) -> Result<Vec<ClaimedChannel>, StoreError> {
        Ok(self.books().channel_claim_of(accounts, claim))
    }

    async fn channel_release(&self, claims: &[(AccountId, LeaseToken)]) -> Result<(), StoreError> {
        self.books().channel_release(claims);
        Ok(())
    }

    async fn channel_retire(&self, account: &AccountId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(self.books().channel_retire(account, now))
    }

    async fn channel_find(&self, accounts: &[AccountId]) -> Result<Vec<Channel>, StoreError> {
        Ok(self.books().channel_find(accounts))
    }

    async fn channel_forget(&self, accounts: &[AccountId]) -> Result<(), StoreError> {
        self.books().channel_forget(accounts);
        Ok(())
    }

    async fn custody_list(&self, transaction: TransactionId) -> Result<Vec<CustodyRecord>, StoreError> {
        Ok(self.books().custody_list(transaction))
    }

    async fn custody_movements(&self, hash: &TransactionHash) -> Result<Vec<String>, StoreError> {
        Ok(self.books().custody_movements(hash))
    }

    async fn set_aside_claim(&self, claim: &Claim, until: u64) -> Result<Vec<SetAside>, StoreError> {
        Ok(self.books().set_aside_claim(claim, until))
    }

    async fn set_aside_wait(&self, balance: &str, due: DateTime<Utc>) -> Result<(), StoreError> {
        self.books().set_aside_wait(balance, due);
        Ok(())
    }

    async fn set_aside_reclaim(
        &self,
        balance: &str,
        before: Option<AttemptId>,
        attempt: &Attempt,
        at: DateTime<Utc>,
    ) -> Result<Stored, StoreError> {
        self.books().set_aside_reclaim(balance, before, attempt, at)
    }

    async fn set_aside_end(&self, balance: &str, before: Option<AttemptId>) -> Result<bool, StoreError> {
        Ok(self.books().set_aside_end(balance, before))
    }

    async fn set_aside_find(&self, balances: &[String]) -> Result<Vec<SetAside>, StoreError> {
        Ok(self.books().set_aside_find(balances))
    }

    async fn set_aside_list(&self) -> Result<Vec<SetAside>, StoreError> {
        Ok(self.books().set_aside_list())
    }

    async fn set_aside_is_pending(&self, by: &AccountId, until: u64) -> Result<bool, StoreError> {
        Ok(self.books().set_aside_is_pending(by, until))
    }

    async fn order_open_of(
        &self,
        transaction: TransactionId,
    ) -> Result<Option<(Order, Option<String>)>, StoreError> {
        Ok(self.books().order_open_of(transaction))
    }

    async fn watch_claim(
        &self,
        account: &AccountId,
        owner: &str,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<WatchLease>, StoreError> {
        Ok(self.books().watch_claim(account, owner, now, lease))
    }

    async fn watch_fetch(&self, account: &AccountId) -> Result<Option<Cursor>, StoreError> {
        Ok(self.books().watches.get(account).and_then(|watch| watch.cursor.clone()))
    }

    async fn watch_list(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut watched: Vec<AccountId> = self.books().watches.keys().copied().collect();
        watched.sort_by_cached_key(ToString::to_string);
        Ok(watched)
    }

    async fn watch_start(&self, account: &AccountId, cursor: &Cursor) -> Result<(), StoreError> {
        self.books().watches.entry(*account).or_default().cursor.get_or_insert_with(|| cursor.clone());
        Ok(())
    }

    async fn watch_forget(&self, account: &AccountId) -> Result<(), StoreError> {
        self.books().watch_forget(account);
        Ok(())
    }

    async fn watch_release(&self, lease: &WatchLease) -> Result<(), StoreError> {
        self.books().watch_release(lease);
        Ok(())
    }

    async fn payments_record(&self, observation: &Observation) -> Result<Recorded, StoreError> {
        self.books().payments_record(observation)
    }

    async fn suspense_list(&self, reason: Option<SuspenseReason>) -> Result<Vec<PaymentRecord>, StoreError> {
        Ok(self.books().suspense(reason))
    }

    async fn suspense_settle(&self, payment: &str, by: &Change) -> Result<Settled, StoreError> {
        self.books().suspense_settle(payment, by)
    }

    async fn payment_fetch(&self, id: &str) -> Result<Option<PaymentRecord>, StoreError> {
        Ok(self.books().payments.get(id).cloned())
    }

    async fn payment_list(&self, transaction: TransactionId) -> Result<Vec<PaymentRecord>, StoreError> {
        Ok(self.books().payments_of(transaction))
    }

    async fn answers_fetch(&self, transaction: TransactionId) -> Result<Option<Kept>, StoreError> {
        Ok(self.books().answers_fetch(transaction))
    }

    async fn answers_put(&self, transaction: TransactionId, answers: &Kept) -> Result<(), StoreError> {
        self.books().answers_put(transaction, answers);
        Ok(())
    }

    async fn callbacks_put(
        &self,
        transaction: TransactionId,
        callbacks: &Callbacks,
    ) -> Result<(), StoreError> {
        self.books().callbacks.insert(transaction, callbacks.clone());
        Ok(())
    }

    async fn callbacks_fetch(&self, transaction: TransactionId) -> Result<Callbacks, StoreError> {
        Ok(self.books().callbacks.get(&transaction).cloned().unwrap_or_default())
    }

    async fn session_open(
        &self,
        url_token: &[u8; 32],
        cookie: &[u8; 32],
        csrf: &str,
        callbacks: &Callbacks,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError> {
        self.books().session_open(url_token, cookie, csrf, callbacks, now, expires_at)
    }

    async fn session_fetch(
        &self,
        cookie: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError> {
        Ok(self.books().sessions.get(cookie).filter(|session| session.expires_at > now).cloned())
    }

    async fn challenge_use(&self, hash: &[u8; 32], expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(self.books().challenge_use(hash, expires_at))
    }

    async fn event_claim(&self, claim: &Claim) -> Result<Vec<ClaimedEvent>, StoreError> {
        Ok(self.books().event_claim(claim))
    }

    async fn event_ack(&self, id: EventId, lease: LeaseToken, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.books().event_ack(id, lease, at);
        Ok(())
    }

    async fn event_mark(
        &self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
    ) -> Result<bool, StoreError> {
        Ok(self.books().event_mark(id, lease, progress))
    }

    async fn event_defer(
        &self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.books().event_defer(id, lease, progress, due);
        Ok(())
    }

    async fn quote_insert(&self, quote: &Quote, hold: &QuoteHold) -> Result<Quoted, StoreError> {
        self.books().quote_insert(quote, hold)
    }

    async fn quote_fetch(&self, id: QuoteId) -> Result<Option<Quote>, StoreError> {
        Ok(self.books().quotes.get(&id).map(|row| row.quote.clone()))
    }

    async fn quote_use(
        &self,
        quote: QuoteId,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
        sharing: Option<(AccountId, Sharing)>,
        now: DateTime<Utc>,
    ) -> Result<QuoteUsed, StoreError> {
        self.books().quote_use(quote, transaction, url_token, sharing, now)
    }

    async fn quote_used_by(&self, id: QuoteId) -> Result<Option<TransactionId>, StoreError> {
        Ok(self.books().quotes.get(&id).and_then(|row| row.used_by))
    }

    async fn quote_overdue(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<QuoteId>, StoreError> {
        Ok(self.books().quote_overdue(now, limit))
    }

    async fn quote_release(&self, id: QuoteId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(self.books().quote_release(id, now))
    }

    async fn quote_reserved(&self, asset: &AssetId) -> Result<i64, StoreError> {
        Ok(self.books().quote_reserved(asset))
    }

    async fn customer_fetch(&self, key: &CustomerKeyed) -> Result<Option<Customer>, StoreError> {
        Ok(self.books().customer_fetch(key))
    }

    async fn customer_list(
        &self,
        before: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Customer>, StoreError> {
        Ok(self.books().customer_list(before, limit))
    }

    async fn customer_put(&self, write: &CustomerWrite) -> Result<CustomerStored, StoreError> {
        Ok(self.books().customer_put(write))
    }

    async fn customer_decide(&self, id: CustomerId, write: &DecisionWrite) -> Result<bool, StoreError> {
        Ok(self.books().customer_decide(id, write))
    }

    async fn customer_delete(&self, id: CustomerId, _at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(self.books().customer_delete(id))
    }

    async fn customer_forget(&self, owner: &CustomerOwner, _at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(self.books().customer_forget(owner, None))
    }

    async fn customer_code_try(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Sealed>, StoreError> {
        Ok(self.books().customer_code_try(id, field, most, now))
    }

    async fn customer_code_is_open(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(self.books().customer_code_is_open(id, field, most, now))
    }

    async fn customer_file_insert(&self, file: &NewFile, most: u32) -> Result<bool, StoreError> {
        Ok(self.books().customer_file_insert(file, most))
    }

    async fn customer_file_fetch(&self, id: FileId) -> Result<Option<FileRecord>, StoreError> {
        Ok(self.books().files.get(&id).map(|file| file.record.clone()))
    }

    async fn customer_file_list(&self, customer: CustomerId) -> Result<Vec<FileRecord>, StoreError> {
        Ok(self.books().customer_file_list(customer))
    }

    async fn customer_file_content(&self, id: FileId) -> Result<Option<Sealed>, StoreError> {
        Ok(self.books().files.get(&id).map(|file| file.content.clone()))
    }

    async fn customer_callback_put(
        &self,
        id: CustomerId,
        callback: &CustomerCallback,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(self.books().customer_callback_put(id, callback, now))
    }

    async fn customer_callback_claim(&self, claim: &Claim) -> Result<Vec<ClaimedCallback>, StoreError> {
        Ok(self.books().customer_callback_claim(claim))
    }

    async fn customer_callback_end(
        &self,
        id: CustomerId,
        lease: LeaseToken,
        end: &CallbackEnd,
    ) -> Result<(), StoreError> {
        self.books().customer_callback_end(id, lease, end);
        Ok(())
    }

    async fn customer_sealed_list(&self, current: &str, limit: u32) -> Result<Vec<SealedRow>, StoreError> {
        Ok(self.books().customer_sealed_list(current, limit))
    }

    async fn customer_reseal(&self, row: &SealedRow, by: &Sealed) -> Result<bool, StoreError> {
        Ok(self.books().customer_reseal(row, by))
    }

    async fn heartbeat_put(&self, job: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.books().heartbeat_put(job, at);
        Ok(())
    }

    async fn heartbeat_list(&self) -> Result<Vec<Heartbeat>, StoreError> {
        let books = self.books();
        Ok(books.heartbeats.iter().map(|(job, at)| Heartbeat { job: job.clone(), at: *at }).collect())
    }

    async fn expired_delete(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(self.books().expired_delete(now))
    }
}

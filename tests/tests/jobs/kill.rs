//! A process that is killed at a chosen moment: after any call that wrote or sent something.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anchor_core::account::{AccountId, Sharing};
use anchor_core::asset::{Asset, AssetId, StellarAsset};
use anchor_core::customer::{Customer, Sealed};
use anchor_core::id::{AttemptId, CustomerId, EventId, FileId, OrderId, QuoteId, TransactionId};
use anchor_core::integration::{
    Answers, CustodyIntegration, CustodyOutcome, FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome,
    PendingDeposit, RailsIntegration, Signer, SigningOutcome, SigningRequest,
};
use anchor_core::memo::Memo;
use anchor_core::quote::Quote;
use anchor_core::stellar::{
    AccountSnapshot, Cursor, Ledger, LedgerError, LedgerPoint, Lookup, Movement, MovementPage, Network,
    Submission,
};
use anchor_core::store::{
    Begin, Begun, Bump, CallbackEnd, Callbacks, Channel, ChannelCount, Claim, Claimed, ClaimedAttempt,
    ClaimedCallback, ClaimedChannel, ClaimedEvent, ClaimedSigning, CustodyRecord, CustomerCallback,
    CustomerKeyed, CustomerStored, CustomerWrite, DecisionWrite, EventProgress, Figures, FileRecord, GivenUp,
    Heartbeat, KnownRequest, LeaseToken, NewFile, Observation, PaymentRecord, QuoteHold, QuoteUsed, Quoted,
    Recorded, SealedRow, Session, Settled, Signing, SigningEnd, StateCount, Store, StoreError, Stored,
    SuspenseReason, TransactionFilter, TransactionLookup, WatchLease,
};
use anchor_core::transaction::{
    Attempt, AttemptStatus, Change, CustodyOrder, FactRecord, Order, Protocol, Queue, Transaction,
    TransactionHash,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use tokio::sync::Notify;

/// Counts the moments between calls, and stops the process at one of them. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct KillSwitch(Arc<Moments>);

#[derive(Debug)]
struct Moments {
    /// Only a process can be killed, not the test around it.
    is_process: AtomicBool,
    passed: AtomicUsize,
    fatal: AtomicUsize,
    killed: Notify,
}

impl KillSwitch {
    pub(crate) fn new() -> Self {
        let never = AtomicUsize::new(usize::MAX);
        Self(Arc::new(Moments {
            is_process: AtomicBool::new(false),
            passed: AtomicUsize::new(0),
            fatal: never,
            killed: Notify::new(),
        }))
    }

    /// The process dies at this moment, counted from now.
    pub(crate) fn arm(&self, moment: usize) {
        self.0.passed.store(0, Ordering::SeqCst);
        self.0.fatal.store(moment, Ordering::SeqCst);
    }

    /// Nothing dies any more.
    pub(crate) fn disarm(&self) {
        self.0.fatal.store(usize::MAX, Ordering::SeqCst);
    }

    /// Works like a process: to its end, or (`None`) until it is killed, which drops it where it stands.
    pub(crate) async fn process<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.0.is_process.store(true, Ordering::SeqCst);
        let end = tokio::select! {
            biased;
            () = self.0.killed.notified() => None,
            done = work => Some(done),
        };
        self.0.is_process.store(false, Ordering::SeqCst);
        end
    }

    async fn moment(&self) {
        if !self.0.is_process.load(Ordering::SeqCst) {
            return;
        }
        if self.0.passed.fetch_add(1, Ordering::SeqCst) == self.0.fatal.load(Ordering::SeqCst) {
            self.0.killed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Something is written or sent. Between two such calls nothing is left behind, so dying there is the same as
    /// dying right after the first.
    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        let answer = call.await;
        self.moment().await;
        answer
    }

    /// A claim that found nothing wrote nothing.
    async fn claim<T, E>(&self, call: impl Future<Output = Result<Vec<T>, E>>) -> Result<Vec<T>, E> {
        let answer = call.await;
        if !matches!(&answer, Ok(claimed) if claimed.is_empty()) {
            self.moment().await;
        }
        answer
    }
}

/// Store, ledger or bank of a process that may be killed.
pub(crate) struct Mortal<T> {
    inner: T,
    switch: KillSwitch,
}

impl<T> Mortal<T> {
    pub(crate) fn new(inner: T, switch: &KillSwitch) -> Self {
        Self { inner, switch: switch.clone() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Mortal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl<T: RailsIntegration> RailsIntegration for Mortal<T> {
    async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        self.inner.poll_pending_deposit(deposit).await
    }

    async fn poll_pending_deposits(
        &self,
        deposits: &[PendingDeposit],
    ) -> Result<Vec<(TransactionId, Result<FundsOutcome, IntegrationError>)>, IntegrationError> {
        self.inner.poll_pending_deposits(deposits).await
    }

    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        self.switch.around(self.inner.execute_outgoing_transaction(order)).await
    }

    async fn find_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        self.inner.find_outgoing_transaction(order).await
    }

    async fn poll_outgoing_transactions(
        &self,
        orders: &[PayoutOrder],
    ) -> Result<Vec<(OrderId, Result<PayoutOutcome, IntegrationError>)>, IntegrationError> {
        self.inner.poll_outgoing_transactions(orders).await
    }
}

#[async_trait]
impl<T: CustodyIntegration> CustodyIntegration for Mortal<T> {
    async fn hand_over(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
        self.switch.around(self.inner.hand_over(order)).await
    }

    async fn find(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
        self.inner.find(order).await
    }
}

#[async_trait]
impl<T: Signer> Signer for Mortal<T> {
    fn accounts(&self) -> Vec<AccountId> {
        self.inner.accounts()
    }

    async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
        self.switch.around(self.inner.sign(request)).await
    }
}

#[async_trait]
impl<T: Ledger> Ledger for Mortal<T> {
    fn network(&self) -> &Network {
        self.inner.network()
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        self.inner.latest().await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        self.inner.account(id).await
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        self.inner.fee_bid().await
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        self.switch.around(self.inner.submit(envelope)).await
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        self.inner.lookup(hash).await
    }

    fn expect_assets(&self, assets: &[StellarAsset]) {
        self.inner.expect_assets(assets);
    }

    async fn search(&self, hash: &TransactionHash, from: u64, until: u64) -> Result<Lookup, LedgerError> {
        self.inner.search(hash, from, until).await
    }

    async fn arrivals(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        self.inner.arrivals(hash, account).await
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

#[async_trait]
impl<T: Store> Store for Mortal<T> {
    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }

    async fn figures(&self, since: DateTime<Utc>) -> Result<Figures, StoreError> {
        self.inner.figures(since).await
    }

    async fn asset_put(&self, asset: &Asset) -> Result<(), StoreError> {
        self.switch.around(self.inner.asset_put(asset)).await
    }

    async fn sharing_fetch(&self, account: &AccountId) -> Result<Option<Sharing>, StoreError> {
        self.inner.sharing_fetch(account).await
    }

    async fn sharing_put(&self, account: &AccountId, sharing: Sharing) -> Result<(), StoreError> {
        self.switch.around(self.inner.sharing_put(account, sharing)).await
    }

    async fn asset_list(&self) -> Result<Vec<Asset>, StoreError> {
        self.inner.asset_list().await
    }

    async fn transaction_insert(
        &self,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
    ) -> Result<(), StoreError> {
        self.switch.around(self.inner.transaction_insert(transaction, url_token)).await
    }

    async fn transaction_start(
        &self,
        transaction: &Transaction,
        url_token: (&[u8; 32], DateTime<Utc>),
        account: &AccountId,
        wanted: Sharing,
    ) -> Result<Sharing, StoreError> {
        let started = self.inner.transaction_start(transaction, url_token, account, wanted);
        self.switch.around(started).await
    }

    async fn transaction_begin(&self, begin: &Begin) -> Result<Begun, StoreError> {
        self.switch.around(self.inner.transaction_begin(begin)).await
    }

    async fn request_find(&self, subject: &str, key: &[u8; 32]) -> Result<Option<KnownRequest>, StoreError> {
        self.inner.request_find(subject, key).await
    }

    async fn transaction_fetch(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError> {
        self.inner.transaction_fetch(id).await
    }

    async fn transaction_find(
        &self,
        subject: &str,
        protocol: Protocol,
        lookup: &TransactionLookup,
    ) -> Result<Option<Transaction>, StoreError> {
        self.inner.transaction_find(subject, protocol, lookup).await
    }

    async fn transaction_list(&self, filter: &TransactionFilter) -> Result<Vec<Transaction>, StoreError> {
        self.inner.transaction_list(filter).await
    }

    async fn transaction_by_memo(
        &self,
        account: &AccountId,
        memo: &Memo,
    ) -> Result<Option<Transaction>, StoreError> {
        self.inner.transaction_by_memo(account, memo).await
    }

    async fn transactions_by_memos(
        &self,
        account: &AccountId,
        memos: &[Memo],
    ) -> Result<HashMap<Memo, Transaction>, StoreError> {
        self.inner.transactions_by_memos(account, memos).await
    }

    async fn transaction_apply(&self, change: &Change, keep_lease: bool) -> Result<Stored, StoreError> {
        self.switch.around(self.inner.transaction_apply(change, keep_lease)).await
    }

    async fn transaction_claim(&self, queue: Queue, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.switch.claim(self.inner.transaction_claim(queue, claim)).await
    }

    async fn transaction_claim_overdue(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.switch.claim(self.inner.transaction_claim_overdue(claim)).await
    }

    async fn transaction_release(
        &self,
        id: TransactionId,
        lease: LeaseToken,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.switch.around(self.inner.transaction_release(id, lease, due)).await
    }

    async fn transaction_count(&self) -> Result<Vec<StateCount>, StoreError> {
        self.inner.transaction_count().await
    }

    async fn transaction_count_ended(&self) -> Result<Vec<StateCount>, StoreError> {
        self.inner.transaction_count_ended().await
    }

    async fn fact_list(&self, transaction: TransactionId) -> Result<Vec<FactRecord>, StoreError> {
        self.inner.fact_list(transaction).await
    }

    async fn fact_anomaly(&self, record: &FactRecord) -> Result<(), StoreError> {
        self.switch.around(self.inner.fact_anomaly(record)).await
    }

    async fn transaction_apply_groups(&self, groups: &[Vec<Change>]) -> Result<Vec<Stored>, StoreError> {
        self.switch.around(self.inner.transaction_apply_groups(groups)).await
    }

    async fn transaction_release_all(
        &self,
        claims: &[(TransactionId, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        self.switch.around(self.inner.transaction_release_all(claims)).await
    }

    async fn attempt_open(&self, attempt: &Attempt, at: DateTime<Utc>) -> Result<Stored, StoreError> {
        self.switch.around(self.inner.attempt_open(attempt, at)).await
    }

    async fn attempt_close(
        &self,
        id: AttemptId,
        status: AttemptStatus,
        ledger: Option<u32>,
        note: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.switch.around(self.inner.attempt_close(id, status, ledger, note, at)).await
    }

    async fn attempt_claim(&self, claim: &Claim) -> Result<Vec<ClaimedAttempt>, StoreError> {
        self.switch.claim(self.inner.attempt_claim(claim)).await
    }

    async fn attempt_release(
        &self,
        claims: &[(AttemptId, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        self.switch.around(self.inner.attempt_release(claims)).await
    }

    async fn attempt_bump(&self, id: AttemptId, bump: &Bump) -> Result<bool, StoreError> {
        self.switch.around(self.inner.attempt_bump(id, bump)).await
    }

    async fn attempt_void_list(&self, transactions: &[TransactionId]) -> Result<Vec<GivenUp>, StoreError> {
        self.inner.attempt_void_list(transactions).await
    }

    async fn attempt_fees_since(&self, since: DateTime<Utc>) -> Result<i64, StoreError> {
        self.inner.attempt_fees_since(since).await
    }

    async fn signing_claim(&self, claim: &Claim) -> Result<Vec<ClaimedSigning>, StoreError> {
        self.switch.claim(self.inner.signing_claim(claim)).await
    }

    async fn signing_release(
        &self,
        claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        self.switch.around(self.inner.signing_release(claims)).await
    }

    async fn signing_close(
        &self,
        hash: &TransactionHash,
        lease: LeaseToken,
        end: &SigningEnd,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.switch.around(self.inner.signing_close(hash, lease, end, at)).await
    }

    async fn signing_fetch(&self, hash: &TransactionHash) -> Result<Option<Signing>, StoreError> {
        self.inner.signing_fetch(hash).await
    }

    async fn channel_put(&self, channels: &[(AccountId, Option<u32>)]) -> Result<(), StoreError> {
        self.switch.around(self.inner.channel_put(channels)).await
    }

    async fn channel_list(&self) -> Result<Vec<Channel>, StoreError> {
        self.inner.channel_list().await
    }

    async fn channel_count(&self, now: DateTime<Utc>) -> Result<ChannelCount, StoreError> {
        self.inner.channel_count(now).await
    }

    async fn channel_claim(&self, claim: &Claim) -> Result<Vec<ClaimedChannel>, StoreError> {
        self.switch.claim(self.inner.channel_claim(claim)).await
    }

    async fn channel_release(&self, claims: &[(AccountId, LeaseToken)]) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        self.switch.around(self.inner.channel_release(claims)).await
    }

    async fn channel_retire(&self, account: &AccountId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.switch.around(self.inner.channel_retire(account, now)).await
    }

    async fn channel_find(&self, accounts: &[AccountId]) -> Result<Vec<Channel>, StoreError> {
        self.inner.channel_find(accounts).await
    }

    async fn channel_forget(&self, accounts: &[AccountId]) -> Result<(), StoreError> {
        if accounts.is_empty() {
            return Ok(());
        }
        self.switch.around(self.inner.channel_forget(accounts)).await
    }

    async fn attempt_fetch(&self, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        self.inner.attempt_fetch(id).await
    }

    async fn attempt_open_of(&self, source: &AccountId) -> Result<Option<Attempt>, StoreError> {
        self.inner.attempt_open_of(source).await
    }

    async fn attempt_landed_at(
        &self,
        source: &AccountId,
        sequence: i64,
    ) -> Result<Option<Attempt>, StoreError> {
        self.inner.attempt_landed_at(source, sequence).await
    }

    async fn custody_list(&self, transaction: TransactionId) -> Result<Vec<CustodyRecord>, StoreError> {
        self.inner.custody_list(transaction).await
    }

    async fn custody_movements(&self, hash: &TransactionHash) -> Result<Vec<String>, StoreError> {
        self.inner.custody_movements(hash).await
    }

    async fn order_open_of(
        &self,
        transaction: TransactionId,
    ) -> Result<Option<(Order, Option<String>)>, StoreError> {
        self.inner.order_open_of(transaction).await
    }

    async fn watch_claim(
        &self,
        account: &AccountId,
        owner: &str,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<WatchLease>, StoreError> {
        self.switch.around(self.inner.watch_claim(account, owner, now, lease)).await
    }

    async fn watch_fetch(&self, account: &AccountId) -> Result<Option<Cursor>, StoreError> {
        self.inner.watch_fetch(account).await
    }

    async fn watch_list(&self) -> Result<Vec<AccountId>, StoreError> {
        self.inner.watch_list().await
    }

    async fn watch_start(&self, account: &AccountId, cursor: &Cursor) -> Result<(), StoreError> {
        self.switch.around(self.inner.watch_start(account, cursor)).await
    }

    async fn watch_forget(&self, account: &AccountId) -> Result<(), StoreError> {
        self.switch.around(self.inner.watch_forget(account)).await
    }

    async fn watch_release(&self, lease: &WatchLease) -> Result<(), StoreError> {
        self.switch.around(self.inner.watch_release(lease)).await
    }

    async fn payments_record(&self, observation: &Observation) -> Result<Recorded, StoreError> {
        self.switch.around(self.inner.payments_record(observation)).await
    }

    async fn suspense_list(&self, reason: Option<SuspenseReason>) -> Result<Vec<PaymentRecord>, StoreError> {
        self.inner.suspense_list(reason).await
    }

    async fn suspense_settle(&self, payment: &str, by: &Change) -> Result<Settled, StoreError> {
        self.switch.around(self.inner.suspense_settle(payment, by)).await
    }

    async fn payment_fetch(&self, id: &str) -> Result<Option<PaymentRecord>, StoreError> {
        self.inner.payment_fetch(id).await
    }

    async fn payment_list(&self, transaction: TransactionId) -> Result<Vec<PaymentRecord>, StoreError> {
        self.inner.payment_list(transaction).await
    }

    async fn answers_fetch(&self, transaction: TransactionId) -> Result<Answers, StoreError> {
        self.inner.answers_fetch(transaction).await
    }

    async fn answers_put(&self, transaction: TransactionId, answers: &Answers) -> Result<(), StoreError> {
        self.switch.around(self.inner.answers_put(transaction, answers)).await
    }

    async fn callbacks_insert(
        &self,
        transaction: TransactionId,
        callbacks: &Callbacks,
    ) -> Result<(), StoreError> {
        self.switch.around(self.inner.callbacks_insert(transaction, callbacks)).await
    }

    async fn callbacks_put(
        &self,
        transaction: TransactionId,
        callbacks: &Callbacks,
    ) -> Result<(), StoreError> {
        self.switch.around(self.inner.callbacks_put(transaction, callbacks)).await
    }

    async fn callbacks_fetch(&self, transaction: TransactionId) -> Result<Callbacks, StoreError> {
        self.inner.callbacks_fetch(transaction).await
    }

    async fn session_open(
        &self,
        url_token: &[u8; 32],
        cookie: &[u8; 32],
        csrf: &str,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError> {
        self.switch.around(self.inner.session_open(url_token, cookie, csrf, now, expires_at)).await
    }

    async fn session_fetch(
        &self,
        cookie: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError> {
        self.inner.session_fetch(cookie, now).await
    }

    async fn challenge_use(&self, hash: &[u8; 32], expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.switch.around(self.inner.challenge_use(hash, expires_at)).await
    }

    async fn event_claim(&self, claim: &Claim) -> Result<Vec<ClaimedEvent>, StoreError> {
        self.switch.claim(self.inner.event_claim(claim)).await
    }

    async fn event_ack(&self, id: EventId, lease: LeaseToken, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.switch.around(self.inner.event_ack(id, lease, at)).await
    }

    async fn event_mark(
        &self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
    ) -> Result<bool, StoreError> {
        self.switch.around(self.inner.event_mark(id, lease, progress)).await
    }

    async fn event_defer(
        &self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.switch.around(self.inner.event_defer(id, lease, progress, due)).await
    }

    async fn quote_insert(&self, quote: &Quote, hold: &QuoteHold) -> Result<Quoted, StoreError> {
        self.switch.around(self.inner.quote_insert(quote, hold)).await
    }

    async fn quote_fetch(&self, id: QuoteId) -> Result<Option<Quote>, StoreError> {
        self.inner.quote_fetch(id).await
    }

    async fn quote_use(
        &self,
        quote: QuoteId,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
        sharing: Option<(AccountId, Sharing)>,
        now: DateTime<Utc>,
    ) -> Result<QuoteUsed, StoreError> {
        self.switch.around(self.inner.quote_use(quote, transaction, url_token, sharing, now)).await
    }

    async fn quote_used_by(&self, id: QuoteId) -> Result<Option<TransactionId>, StoreError> {
        self.inner.quote_used_by(id).await
    }

    async fn quote_overdue(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<QuoteId>, StoreError> {
        self.inner.quote_overdue(now, limit).await
    }

    async fn quote_release(&self, id: QuoteId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.switch.around(self.inner.quote_release(id, now)).await
    }

    async fn quote_reserved(&self, asset: &AssetId) -> Result<i64, StoreError> {
        self.inner.quote_reserved(asset).await
    }

    async fn customer_fetch(&self, key: &CustomerKeyed) -> Result<Option<Customer>, StoreError> {
        self.inner.customer_fetch(key).await
    }

    async fn customer_list(
        &self,
        before: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Customer>, StoreError> {
        self.inner.customer_list(before, limit).await
    }

    async fn customer_put(&self, write: &CustomerWrite) -> Result<CustomerStored, StoreError> {
        self.switch.around(self.inner.customer_put(write)).await
    }

    async fn customer_decide(&self, id: CustomerId, write: &DecisionWrite) -> Result<bool, StoreError> {
        self.switch.around(self.inner.customer_decide(id, write)).await
    }

    async fn customer_delete(&self, id: CustomerId) -> Result<bool, StoreError> {
        self.switch.around(self.inner.customer_delete(id)).await
    }

    async fn customer_code_try(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Sealed>, StoreError> {
        self.switch.around(self.inner.customer_code_try(id, field, most, now)).await
    }

    async fn customer_code_is_open(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.inner.customer_code_is_open(id, field, most, now).await
    }

    async fn customer_file_insert(&self, file: &NewFile, most: u32) -> Result<bool, StoreError> {
        self.switch.around(self.inner.customer_file_insert(file, most)).await
    }

    async fn customer_file_fetch(&self, id: FileId) -> Result<Option<FileRecord>, StoreError> {
        self.inner.customer_file_fetch(id).await
    }

    async fn customer_file_list(&self, customer: CustomerId) -> Result<Vec<FileRecord>, StoreError> {
        self.inner.customer_file_list(customer).await
    }

    async fn customer_file_content(&self, id: FileId) -> Result<Option<Sealed>, StoreError> {
        self.inner.customer_file_content(id).await
    }

    async fn customer_callback_put(
        &self,
        id: CustomerId,
        callback: &CustomerCallback,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.switch.around(self.inner.customer_callback_put(id, callback, now)).await
    }

    async fn customer_callback_end(
        &self,
        id: CustomerId,
        lease: LeaseToken,
        end: &CallbackEnd,
    ) -> Result<(), StoreError> {
        self.switch.around(self.inner.customer_callback_end(id, lease, end)).await
    }

    async fn customer_sealed_list(&self, current: &str, limit: u32) -> Result<Vec<SealedRow>, StoreError> {
        self.inner.customer_sealed_list(current, limit).await
    }

    async fn customer_reseal(&self, row: &SealedRow, by: &Sealed) -> Result<bool, StoreError> {
        self.switch.around(self.inner.customer_reseal(row, by)).await
    }

    async fn customer_callback_claim(&self, claim: &Claim) -> Result<Vec<ClaimedCallback>, StoreError> {
        self.switch.claim(self.inner.customer_callback_claim(claim)).await
    }

    // says how it goes, and decides nothing
    async fn heartbeat_put(&self, job: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.inner.heartbeat_put(job, at).await
    }

    async fn heartbeat_list(&self) -> Result<Vec<Heartbeat>, StoreError> {
        self.inner.heartbeat_list().await
    }

    async fn expired_delete(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        self.switch.around(self.inner.expired_delete(now)).await
    }
}

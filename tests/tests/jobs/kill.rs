//! A process that is killed at a chosen moment: after any call that wrote or sent something.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anchor_core::account::{AccountId, Sharing};
use anchor_core::asset::{Asset, AssetId, StellarAsset};
use anchor_core::customer::{Customer, CustomerOwner, Kept, Sealed};
use anchor_core::id::{AttemptId, CustomerId, EventId, FileId, OrderId, QuoteId, TransactionId};
use anchor_core::integration::{
    CustodyIntegration, CustodyOutcome, FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome,
    PendingDeposit, RailsIntegration, Signer, SigningOutcome, SigningRequest,
};
use anchor_core::memo::Memo;
use anchor_core::quote::Quote;
use anchor_core::stellar::{
    AccountSnapshot, BalanceLookup, Cursor, Ledger, LedgerError, LedgerPoint, Lookup, Movement, MovementPage,
    Network, Submission,
};
use anchor_core::store::{
    Begin, Begun, Bump, CallbackEnd, Callbacks, Channel, ChannelCount, Claim, Claimed, ClaimedAttempt,
    ClaimedCallback, ClaimedChannel, ClaimedEvent, ClaimedSigning, CustodyRecord, CustomerCallback,
    CustomerKeyed, CustomerStored, CustomerWrite, DecisionWrite, EventProgress, Figures, FileRecord, GivenUp,
    Heartbeat, KnownRequest, LeaseToken, NewFile, Observation, PaymentRecord, QuoteHold, QuoteUsed, Quoted,
    Recorded, SealedRow, Session, SetAside, Settled, Signing, SigningEnd, StateCount, Store, StoreError,
    Stored, SuspenseReason, TransactionFilter, TransactionLookup, WatchLease,
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

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        self.inner.claimable_balance(id).await
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

/// The verbs by what dying around them means: questions leave nothing behind, what is written is left behind, a list
/// that is empty is not written, a claim that found nothing wrote nothing. A heartbeat says how it goes, and decides
/// nothing.
macro_rules! mortal_store {
    (
        asks { $(fn $ask:ident($($a:ident: $a_type:ty),*) -> $answer:ty;)+ }
        writes { $(fn $write:ident($($w:ident: $w_type:ty),*) -> $written:ty;)+ }
        writes_some { $(fn $some:ident($s:ident: $s_type:ty) -> ();)+ }
        claims { $(fn $claim:ident($($c:ident: $c_type:ty),*) -> $claimed:ty;)+ }
    ) => {
        #[async_trait]
        impl<T: Store> Store for Mortal<T> {
            $(
                async fn $ask(&self, $($a: $a_type),*) -> Result<$answer, StoreError> {
                    self.inner.$ask($($a),*).await
                }
            )+
            $(
                async fn $write(&self, $($w: $w_type),*) -> Result<$written, StoreError> {
                    self.switch.around(self.inner.$write($($w),*)).await
                }
            )+
            $(
                async fn $some(&self, $s: $s_type) -> Result<(), StoreError> {
                    if $s.is_empty() {
                        return Ok(());
                    }
                    self.switch.around(self.inner.$some($s)).await
                }
            )+
            $(
                async fn $claim(&self, $($c: $c_type),*) -> Result<$claimed, StoreError> {
                    self.switch.claim(self.inner.$claim($($c),*)).await
                }
            )+
        }
    };
}

mortal_store! {
    asks {
        fn ping() -> ();
        fn figures(since: DateTime<Utc>) -> Figures;
        fn sharing_fetch(account: &AccountId) -> Option<Sharing>;
        fn asset_list() -> Vec<Asset>;
        fn request_find(subject: &str, key: &[u8; 32]) -> Option<KnownRequest>;
        fn transaction_fetch(id: TransactionId) -> Option<Transaction>;
        fn transaction_find(
            subject: &str,
            protocol: Protocol,
            lookup: &TransactionLookup
        ) -> Option<Transaction>;
        fn transaction_list(filter: &TransactionFilter) -> Vec<Transaction>;
        fn transaction_by_memo(account: &AccountId, memo: &Memo) -> Option<Transaction>;
        fn transactions_by_memos(account: &AccountId, memos: &[Memo]) -> HashMap<Memo, Transaction>;
        fn transaction_count() -> Vec<StateCount>;
        fn transaction_count_ended() -> Vec<StateCount>;
        fn fact_list(transaction: TransactionId) -> Vec<FactRecord>;
        fn attempt_void_list(transactions: &[TransactionId]) -> Vec<GivenUp>;
        fn attempt_fees_since(since: DateTime<Utc>) -> i64;
        fn signing_fetch(hash: &TransactionHash) -> Option<Signing>;
        fn channel_list() -> Vec<Channel>;
        fn channel_count(now: DateTime<Utc>) -> ChannelCount;
        fn channel_find(accounts: &[AccountId]) -> Vec<Channel>;
        fn attempt_fetch(id: AttemptId) -> Option<Attempt>;
        fn attempt_open_of(source: &AccountId) -> Option<Attempt>;
        fn attempt_landed_at(source: &AccountId, sequence: i64) -> Option<Attempt>;
        fn custody_list(transaction: TransactionId) -> Vec<CustodyRecord>;
        fn custody_movements(hash: &TransactionHash) -> Vec<String>;
        fn set_aside_find(balances: &[String]) -> Vec<SetAside>;
        fn set_aside_list() -> Vec<SetAside>;
        fn set_aside_is_pending(by: &AccountId, until: u64) -> bool;
        fn order_open_of(transaction: TransactionId) -> Option<(Order, Option<String>)>;
        fn watch_fetch(account: &AccountId) -> Option<Cursor>;
        fn watch_list() -> Vec<AccountId>;
        fn suspense_list(reason: Option<SuspenseReason>) -> Vec<PaymentRecord>;
        fn payment_fetch(id: &str) -> Option<PaymentRecord>;
        fn payment_list(transaction: TransactionId) -> Vec<PaymentRecord>;
        fn answers_fetch(transaction: TransactionId) -> Option<Kept>;
        fn callbacks_fetch(transaction: TransactionId) -> Callbacks;
        fn session_fetch(cookie: &[u8; 32], now: DateTime<Utc>) -> Option<Session>;
        fn quote_fetch(id: QuoteId) -> Option<Quote>;
        fn quote_used_by(id: QuoteId) -> Option<TransactionId>;
        fn quote_overdue(now: DateTime<Utc>, limit: u32) -> Vec<QuoteId>;
        fn quote_reserved(asset: &AssetId) -> i64;
        fn customer_fetch(key: &CustomerKeyed) -> Option<Customer>;
        fn customer_list(before: Option<CustomerId>, limit: u32) -> Vec<Customer>;
        fn customer_code_is_open(id: CustomerId, field: &str, most: u32, now: DateTime<Utc>) -> bool;
        fn customer_file_fetch(id: FileId) -> Option<FileRecord>;
        fn customer_file_list(customer: CustomerId) -> Vec<FileRecord>;
        fn customer_file_content(id: FileId) -> Option<Sealed>;
        fn customer_sealed_list(current: &str, limit: u32) -> Vec<SealedRow>;
        fn heartbeat_put(job: &str, at: DateTime<Utc>) -> ();
        fn heartbeat_list() -> Vec<Heartbeat>;
    }
    writes {
        fn asset_put(asset: &Asset) -> ();
        fn sharing_put(account: &AccountId, sharing: Sharing) -> ();
        fn transaction_insert(
            transaction: &Transaction,
            url_token: Option<(&[u8; 32], DateTime<Utc>)>
        ) -> ();
        fn transaction_start(
            transaction: &Transaction,
            url_token: (&[u8; 32], DateTime<Utc>),
            account: &AccountId,
            wanted: Sharing
        ) -> Sharing;
        fn transaction_begin(begin: &Begin) -> Begun;
        fn transaction_apply(change: &Change, keep_lease: bool) -> Stored;
        fn transaction_release(id: TransactionId, lease: LeaseToken, due: DateTime<Utc>) -> ();
        fn fact_anomaly(record: &FactRecord) -> ();
        fn transaction_apply_groups(groups: &[Vec<Change>]) -> Vec<Stored>;
        fn attempt_open(attempt: &Attempt, at: DateTime<Utc>) -> Stored;
        fn attempt_close(
            id: AttemptId,
            status: AttemptStatus,
            ledger: Option<u32>,
            note: &str,
            at: DateTime<Utc>
        ) -> ();
        fn attempt_bump(id: AttemptId, bump: &Bump) -> bool;
        fn set_aside_wait(balance: &str, due: DateTime<Utc>) -> ();
        fn set_aside_reclaim(balance: &str, before: Option<AttemptId>, attempt: &Attempt, at: DateTime<Utc>) -> Stored;
        fn set_aside_end(balance: &str, before: Option<AttemptId>) -> bool;
        fn signing_close(
            hash: &TransactionHash,
            lease: LeaseToken,
            end: &SigningEnd,
            at: DateTime<Utc>
        ) -> bool;
        fn channel_put(channels: &[(AccountId, Option<u32>)]) -> ();
        fn channel_retire(account: &AccountId, now: DateTime<Utc>) -> bool;
        fn watch_claim(
            account: &AccountId,
            owner: &str,
            now: DateTime<Utc>,
            lease: Duration
        ) -> Option<WatchLease>;
        fn watch_start(account: &AccountId, cursor: &Cursor) -> ();
        fn watch_forget(account: &AccountId) -> ();
        fn watch_release(lease: &WatchLease) -> ();
        fn payments_record(observation: &Observation) -> Recorded;
        fn suspense_settle(payment: &str, by: &Change) -> Settled;
        fn answers_put(transaction: TransactionId, answers: &Kept) -> ();
        fn callbacks_put(transaction: TransactionId, callbacks: &Callbacks) -> ();
        fn session_open(
            url_token: &[u8; 32],
            cookie: &[u8; 32],
            csrf: &str,
            callbacks: &Callbacks,
            now: DateTime<Utc>,
            expires_at: DateTime<Utc>
        ) -> Option<Session>;
        fn challenge_use(hash: &[u8; 32], expires_at: DateTime<Utc>) -> bool;
        fn event_ack(id: EventId, lease: LeaseToken, at: DateTime<Utc>) -> ();
        fn event_mark(id: EventId, lease: LeaseToken, progress: EventProgress) -> bool;
        fn event_defer(id: EventId, lease: LeaseToken, progress: EventProgress, due: DateTime<Utc>) -> ();
        fn quote_insert(quote: &Quote, hold: &QuoteHold) -> Quoted;
        fn quote_use(
            quote: QuoteId,
            transaction: &Transaction,
            url_token: Option<(&[u8; 32], DateTime<Utc>)>,
            sharing: Option<(AccountId, Sharing)>,
            now: DateTime<Utc>
        ) -> QuoteUsed;
        fn quote_release(id: QuoteId, now: DateTime<Utc>) -> bool;
        fn customer_put(write: &CustomerWrite) -> CustomerStored;
        fn customer_decide(id: CustomerId, write: &DecisionWrite) -> bool;
        fn customer_delete(id: CustomerId, at: DateTime<Utc>) -> bool;
        fn customer_forget(owner: &CustomerOwner, at: DateTime<Utc>) -> bool;
        fn customer_code_try(id: CustomerId, field: &str, most: u32, now: DateTime<Utc>) -> Option<Sealed>;
        fn customer_file_insert(file: &NewFile, most: u32) -> bool;
        fn customer_callback_put(id: CustomerId, callback: &CustomerCallback, now: DateTime<Utc>) -> bool;
        fn customer_callback_end(id: CustomerId, lease: LeaseToken, end: &CallbackEnd) -> ();
        fn customer_reseal(row: &SealedRow, by: &Sealed) -> bool;
        fn expired_delete(now: DateTime<Utc>) -> u64;
    }
    writes_some {
        fn transaction_release_all(claims: &[(TransactionId, LeaseToken, DateTime<Utc>)]) -> ();
        fn attempt_release(claims: &[(AttemptId, LeaseToken, DateTime<Utc>)]) -> ();
        fn signing_release(claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)]) -> ();
        fn channel_release(claims: &[(AccountId, LeaseToken)]) -> ();
        fn channel_forget(accounts: &[AccountId]) -> ();
    }
    claims {
        fn transaction_claim(queue: Queue, claim: &Claim) -> Vec<Claimed>;
        fn transaction_claim_overdue(claim: &Claim) -> Vec<Claimed>;
        fn attempt_claim(claim: &Claim) -> Vec<ClaimedAttempt>;
        fn set_aside_claim(claim: &Claim, until: u64) -> Vec<SetAside>;
        fn signing_claim(claim: &Claim) -> Vec<ClaimedSigning>;
        fn channel_claim(claim: &Claim) -> Vec<ClaimedChannel>;
        fn channel_claim_of(accounts: &[AccountId], claim: &Claim) -> Vec<ClaimedChannel>;
        fn event_claim(claim: &Claim) -> Vec<ClaimedEvent>;
        fn customer_callback_claim(claim: &Claim) -> Vec<ClaimedCallback>;
    }
}

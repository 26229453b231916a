//! What is kept: domain verbs, each one atomic unit. How it is kept is the adapter's business.
//!
//! A verb either happened completely or not at all, also when the process is killed inside it. `Err` means that
//! it is unknown whether it happened: every caller may simply do it again, because versions, unique keys and
//! leases make repetition harmless.

use std::collections::HashMap;
use std::fmt;
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
use crate::transaction::{
    Attempt, AttemptStatus, Change, FactRecord, Order, Protocol, Queue, Transaction, TransactionHash,
};

mod begin;
mod channels_seen;
mod claimed;
mod customer;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod diesel;
mod quote;
mod record;
mod request;
mod set_aside;
mod watch;

pub use begin::{Begin, Begun};
pub(crate) use channels_seen::ChannelsSeen;
pub use claimed::{
    Bump, Claim, Claimed, ClaimedAttempt, ClaimedChannel, ClaimedEvent, ClaimedSigning, GivenUp, LeaseToken,
    Signing, SigningEnd,
};
pub use customer::{
    CallbackEnd, ClaimedCallback, CodeLimits, CodeWrite, CustomerCallback, CustomerKeyed, CustomerStored,
    CustomerWrite, DecisionWrite, FieldWrite, FileRecord, NewFile, SealedRow,
};
pub use quote::{QuoteHold, QuoteUsed, Quoted};
pub use record::{
    Callbacks, Channel, ChannelCount, CustodyRecord, EventProgress, Figures, Heartbeat, Session, StateCount,
    TransactionFilter, TransactionLookup,
};
pub use request::{KnownRequest, RequestKey};
pub use set_aside::{LastReclaim, SetAside, SetAsideState};
pub use watch::{
    Disposition, Observation, Observed, PaymentRecord, Recorded, Settled, SuspenseReason, WatchLease,
};

/// The store did not do, or may not have done, what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database could not be reached, or no connection was free in time.
    #[error("the database could not be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database failed while it worked.
    #[error("the database failed: {operation}")]
    Failed {
        /// The verb.
        operation: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored row is not what this version writes.
    #[error("a stored row cannot be read: {0}")]
    Corrupt(String),
}

/// What became of a [`Change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// Written, all of it.
    Applied,
    /// Somebody else changed the transaction first: read it again.
    Stale,
    /// Another open attempt or order of the transaction, another open attempt of the source account, or another custodian's
    /// order that the same operation on the ledger stands for, stands in the way; nothing was written.
    SourceBusy,
    /// The receiving (account, memo) pair belongs to another transaction; nothing was written.
    MemoTaken,
    /// The rails' receipt has funded another transaction; nothing was written.
    ReceiptTaken,
}

/// Everything that is kept.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Answers if the database does.
    async fn ping(&self) -> Result<(), StoreError>;
    /// The database's own clock, if machines share it that may have different ones.
    async fn time(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(None)
    }
    /// Counts, of what was stored since then where time matters.
    async fn figures(&self, since: DateTime<Utc>) -> Result<Figures, StoreError>;

    /// Adds or replaces an asset. Transactions refer to it by its identifier.
    async fn asset_put(&self, asset: &Asset) -> Result<(), StoreError>;
    /// All assets, by identifier.
    async fn asset_list(&self) -> Result<Vec<Asset>, StoreError>;

    /// How this account is used, if that is known.
    async fn sharing_fetch(&self, account: &AccountId) -> Result<Option<Sharing>, StoreError>;
    /// The operator's decision.
    async fn sharing_put(&self, account: &AccountId, sharing: Sharing) -> Result<(), StoreError>;

    /// Inserts a new transaction together with its single-use URL token (SHA-256 of it, and its end).
    async fn transaction_insert(
        &self,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
    ) -> Result<(), StoreError>;
    /// As [`transaction_insert`](Self::transaction_insert), of a user who uses `account` as `wanted`. Answers how the
    /// account is used from now on: as `wanted`, unless it was decided before. Nothing is inserted unless that
    /// [admits](Sharing::admits) `wanted`.
    async fn transaction_start(
        &self,
        transaction: &Transaction,
        url_token: (&[u8; 32], DateTime<Utc>),
        account: &AccountId,
        wanted: Sharing,
    ) -> Result<Sharing, StoreError>;
    /// Inserts a new transaction with everything that was decided about it at once, in one commit: it never stands there
    /// undecided, and a refused one leaves nothing behind.
    async fn transaction_begin(&self, begin: &Begin) -> Result<Begun, StoreError>;
    /// What a request with this key led to, if it came before.
    async fn request_find(&self, subject: &str, key: &[u8; 32]) -> Result<Option<KnownRequest>, StoreError>;
    /// One transaction, whoever's it is.
    async fn transaction_fetch(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError>;
    /// One transaction of this user ([`Subject::key`](crate::account::Subject::key)) and protocol.
    async fn transaction_find(
        &self,
        subject: &str,
        protocol: Protocol,
        lookup: &TransactionLookup,
    ) -> Result<Option<Transaction>, StoreError>;
    /// Some transactions, newest first. A `before` that the filter itself does not cover gives an empty list.
    async fn transaction_list(&self, filter: &TransactionFilter) -> Result<Vec<Transaction>, StoreError>;
    /// The transaction that this (receiving account, memo) was given to, in whatever state.
    async fn transaction_by_memo(
        &self,
        account: &AccountId,
        memo: &Memo,
    ) -> Result<Option<Transaction>, StoreError>;
    /// The transactions that these memos of a receiving account were given to, in whatever state; no entry for a memo
    /// that was given to none.
    async fn transactions_by_memos(
        &self,
        account: &AccountId,
        memos: &[Memo],
    ) -> Result<HashMap<Memo, Transaction>, StoreError> {
        let mut found = HashMap::new();
        for memo in memos {
            if let Some(transaction) = self.transaction_by_memo(account, memo).await? {
                found.insert(memo.clone(), transaction);
            }
        }
        Ok(found)
    }
    /// Writes a change: transaction, history, attempt or order, answers, and news, in one commit, if and only if the
    /// version still is the expected one. Ends the lease, unless `keep_lease`: then the claim goes on (for the
    /// moment between a stored intent and its effect).
    async fn transaction_apply(&self, change: &Change, keep_lease: bool) -> Result<Stored, StoreError>;
    /// Writes groups of changes. Each group is one unit: all of its changes or none, and what stood in the way. Those of
    /// one group that open or close an attempt open or close the same one, with an operation for each, in their order.
    /// Ends the leases. The answers are in the order of the groups, some of which may have been written when the verb
    /// fails.
    async fn transaction_apply_groups(&self, groups: &[Vec<Change>]) -> Result<Vec<Stored>, StoreError>;
    /// Takes due transactions off a queue. Two claims never get the same one while its lease lasts.
    async fn transaction_claim(&self, queue: Queue, claim: &Claim) -> Result<Vec<Claimed>, StoreError>;
    /// Takes transactions whose deadline has passed and that still can expire.
    async fn transaction_claim_overdue(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError>;
    /// Gives a claimed transaction back, due again at `due`. Without effect if the lease was lost.
    async fn transaction_release(
        &self,
        id: TransactionId,
        lease: LeaseToken,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// As [`transaction_release`](Self::transaction_release), many at once.
    async fn transaction_release_all(
        &self,
        claims: &[(TransactionId, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError>;
    /// How many transactions stand in each state that is not an end; takes no longer for all that have ended.
    async fn transaction_count(&self) -> Result<Vec<StateCount>, StoreError>;
    /// How many transactions have ended, and how; looks at all of them.
    async fn transaction_count_ended(&self) -> Result<Vec<StateCount>, StoreError>;

    /// The history, oldest first, anomalies included.
    async fn fact_list(&self, transaction: TransactionId) -> Result<Vec<FactRecord>, StoreError>;
    /// Keeps a fact that did not fit. The same anomaly again (by receipt reference or order) is kept once.
    async fn fact_anomaly(&self, record: &FactRecord) -> Result<(), StoreError>;

    /// One attempt.
    async fn attempt_fetch(&self, id: AttemptId) -> Result<Option<Attempt>, StoreError>;
    /// The open attempt that uses this source account's sequence number, if any.
    async fn attempt_open_of(&self, source: &AccountId) -> Result<Option<Attempt>, StoreError>;
    /// The attempt that is known to have used this sequence number of the source account, if any: a ledger applied it, or
    /// failed it.
    async fn attempt_landed_at(
        &self,
        source: &AccountId,
        sequence: i64,
    ) -> Result<Option<Attempt>, StoreError>;
    /// Stores an attempt that pays for no transaction: it creates or feeds channel accounts.
    async fn attempt_open(&self, attempt: &Attempt, at: DateTime<Utc>) -> Result<Stored, StoreError>;
    /// Closes an attempt that pays for no transaction. `ledger`: the one that holds it, if its sequence number is used up
    /// by that. Without effect if it is closed already.
    async fn attempt_close(
        &self,
        id: AttemptId,
        status: AttemptStatus,
        ledger: Option<u32>,
        note: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Takes open attempts that are due, with their transactions. Two claims never get the same one while its lease
    /// lasts.
    async fn attempt_claim(&self, claim: &Claim) -> Result<Vec<ClaimedAttempt>, StoreError>;
    /// Gives open attempts back, each due again at its time. Without effect on those whose lease was lost.
    async fn attempt_release(
        &self,
        claims: &[(AttemptId, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError>;
    /// Stores a dearer wrapping of an open attempt's envelope; false if the attempt is no longer open.
    async fn attempt_bump(&self, id: AttemptId, bump: &Bump) -> Result<bool, StoreError>;
    /// The attempts of these transactions that were closed as void, oldest first.
    async fn attempt_void_list(&self, transactions: &[TransactionId]) -> Result<Vec<GivenUp>, StoreError>;
    /// The most that all attempts and wrappings since then may have cost, in stroops.
    async fn attempt_fees_since(&self, since: DateTime<Utc>) -> Result<i64, StoreError>;

    /// Takes envelopes that somebody else has to sign, of open attempts, that are due. Two claims never get the same one
    /// while its lease lasts.
    async fn signing_claim(&self, claim: &Claim) -> Result<Vec<ClaimedSigning>, StoreError>;
    /// Gives them back, each due again at its time. Without effect on those whose lease was lost.
    async fn signing_release(
        &self,
        claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError>;
    /// Writes the signed envelope where it is sent from, and makes the attempt due at once; or that it was refused.
    /// `false`: the lease was lost, it has ended already, or the attempt is closed; nothing was written.
    async fn signing_close(
        &self,
        hash: &TransactionHash,
        lease: LeaseToken,
        end: &SigningEnd,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// What is known of an envelope that somebody else has to sign; `None` if nobody else has to.
    async fn signing_fetch(&self, hash: &TransactionHash) -> Result<Option<Signing>, StoreError>;

    /// Adds channels. Those that are there already stay as they are, but are no longer retired.
    async fn channel_put(&self, channels: &[(AccountId, Option<u32>)]) -> Result<(), StoreError>;
    /// All channels, the pool's first, by position.
    async fn channel_list(&self) -> Result<Vec<Channel>, StoreError>;
    /// How many there are of the kind that [`channel_claim`](Self::channel_claim) gives.
    async fn channel_count(&self, now: DateTime<Utc>) -> Result<ChannelCount, StoreError>;
    /// Takes free channels: of the pool, or (if all of it is retired, or there is none) distribution accounts. Two
    /// claims never get the same one while its lease lasts.
    async fn channel_claim(&self, claim: &Claim) -> Result<Vec<ClaimedChannel>, StoreError>;
    /// Takes those of these accounts that are free channels, whether there is a pool or not. Two claims never get the same
    /// one while its lease lasts.
    async fn channel_claim_of(
        &self,
        accounts: &[AccountId],
        claim: &Claim,
    ) -> Result<Vec<ClaimedChannel>, StoreError>;
    /// Gives channels back. Without effect on those whose lease was lost, and on those that have an open attempt.
    async fn channel_release(&self, claims: &[(AccountId, LeaseToken)]) -> Result<(), StoreError>;
    /// Nobody takes this channel any more; false if it has an open attempt, or somebody has it.
    async fn channel_retire(&self, account: &AccountId, now: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Which of these accounts are channels, retired ones too, by account.
    async fn channel_find(&self, accounts: &[AccountId]) -> Result<Vec<Channel>, StoreError>;
    /// These accounts are gone from the ledger: their last sequence numbers are not known any more. Without effect on
    /// those that have an open attempt.
    async fn channel_forget(&self, accounts: &[AccountId]) -> Result<(), StoreError>;

    /// All orders of a transaction to the custodian, oldest first.
    async fn custody_list(&self, transaction: TransactionId) -> Result<Vec<CustodyRecord>, StoreError>;
    /// The operations of this ledger transaction that stand for orders to the custodian already.
    async fn custody_movements(&self, hash: &TransactionHash) -> Result<Vec<String>, StoreError>;

    /// Takes balances that nobody is known to have claimed, that are due, and that the anchor may claim at `until` (Unix seconds
    /// of ledger time). Two claims never get the same one while the lease lasts.
    async fn set_aside_claim(&self, claim: &Claim, until: u64) -> Result<Vec<SetAside>, StoreError>;
    /// Looks at a balance again at `due`.
    async fn set_aside_wait(&self, balance: &str, due: DateTime<Utc>) -> Result<(), StoreError>;
    /// Stores an attempt to take a balance back, as [`attempt_open`](Self::attempt_open) does. [`Stored::Stale`]: somebody is
    /// known to have it by now, or its last attempt is another one than `before`.
    async fn set_aside_reclaim(
        &self,
        balance: &str,
        before: Option<AttemptId>,
        attempt: &Attempt,
        at: DateTime<Utc>,
    ) -> Result<Stored, StoreError>;
    /// The balance is gone, and none of its attempts took it; `false`, as for
    /// [`set_aside_reclaim`](Self::set_aside_reclaim): nothing was written. What a watcher reads later prevails.
    async fn set_aside_end(&self, balance: &str, before: Option<AttemptId>) -> Result<bool, StoreError>;
    /// Those of these balances that the anchor may take back, or took.
    async fn set_aside_find(&self, balances: &[String]) -> Result<Vec<SetAside>, StoreError>;
    /// All of them, those that may be taken back last before the others, at most 200.
    async fn set_aside_list(&self) -> Result<Vec<SetAside>, StoreError>;
    /// Whether an open attempt makes a balance that this account may claim at `until` (Unix seconds of ledger time): its id is
    /// not known yet.
    async fn set_aside_is_pending(&self, by: &AccountId, until: u64) -> Result<bool, StoreError>;

    /// The transaction's open order, with the rails' reference if they gave one.
    async fn order_open_of(
        &self,
        transaction: TransactionId,
    ) -> Result<Option<(Order, Option<String>)>, StoreError>;

    /// The right to watch an account, unless somebody has it. Creates the watch on first use. Claiming again
    /// under the same `owner` renews the lease and keeps its token.
    async fn watch_claim(
        &self,
        account: &AccountId,
        owner: &str,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<WatchLease>, StoreError>;
    /// Where reading on this account goes on; `None` if it was never watched.
    async fn watch_fetch(&self, account: &AccountId) -> Result<Option<Cursor>, StoreError>;
    /// Every account that was ever watched, sorted by its text: users may still pay to one that no asset uses any more.
    async fn watch_list(&self) -> Result<Vec<AccountId>, StoreError>;
    /// Remembers where watching begins. Without effect if that is known already.
    async fn watch_start(&self, account: &AccountId, cursor: &Cursor) -> Result<(), StoreError>;
    /// Forgets where reading went on, for a test network that began anew. Fences off whoever watches now.
    async fn watch_forget(&self, account: &AccountId) -> Result<(), StoreError>;
    /// Gives the right back at once.
    async fn watch_release(&self, lease: &WatchLease) -> Result<(), StoreError>;
    /// Writes movements, their transactions' changes and the new cursor in one commit.
    async fn payments_record(&self, observation: &Observation) -> Result<Recorded, StoreError>;
    /// Movements in suspense, for this reason or for any, newest first, at most 200.
    async fn suspense_list(&self, reason: Option<SuspenseReason>) -> Result<Vec<PaymentRecord>, StoreError>;
    /// Takes a movement (by its id) out of suspense, in one commit with the change of the transaction that is credited for
    /// it, or that returns it and [begins](Change::begins) with this. Only one of any number of such decisions is written.
    async fn suspense_settle(&self, payment: &str, by: &Change) -> Result<Settled, StoreError>;
    /// One movement, by its id.
    async fn payment_fetch(&self, id: &str) -> Result<Option<PaymentRecord>, StoreError>;
    /// All movements that belong to a transaction, were perhaps meant for it, or were settled by it.
    async fn payment_list(&self, transaction: TransactionId) -> Result<Vec<PaymentRecord>, StoreError>;

    /// What the user answered so far, as it is kept; `None` if nothing, or if it was erased.
    async fn answers_fetch(&self, transaction: TransactionId) -> Result<Option<Kept>, StoreError>;
    /// Stores the answers, while the transaction is `Collecting`; without effect afterwards. The last ones come with
    /// the terms ([`Change::answers`]).
    async fn answers_put(&self, transaction: TransactionId, answers: &Kept) -> Result<(), StoreError>;
    /// Remembers callbacks, and forgets others that were stored for this transaction before.
    async fn callbacks_put(
        &self,
        transaction: TransactionId,
        callbacks: &Callbacks,
    ) -> Result<(), StoreError>;
    /// The remembered callbacks.
    async fn callbacks_fetch(&self, transaction: TransactionId) -> Result<Callbacks, StoreError>;

    /// Consumes a URL token (by its SHA-256), opens a session (by the SHA-256 of its cookie), and remembers callbacks, if
    /// none were stored for the transaction before: all of it, or nothing. `None`: unknown, used before, or past its end.
    async fn session_open(
        &self,
        url_token: &[u8; 32],
        cookie: &[u8; 32],
        csrf: &str,
        callbacks: &Callbacks,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError>;
    /// The session of a cookie (by its SHA-256), while it lasts.
    async fn session_fetch(
        &self,
        cookie: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError>;
    /// Marks a SEP-10 challenge (by its hash) as used. `false`: it was used before.
    async fn challenge_use(&self, hash: &[u8; 32], expires_at: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Takes due news: of each transaction only the oldest that is not delivered.
    async fn event_claim(&self, claim: &Claim) -> Result<Vec<ClaimedEvent>, StoreError>;
    /// Delivered, or given up: never again.
    async fn event_ack(&self, id: EventId, lease: LeaseToken, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Writes down who has it, and keeps the lease: what must happen at most once is written before it is done.
    /// `false`: the lease was lost, nothing was written.
    async fn event_mark(
        &self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
    ) -> Result<bool, StoreError>;
    /// Not everybody has it: again at `due`, from `progress`.
    async fn event_defer(
        &self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Stores a quote and puts what it promises in reserve, if the limits allow it. What is in reserve stays there until it
    /// is [released](Self::quote_release), however long after the quote's end that is.
    async fn quote_insert(&self, quote: &Quote, hold: &QuoteHold) -> Result<Quoted, StoreError>;
    /// One quote, whoever's it is, also after its end.
    async fn quote_fetch(&self, id: QuoteId) -> Result<Option<Quote>, StoreError>;
    /// As [`transaction_insert`](Self::transaction_insert), or as [`transaction_start`](Self::transaction_start) if `sharing`
    /// is given, and uses a quote that has neither ended nor been [released](Self::quote_release) in the same commit: of
    /// any number of transactions one gets it.
    async fn quote_use(
        &self,
        quote: QuoteId,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
        sharing: Option<(AccountId, Sharing)>,
        now: DateTime<Utc>,
    ) -> Result<QuoteUsed, StoreError>;
    /// The transaction that a quote was used for.
    async fn quote_used_by(&self, id: QuoteId) -> Result<Option<TransactionId>, StoreError>;
    /// Quotes that have ended and still have something in reserve, those that ended first before the others.
    async fn quote_overdue(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<QuoteId>, StoreError>;
    /// Takes what a quote that has ended has in reserve out of it; false if it has not ended, or has nothing there.
    async fn quote_release(&self, id: QuoteId, now: DateTime<Utc>) -> Result<bool, StoreError>;
    /// How much of an asset is in reserve for all users together, in its smallest units.
    async fn quote_reserved(&self, asset: &AssetId) -> Result<i64, StoreError>;

    /// A registered customer, whoever's it is.
    async fn customer_fetch(&self, key: &CustomerKeyed) -> Result<Option<Customer>, StoreError>;
    /// Customers, newest first; those registered before `before`, if it is given.
    async fn customer_list(
        &self,
        before: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Customer>, StoreError>;
    /// Registers a customer, or changes what is known of it, and makes its callback due, in one commit.
    async fn customer_put(&self, write: &CustomerWrite) -> Result<CustomerStored, StoreError>;
    /// Writes a decision, and makes the callback due, in one commit; false if there is no such customer.
    async fn customer_decide(&self, id: CustomerId, write: &DecisionWrite) -> Result<bool, StoreError>;
    /// Deletes a customer with everything that belongs to it, and what its owner [left otherwise](Self::customer_forget),
    /// also with transactions that name this customer; false if there was none.
    async fn customer_delete(&self, id: CustomerId, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Deletes what an owner left without being registered: files that no field refers to yet, and the answers of its
    /// transactions. Where nothing is agreed yet (`Collecting`) they are emptied, and those of all others that have not ended
    /// go at the first [`expired_delete`](Self::expired_delete) after the end, because it may be what they pay by. False if
    /// there was nothing.
    async fn customer_forget(&self, owner: &CustomerOwner, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// One try at the code of a field: counted, and then answered with the code, unless it has ended or was tried `most`
    /// times before.
    async fn customer_code_try(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Sealed>, StoreError>;
    /// Whether a field's code can still be tried: it has not ended, and was not tried `most` times.
    async fn customer_code_is_open(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Keeps a file that no field refers to yet; false if its owner has `most` of them already.
    async fn customer_file_insert(&self, file: &NewFile, most: u32) -> Result<bool, StoreError>;
    /// One file, whoever's it is.
    async fn customer_file_fetch(&self, id: FileId) -> Result<Option<FileRecord>, StoreError>;
    /// A customer's files, in the order in which they came.
    async fn customer_file_list(&self, customer: CustomerId) -> Result<Vec<FileRecord>, StoreError>;
    /// The content of a file.
    async fn customer_file_content(&self, id: FileId) -> Result<Option<Sealed>, StoreError>;
    /// Replaces a customer's callback, due at once; false if there is no such customer.
    async fn customer_callback_put(
        &self,
        id: CustomerId,
        callback: &CustomerCallback,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Takes callbacks that are due. Two claims never get the same one while its lease lasts.
    async fn customer_callback_claim(&self, claim: &Claim) -> Result<Vec<ClaimedCallback>, StoreError>;
    /// Ends a claim. Without effect if the lease was lost, or the callback was replaced or made due meanwhile.
    async fn customer_callback_end(
        &self,
        id: CustomerId,
        lease: LeaseToken,
        end: &CallbackEnd,
    ) -> Result<(), StoreError>;
    /// What is sealed with any other key than this one, or lies open.
    async fn customer_sealed_list(&self, current: &str, limit: u32) -> Result<Vec<SealedRow>, StoreError>;
    /// Replaces something by the same under another key; false if it has changed meanwhile.
    async fn customer_reseal(&self, row: &SealedRow, by: &Sealed) -> Result<bool, StoreError>;

    /// Remembers that a job did its work. An earlier time than the remembered one is without effect.
    async fn heartbeat_put(&self, job: &str, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Every job that ever did its work, by name.
    async fn heartbeat_list(&self) -> Result<Vec<Heartbeat>, StoreError>;

    /// Deletes what has ended: used tokens, sessions, challenges, codes, files that no field refers to, answers of erased users
    /// whose transactions have ended.
    async fn expired_delete(&self, now: DateTime<Utc>) -> Result<u64, StoreError>;
}

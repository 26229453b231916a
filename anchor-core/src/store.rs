//! What is kept: domain verbs, each one atomic unit. How it is kept is the adapter's business.
//!
//! A verb either happened completely or not at all, also when the process is killed inside it. `Err` means that
//! it is unknown whether it happened: every caller may simply do it again, because versions, unique keys and
//! leases make repetition harmless.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::account::{AccountId, Sharing};
use crate::asset::{Asset, AssetId, StellarAsset};
use crate::id::{AttemptId, EventId, QuoteId, TransactionId};
use crate::integration::Answers;
use crate::memo::Memo;
use crate::quote::Quote;
use crate::stellar::{Cursor, Movement, PoisonRecord};
use crate::transaction::{
    Attempt, AttemptStatus, Change, CustodyOrder, CustodyStatus, Event, FactRecord, Kind, Order, Protocol,
    Queue, Transaction, TransactionHash, Unsigned,
};

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod diesel;
mod quote;

pub use quote::{QuoteHold, QuoteUsed, Quoted};

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

/// Who claims, for how long, how many.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Names the worker, for the operator.
    pub owner: String,
    /// Now.
    pub now: DateTime<Utc>,
    /// How long nobody else may work on the claimed rows.
    pub lease: Duration,
    /// At most this many, oldest due first.
    pub limit: u32,
}

/// A claimed transaction.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// As it stands.
    pub transaction: Transaction,
    /// Proves the claim when it is given back.
    pub lease: LeaseToken,
}

/// A claimed attempt, with everything that it pays for.
#[derive(Debug, Clone)]
pub struct ClaimedAttempt {
    /// The open attempt.
    pub attempt: Attempt,
    /// The same envelope in dearer wrappings, oldest first.
    pub bumps: Vec<Bump>,
    /// When it was stored, and so about when it was first sent.
    pub opened_at: DateTime<Utc>,
    /// Its transactions as they stand, one for each operation, in order. None if it feeds channel accounts.
    pub transactions: Vec<Transaction>,
    /// Proves the claim when it is given back.
    pub lease: LeaseToken,
}

/// An attempt's envelope, wrapped once more with a higher fee, under a hash of its own. It uses the attempt's sequence
/// number and bound, so that at most one of them lands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bump {
    /// The hash of the wrapping.
    pub hash: TransactionHash,
    /// The signed wrapping: base64 XDR.
    pub envelope: Arc<str>,
    /// The most that it may cost, in stroops.
    pub fee: i64,
    /// When it was stored.
    pub opened_at: DateTime<Utc>,
    /// What somebody else has to sign, as for [`Attempt::unsigned`]; then `envelope` is empty until it is signed.
    pub unsigned: Option<Unsigned>,
}

/// An envelope, or a dearer wrapping of one, that somebody else has to sign. Nobody else asks while the lease lasts.
#[derive(Debug, Clone)]
pub struct ClaimedSigning {
    /// What has to be signed: the attempt's hash, or that of a wrapping.
    pub hash: TransactionHash,
    /// The open attempt that it belongs to.
    pub attempt: Attempt,
    /// Base64 XDR, without signatures.
    pub envelope: Arc<str>,
    /// When it was stored.
    pub opened_at: DateTime<Utc>,
    /// Proves the claim when it is signed or given back.
    pub lease: LeaseToken,
}

/// How an envelope that somebody else has to sign ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningEnd {
    /// It can be sent.
    Signed {
        /// Base64 XDR, with all signatures.
        envelope: Arc<str>,
    },
    /// Nobody is asked again.
    Refused {
        /// For the operator.
        reason: String,
    },
}

/// What is known of an envelope that somebody else has to sign, or had to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The last ledger's close time when it was built: [`Unsigned::since`].
    pub since: u64,
    /// Why it was not signed and never will be.
    pub refused: Option<String>,
}

/// An attempt that was closed as void, for one of the transactions that it was to pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The transaction.
    pub transaction: TransactionId,
    /// The attempt.
    pub attempt: Attempt,
    /// The hashes of its dearer wrappings.
    pub wrappings: Vec<TransactionHash>,
}

/// An account whose sequence numbers envelopes use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The account.
    pub account: AccountId,
    /// Its place in the pool, from which its key is derived; `None` for a distribution account, which stands in as long
    /// as there is no pool.
    pub position: Option<u32>,
    /// Nobody takes it any more.
    pub retired: bool,
    /// The last used sequence number, where that is proved.
    pub sequence: Option<i64>,
    /// Its open attempt.
    pub attempt: Option<AttemptId>,
}

/// A channel that nobody else uses while the lease lasts, without an open attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedChannel {
    /// The channel.
    pub channel: Channel,
    /// Proves the claim when it is given back.
    pub lease: LeaseToken,
}

/// How many channels there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelCount {
    /// That could be used now.
    pub free: u32,
    /// That are not retired.
    pub all: u32,
}

/// A stored order to the custodian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyRecord {
    /// The order.
    pub order: CustodyOrder,
    /// How it stands.
    pub status: CustodyStatus,
    /// When it was stored.
    pub opened_at: DateTime<Utc>,
}

/// Grows with every claim of the same row: an older one has lost its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseToken(pub i64);

/// The exclusive right to read on one account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchLease {
    /// The watched account.
    pub account: AccountId,
    /// Where to read on; `None` if it was never watched.
    pub cursor: Option<Cursor>,
    /// Proves the claim.
    pub token: LeaseToken,
}

/// Why a movement on a watched account was not credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SuspenseReason {
    /// No transaction has this memo.
    Unmatched,
    /// The memo's transaction is about another asset.
    WrongAsset,
    /// The memo's transaction was funded already.
    Duplicate,
    /// The memo's transaction cannot take it in its state.
    Unexpected,
    /// The memo's transaction has ended without money.
    Late,
    /// Less than the memo's transaction agreed on.
    Underpaid,
    /// More than the memo's transaction agreed on.
    Overpaid,
}

impl SuspenseReason {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::Unmatched,
        Self::WrongAsset,
        Self::Duplicate,
        Self::Unexpected,
        Self::Late,
        Self::Underpaid,
        Self::Overpaid,
    ];

    /// The reason of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unmatched => "unmatched",
            Self::WrongAsset => "wrong_asset",
            Self::Duplicate => "duplicate",
            Self::Unexpected => "unexpected",
            Self::Late => "late",
            Self::Underpaid => "underpaid",
            Self::Overpaid => "overpaid",
        }
    }
}

/// What a movement was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Credited to a transaction by this change, in the same commit.
    Matched(Box<Change>),
    /// Kept for the operator.
    Suspense {
        /// Why.
        reason: SuspenseReason,
        /// The transaction that it was perhaps meant for.
        transaction: Option<TransactionId>,
    },
    /// Nobody's, and on its way back from the same commit on, as the asset's policy wants it.
    Returned {
        /// Why.
        reason: SuspenseReason,
        /// The transaction that it was perhaps meant for.
        transaction: Option<TransactionId>,
        /// The transaction that returns it begins with this.
        by: Box<Change>,
    },
    /// The anchor's own doing (a payment between its accounts, an issuance): kept, nothing to do.
    Own,
}

/// One movement and what it was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What arrived.
    pub movement: Movement,
    /// What it is.
    pub disposition: Disposition,
}

/// A stretch of a watched account's history, written together with the new cursor.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The right to write it.
    pub lease: WatchLease,
    /// Where reading goes on afterwards.
    pub next: Cursor,
    /// What arrived.
    pub observed: Vec<Observed>,
    /// What could not be read: kept with its raw bytes.
    pub poison: Vec<PoisonRecord>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What became of an [`Observation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// Written, all of it. Movements that were known already were skipped, with their changes.
    Recorded,
    /// The lease or the cursor is somebody else's by now; nothing was written.
    Fenced,
    /// A matched transaction changed meanwhile; nothing was written. Decide again from a fresh read.
    Stale,
}

/// What became of the end of a payment's time in suspense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// Written, with the change.
    Settled,
    /// It is not in suspense, or no longer; nothing was written.
    Taken,
    /// The transaction changed meanwhile; nothing was written. Decide again from a fresh read.
    Stale,
}

/// A stored movement.
#[derive(Debug, Clone)]
pub struct PaymentRecord {
    /// The account on whose history it was read.
    pub account: AccountId,
    /// What arrived.
    pub movement: Movement,
    /// The transaction that it belongs to, or was perhaps meant for.
    pub transaction: Option<TransactionId>,
    /// Why it was not credited when it came; `None` if it was, or is the anchor's own.
    pub suspense: Option<SuspenseReason>,
    /// The transaction that returned it, or was credited for it since; `None` while it is in suspense.
    pub settled_by: Option<TransactionId>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Which transactions to list. Newest first by (`started_at`, id).
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    /// Only this user's ([`Subject::key`](crate::account::Subject::key)).
    pub subject: Option<String>,
    /// Only of this protocol.
    pub protocol: Option<Protocol>,
    /// Only this asset.
    pub asset: Option<StellarAsset>,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only started at this time or later.
    pub no_older_than: Option<DateTime<Utc>>,
    /// Only older than this transaction (exclusive).
    pub before: Option<TransactionId>,
    /// At most this many; the store caps it at 200.
    pub limit: Option<u32>,
}

/// How to find one transaction of a user. All given ones have to fit.
#[derive(Debug, Clone, Default)]
pub struct TransactionLookup {
    /// By our id.
    pub id: Option<TransactionId>,
    /// By ledger transaction; the newest if several share it.
    pub stellar: Option<TransactionHash>,
    /// By the rails' reference; the newest if several share it.
    pub external: Option<String>,
}

/// Where a wallet wants to hear of a transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callbacks {
    /// Once, when the interactive flow is finished.
    pub finished: Option<String>,
    /// At every change of status.
    pub on_change: Option<String>,
}

/// A claimed piece of news.
#[derive(Debug, Clone)]
pub struct ClaimedEvent {
    /// The news.
    pub event: Event,
    /// How often delivery was tried before.
    pub tries: u32,
    /// Whether the wallet and the business's own sink have it already.
    pub progress: EventProgress,
    /// Proves the claim.
    pub lease: LeaseToken,
}

/// Who has a piece of news already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventProgress {
    /// The business's event sink acknowledged it.
    pub sink: bool,
    /// The wallet's callback got it, or will never.
    pub callback: bool,
}

/// A browser's right to one transaction's pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The only transaction it is good for.
    pub transaction: TransactionId,
    /// Has to come back with every form.
    pub csrf: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Counts for health and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// [`State::name`](crate::transaction::State::name).
    pub state: String,
    /// How many.
    pub count: u64,
    /// When the one that waits longest reached its status; `None` at the ends, where nobody waits.
    pub oldest: Option<DateTime<Utc>>,
}

/// What an operator should see; counted for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Payments in suspense, by reason; a reason without any is left out.
    pub suspense: Vec<(SuspenseReason, u64)>,
    /// Records on watched accounts that could not be read.
    pub poison: u64,
    /// Dearer wrappings of envelopes that were stored since then.
    pub bumps: u64,
}

/// When a job last did its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Its name.
    pub job: String,
    /// When it last came to its end without an error, on whatever machine.
    pub at: DateTime<Utc>,
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

    /// What the user answered so far.
    async fn answers_fetch(&self, transaction: TransactionId) -> Result<Answers, StoreError>;
    /// Stores the answers, while the transaction is `Collecting`; without effect afterwards. The last ones come with
    /// the terms ([`Change::answers`]).
    async fn answers_put(&self, transaction: TransactionId, answers: &Answers) -> Result<(), StoreError>;
    /// Remembers callbacks, if none were stored for this transaction before.
    async fn callbacks_insert(
        &self,
        transaction: TransactionId,
        callbacks: &Callbacks,
    ) -> Result<(), StoreError>;
    /// The remembered callbacks.
    async fn callbacks_fetch(&self, transaction: TransactionId) -> Result<Callbacks, StoreError>;

    /// Consumes a URL token (by its SHA-256) and opens a session (by the SHA-256 of its cookie): both, or neither.
    /// `false`: unknown, used before, or past its end.
    async fn session_open(
        &self,
        url_token: &[u8; 32],
        cookie: &[u8; 32],
        csrf: &str,
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
    /// is given, and uses a quote that has not ended in the same commit: of any number of transactions one gets it.
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

    /// Remembers that a job did its work. An earlier time than the remembered one is without effect.
    async fn heartbeat_put(&self, job: &str, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Every job that ever did its work, by name.
    async fn heartbeat_list(&self) -> Result<Vec<Heartbeat>, StoreError>;

    /// Deletes what has ended: used tokens, sessions, challenges.
    async fn expired_delete(&self, now: DateTime<Utc>) -> Result<u64, StoreError>;
}

//! The tables, and what their keys forbid.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::customers::{CallbackRow, CodeRow};
use super::quotes::QuoteRow;
use super::set_asides::SetAsideRow;
use crate::account::{AccountId, Sharing};
use crate::asset::{Asset, StellarAsset};
use crate::customer::{Customer, Kept};
use crate::id::{AttemptId, CustomerId, EventId, FileId, OrderId, QuoteId, TransactionId};
use crate::memo::Memo;
use crate::stellar::{Cursor, PoisonRecord};
use crate::store::{
    Bump, Callbacks, Claim, EventProgress, KnownRequest, LeaseToken, NewFile, PaymentRecord, Session,
    StoreError,
};
use crate::transaction::{
    Attempt, AttemptStatus, CustodyOrder, CustodyStatus, Event, FactRecord, Order, OrderStatus, Receiving,
    Transaction, TransactionHash, Unsigned,
};

/// All that is kept.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// Planted: the last one to write wins.
    pub(super) ignores_versions: bool,
    pub(super) assets: BTreeMap<StellarAsset, Asset>,
    pub(super) sharing: BTreeMap<AccountId, Sharing>,
    pub(super) transactions: BTreeMap<TransactionId, Row>,
    /// Receiving accounts and memos: never given to another transaction.
    pub(super) memos: BTreeMap<(AccountId, Memo), TransactionId>,
    /// Money and reference: one credit funds one transaction.
    pub(super) receipts: BTreeSet<(String, String)>,
    pub(super) attempts: BTreeMap<AttemptId, AttemptRow>,
    pub(super) hashes: BTreeSet<TransactionHash>,
    pub(super) custody: BTreeMap<AttemptId, CustodyRow>,
    pub(super) signings: BTreeMap<TransactionHash, SigningRow>,
    pub(super) channels: BTreeMap<AccountId, ChannelRow>,
    /// By the attempt that makes it.
    pub(super) set_asides: BTreeMap<AttemptId, SetAsideRow>,
    pub(super) orders: BTreeMap<OrderId, OrderRow>,
    pub(super) watches: BTreeMap<AccountId, Watch>,
    pub(super) payments: BTreeMap<String, PaymentRecord>,
    pub(super) poison: Vec<(AccountId, PoisonRecord)>,
    /// By transaction, version and place among the news of one change.
    pub(super) events: BTreeMap<EventKey, EventRow>,
    pub(super) event_keys: BTreeMap<EventId, EventKey>,
    pub(super) answers: BTreeMap<TransactionId, AnswersRow>,
    pub(super) callbacks: BTreeMap<TransactionId, Callbacks>,
    pub(super) url_tokens: BTreeMap<[u8; 32], UrlToken>,
    pub(super) sessions: BTreeMap<[u8; 32], Session>,
    pub(super) challenges: BTreeMap<[u8; 32], DateTime<Utc>>,
    pub(super) quotes: BTreeMap<QuoteId, QuoteRow>,
    /// By user and key.
    pub(super) requests: BTreeMap<(String, [u8; 32]), KnownRequest>,
    pub(super) customers: BTreeMap<CustomerId, Customer>,
    pub(super) files: BTreeMap<FileId, NewFile>,
    pub(super) codes: Vec<CodeRow>,
    pub(super) customer_callbacks: BTreeMap<CustomerId, CallbackRow>,
    pub(super) heartbeats: BTreeMap<String, DateTime<Utc>>,
}

pub(super) type EventKey = (TransactionId, i64, usize);

/// What was told about a transaction, and whether it is to be forgotten at its end.
#[derive(Debug)]
pub(super) struct AnswersRow {
    pub(super) kept: Kept,
    pub(super) forget: bool,
}

/// A transaction with what is kept beside it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) transaction: Transaction,
    pub(super) due_at: DateTime<Utc>,
    pub(super) lease: Lease,
    pub(super) history: Vec<HistoryRow>,
}

/// A line of the history; `version` is the transaction's after it.
#[derive(Debug)]
pub(super) struct HistoryRow {
    pub(super) version: i64,
    pub(super) record: FactRecord,
}

#[derive(Debug)]
pub(super) struct AttemptRow {
    pub(super) attempt: Attempt,
    pub(super) status: AttemptStatus,
    pub(super) ledger: Option<u32>,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) due_at: DateTime<Utc>,
    pub(super) lease: Lease,
    /// What it pays for, one for each operation.
    pub(super) transactions: Vec<TransactionId>,
    pub(super) bumps: Vec<Bump>,
}

#[derive(Debug)]
pub(super) struct CustodyRow {
    pub(super) order: CustodyOrder,
    pub(super) status: CustodyStatus,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) carried: Option<(TransactionHash, String)>,
}

#[derive(Debug)]
pub(super) struct SigningRow {
    pub(super) attempt: AttemptId,
    pub(super) unsigned: Unsigned,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) due_at: DateTime<Utc>,
    pub(super) refused: Option<String>,
    pub(super) closed: bool,
    pub(super) lease: Lease,
}

#[derive(Debug, Default)]
pub(super) struct ChannelRow {
    pub(super) position: Option<u32>,
    pub(super) retired: bool,
    pub(super) sequence: Option<i64>,
    pub(super) attempt: Option<AttemptId>,
    pub(super) lease: Lease,
}

#[derive(Debug)]
pub(super) struct OrderRow {
    pub(super) order: Order,
    pub(super) status: OrderStatus,
    pub(super) reference: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) cursor: Option<Cursor>,
    pub(super) lease: Lease,
}

#[derive(Debug)]
pub(super) struct EventRow {
    pub(super) event: Event,
    pub(super) tries: u32,
    pub(super) progress: EventProgress,
    pub(super) due_at: DateTime<Utc>,
    pub(super) delivered: bool,
    pub(super) lease: Lease,
}

#[derive(Debug)]
pub(super) struct UrlToken {
    pub(super) transaction: TransactionId,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) used: bool,
}

/// The exclusive right to work on a row.
#[derive(Debug, Default)]
pub(super) struct Lease {
    pub(super) holder: Option<(String, DateTime<Utc>)>,
    pub(super) token: i64,
}

impl Lease {
    pub(super) fn is_free(&self, now: DateTime<Utc>) -> bool {
        self.holder.as_ref().is_none_or(|(_, until)| *until <= now)
    }

    pub(super) fn is_held_with(&self, token: LeaseToken) -> bool {
        self.holder.is_some() && self.token == token.0
    }

    /// For somebody else than before: the token grows.
    pub(super) fn take(&mut self, owner: &str, until: DateTime<Utc>) -> LeaseToken {
        self.holder = Some((owner.to_owned(), until));
        self.token = self.token.saturating_add(1);
        LeaseToken(self.token)
    }

    pub(super) fn end(&mut self) {
        self.holder = None;
    }
}

/// The end of a lease; one too long to be written lasts as long as can be written.
pub(super) fn until(now: DateTime<Utc>, lease: Duration) -> DateTime<Utc> {
    let lease = chrono::Duration::from_std(lease).unwrap_or(chrono::Duration::MAX);
    now.checked_add_signed(lease).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Most rows of one claim.
const CLAIM_MAX: u32 = 500;

/// How many rows a claim gets at most.
pub(super) fn claim_limit(claim: &Claim) -> usize {
    usize::try_from(claim.limit.min(CLAIM_MAX)).unwrap_or(usize::MAX)
}

/// A key or a reference stands in the way, of which no verb's answer speaks.
pub(super) fn refused(operation: &'static str, why: &'static str) -> StoreError {
    StoreError::Failed { operation, source: why.into() }
}

impl Books {
    pub(super) fn insert(
        &mut self,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
    ) -> Result<(), StoreError> {
        let refused = |why| Err(refused("transaction_insert", why));
        if self.transactions.contains_key(&transaction.id) {
            return refused("the id is taken");
        }
        if !self.assets.contains_key(&transaction.asset) {
            return refused("there is no such asset");
        }
        if url_token.is_some_and(|(hash, _)| self.url_tokens.contains_key(hash)) {
            return refused("the token is taken");
        }
        if transaction.receiving().is_some_and(|receiving| self.memo_is_taken(receiving)) {
            return refused("the memo is taken");
        }
        if let Some(receiving) = transaction.receiving() {
            self.memos.insert((receiving.account, receiving.memo.clone()), transaction.id);
        }
        if let Some((hash, expires_at)) = url_token {
            let token = UrlToken { transaction: transaction.id, expires_at, used: false };
            self.url_tokens.insert(*hash, token);
        }
        self.begin(transaction);
        Ok(())
    }

    /// A row without history.
    pub(super) fn begin(&mut self, transaction: &Transaction) {
        let row = Row {
            due_at: transaction.started_at,
            transaction: transaction.clone(),
            lease: Lease::default(),
            history: Vec::new(),
        };
        self.transactions.insert(transaction.id, row);
    }

    pub(super) fn memo_is_taken(&self, receiving: &Receiving) -> bool {
        self.memos.contains_key(&(receiving.account, receiving.memo.clone()))
    }
}

//! What became of a transaction, by the hash of its outermost envelope.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::DateTime;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::json;

use super::json::TransactionAnswer;
use super::position::Position;
use super::{RpcLedger, malformed};
use crate::account::AccountId;
use crate::stellar::decode::{self, ForeignTransaction, Outcome};
use crate::stellar::{LedgerError, LedgerPoint, Lookup, Movement, codec};
use crate::transaction::TransactionHash;

/// So many questions side by side.
const SIDE_BY_SIDE: usize = 16;

/// So many envelopes are remembered.
const SENT_MAX: usize = 20_000;

/// The latest ledger when an envelope was sent through this process for the first time.
#[derive(Default)]
pub(super) struct Sent(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    ledgers: HashMap<TransactionHash, u32>,
    order: VecDeque<TransactionHash>,
}

impl Sent {
    pub(super) fn remember(&self, hash: TransactionHash, latest: u32) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.ledgers.contains_key(&hash) {
            return;
        }
        memory.ledgers.insert(hash, latest);
        memory.order.push_back(hash);
        if memory.order.len() > SENT_MAX
            && let Some(oldest) = memory.order.pop_front()
        {
            memory.ledgers.remove(&oldest);
        }
    }

    fn ledger(&self, hash: &TransactionHash) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ledgers.get(hash).copied()
    }
}

/// How far searches have come.
#[derive(Default)]
pub(super) struct Searches(Mutex<HashMap<TransactionHash, Search>>);

/// One search through the ledgers.
#[derive(Debug, Clone)]
pub(super) enum Search {
    /// Goes on from here.
    At(Position),
    /// Found inside a fee bump: from now on also by its hash.
    Found(Lookup),
    /// Not in any ledger of this time, all of which were read up to one that closed after it.
    Nowhere { from: u64, until: u64, checked: LedgerPoint },
}

impl Searches {
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<TransactionHash, Search>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RpcLedger {
    /// The point is read once, before all of them.
    pub(super) async fn lookup_each(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        if hashes.is_empty() {
            return Vec::new();
        }
        match self.point().await {
            Ok(point) => {
                let asked: Vec<_> = hashes.iter().map(|hash| self.lookup_after(point, hash)).collect();
                stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await
            }
            Err(error) => hashes.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// `point` was read before: what is not there now, is not there in any ledger up to it. If the answer comes from
    /// a server that lags behind, it counts only up to where that one is.
    pub(super) async fn lookup_after(
        &self,
        point: LedgerPoint,
        hash: &TransactionHash,
    ) -> Result<Lookup, LedgerError> {
        let answer: TransactionAnswer =
            self.call("getTransaction", &json!({ "hash": hash.to_string() })).await?;
        match answer.status.as_str() {
            "NOT_FOUND" => self.not_found(point, hash, &answer),
            "SUCCESS" => self.found(hash, &answer, true),
            "FAILED" => self.found(hash, &answer, false),
            _ => Err(malformed("an unknown status of a transaction")),
        }
    }

    /// Not among the ledgers that the server still has.
    fn not_found(
        &self,
        point: LedgerPoint,
        hash: &TransactionHash,
        answer: &TransactionAnswer,
    ) -> Result<Lookup, LedgerError> {
        if let Some(Search::Found(found)) = self.searches.lock().get(hash) {
            return Ok(found.clone());
        }
        let silent = || malformed("not found by a server that does not say which ledgers it has");
        let latest = answer.range.latest()?;
        let oldest = answer.range.oldest().ok_or_else(silent)?;
        if self.sent.ledger(hash).is_some_and(|sent| sent < oldest.saturating_sub(1)) {
            // it may have been applied in a ledger that the server has forgotten since
            let cursor = Position::end_of(oldest.saturating_sub(1)).cursor().to_string();
            return Err(LedgerError::HistoryGone { cursor });
        }
        if latest >= point.sequence {
            return Ok(Lookup::NotFound { checked: point });
        }
        let closed_at = answer.range.closed_at().ok_or_else(silent)?;
        Ok(Lookup::NotFound { checked: LedgerPoint { sequence: latest, closed_at } })
    }

    /// What one transaction brought to an account.
    pub(super) async fn arrivals_of(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        let answer: TransactionAnswer =
            self.call("getTransaction", &json!({ "hash": hash.to_string() })).await?;
        let is_success = match answer.status.as_str() {
            "NOT_FOUND" => return Ok(None),
            "SUCCESS" => true,
            "FAILED" => false,
            _ => return Err(malformed("an unknown status of a transaction")),
        };
        self.found(hash, &answer, is_success)?;
        let lacks = |what: &str| malformed(format!("a transaction without {what}"));
        let ledger = answer.ledger()?;
        let order = answer.application_order.ok_or_else(|| lacks("applicationOrder"))?;
        let position = Position::of_transaction(ledger, order).ok_or_else(|| lacks("a place"))?;
        let closed_at = answer.created_at.and_then(|time| i64::try_from(time).ok());
        let transaction = ForeignTransaction {
            hash: *hash,
            ledger,
            at: closed_at
                .and_then(|time| DateTime::from_timestamp(time, 0))
                .ok_or_else(|| lacks("createdAt"))?,
            id: position.number(),
            envelope: answer.envelope_xdr.as_deref().unwrap_or_default(),
            result: answer.result_xdr.as_deref().unwrap_or_default(),
            meta: answer.result_meta_xdr.as_deref(),
        };
        let movements = decode::movements(&transaction, account, &self.network);
        movements.map(Some).map_err(|error| malformed(error.to_string()))
    }

    fn found(
        &self,
        hash: &TransactionHash,
        answer: &TransactionAnswer,
        is_success: bool,
    ) -> Result<Lookup, LedgerError> {
        let (Some(envelope), Some(result)) = (&answer.envelope_xdr, &answer.result_xdr) else {
            return Err(malformed("a transaction without envelope or result"));
        };
        let other = codec::envelope_hash(envelope, &self.network);
        if other.map_err(|error| malformed(error.to_string()))? != *hash {
            return Err(malformed("another transaction than the one that was asked for"));
        }
        outcome(answer.ledger()?, result, is_success)
    }
}

/// What the result says, if the server says the same.
pub(super) fn outcome(ledger: u32, result: &str, is_success: bool) -> Result<Lookup, LedgerError> {
    let outcome = decode::outcome(result).map_err(|error| malformed(error.to_string()))?;
    match (outcome, is_success) {
        (Outcome::Succeeded { claimable_balances }, true) => {
            Ok(Lookup::Succeeded { ledger, claimable_balances })
        }
        (Outcome::Failed(failure), false) => Ok(Lookup::Failed { ledger, failure }),
        _ => Err(malformed("a result that is not the transaction's")),
    }
}

//! The network: submission, closing, looking things up.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountEntry, AccountId, Asset, ClaimableBalanceEntry, ClaimableBalanceId, DataEntry, Hash, LedgerEntry,
    LedgerEntryData, LedgerEntryExt, LedgerKey, LedgerKeyData, LedgerKeyTrustLine, OfferEntry, String64,
    TransactionEnvelope, TransactionResult, TransactionResultResult, TrustLineAsset, TrustLineEntry,
};

use super::account;
use super::asset::account_id;
use super::close::{self, Closed, Contents};
use super::config::LedgerConfig;
use super::frame::Frame;
use super::history::History;
use super::log::{Log, LogError};
use super::queue::{Conflict, Full, Queue, Selection};
use super::record::{ClosedLedger, TransactionRecord};
use super::result;
use super::signatures::Verification;
use super::state::{Header, State, account_key, claimable_balance_key, offer_key};
use super::validate::{self, Moment};

/// Stroops in existence: 100 billion lumens, all on the root account at first.
const TOTAL_COINS: i64 = 1_000_000_000_000_000_000;

/// Transactions whose entry changes are kept.
const METAS_KEPT: usize = 100_000;
/// Bytes that these may have together: the changes of a hundred operations are a hundred times longer.
const METAS_BYTES: usize = 256 * 1024 * 1024;

/// A Stellar network in one value. See the [module documentation](super) for what it does and what grows.
#[derive(Debug)]
pub struct Network {
    config: LedgerConfig,
    network_id: [u8; 32],
    state: State,
    queue: Queue,
    history: History,
    latest: Arc<ClosedLedger>,
    /// Keys of what the latest ledger changed.
    touched: BTreeSet<LedgerKey>,
    log: Option<Log>,
}

/// What the network says to an envelope.
#[derive(Clone, Debug, PartialEq)]
pub enum Submitted {
    /// It is valid and waits for a ledger. It may still be dropped, or fail when applied.
    Pending {
        /// Hash of the outermost envelope.
        hash: [u8; 32],
    },
    /// It is pending already, or stands in a ledger.
    Duplicate {
        /// Hash of the outermost envelope.
        hash: [u8; 32],
    },
    /// It can never be applied as things stand.
    Rejected {
        /// Hash of the outermost envelope.
        hash: [u8; 32],
        /// Why.
        result: Box<TransactionResult>,
    },
    /// Another transaction of its source account is pending, or it was dropped from the queue not long ago.
    TryAgainLater {
        /// Hash of the outermost envelope.
        hash: [u8; 32],
    },
}

impl Network {
    /// A new network in memory. `now` (Unix seconds) is the close time of its first ledger.
    ///
    /// # Panics
    ///
    /// Never: XDR of the first ledger is bounded.
    #[must_use]
    pub fn genesis(config: LedgerConfig, now: u64) -> Self {
        let network_id: [u8; 32] = Sha256::digest(config.passphrase.as_bytes()).into();
        let mut state = State::new(Header {
            sequence: 1,
            closed_at: now,
            total_coins: TOTAL_COINS,
            fee_pool: 0,
            id_pool: 0,
            base_fee: config.base_fee,
            base_reserve: config.base_reserve,
        });
        let root = account_id(SigningKey::from_bytes(&network_id).verifying_key().to_bytes());
        state.insert(LedgerEntryData::Account(account::new(root, TOTAL_COINS, 0)), LedgerEntryExt::V0);
        state.commit();
        let closed = encoded(close::genesis(&state, &config));
        let mut history = History::keeping(METAS_KEPT, METAS_BYTES);
        let latest = Arc::clone(&closed.ledger);
        history.push(closed.ledger, closed.metas, &[]);
        Self {
            config,
            network_id,
            state,
            queue: Queue::new(),
            history,
            latest,
            touched: BTreeSet::new(),
            log: None,
        }
    }

    /// A network whose ledgers are kept in the file at `path`: opened if it exists, else begun at `now`.
    ///
    /// Opening applies every ledger again (without verifying signatures), which takes time in proportion.
    ///
    /// After a crash the network is as it was at its last closed ledger; pending transactions are gone, as they
    /// are when a validator restarts.
    ///
    /// # Errors
    ///
    /// [`LogError`]: the file cannot be read or written, belongs to another configuration, is in use by another
    /// process, or is damaged before its end. A torn end (a crash while writing) is cut off, not an error.
    pub fn open(path: &Path, config: LedgerConfig, now: u64) -> Result<Self, LogError> {
        Log::open(path, &config, now)?.replay(config)
    }

    /// Secret seed of the root account, which holds all lumens at first: the network id.
    #[must_use]
    pub fn root_seed(&self) -> [u8; 32] {
        self.network_id
    }

    /// SHA-256 of the passphrase.
    #[must_use]
    pub fn network_id(&self) -> [u8; 32] {
        self.network_id
    }

    /// The parameters of the network.
    #[must_use]
    pub fn config(&self) -> &LedgerConfig {
        &self.config
    }

    /// Offers an envelope to the network. `now` is the time, in Unix seconds, at the validator that receives it.
    ///
    /// Lower time bounds are held against `now` or the last close time, whichever is later; upper ones against two
    /// close intervals after that.
    ///
    /// Submitting the same envelope again is harmless. The caller must have decoded the envelope with a depth
    /// limit (as `stellar_xdr::Limits` offers), since dropping deeply nested values recurses.
    pub fn submit(&mut self, envelope: TransactionEnvelope, now: u64) -> Submitted {
        match Frame::new(envelope, self.network_id) {
            Ok(frame) => self.submit_frame(frame, now),
            Err(_) => malformed(),
        }
    }

    /// As [`Network::submit`], of an envelope that was hashed (and perhaps verified) elsewhere.
    pub(crate) fn submit_frame(&mut self, frame: Frame, now: u64) -> Submitted {
        let hash = frame.hash;
        if self.history.contains(&hash) {
            return Submitted::Duplicate { hash };
        }
        if self.queue.is_banned(&hash) {
            return Submitted::TryAgainLater { hash };
        }
        match self.queue.conflict(&frame) {
            None => {}
            Some(Conflict::Duplicate) => return Submitted::Duplicate { hash },
            Some(Conflict::TryAgainLater) => return Submitted::TryAgainLater { hash },
            Some(Conflict::BadSequence) => {
                return rejected(hash, result::outer(0, TransactionResultResult::TxBadSeq));
            }
            Some(Conflict::FeeTooLow(fee)) => {
                return rejected(hash, result::outer(fee, TransactionResultResult::TxInsufficientFee));
            }
        }
        let earliest = now.max(self.latest.closed_at);
        let margin = 2 * u64::from(self.config.close_seconds);
        let moment =
            Moment { ledger: self.latest.sequence + 1, earliest, latest: earliest.saturating_add(margin) };
        if let Err(result) = validate::check(&self.state, &frame, moment, Verification::Full) {
            return Submitted::Rejected { hash, result };
        }
        let payer = frame.fee_source();
        let pending = self.queue.fees_pending(&payer, &frame);
        if self.state.available(&payer, &Asset::Native).saturating_sub(frame.max_fee()) < pending {
            return rejected(hash, result::outer(0, TransactionResultResult::TxInsufficientBalance));
        }
        match self.queue.make_room(&frame, self.config.capacity, self.config.ledgers_queued) {
            Ok(()) => {}
            Err(Full::FeeTooLow(fee)) => {
                return rejected(hash, result::outer(fee, TransactionResultResult::TxInsufficientFee));
            }
            Err(Full::TooLarge) => return Submitted::TryAgainLater { hash },
        }
        self.queue.insert(frame);
        Submitted::Pending { hash }
    }

    /// Whether a transaction (by outer or inner hash) waits for a ledger.
    #[must_use]
    pub fn pending(&self, hash: &[u8; 32]) -> bool {
        self.queue.contains(hash)
    }

    /// How many transactions wait.
    #[must_use]
    pub fn pending_count(&self) -> usize {
        self.queue.len()
    }

    /// Closes a ledger at `now` (or one second after the ledger before, if that is later; not before it, if
    /// [`LedgerConfig::close_seconds`] is 0) with the best-paying
    /// pending transactions that fit. Close times grow by at least a second, so closing more often than once a
    /// second makes the network's time run ahead of the caller's.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the ledger could not be written to the file. No ledger was made then, what was pending
    /// still is, and the call can be repeated. A network in memory never fails.
    pub fn close(&mut self, now: u64) -> Result<Arc<ClosedLedger>, LogError> {
        let step = u64::from(self.config.close_seconds.min(1));
        let closed_at = now.max(self.latest.closed_at + step);
        let moment = Moment { ledger: self.latest.sequence + 1, earliest: closed_at, latest: closed_at };
        let state = &self.state;
        self.queue.retain(|frame| validate::check(state, frame, moment, Verification::Full).is_ok());
        let Selection { mut frames, fee_rate } =
            self.queue.select(self.config.capacity, self.config.base_fee);
        shuffle(&mut frames);
        let contents = Contents { closed_at, fee_rate, frames };
        if let Some(log) = &mut self.log {
            log.append(&self.latest, &contents)?;
        }
        self.advance(&contents, Verification::Full);
        self.queue.ledger_closed(&contents.frames);
        Ok(self.latest())
    }

    /// The last closed ledger.
    #[must_use]
    pub fn latest(&self) -> Arc<ClosedLedger> {
        Arc::clone(&self.latest)
    }

    /// A closed ledger.
    #[must_use]
    pub fn ledger(&self, sequence: u32) -> Option<Arc<ClosedLedger>> {
        self.history.ledger(sequence).cloned()
    }

    /// An entry as of the last closed ledger.
    #[must_use]
    pub fn entry(&self, key: &LedgerKey) -> Option<&LedgerEntry> {
        self.state.entry(key)
    }

    /// All entries as of the last closed ledger, in key order.
    pub fn entries(&self) -> impl Iterator<Item = (&LedgerKey, &LedgerEntry)> {
        self.state.entries()
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&AccountEntry> {
        self.state.account(id)
    }

    /// The entry around an account, which knows when it changed last and who pays its reserve.
    #[must_use]
    pub fn account_entry(&self, id: &AccountId) -> Option<&LedgerEntry> {
        self.state.entry(&account_key(id))
    }

    /// A trust line.
    #[must_use]
    pub fn trust_line(&self, account: &AccountId, asset: &Asset) -> Option<&TrustLineEntry> {
        self.state.trust_line(account, asset)
    }

    /// The trust lines of an account.
    pub fn trust_lines_of(
        &self,
        account: &AccountId,
    ) -> impl Iterator<Item = (&LedgerEntry, &TrustLineEntry)> {
        let from = LedgerKey::Trustline(LedgerKeyTrustLine {
            account_id: account.clone(),
            asset: TrustLineAsset::Native,
        });
        let account = account.clone();
        self.state.entries_from(from).map_while(move |(_, entry)| match &entry.data {
            LedgerEntryData::Trustline(line) if line.account_id == account => Some((entry, line)),
            _ => None,
        })
    }

    /// The open offers of an account.
    pub fn offers_of(&self, account: &AccountId) -> impl Iterator<Item = (&LedgerEntry, &OfferEntry)> {
        let account = account.clone();
        self.state.entries_from(offer_key(&account, i64::MIN)).map_while(move |(_, entry)| {
            match &entry.data {
                LedgerEntryData::Offer(offer) if offer.seller_id == account => Some((entry, offer)),
                _ => None,
            }
        })
    }

    /// The order book of a pair: offers selling `selling` for `buying`, best price first.
    pub fn order_book(&self, selling: &Asset, buying: &Asset) -> impl Iterator<Item = &OfferEntry> {
        self.state
            .book()
            .pair(selling, buying)
            .filter_map(|place| self.state.offer(&place.seller, place.offer_id))
    }

    /// The data entries of an account.
    pub fn data_of(&self, account: &AccountId) -> impl Iterator<Item = (&LedgerEntry, &DataEntry)> {
        let from =
            LedgerKey::Data(LedgerKeyData { account_id: account.clone(), data_name: String64::default() });
        let account = account.clone();
        self.state.entries_from(from).map_while(move |(_, entry)| match &entry.data {
            LedgerEntryData::Data(data) if data.account_id == account => Some((entry, data)),
            _ => None,
        })
    }

    /// A claimable balance.
    #[must_use]
    pub fn claimable_balance(
        &self,
        id: &ClaimableBalanceId,
    ) -> Option<(&LedgerEntry, &ClaimableBalanceEntry)> {
        match self.state.entry(&claimable_balance_key(id))? {
            entry @ LedgerEntry { data: LedgerEntryData::ClaimableBalance(balance), .. } => {
                Some((entry, balance))
            }
            _ => None,
        }
    }

    /// All claimable balances, in the order of their ids.
    pub fn claimable_balances(&self) -> impl Iterator<Item = (&LedgerEntry, &ClaimableBalanceEntry)> {
        let first = ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash([0; 32]));
        self.state.entries_from(claimable_balance_key(&first)).map_while(|(_, entry)| match &entry.data {
            LedgerEntryData::ClaimableBalance(balance) => Some((entry, balance)),
            _ => None,
        })
    }

    /// A transaction in a closed ledger, by outer or inner hash.
    #[must_use]
    pub fn transaction(&self, hash: &[u8; 32]) -> Option<Arc<TransactionRecord>> {
        self.history.transaction(hash)
    }

    /// The transactions an account takes part in, as source, fee source or party of an operation; oldest first.
    pub fn transactions_of(
        &self,
        account: &AccountId,
    ) -> impl DoubleEndedIterator<Item = Arc<TransactionRecord>> {
        self.history.of_account(account)
    }

    /// As [`Network::transactions_of`], without those up to the paging token `after`. Finds its place without walking
    /// what lies before.
    pub fn transactions_of_after(
        &self,
        account: &AccountId,
        after: i64,
    ) -> impl DoubleEndedIterator<Item = Arc<TransactionRecord>> {
        self.history.of_account_after(account, after)
    }

    /// Keys of the entries that the last closed ledger wrote or removed.
    pub(crate) fn touched(&self) -> &BTreeSet<LedgerKey> {
        &self.touched
    }

    pub(crate) fn with_log(mut self, log: Log) -> Self {
        self.log = Some(log);
        self
    }

    /// Applies a ledger that is settled, here or in the log.
    pub(crate) fn advance(&mut self, contents: &Contents, verification: Verification) {
        let Closed { ledger, metas } =
            encoded(close::apply(&mut self.state, &self.config, &self.latest, contents, verification));
        self.latest = Arc::clone(&ledger);
        self.touched = self.state.take_touched();
        self.history.push(ledger, metas, &contents.frames);
    }
}

/// Orders transactions by hash, as good as random to whoever submits them.
fn shuffle(frames: &mut [Arc<Frame>]) {
    frames.sort_by_key(|frame| frame.hash);
}

pub(crate) fn malformed() -> Submitted {
    rejected([0; 32], result::outer(0, TransactionResultResult::TxMalformed))
}

fn rejected(hash: [u8; 32], result: TransactionResult) -> Submitted {
    Submitted::Rejected { hash, result: Box::new(result) }
}

#[expect(
    clippy::expect_used,
    reason = "encoding fails only on lists beyond their XDR bounds, which the types exclude"
)]
fn encoded(closed: Result<Closed, stellar_xdr::Error>) -> Closed {
    closed.expect("invariant: ledger data encodes")
}

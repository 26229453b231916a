//! The ledger: what it is asked, and what is read from it. One adapter each for every kind of server.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::Memo;
use crate::transaction::TransactionHash;

pub mod challenge;
mod claimable;
mod codec;
pub mod contract_challenge;
pub mod contracts;
pub mod decode;
pub mod envelope;
mod error;
pub mod failover;
#[cfg(feature = "horizon")]
pub mod horizon;
pub mod plan;
#[cfg(feature = "rpc")]
pub mod rpc;
mod shared;
pub mod toml_file;

pub use claimable::{BalanceClaim, BalanceLookup};
pub use codec::DecodeError;
pub use error::LedgerError;
pub use failover::Endpoints;

/// Which network: its passphrase, and what is derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    passphrase: String,
    id: [u8; 32],
}

impl Network {
    /// The public network's passphrase.
    pub const PUBLIC: &str = "Public Global Stellar Network ; September 2015";
    /// The test network's passphrase.
    pub const TESTNET: &str = "Test SDF Network ; September 2015";

    /// Every passphrase names a network of its own.
    pub fn new(passphrase: impl Into<String>) -> Self {
        use sha2::Digest as _;
        let passphrase = passphrase.into();
        let id = sha2::Sha256::digest(passphrase.as_bytes()).into();
        Self { passphrase, id }
    }

    /// As given.
    pub fn passphrase(&self) -> &str {
        &self.passphrase
    }

    /// SHA-256 of the passphrase: what every signature covers.
    pub const fn id(&self) -> &[u8; 32] {
        &self.id
    }
}

/// How far one server has read the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerPoint {
    /// The last closed ledger it has ingested.
    pub sequence: u32,
    /// That ledger's close time, in Unix seconds: what time bounds are compared with.
    pub closed_at: u64,
}

/// One trust line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustLine {
    /// The asset.
    pub asset: StellarAsset,
    /// What it holds.
    pub balance: StellarAmount,
    /// What it may hold.
    pub limit: StellarAmount,
    /// Reserved by the account's own buying offers.
    pub buying_liabilities: StellarAmount,
    /// Reserved by the account's own selling offers.
    pub selling_liabilities: StellarAmount,
    /// The issuer allows it to receive.
    pub authorized: bool,
    /// The issuer allows it to keep its offers, and nothing else: somebody decided that.
    pub limited: bool,
}

/// What a signer of an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignerKey {
    /// An ed25519 key; the only kind that proves a person.
    Ed25519(AccountId),
    /// Anything else: pre-authorised hashes, hash preimages, signed payloads.
    Other,
}

/// One account as a server showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// The account.
    pub id: AccountId,
    /// The ledger that the answering server had reached, if it said so: everything below is of then.
    pub as_of: Option<u32>,
    /// The last used sequence number.
    pub sequence: i64,
    /// Lumens.
    pub balance: StellarAmount,
    /// Lumens reserved by selling offers.
    pub selling_liabilities: StellarAmount,
    /// Entries that raise the minimum balance.
    pub subentries: u32,
    /// Reserves it pays for others.
    pub sponsoring: u32,
    /// Reserves others pay for it.
    pub sponsored: u32,
    /// Signers with their weights; weight 0 is no signer.
    pub signers: Vec<(SignerKey, u32)>,
    /// Weight that authorises trust lines, uses sequence numbers and pays fees.
    pub low_threshold: u32,
    /// Weight that moves funds.
    pub medium_threshold: u32,
    /// The trust lines.
    pub trust_lines: Vec<TrustLine>,
    /// It has the data entry `config.memo_required` = 1 (SEP-29).
    pub memo_required: bool,
    /// New trust lines to its assets receive nothing until it authorises them (AUTH_REQUIRED).
    pub auth_required: bool,
    /// The domain that the account names as its own.
    pub home_domain: Option<String>,
}

/// Where a server's history is read on; opaque, meaningful to one kind of server only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// As the server wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The position as the network's own number (SEP-35), if it is one: those of Horizon and of Stellar RPC are, and
    /// mean the same to every server of a network.
    pub(crate) fn number(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The ledger that a [number](Self::number) lies in.
    pub(crate) fn ledger(&self) -> Option<u32> {
        self.number().and_then(|number| u32::try_from(number >> 32).ok())
    }
}

impl From<String> for Cursor {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Cursor {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Value that arrived on a watched account: read from an operation's *result*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Unique on the network: the operation's id (ledger, transaction and operation in one number).
    pub id: String,
    /// The transaction that carried it.
    pub hash: TransactionHash,
    /// The ledger that holds it.
    pub ledger: u32,
    /// When that ledger closed.
    pub at: DateTime<Utc>,
    /// Who paid, as written on the ledger.
    pub from: Account,
    /// Where it arrived, as written on the ledger: muxed if the payer wrote it so.
    pub to: Account,
    /// What arrived.
    pub asset: StellarAsset,
    /// How much arrived.
    pub amount: StellarAmount,
    /// The transaction's memo.
    pub memo: Memo,
}

impl Movement {
    /// What identifies our transaction: the muxed id goes before the memo (CAP-67, SEP-24).
    pub fn reference(&self) -> Memo {
        self.to.muxed_id().map_or_else(|| self.memo.clone(), Memo::Id)
    }
}

/// Something on the account's history that could not be read. Kept, with an alarm; the stream goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoisonRecord {
    /// Where it stands in the history.
    pub cursor: Cursor,
    /// What the server sent.
    pub raw: String,
    /// Why it could not be read.
    pub reason: String,
}

/// A stretch of an account's history, without gaps, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementPage {
    /// What arrived.
    pub movements: Vec<Movement>,
    /// The claimable balances that the account claimed, whether or not the server tells what they brought.
    pub claims: Vec<BalanceClaim>,
    /// What could not be read.
    pub poison: Vec<PoisonRecord>,
    /// Where to read on; the same as before if there was nothing new.
    pub next: Cursor,
    /// There may be more right now.
    pub more: bool,
}

impl MovementPage {
    /// Nothing new after this position.
    pub const fn empty(next: Cursor) -> Self {
        Self { movements: Vec::new(), claims: Vec::new(), poison: Vec::new(), next, more: false }
    }

    /// Adds what a transaction brought.
    pub fn add(&mut self, brought: decode::Brought) {
        self.movements.extend(brought.movements);
        self.claims.extend(brought.claims);
    }

    /// There is nothing on it but perhaps a new position.
    pub const fn is_empty(&self) -> bool {
        self.movements.is_empty() && self.claims.is_empty() && self.poison.is_empty()
    }
}

/// What became of a look-up by hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Applied and successful.
    Succeeded {
        /// The ledger that holds it.
        ledger: u32,
        /// What its operations created, in order: the claimable balance ids (72 hex characters).
        claimable_balances: Vec<String>,
    },
    /// Applied and failed: fee and sequence number are gone, nothing else happened.
    Failed {
        /// The ledger that holds it.
        ledger: u32,
        /// Why.
        failure: Failure,
    },
    /// Not in this server's history up to `checked`, which was read **before** the look-up, from the same server.
    NotFound {
        /// How far that server had read.
        checked: LedgerPoint,
    },
}

/// Why the ledger refused or failed a transaction, as far as it decides what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The class.
    pub kind: FailureKind,
    /// The network's own codes, for the operator: `tx_failed: op_no_trust`.
    pub codes: String,
    /// For each operation, in order: why it failed, or `None` if it is not to blame. Empty if the transaction was
    /// refused as a whole.
    pub operations: Vec<Option<FailureKind>>,
}

impl Failure {
    /// Of the transaction as a whole, with the codes that an operator should see.
    pub fn new(kind: FailureKind, codes: impl Into<String>) -> Self {
        Self { kind, codes: codes.into(), operations: Vec::new() }
    }
}

/// Classes of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The sequence number was used or skipped.
    BadSequence,
    /// After its upper bound.
    TooLate,
    /// Before its lower bound.
    TooEarly,
    /// The fee was too low for this ledger.
    Fee,
    /// The recipient has no trust line, is not authorised, or its limit is reached.
    CannotReceive,
    /// The recipient does not exist.
    NoDestination,
    /// The account to be created exists already.
    AlreadyExists,
    /// The paying account lacks the asset or the lumens.
    Underfunded,
    /// Signatures are missing or wrong.
    Signature,
    /// Anything else: malformed, or unknown to this version.
    Other,
}

/// What a server said to a submitted envelope. **Never** a proof that it will not land: only a look-up past its
/// bound is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Submission {
    /// Accepted, or known already.
    Accepted,
    /// Applied already, in this ledger.
    Applied {
        /// The ledger that holds it.
        ledger: u32,
    },
    /// Refused by this server now.
    Rejected(Failure),
    /// The server is busy: send the same envelope again later.
    TryAgain,
}

/// So many questions of one kind are asked side by side, where a server answers only one at a time.
const SIDE_BY_SIDE: usize = 16;

/// The network as an anchor needs it.
///
/// # Rules for implementations
/// * `None` and `NotFound` are **proofs**: an error, a timeout, a 5xx or an unexpected answer is `Err`.
/// * Amounts and assets are read from results, never from envelopes.
/// * Every call has a deadline of its own.
/// * Foreign bytes are decoded with limits on depth and length.
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    /// The network it speaks to.
    fn network(&self) -> &Network;

    /// Told by the anchor at its start: the assets that it deals in. Adapters whose servers cannot list an account's
    /// trust lines have to know for which ones to ask.
    fn expect_assets(&self, _assets: &[StellarAsset]) {}

    /// How the servers are, if there are several of them; `None` for an adapter that asks only one.
    fn endpoints(&self) -> Option<Endpoints> {
        None
    }

    /// How far the server has read.
    ///
    /// # Errors
    /// When that could not be found out.
    async fn latest(&self) -> Result<LedgerPoint, LedgerError>;

    /// The account, or `None` if the server's ledger proves that it does not exist.
    ///
    /// # Errors
    /// When that could not be found out: never "does not exist".
    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError>;

    /// Several accounts; the answers are in the same order. As [`account`](Self::account), one by one: what cannot be
    /// found out about one says nothing about the others. Adapters whose servers answer several at once do better.
    async fn accounts(&self, ids: &[AccountId]) -> Vec<Result<Option<AccountSnapshot>, LedgerError>> {
        let asked: Vec<_> = ids.iter().map(|id| self.account(id)).collect();
        stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await
    }

    /// A fee bid in stroops per operation that should be accepted now. The caller caps it.
    ///
    /// # Errors
    /// When that could not be found out.
    async fn fee_bid(&self) -> Result<u32, LedgerError>;

    /// Sends a signed envelope (base64 XDR). Safe to repeat: the same envelope lands at most once.
    ///
    /// # Errors
    /// When it is unknown whether the server took it.
    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError>;

    /// Sends several signed envelopes, which have nothing to do with each other; the answers are in the same order.
    /// As [`submit`](Self::submit), one by one.
    async fn submit_all(&self, envelopes: &[&str]) -> Vec<Result<Submission, LedgerError>> {
        let asked: Vec<_> = envelopes.iter().map(|envelope| self.submit(envelope)).collect();
        stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await
    }

    /// What became of a transaction.
    ///
    /// # Errors
    /// When that could not be found out.
    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError>;

    /// What became of several transactions; the answers are in the same order. As [`lookup`](Self::lookup), one by one.
    async fn lookup_all(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        let asked: Vec<_> = hashes.iter().map(|hash| self.lookup(hash)).collect();
        stream::iter(asked).buffered(SIDE_BY_SIDE).collect().await
    }

    /// What a transaction that succeeded brought to an account; `None` if it is not in this server's history. Empty if it
    /// failed, or brought nothing there.
    ///
    /// Only where a custodian pays. The default does not know, and what it pays waits for ever.
    ///
    /// # Errors
    /// When that could not be found out.
    async fn arrivals(
        &self,
        _hash: &TransactionHash,
        _account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        Err(LedgerError::Malformed("this ledger does not tell what a single transaction brought".to_owned()))
    }

    /// Whether a claimable balance (72 hex characters) is there.
    ///
    /// Only where the anchor may take balances back. The default does not know, and nothing is taken back.
    ///
    /// # Errors
    /// When that could not be found out.
    async fn claimable_balance(&self, _id: &str) -> Result<BalanceLookup, LedgerError> {
        Err(LedgerError::Malformed("this ledger does not tell whether a balance is there".to_owned()))
    }

    /// As [`lookup`](Self::lookup), of an envelope that could be applied only in ledgers that closed from `from` to
    /// `until` (Unix seconds), and that `lookup` does not find although its sequence number was used. `NotFound` is a
    /// proof here even where the server's index is none: where somebody wrapped the envelope into a fee bump, and
    /// where the server forgets old ledgers.
    ///
    /// The default is for servers that know all of history, and envelopes inside others by their own hashes.
    ///
    /// # Errors
    /// When that could not be found out, or the server no longer has all of those ledgers.
    /// [`Unfinished`](LedgerError::Unfinished) if it takes longer: the same question goes on where it stopped.
    async fn search(&self, hash: &TransactionHash, _from: u64, _until: u64) -> Result<Lookup, LedgerError> {
        self.lookup(hash).await
    }

    /// The position of "now" in an account's history, for an account that was never watched before.
    ///
    /// # Errors
    /// When that could not be found out.
    async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError>;

    /// What arrived on `account` after `after`, oldest first, without gaps.
    ///
    /// # Errors
    /// When that could not be found out, or `after` is older than the server's history.
    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError>;

    /// As [`movements`](Self::movements), without end: catches up, then follows. Reconnects, resumes and notices
    /// silence by itself; an `Err` item reports trouble, and the stream goes on after it.
    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>>;
}

//! One transaction as the server lists it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::json::{number, sequence};
use super::lookup::outcome;
use super::position::Position;
use super::{malformed, search};
use crate::account::AccountId;
use crate::stellar::decode::{self, Brought, ForeignTransaction};
use crate::stellar::{LedgerError, Lookup, Network, codec};
use crate::transaction::TransactionHash;

/// A listed transaction, whose content may make no sense, but whose place does.
pub(super) struct Record {
    pub(super) position: Position,
    raw: Value,
    envelope: Option<Vec<u8>>,
    meta: Option<Vec<u8>>,
}

impl Record {
    /// Without a place in history, nothing can be read on from.
    pub(super) fn new(raw: Value) -> Result<Self, LedgerError> {
        let ledger = sequence(raw.get("ledger").and_then(number));
        let order = raw.get("applicationOrder").and_then(number);
        let position = ledger.zip(order).and_then(|(ledger, order)| Position::of_transaction(ledger, order));
        let bytes = |name| {
            let text = raw.get(name).and_then(Value::as_str)?;
            BASE64_STANDARD.decode(text).ok()
        };
        Ok(Self {
            position: position.ok_or_else(|| malformed("a transaction without a place in history"))?,
            envelope: bytes("envelopeXdr"),
            meta: bytes("resultMetaXdr"),
            raw,
        })
    }

    /// As the server sent it.
    pub(super) fn raw(&self) -> String {
        self.raw.to_string()
    }

    fn text(&self, name: &'static str) -> Result<&str, &'static str> {
        self.raw.get(name).and_then(Value::as_str).ok_or(name)
    }

    /// When its ledger closed.
    pub(super) fn closed_at(&self) -> Option<u64> {
        self.raw.get("createdAt").and_then(number).filter(|time| *time > 0)
    }

    /// What arrived on the account; the text says why that could not be read.
    ///
    /// Value reaches an account only by a transaction that names it: as a destination, as the source of a claim, or,
    /// where a contract pays, among the ledger entries that the envelope declares. All others are not even decoded,
    /// so that what strangers do among each other in ways that this version does not know troubles nobody.
    pub(super) fn brought(&self, account: &AccountId, network: &Network) -> Result<Brought, String> {
        let lacks = |name: &str| format!("a transaction without readable {name}");
        let envelope = self.envelope.as_ref().ok_or_else(|| lacks("envelopeXdr"))?;
        if !names(envelope, account) && !self.meta.as_ref().is_some_and(|meta| names(meta, account)) {
            return Ok(Brought::default());
        }
        let result = self.text("resultXdr").map_err(lacks)?;
        let is_success = self.is_success().ok_or_else(|| lacks("status"))?;
        outcome(self.position.ledger, result, is_success).map_err(|error| error.to_string())?;
        let at = self.closed_at().and_then(|time| i64::try_from(time).ok());
        let at: Option<DateTime<Utc>> = at.and_then(|time| DateTime::from_timestamp(time, 0));
        let transaction = ForeignTransaction {
            hash: self.hash(network)?,
            ledger: self.position.ledger,
            at: at.ok_or_else(|| lacks("createdAt"))?,
            id: self.position.number(),
            envelope: self.text("envelopeXdr").map_err(lacks)?,
            result,
            meta: self.raw.get("resultMetaXdr").and_then(Value::as_str),
        };
        decode::brought(&transaction, account, network).map_err(|error| error.to_string())
    }

    fn is_success(&self) -> Option<bool> {
        match self.text("status").ok()? {
            "SUCCESS" => Some(true),
            "FAILED" => Some(false),
            _ => None,
        }
    }

    /// As the server says; not all do.
    fn hash(&self, network: &Network) -> Result<TransactionHash, String> {
        if let Some(hash) = self.raw.get("txHash") {
            let hash = hash.as_str().and_then(|hash| hash.parse().ok());
            return hash.ok_or_else(|| "txHash is no hash".to_owned());
        }
        let envelope = self.text("envelopeXdr").map_err(str::to_owned)?;
        codec::envelope_hash(envelope, network).map_err(|error| error.to_string())
    }

    /// Whether this is the transaction with that hash, be it inside a fee bump.
    pub(super) fn carries(&self, hash: &TransactionHash, network: &Network) -> Result<bool, LedgerError> {
        let envelope = self.text("envelopeXdr").map_err(|name| malformed(format!("no {name}")))?;
        search::carries(envelope, hash, network).map_err(|error| malformed(error.to_string()))
    }

    /// What became of it.
    pub(super) fn lookup(&self) -> Result<Lookup, LedgerError> {
        let result = self.text("resultXdr").map_err(|name| malformed(format!("no {name}")))?;
        let is_success = self.is_success().ok_or_else(|| malformed("an unknown status of a transaction"))?;
        outcome(self.position.ledger, result, is_success)
    }
}

/// XDR keeps everything in steps of four bytes, keys too.
fn names(xdr: &[u8], account: &AccountId) -> bool {
    let key = account.as_bytes();
    xdr.windows(key.len()).step_by(4).any(|bytes| bytes == key)
}

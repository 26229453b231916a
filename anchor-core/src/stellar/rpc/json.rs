//! Stellar RPC's JSON, as far as it is read.
//!
//! Servers write the same number as a number here and as a string there, name the same time differently, and leave
//! out what others have. So numbers are read in either form, and whoever needs one says so.

use chrono::DateTime;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::malformed;
use crate::stellar::LedgerError;

/// What every operation of the network costs at least, in stroops.
const BASE_FEE: u64 = 100;

#[derive(Deserialize)]
pub(super) struct NetworkAnswer {
    pub(super) passphrase: String,
}

/// How much of history a server has; part of most answers. Close times have two names.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Range {
    #[serde(deserialize_with = "lenient")]
    latest_ledger: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    latest_ledger_close_time: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    latest_ledger_close_timestamp: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    oldest_ledger: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    oldest_ledger_close_time: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    oldest_ledger_close_timestamp: Option<u64>,
}

impl Range {
    /// The last closed ledger that the server has read.
    pub(super) fn latest(&self) -> Result<u32, LedgerError> {
        sequence(self.latest_ledger).ok_or_else(|| malformed("an answer without latestLedger"))
    }

    /// When it closed, if the server says so.
    pub(super) fn closed_at(&self) -> Option<u64> {
        self.latest_ledger_close_time.or(self.latest_ledger_close_timestamp).filter(|time| *time > 0)
    }

    /// The first ledger that the server still has, if it says so.
    pub(super) fn oldest(&self) -> Option<u32> {
        sequence(self.oldest_ledger)
    }

    /// When that closed, if the server says so.
    pub(super) fn oldest_closed_at(&self) -> Option<u64> {
        self.oldest_ledger_close_time.or(self.oldest_ledger_close_timestamp).filter(|time| *time > 0)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LatestLedger {
    #[serde(default, deserialize_with = "lenient")]
    sequence: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) close_time: Option<u64>,
    #[serde(default)]
    pub(super) header_xdr: Option<String>,
}

impl LatestLedger {
    pub(super) fn sequence(&self) -> Result<u32, LedgerError> {
        sequence(self.sequence).ok_or_else(|| malformed("a ledger without sequence"))
    }
}

#[derive(Deserialize)]
pub(super) struct Ledgers {
    pub(super) ledgers: Vec<ListedLedger>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedLedger {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) sequence: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) ledger_close_time: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeeStats {
    inclusion_fee: Percentiles,
}

#[derive(Deserialize)]
struct Percentiles {
    #[serde(default, deserialize_with = "lenient")]
    p95: Option<u64>,
}

impl FeeStats {
    /// What nineteen of twenty recent transactions got in with, and never below the base fee.
    pub(super) fn bid(&self) -> Result<u32, LedgerError> {
        let p95 = self.inclusion_fee.p95.ok_or_else(|| malformed("a fee is not a number"))?;
        u32::try_from(p95.max(BASE_FEE)).map_err(|_| malformed("a fee is too large"))
    }
}

#[derive(Deserialize)]
pub(super) struct Entries {
    pub(super) entries: Vec<Entry>,
    #[serde(flatten)]
    pub(super) range: Range,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) xdr: String,
}

/// The answer of `sendTransaction`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    pub(super) status: String,
    #[serde(default)]
    pub(super) hash: Option<String>,
    #[serde(default)]
    pub(super) error_result_xdr: Option<String>,
    #[serde(flatten)]
    pub(super) range: Range,
}

/// The answer of `simulateTransaction`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SimulateAnswer {
    #[serde(default)]
    pub(super) error: Option<String>,
    #[serde(default)]
    pub(super) transaction_data: Option<String>,
    #[serde(default)]
    results: Option<Vec<Value>>,
    #[serde(flatten)]
    pub(super) range: Range,
}

impl SimulateAnswer {
    /// Only a call that returned has one.
    pub(super) fn has_result(&self) -> bool {
        self.results.as_ref().is_some_and(|results| results.len() == 1)
    }
}

/// The answer of `getTransaction`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TransactionAnswer {
    pub(super) status: String,
    #[serde(default, deserialize_with = "lenient")]
    ledger: Option<u64>,
    #[serde(default)]
    pub(super) envelope_xdr: Option<String>,
    #[serde(default)]
    pub(super) result_xdr: Option<String>,
    #[serde(default)]
    pub(super) result_meta_xdr: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) application_order: Option<u64>,
    /// When its ledger closed.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) created_at: Option<u64>,
    #[serde(flatten)]
    pub(super) range: Range,
}

impl TransactionAnswer {
    pub(super) fn ledger(&self) -> Result<u32, LedgerError> {
        sequence(self.ledger).ok_or_else(|| malformed("a transaction without its ledger"))
    }
}

/// The answer of `getTransactions`.
#[derive(Deserialize)]
pub(super) struct Transactions {
    pub(super) transactions: Vec<Value>,
    #[serde(default)]
    pub(super) cursor: Value,
    #[serde(flatten)]
    pub(super) range: Range,
}

impl Transactions {
    /// The ledger that the server's own cursor lies in, if it has one.
    pub(super) fn cursor_ledger(&self) -> Option<u32> {
        let cursor = self.cursor.as_str().map_or_else(|| self.cursor.as_u64(), |text| text.parse().ok());
        u32::try_from(cursor? >> 32).ok()
    }
}

/// Ledgers count from 1; servers write 0 for "none".
pub(super) fn sequence(number: Option<u64>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok()).filter(|sequence| *sequence > 0)
}

/// A number, a number in a string, or a time in a string as Unix seconds. Anything else counts as left out.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(number(&Value::deserialize(deserializer)?))
}

pub(super) fn number(value: &Value) -> Option<u64> {
    let Some(text) = value.as_str() else { return value.as_u64() };
    text.parse().ok().or_else(|| {
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        u64::try_from(time.timestamp()).ok()
    })
}

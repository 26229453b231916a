//! Fees of the last ledgers: `/fee_stats`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    call::{Answer, Call},
    hal,
    problem::Problem,
};
use crate::{
    ledger::{ClosedLedger, TransactionRecord},
    replica::View,
};

/// Ledgers looked at.
const WINDOW: u32 = 5;
const PERCENTILES: [usize; 11] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99];

pub(crate) async fn one(call: Call) -> Answer {
    let window = Window::of(&call.view);
    let latest = window.ledgers.first().ok_or_else(Problem::not_found)?;
    let records = || window.ledgers.iter().flat_map(|ledger| &ledger.transactions);
    let used = records().map(|record| u64::from(record.operation_count)).sum();
    let capacity = window.ledgers.iter().map(|ledger| u64::from(ledger.capacity)).sum();
    Ok(hal::object(&json!({
        "last_ledger": latest.sequence.to_string(),
        "last_ledger_base_fee": latest.base_fee.to_string(),
        "ledger_capacity_usage": ratio(used, capacity),
        "fee_charged": window.charged(),
        "max_fee": window.offered(),
    })))
}

/// The last ledgers.
#[derive(Debug)]
pub(crate) struct Window {
    ledgers: Vec<Arc<ClosedLedger>>,
}

impl Window {
    pub(crate) fn of(view: &View) -> Self {
        Self { ledgers: view.newest_ledgers(WINDOW) }
    }

    pub(crate) fn ledgers(&self) -> usize {
        self.ledgers.len()
    }

    pub(crate) fn transactions(&self) -> usize {
        self.ledgers.iter().map(|ledger| ledger.transactions.len()).sum()
    }

    /// Fees charged per operation.
    pub(crate) fn charged(&self) -> Value {
        self.distribution(|record| record.fee_charged)
    }

    /// Fees offered per operation.
    fn offered(&self) -> Value {
        self.distribution(|record| record.max_fee)
    }

    fn distribution(&self, fee: impl Fn(&TransactionRecord) -> i64) -> Value {
        let records = self.ledgers.iter().flat_map(|ledger| &ledger.transactions);
        let fees = records.map(|record| fee(record) / i64::from(record.fee_operations.max(1))).collect();
        distribution(fees, self.ledgers.first().map_or(0, |ledger| i64::from(ledger.base_fee)))
    }
}

/// Two decimals, as Horizon writes it.
fn ratio(used: u64, capacity: u64) -> String {
    let hundredths = (used * 100).checked_div(capacity).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Without a transaction, everything is the base fee.
pub(crate) fn distribution(mut fees: Vec<i64>, base_fee: i64) -> Value {
    if fees.is_empty() {
        fees.push(base_fee);
    }
    fees.sort_unstable();
    let at = |percent: usize| fees[(fees.len() * percent).div_ceil(100).saturating_sub(1)].to_string();
    let mut object = Map::new();
    object.insert("max".to_owned(), at(100).into());
    object.insert("min".to_owned(), fees[0].to_string().into());
    object.insert("mode".to_owned(), mode(&fees).to_string().into());
    for percent in PERCENTILES {
        object.insert(format!("p{percent}"), at(percent).into());
    }
    Value::Object(object)
}

/// The most frequent value of a sorted list, the smallest of several.
fn mode(sorted: &[i64]) -> i64 {
    let mut best = (0, 0);
    for run in sorted.chunk_by(|one, other| one == other) {
        if run.len() > best.1 {
            best = (run[0], run.len());
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_and_mode_are_strings() {
        let body = distribution(vec![100, 100, 200, 300], 100);
        assert_eq!(body["mode"], "100");
        assert_eq!(body["max"], "300");
        assert_eq!(body["p50"], "100");
        assert_eq!(body["p60"], "200");
        assert_eq!(body["p99"], "300");
    }

    #[test]
    fn without_transactions_all_is_the_base_fee() {
        assert_eq!(distribution(Vec::new(), 100)["p95"], "100");
        assert_eq!(ratio(3, 8), "0.37");
        assert_eq!(ratio(0, 0), "0.00");
    }
}

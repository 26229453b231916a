//! The ledgers that the server admits to have, and how it says so.

use serde_json::Value;

use super::{Dialect, RpcError, close_time};
use crate::{horizon::call::Call, replica::View};

/// What one request sees.
#[derive(Debug)]
pub(super) struct Window<'a> {
    pub(super) view: &'a View,
    pub(super) dialect: Dialect,
    pub(super) oldest: u32,
    pub(super) latest: u32,
}

impl<'a> Window<'a> {
    pub(super) fn of(call: &'a Call) -> Self {
        let (view, style) = (&call.view, call.core.rpc);
        let latest = view.latest();
        let kept = style.retention.map_or(1, |ledgers| latest.saturating_sub(ledgers - 1));
        Self { view, dialect: style.dialect, oldest: kept.max(view.first()), latest }
    }

    pub(super) fn is_real(&self) -> bool {
        self.dialect == Dialect::Real
    }

    /// Says which ledgers there are; close times as numbers or as strings.
    pub(super) fn describe(&self, answer: &mut Value, suffix: &str, as_numbers: bool) {
        for (name, sequence) in [("latestLedger", self.latest), ("oldestLedger", self.oldest)] {
            let time = close_time(self.view, sequence);
            answer[name] = sequence.into();
            answer[format!("{name}{suffix}")] =
                if as_numbers { time.into() } else { time.to_string().into() };
        }
    }

    /// At most `max`, or an error, as the dialect has it.
    pub(super) fn limit(&self, wanted: Option<u32>, default: u32, max: u32) -> Result<u32, RpcError> {
        match wanted.unwrap_or(default) {
            limit if (1..=max).contains(&limit) => Ok(limit),
            limit if limit > max && !self.is_real() => Ok(max),
            _ => Err(RpcError::invalid_request(format!("limit must be between 1 and {max}"))),
        }
    }

    pub(super) fn contains(&self, ledger: u32) -> bool {
        (self.oldest..=self.latest).contains(&ledger)
    }

    /// For a start that lies outside.
    pub(super) fn outside(&self) -> RpcError {
        let Self { oldest, latest, .. } = self;
        if self.is_real() {
            RpcError::invalid_request(format!(
                "start ledger must be between the oldest ledger: {oldest} and the latest ledger: {latest} for this \
                 rpc instance"
            ))
        } else {
            RpcError::invalid_params(format!("startLedger is not within {oldest} to {latest}"))
        }
    }
}

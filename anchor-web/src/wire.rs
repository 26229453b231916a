//! The protocols' JSON, and nothing else of them.

pub(crate) mod customer;
pub(crate) mod info;
pub(crate) mod quote;
pub(crate) mod receive;
pub(crate) mod received;
pub(crate) mod sep6;
pub(crate) mod transaction;

use serde_json::value::RawValue;

/// Plain decimals are JSON numbers already: digit by digit, and never through a float.
pub(crate) fn number(decimal: impl ToString) -> Option<Box<RawValue>> {
    RawValue::from_string(decimal.to_string()).ok()
}

//! XDR in and out of JSON.

use serde::Serialize;
use serde_json::Value;
use stellar_xdr::{Limits, ReadXdr, TransactionEnvelope, WriteXdr};

/// Nesting and size allowed in a submitted envelope, well above what any valid one needs.
const ENVELOPE_LIMITS: Limits = Limits { depth: 200, len: 512 * 1024 };

/// Base64 of a value this process made, whose encoding cannot fail.
pub(crate) fn base64(value: &impl WriteXdr) -> String {
    value.to_xdr_base64(Limits::none()).unwrap_or_default()
}

/// Decodes an envelope from outside.
pub(crate) fn envelope(base64: &str) -> Option<TransactionEnvelope> {
    TransactionEnvelope::from_xdr_base64(base64.trim(), ENVELOPE_LIMITS).ok()
}

/// JSON of a value whose keys are all strings, which cannot fail.
pub(crate) fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

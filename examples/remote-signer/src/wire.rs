//! What the anchor asks, and what it is answered.

use serde::{Deserialize, Serialize};

/// `POST /sign`: the same question each time, until it is answered with 200 or 403.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    /// The hash that the anchor wants signed, in hex.
    pub hash: String,
    /// The whole envelope: base64 XDR, without signatures.
    pub envelope: String,
    /// The accounts that have to sign.
    pub accounts: Vec<String>,
}

/// The answer: 200 with `signatures`, 202 while nobody has decided, 403 with a `reason`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    /// One for each key.
    #[serde(default)]
    pub signatures: Vec<Signature>,
    /// Why it will not be signed.
    #[serde(default)]
    pub reason: Option<String>,
}

/// One key's signature.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signature {
    /// `G…`
    pub signer: String,
    /// 64 bytes in hex.
    pub signature: String,
}

//! One envelope's life on the ledger.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::id::AttemptId;

/// The hash of a Stellar transaction: 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionHash([u8; 32]);

/// Not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a transaction hash is 64 lower-case hex digits")]
#[non_exhaustive]
pub struct HashError;

impl TransactionHash {
    /// From the raw SHA-256.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw SHA-256.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TransactionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for TransactionHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(HashError);
        }
        let bytes = hex::decode(text).map_err(|_| HashError)?;
        bytes.try_into().map(Self).map_err(|_| HashError)
    }
}

serde_text!(TransactionHash);

/// What an envelope is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptPurpose {
    /// Deliver a deposit.
    Payment,
    /// Create the user's account, or give it lumens, so that it can add a trust line.
    CreateAccount,
    /// Return a withdrawal's tokens.
    Refund,
    /// Create or feed channel accounts: the anchor's own lumens, no transaction of a user.
    Channels,
    /// Take back what was set aside and nobody claimed: no transaction, until the watcher sees what came.
    Reclaim,
}

impl AttemptPurpose {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::CreateAccount => "create_account",
            Self::Refund => "refund",
            Self::Channels => "channels",
            Self::Reclaim => "reclaim",
        }
    }
}

/// An envelope, stored before it is sent, or shown to somebody else who has to sign it. It pays for one transaction or, with an operation for each, for up to
/// a hundred.
///
/// It can land only until `max_time` (the close time of a ledger, in Unix seconds); after a ledger closed later
/// than that without it, it is dead for ever. At most one attempt of a transaction, and at most one of a source
/// account, is open at any time; the store enforces both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// This attempt.
    pub id: AttemptId,
    /// What it does.
    pub purpose: AttemptPurpose,
    /// The hash that the ledger will know it by.
    pub hash: TransactionHash,
    /// The signed envelope: base64 XDR. In the attempt's own row only: the history of each transaction does not
    /// repeat it, and shows an empty one.
    #[serde(default, skip_serializing)]
    pub envelope: Arc<str>,
    /// The account whose sequence number it uses.
    pub source: AccountId,
    /// That sequence number.
    pub sequence: i64,
    /// Upper time bound: Unix seconds of ledger time, inclusive.
    pub max_time: u64,
    /// The most that it may cost, all operations together, in stroops.
    #[serde(default)]
    pub fee: i64,
    /// What somebody else has to sign, where that has to happen before it can be sent: then `envelope` is empty until it
    /// is signed. Only in the step that opens the attempt; kept in a row of its own.
    #[serde(skip)]
    pub unsigned: Option<Unsigned>,
    /// The claimable balance that it makes, if the anchor may take it back. Only in the step that opens the attempt; kept in a
    /// row of its own.
    #[serde(skip)]
    pub reclaim: Option<Reclaim>,
}

impl Attempt {
    /// Whether there is something that can be sent.
    pub fn is_signed(&self) -> bool {
        !self.envelope.is_empty()
    }
}

/// An envelope for somebody else to sign: stored before anybody sees it, because whoever has signed it may send it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// Base64 XDR, without the signatures.
    pub envelope: Arc<str>,
    /// The last ledger's close time when it was built, in Unix seconds: it is in no earlier one.
    pub since: u64,
}

/// A claimable balance that an envelope makes, and that the anchor may claim too, from a time on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclaim {
    /// The account that may.
    pub by: AccountId,
    /// What is set aside.
    pub asset: StellarAsset,
    /// How much.
    pub amount: StellarAmount,
    /// From when on, in Unix seconds of ledger time.
    pub from: u64,
}

/// How an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptStatus {
    /// May still land.
    Open,
    /// Landed and succeeded.
    Applied,
    /// Can never have an effect any more.
    Void,
}

impl AttemptStatus {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Applied => "applied",
            Self::Void => "void",
        }
    }

    /// The status of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Applied, Self::Void].into_iter().find(|status| status.as_str() == word)
    }
}

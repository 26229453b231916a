//! Memos: how a payment says which user or which transaction it is for.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Why a memo is refused. Never repeats the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoError {
    /// Not one of the types that SEP-6, 12 and 24 know.
    #[error("memo_type is one of text, id, hash")]
    Type,
    /// The ledger has this type, the SEPs do not.
    #[error("memo_type return is not allowed here")]
    Return,
    /// Not an unsigned 64-bit number.
    #[error("a memo of type id is a decimal number from 0 to 18446744073709551615")]
    Id,
    /// Empty, or longer than 28 bytes.
    #[error("a memo of type text has 1 to 28 bytes of UTF-8")]
    Text,
    /// Not 32 bytes in padded, standard base64.
    #[error("a memo of type hash is 32 bytes in base64")]
    Hash,
    /// A stored memo that this version cannot read.
    #[error("not the stored form of a memo")]
    Storage,
}

/// The text of a memo: at most 28 bytes, which the ledger does not promise to be UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemoText(Vec<u8>);

impl MemoText {
    /// The ledger's limit in bytes, not characters.
    pub const MAX_LEN: usize = 28;

    /// As found on the ledger, where the text may be empty.
    ///
    /// # Errors
    /// [`MemoError::Text`] above 28 bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, MemoError> {
        let bytes = bytes.into();
        if bytes.len() > Self::MAX_LEN { Err(MemoError::Text) } else { Ok(Self(bytes)) }
    }

    /// The exact bytes: what comparisons go by.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MemoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// The memo of a Stellar transaction. Two memos are equal if type *and* value are: text `123` is not id 123.
///
/// `Display` and `FromStr` are the exact one-line form `type:value` of [`Memo::to_storage`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Memo {
    /// No memo.
    #[default]
    None,
    /// Up to 28 bytes.
    Text(MemoText),
    /// A number; 0 is a real memo.
    Id(u64),
    /// 32 bytes.
    Hash([u8; 32]),
    /// 32 bytes, by convention the hash of the transaction that is paid back. Only read, never asked for.
    Return([u8; 32]),
}

impl Memo {
    /// Reads the `memo_type` and `memo` fields of a request (SEP-6, 12, 24).
    ///
    /// # Errors
    /// See [`MemoError`]. `none` and `return` are not request types.
    pub fn parse(memo_type: &str, memo: &str) -> Result<Self, MemoError> {
        match memo_type {
            "id" => parse_id(memo).map(Self::Id),
            "text" if memo.is_empty() => Err(MemoError::Text),
            "text" => MemoText::new(memo).map(Self::Text),
            "hash" => {
                let bytes = BASE64_STANDARD.decode(memo).map_err(|_| MemoError::Hash)?;
                bytes.try_into().map(Self::Hash).map_err(|_| MemoError::Hash)
            }
            "return" => Err(MemoError::Return),
            _ => Err(MemoError::Type),
        }
    }

    /// `none`, `text`, `id`, `hash` or `return`.
    pub const fn memo_type(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Text(_) => "text",
            Self::Id(_) => "id",
            Self::Hash(_) => "hash",
            Self::Return(_) => "return",
        }
    }

    /// The `memo` field of a response: decimal, text or base64. Text that is not UTF-8 is shown with
    /// replacement characters; use [`Memo::to_storage`] where the exact bytes matter.
    pub fn value(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Text(text) => Some(String::from_utf8_lossy(&text.0).into_owned()),
            Self::Id(id) => Some(id.to_string()),
            Self::Hash(bytes) | Self::Return(bytes) => Some(BASE64_STANDARD.encode(bytes)),
        }
    }

    /// Exact (type, value) pair for database columns: ids in decimal, bytes in lower-case hex, none as an
    /// empty value. Equal memos have equal pairs.
    pub fn to_storage(&self) -> (String, String) {
        let value = match self {
            Self::None => String::new(),
            Self::Text(text) => hex::encode(&text.0),
            Self::Id(id) => id.to_string(),
            Self::Hash(bytes) | Self::Return(bytes) => hex::encode(bytes),
        };
        (self.memo_type().to_owned(), value)
    }

    /// The reverse of [`Memo::to_storage`].
    ///
    /// # Errors
    /// [`MemoError::Storage`] for anything that `to_storage` does not write.
    pub fn from_storage(memo_type: &str, value: &str) -> Result<Self, MemoError> {
        let memo = match memo_type {
            "none" => Some(Self::None),
            "text" => hex::decode(value).ok().and_then(|bytes| MemoText::new(bytes).ok()).map(Self::Text),
            "id" => value.parse().ok().map(Self::Id),
            "hash" => bytes32(value).map(Self::Hash),
            "return" => bytes32(value).map(Self::Return),
            _ => None,
        };
        memo.filter(|memo| memo.to_storage().1 == value).ok_or(MemoError::Storage)
    }
}

impl fmt::Display for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (memo_type, value) = self.to_storage();
        write!(f, "{memo_type}:{value}")
    }
}

impl FromStr for Memo {
    type Err = MemoError;

    fn from_str(text: &str) -> Result<Self, MemoError> {
        let (memo_type, value) = text.split_once(':').ok_or(MemoError::Storage)?;
        Self::from_storage(memo_type, value)
    }
}

serde_text!(Memo);

/// The id grammar of SEP-10: ASCII digits only, leading zeros allowed.
fn parse_id(text: &str) -> Result<u64, MemoError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MemoError::Id); // u64::from_str would take "+1"
    }
    text.parse().map_err(|_| MemoError::Id)
}

fn bytes32(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests;

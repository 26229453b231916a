//! Who: accounts of the ledger (SEP-23 strkeys) and the users behind them.

use std::fmt;
use std::str::FromStr;

use stellar_strkey::{Contract, ed25519};

mod sharing;
mod subject;

pub use sharing::{Sharing, SharingError};
pub use subject::Subject;

/// Why a text names no account. Never repeats the input: people paste secret seeds into account fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// Not a valid `G…`.
    #[error("not a valid Stellar account id (G…)")]
    AccountId,
    /// Not a valid `C…`.
    #[error("not a valid Stellar contract id (C…)")]
    ContractId,
    /// None of the three kinds of account.
    #[error("not a valid Stellar account (G…, M… or C…)")]
    Account,
    /// The part after the colon is not an unsigned 64-bit number in its shortest form.
    #[error("the memo of a subject is a decimal number from 0 to 18446744073709551615")]
    SubjectMemo,
    /// An `M…` has its own id and a `C…` cannot have one.
    #[error("only a G… account can be combined with a memo")]
    MemoNotAllowed,
}

/// An account of the ledger, `G…`: 32 bytes of an ed25519 public key. Not checked to be a point of the curve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 32]);

impl AccountId {
    /// From the raw public key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw public key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ed25519::PublicKey(self.0).fmt(f)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AccountId {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        text.parse().map(|ed25519::PublicKey(bytes)| Self(bytes)).map_err(|_| AccountError::AccountId)
    }
}

/// A smart contract, `C…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractId([u8; 32]);

impl ContractId {
    /// From the raw hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Contract(self.0).fmt(f)
    }
}

impl fmt::Debug for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContractId {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        text.parse().map(|Contract(bytes)| Self(bytes)).map_err(|_| AccountError::ContractId)
    }
}

/// An address that can hold or receive an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// `G…`
    Classic(AccountId),
    /// `M…`: a `G…` and a user number in it. The ledger knows the `G…` only.
    Muxed {
        /// The account that the ledger knows.
        account: AccountId,
        /// The user; 0 is a user too.
        id: u64,
    },
    /// `C…`
    Contract(ContractId),
}

impl Account {
    /// The `G…` where the ledger keeps balances, signers and trust lines; `None` for a contract.
    pub const fn ledger_account(&self) -> Option<AccountId> {
        match self {
            Self::Classic(account) | Self::Muxed { account, .. } => Some(*account),
            Self::Contract(_) => None,
        }
    }

    /// The user number of an `M…`.
    pub const fn muxed_id(&self) -> Option<u64> {
        match self {
            Self::Muxed { id, .. } => Some(*id),
            Self::Classic(_) | Self::Contract(_) => None,
        }
    }
}

impl From<AccountId> for Account {
    fn from(account: AccountId) -> Self {
        Self::Classic(account)
    }
}

impl From<ContractId> for Account {
    fn from(contract: ContractId) -> Self {
        Self::Contract(contract)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classic(account) => account.fmt(f),
            Self::Muxed { account, id } => ed25519::MuxedAccount { ed25519: account.0, id: *id }.fmt(f),
            Self::Contract(contract) => contract.fmt(f),
        }
    }
}

impl FromStr for Account {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        match text.bytes().next() {
            Some(b'G') => text.parse().map(Self::Classic),
            Some(b'C') => text.parse().map(Self::Contract),
            Some(b'M') => text
                .parse()
                .map(|ed25519::MuxedAccount { ed25519, id }| Self::Muxed { account: AccountId(ed25519), id })
                .map_err(|_| AccountError::Account),
            _ => Err(AccountError::Account),
        }
    }
}

serde_text!(AccountId, ContractId, Account);

#[cfg(test)]
mod tests;

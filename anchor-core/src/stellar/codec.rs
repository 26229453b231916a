//! Foreign XDR into our value types: strict base64, limits on depth and length, nothing left over.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use stellar_xdr::{
    AlphaNum4, AlphaNum12, Asset, ClaimableBalanceId, Limits, Memo as XdrMemo, MuxedAccount, PublicKey,
    ReadXdr, Uint256,
};

use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::{AssetCode, StellarAsset};
use crate::memo::{Memo, MemoText};
#[cfg(any(feature = "horizon", feature = "rpc"))]
use crate::{stellar::Network, transaction::TransactionHash};

mod write;

#[cfg(feature = "rpc")]
pub(super) use write::to_trust_line_asset;
pub(super) use write::{to_account_id, to_asset};

/// Nesting beyond this is refused; a stack overflow would end the process.
const DEPTH_MAX: u32 = 500;

/// Nothing on the ledger that we read is longer.
pub(super) const LEN_MAX: usize = 256 * 1024;

/// The entries that a contract's transaction read and wrote, before and after.
const META_LEN_MAX: usize = 4 * 1024 * 1024;

/// Foreign bytes that make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not standard, padded base64 without anything else (SEP-28).
    #[error("not standard base64")]
    Base64,
    /// Longer than what we read.
    #[error("longer than {LEN_MAX} bytes")]
    TooLong,
    /// Not the XDR of what was expected, or nested too deeply.
    #[error("not the expected XDR: {0}")]
    Xdr(String),
    /// XDR that the network would not accept, or that this version does not know.
    #[error("unexpected content: {0}")]
    Content(&'static str),
}

pub(super) const fn limits() -> Limits {
    Limits { depth: DEPTH_MAX, len: LEN_MAX }
}

/// Reads all of `text`, and nothing but it.
pub(super) fn read<T: ReadXdr>(text: &str) -> Result<T, DecodeError> {
    read_up_to(text, LEN_MAX)
}

/// As [`read`], for what a transaction changed: it may write more than it could send.
pub(super) fn read_meta(text: &str) -> Result<stellar_xdr::TransactionMeta, DecodeError> {
    read_up_to(text, META_LEN_MAX)
}

fn read_up_to<T: ReadXdr>(text: &str, len: usize) -> Result<T, DecodeError> {
    if text.len() / 4 * 3 > len {
        return Err(DecodeError::TooLong);
    }
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| DecodeError::Base64)?;
    let limits = Limits { depth: DEPTH_MAX, len };
    T::from_xdr(bytes, limits).map_err(|error| DecodeError::Xdr(error.to_string()))
}

/// Reads all of `bytes`, and nothing but it.
pub(super) fn read_bytes<T: ReadXdr>(bytes: &[u8]) -> Result<T, DecodeError> {
    if bytes.len() > LEN_MAX {
        return Err(DecodeError::TooLong);
    }
    T::from_xdr(bytes, limits()).map_err(|error| DecodeError::Xdr(error.to_string()))
}

/// The hash of an envelope, which its signatures cover: of a fee bump the outer one.
#[cfg(any(feature = "horizon", feature = "rpc"))]
pub(super) fn envelope_hash(envelope: &str, network: &Network) -> Result<TransactionHash, DecodeError> {
    let envelope: stellar_xdr::TransactionEnvelope = read(envelope)?;
    let hash = envelope.hash(*network.id()).map_err(|error| DecodeError::Xdr(error.to_string()))?;
    Ok(TransactionHash::from_bytes(hash))
}

pub(super) const fn account_id(id: &stellar_xdr::AccountId) -> AccountId {
    let stellar_xdr::AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(bytes))) = id;
    AccountId::from_bytes(*bytes)
}

pub(super) const fn account(account: &MuxedAccount) -> Account {
    match account {
        MuxedAccount::Ed25519(Uint256(bytes)) => Account::Classic(AccountId::from_bytes(*bytes)),
        MuxedAccount::MuxedEd25519(muxed) => {
            Account::Muxed { account: AccountId::from_bytes(muxed.ed25519.0), id: muxed.id }
        }
    }
}

pub(super) fn asset(asset: &Asset) -> Result<StellarAsset, DecodeError> {
    match asset {
        Asset::Native => Ok(StellarAsset::Native),
        Asset::CreditAlphanum4(credit) => alphanum4(credit),
        Asset::CreditAlphanum12(credit) => alphanum12(credit),
    }
}

pub(super) fn alphanum4(credit: &AlphaNum4) -> Result<StellarAsset, DecodeError> {
    Ok(StellarAsset::Credit { code: code(&credit.asset_code.0)?, issuer: account_id(&credit.issuer) })
}

pub(super) fn alphanum12(credit: &AlphaNum12) -> Result<StellarAsset, DecodeError> {
    let code = code(&credit.asset_code.0)?;
    if code.is_alphanum4() {
        // "USD" as AlphaNum12 would be another asset than "USD" as AlphaNum4; the network refuses it.
        return Err(DecodeError::Content("asset code too short for its type"));
    }
    Ok(StellarAsset::Credit { code, issuer: account_id(&credit.issuer) })
}

fn code(padded: &[u8]) -> Result<AssetCode, DecodeError> {
    let end = padded.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = padded.get(..end).and_then(|code| std::str::from_utf8(code).ok());
    text.and_then(|text| text.parse().ok()).ok_or(DecodeError::Content("asset code"))
}

pub(super) fn amount(stroops: i64) -> Result<StellarAmount, DecodeError> {
    StellarAmount::from_stroops(stroops).map_err(|_| DecodeError::Content("negative amount"))
}

/// The type in eight hex digits, then the hash, as Horizon writes it.
pub(super) fn balance_id(id: &str) -> Result<ClaimableBalanceId, DecodeError> {
    let hash = id.strip_prefix("00000000").and_then(|hash| hash.parse().ok());
    let is_plain = id.len() == 72 && !id.bytes().any(|byte| byte.is_ascii_uppercase());
    hash.filter(|_| is_plain)
        .map(ClaimableBalanceId::ClaimableBalanceIdTypeV0)
        .ok_or(DecodeError::Content("a claimable balance's id is 72 lower-case hex digits"))
}

/// As [`balance_id`] reads it.
pub(super) fn balance_text(id: &ClaimableBalanceId) -> String {
    let ClaimableBalanceId::ClaimableBalanceIdTypeV0(hash) = id;
    format!("00000000{}", hex::encode(hash.0))
}

pub(super) fn memo(memo: &XdrMemo) -> Result<Memo, DecodeError> {
    match memo {
        XdrMemo::None => Ok(Memo::None),
        XdrMemo::Text(text) => {
            MemoText::new(text.as_slice()).map(Memo::Text).map_err(|_| DecodeError::Content("memo text"))
        }
        XdrMemo::Id(id) => Ok(Memo::Id(*id)),
        XdrMemo::Hash(hash) => Ok(Memo::Hash(hash.0)),
        XdrMemo::Return(hash) => Ok(Memo::Return(hash.0)),
    }
}

#[cfg(test)]
mod tests;

//! Assets, on the ledger and off it, under the identifiers of SEP-38 and SEP-11.

use std::fmt;
use std::str::FromStr;

use crate::account::AccountId;

mod authorization;
mod model;
mod receive;
mod suspense;

pub use authorization::Authorization;
pub use model::{Asset, AssetDescription, Offer, OfferError};
pub use receive::{ReceiveOffer, ReceiveQuotes};
pub use suspense::{OtherAmount, Remedy, SuspensePolicy};

/// Why a text names no asset. Never repeats the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// Not 1 to 12 ASCII letters and digits.
    #[error("an asset code is 1 to 12 ASCII letters and digits")]
    Code,
    /// The part after the colon is not a valid `G…` account.
    #[error("the issuer of an asset is a valid account id (G…)")]
    Issuer,
    /// Neither `native` nor `CODE:ISSUER`.
    #[error("a Stellar asset is written \"native\" or \"CODE:ISSUER\"")]
    StellarAsset,
    /// Not three capital letters.
    #[error("a currency code is three capital letters (ISO 4217)")]
    Currency,
    /// The scheme before the first colon is missing or unknown.
    #[error("an asset identifier starts with \"stellar:\" or \"iso4217:\"")]
    Scheme,
}

/// The code of an issued Stellar asset: 1 to 12 ASCII letters and digits, case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetCode(String);

impl AssetCode {
    /// The code as written on the ledger.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Up to four characters are `AlphaNum4` on the ledger, more are `AlphaNum12`: two kinds of asset.
    pub fn is_alphanum4(&self) -> bool {
        self.0.len() <= 4
    }
}

impl FromStr for AssetCode {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        let valid = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if valid { Ok(Self(text.to_owned())) } else { Err(AssetError::Code) }
    }
}

/// An asset on the Stellar ledger, written `native` or `CODE:ISSUER` (SEP-11).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StellarAsset {
    /// Lumens.
    Native,
    /// Issued by an account.
    Credit {
        /// Unique only together with the issuer.
        code: AssetCode,
        /// Who redeems it.
        issuer: AccountId,
    },
}

impl StellarAsset {
    /// The asset code as the SEPs use it; `native` for lumens.
    pub fn code(&self) -> &str {
        match self {
            Self::Native => "native",
            Self::Credit { code, .. } => code.as_str(),
        }
    }

    /// `None` for lumens.
    pub fn issuer(&self) -> Option<&AccountId> {
        match self {
            Self::Native => None,
            Self::Credit { issuer, .. } => Some(issuer),
        }
    }
}

impl FromStr for StellarAsset {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        if text == "native" {
            return Ok(Self::Native);
        }
        let (code, issuer) = text.split_once(':').ok_or(AssetError::StellarAsset)?;
        Ok(Self::Credit { code: code.parse()?, issuer: issuer.parse().map_err(|_| AssetError::Issuer)? })
    }
}

/// An ISO 4217 currency code: three capital letters. Whether the currency exists is not checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrencyCode(String);

impl CurrencyCode {
    /// Dollars.
    pub fn usd() -> Self {
        Self("USD".to_owned())
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CurrencyCode {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        let valid = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if valid { Ok(Self(text.to_owned())) } else { Err(AssetError::Currency) }
    }
}

/// Any asset an anchor deals in, printed byte for byte as SEP-38 writes it:
/// `stellar:USDC:G…`, `stellar:native`, `iso4217:USD`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AssetId {
    /// On the ledger.
    Stellar(StellarAsset),
    /// Money outside the ledger.
    Iso4217(CurrencyCode),
}

impl AssetId {
    /// `None` for what is not on the ledger.
    pub fn as_stellar(&self) -> Option<&StellarAsset> {
        match self {
            Self::Stellar(asset) => Some(asset),
            Self::Iso4217(_) => None,
        }
    }
}

impl From<StellarAsset> for AssetId {
    fn from(asset: StellarAsset) -> Self {
        Self::Stellar(asset)
    }
}

impl From<CurrencyCode> for AssetId {
    fn from(currency: CurrencyCode) -> Self {
        Self::Iso4217(currency)
    }
}

impl FromStr for AssetId {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        match text.split_once(':') {
            Some(("stellar", asset)) => asset.parse().map(Self::Stellar),
            Some(("iso4217", currency)) => currency.parse().map(Self::Iso4217),
            _ => Err(AssetError::Scheme),
        }
    }
}

impl fmt::Display for AssetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StellarAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native => f.write_str("native"),
            Self::Credit { code, issuer } => write!(f, "{code}:{issuer}"),
        }
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stellar(asset) => write!(f, "stellar:{asset}"),
            Self::Iso4217(currency) => write!(f, "iso4217:{currency}"),
        }
    }
}

serde_text!(AssetCode, StellarAsset, CurrencyCode, AssetId);

#[cfg(test)]
mod tests;

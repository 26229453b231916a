//! Assets and account ids: the small conversions that every operation needs.

use stellar_xdr::{
    AccountId, AlphaNum4, AlphaNum12, Asset, AssetCode, ChangeTrustAsset, MuxedAccount, PublicKey,
    TrustLineAsset, Uint256,
};

/// The account behind an address, whichever sub-account a muxed one names.
pub fn account_of(address: &MuxedAccount) -> AccountId {
    match address {
        MuxedAccount::Ed25519(key) => account_id(key.0),
        MuxedAccount::MuxedEd25519(muxed) => account_id(muxed.ed25519.0),
    }
}

/// The account whose master key is `key`.
pub fn account_id(key: [u8; 32]) -> AccountId {
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key)))
}

/// The master key of `account`.
pub fn public_key(account: &AccountId) -> [u8; 32] {
    let PublicKey::PublicKeyTypeEd25519(Uint256(key)) = &account.0;
    *key
}

/// Who issues `asset`; `None` for lumens.
pub fn issuer(asset: &Asset) -> Option<&AccountId> {
    match asset {
        Asset::Native => None,
        Asset::CreditAlphanum4(AlphaNum4 { issuer, .. })
        | Asset::CreditAlphanum12(AlphaNum12 { issuer, .. }) => Some(issuer),
    }
}

/// Whether `account` issues `asset` (and so needs no trust line for it).
pub fn is_issuer(account: &AccountId, asset: &Asset) -> bool {
    issuer(asset) == Some(account)
}

/// The code without its padding; `XLM` never appears here because lumens have no code on the ledger.
pub fn code(asset: &Asset) -> &[u8] {
    match asset {
        Asset::Native => &[],
        Asset::CreditAlphanum4(alpha) => unpadded(&alpha.asset_code.0),
        Asset::CreditAlphanum12(alpha) => unpadded(&alpha.asset_code.0),
    }
}

/// The trust line key part of `asset`.
pub fn trust_line_asset(asset: &Asset) -> TrustLineAsset {
    match asset {
        Asset::Native => TrustLineAsset::Native,
        Asset::CreditAlphanum4(alpha) => TrustLineAsset::CreditAlphanum4(alpha.clone()),
        Asset::CreditAlphanum12(alpha) => TrustLineAsset::CreditAlphanum12(alpha.clone()),
    }
}

/// The asset of a trust line; `None` for pool shares.
pub fn of_trust_line(asset: &TrustLineAsset) -> Option<Asset> {
    match asset {
        TrustLineAsset::Native => Some(Asset::Native),
        TrustLineAsset::CreditAlphanum4(alpha) => Some(Asset::CreditAlphanum4(alpha.clone())),
        TrustLineAsset::CreditAlphanum12(alpha) => Some(Asset::CreditAlphanum12(alpha.clone())),
        TrustLineAsset::PoolShare(_) => None,
    }
}

/// The asset a change-trust operation names; `None` for pool shares, which this ledger does not have.
pub(crate) fn of_change_trust(asset: &ChangeTrustAsset) -> Option<Asset> {
    match asset {
        ChangeTrustAsset::Native => Some(Asset::Native),
        ChangeTrustAsset::CreditAlphanum4(alpha) => Some(Asset::CreditAlphanum4(alpha.clone())),
        ChangeTrustAsset::CreditAlphanum12(alpha) => Some(Asset::CreditAlphanum12(alpha.clone())),
        ChangeTrustAsset::PoolShare(_) => None,
    }
}

/// The asset `code` of `issuer`.
pub(crate) fn with_issuer(code: &AssetCode, issuer: &AccountId) -> Asset {
    match code {
        AssetCode::CreditAlphanum4(code) => {
            Asset::CreditAlphanum4(AlphaNum4 { asset_code: code.clone(), issuer: issuer.clone() })
        }
        AssetCode::CreditAlphanum12(code) => {
            Asset::CreditAlphanum12(AlphaNum12 { asset_code: code.clone(), issuer: issuer.clone() })
        }
    }
}

/// Whether the code is one the network accepts: ASCII letters and digits, zero padded on the right only, and in
/// the long form longer than the short form could hold.
pub(crate) fn is_valid(asset: &Asset) -> bool {
    let (minimum, padded) = match asset {
        Asset::Native => return true,
        Asset::CreditAlphanum4(alpha) => (1, &alpha.asset_code.0[..]),
        Asset::CreditAlphanum12(alpha) => (5, &alpha.asset_code.0[..]),
    };
    let code = unpadded(padded);
    code.len() >= minimum && code.iter().all(u8::is_ascii_alphanumeric)
}

fn unpadded(code: &[u8]) -> &[u8] {
    let end = code.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &code[..end]
}

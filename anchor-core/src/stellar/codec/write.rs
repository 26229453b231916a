//! Our value types as the ledger writes them, to ask for them by key.

use stellar_xdr::{
    AccountId as XdrAccountId, AlphaNum4, AlphaNum12, Asset, AssetCode4, AssetCode12, PublicKey, Uint256,
};

use crate::account::AccountId;
use crate::asset::{AssetCode, StellarAsset};

pub(in crate::stellar) const fn to_account_id(id: &AccountId) -> XdrAccountId {
    XdrAccountId(PublicKey::PublicKeyTypeEd25519(Uint256(*id.as_bytes())))
}

pub(in crate::stellar) fn to_asset(asset: &StellarAsset) -> Asset {
    match asset {
        StellarAsset::Native => Asset::Native,
        StellarAsset::Credit { code, issuer } if code.is_alphanum4() => Asset::CreditAlphanum4(AlphaNum4 {
            asset_code: AssetCode4(padded(code)),
            issuer: to_account_id(issuer),
        }),
        StellarAsset::Credit { code, issuer } => Asset::CreditAlphanum12(AlphaNum12 {
            asset_code: AssetCode12(padded(code)),
            issuer: to_account_id(issuer),
        }),
    }
}

#[cfg(feature = "rpc")]
pub(in crate::stellar) fn to_trust_line_asset(asset: &StellarAsset) -> stellar_xdr::TrustLineAsset {
    use stellar_xdr::TrustLineAsset;
    match to_asset(asset) {
        Asset::Native => TrustLineAsset::Native,
        Asset::CreditAlphanum4(credit) => TrustLineAsset::CreditAlphanum4(credit),
        Asset::CreditAlphanum12(credit) => TrustLineAsset::CreditAlphanum12(credit),
    }
}

/// With zeros behind it.
fn padded<const N: usize>(code: &AssetCode) -> [u8; N] {
    let mut bytes = [0; N];
    for (place, byte) in bytes.iter_mut().zip(code.as_str().bytes()) {
        *place = byte;
    }
    bytes
}

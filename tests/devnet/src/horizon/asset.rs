//! Assets as the API names them: `native`, `CODE:ISSUER`, and the three-field form.

use serde_json::{Map, Value};
use stellar_xdr::{
    AccountId, AlphaNum4, AlphaNum12, Asset, AssetCode, AssetCode4, AssetCode12, TrustLineAsset,
};

/// `native` or `CODE:ISSUER`.
pub(crate) fn canonical(asset: &Asset) -> String {
    match code_and_issuer(asset) {
        Some((code, issuer)) => format!("{code}:{issuer}"),
        None => "native".to_owned(),
    }
}

/// The value of an `asset_type` field.
pub(crate) fn kind(asset: &Asset) -> &'static str {
    match asset {
        Asset::Native => "native",
        Asset::CreditAlphanum4(_) => "credit_alphanum4",
        Asset::CreditAlphanum12(_) => "credit_alphanum12",
    }
}

/// Code and issuer of a credit asset; `None` for lumens.
pub(crate) fn code_and_issuer(asset: &Asset) -> Option<(String, &AccountId)> {
    match asset {
        Asset::Native => None,
        Asset::CreditAlphanum4(AlphaNum4 { asset_code, issuer }) => Some((text(&asset_code.0), issuer)),
        Asset::CreditAlphanum12(AlphaNum12 { asset_code, issuer }) => Some((text(&asset_code.0), issuer)),
    }
}

/// Adds `{prefix}asset_type`, `{prefix}asset_code` and `{prefix}asset_issuer` to an object.
pub(crate) fn insert(object: &mut Map<String, Value>, prefix: &str, asset: &Asset) {
    object.insert(format!("{prefix}asset_type"), kind(asset).into());
    if let Some((code, issuer)) = code_and_issuer(asset) {
        object.insert(format!("{prefix}asset_code"), code.into());
        object.insert(format!("{prefix}asset_issuer"), issuer.to_string().into());
    }
}

/// The three-field form as an object of its own.
pub(crate) fn object(asset: &Asset) -> Value {
    let mut object = Map::new();
    insert(&mut object, "", asset);
    Value::Object(object)
}

/// Reads `native` or `CODE:ISSUER`.
pub(crate) fn parse(canonical: &str) -> Option<Asset> {
    if canonical == "native" {
        return Some(Asset::Native);
    }
    let (code, issuer) = canonical.split_once(':')?;
    credit(code, issuer.parse().ok()?)
}

/// Builds a credit asset; `None` when the code is not 1 to 12 ASCII letters and digits.
pub(crate) fn credit(code: &str, issuer: AccountId) -> Option<Asset> {
    if !valid_code(code) {
        return None;
    }
    let mut bytes = [0; 12];
    bytes[..code.len()].copy_from_slice(code.as_bytes());
    Some(match code.len() {
        ..=4 => {
            let code = AssetCode4([bytes[0], bytes[1], bytes[2], bytes[3]]);
            Asset::CreditAlphanum4(AlphaNum4 { asset_code: code, issuer })
        }
        _ => Asset::CreditAlphanum12(AlphaNum12 { asset_code: AssetCode12(bytes), issuer }),
    })
}

/// Whether a text is 1 to 12 ASCII letters and digits.
pub(crate) fn valid_code(code: &str) -> bool {
    (1..=12).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The asset an `AllowTrust` operation names by code alone.
pub(crate) fn of_issuer(code: &AssetCode, issuer: AccountId) -> Asset {
    match code {
        AssetCode::CreditAlphanum4(code) => {
            Asset::CreditAlphanum4(AlphaNum4 { asset_code: code.clone(), issuer })
        }
        AssetCode::CreditAlphanum12(code) => {
            Asset::CreditAlphanum12(AlphaNum12 { asset_code: code.clone(), issuer })
        }
    }
}

/// The asset held in a trustline; `None` for pool shares.
pub(crate) fn of_trustline(line: &TrustLineAsset) -> Option<Asset> {
    match line {
        TrustLineAsset::Native => Some(Asset::Native),
        TrustLineAsset::CreditAlphanum4(asset) => Some(Asset::CreditAlphanum4(asset.clone())),
        TrustLineAsset::CreditAlphanum12(asset) => Some(Asset::CreditAlphanum12(asset.clone())),
        TrustLineAsset::PoolShare(_) => None,
    }
}

fn text(code: &[u8]) -> String {
    let end = code.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    String::from_utf8_lossy(&code[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7";

    #[test]
    fn canonical_names_round_trip() {
        for name in ["native".to_owned(), format!("USDC:{ISSUER}"), format!("LONGERCODE:{ISSUER}")] {
            assert_eq!(canonical(&parse(&name).unwrap()), name);
        }
    }

    #[test]
    fn malformed_names_are_refused() {
        for name in ["", "USD", "USD:", ":G", "TOOLONGASSETCODE:G", &format!("U_D:{ISSUER}")] {
            assert!(parse(name).is_none(), "{name}");
        }
    }
}

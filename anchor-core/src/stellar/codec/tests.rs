use stellar_xdr::{AlphaNum12, AssetCode4, AssetCode12, TransactionEnvelope, Uint256};

use super::*;

fn issuer() -> stellar_xdr::AccountId {
    stellar_xdr::AccountId(PublicKey::PublicKeyTypeEd25519(Uint256([7; 32])))
}

fn four(code: [u8; 4]) -> Result<StellarAsset, DecodeError> {
    asset(&Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(code), issuer: issuer() }))
}

fn twelve(code: [u8; 12]) -> Result<StellarAsset, DecodeError> {
    asset(&Asset::CreditAlphanum12(AlphaNum12 { asset_code: AssetCode12(code), issuer: issuer() }))
}

#[test]
fn asset_codes_are_read_without_their_padding() {
    let code = |asset: StellarAsset| asset.code().to_owned();
    assert_eq!(four(*b"USD\0").map(code), Ok("USD".into()));
    assert_eq!(four(*b"USDC").map(code), Ok("USDC".into()));
    assert_eq!(twelve(*b"USDC1\0\0\0\0\0\0\0").map(code), Ok("USDC1".into()));
    assert_eq!(asset(&Asset::Native), Ok(StellarAsset::Native));
}

#[test]
fn asset_codes_that_the_network_refuses_are_refused() {
    for code in [*b"\0\0\0\0", *b"U\0D\0", *b"U$D\0", *b"US\xffD"] {
        four(code).unwrap_err();
    }
    // a short code in the long form would pass for another asset of the same name
    for code in [*b"USD\0\0\0\0\0\0\0\0\0", *b"ABCDE\0F\0\0\0\0\0"] {
        twelve(code).unwrap_err();
    }
}

#[test]
fn r_28_002_base64_is_read_strictly() {
    let read = read::<TransactionEnvelope>;
    for text in ["AAAA=AAA", "AAA", "A-__", "AAAA\n", " AAAA", "AAB=", "AAAAAA"] {
        assert_eq!(read(text), Err(DecodeError::Base64), "{text:?}");
    }
    assert!(matches!(read("AAAA"), Err(DecodeError::Xdr(_))));
}

#[test]
fn bytes_that_are_left_over_are_refused() {
    assert_eq!(read_bytes::<Uint256>(&[1; 32]), Ok(Uint256([1; 32])));
    assert!(matches!(read_bytes::<Uint256>(&[1; 33]), Err(DecodeError::Xdr(_))));
}

#[test]
fn longer_than_the_limit_is_refused_before_it_is_read() {
    assert_eq!(read::<TransactionEnvelope>(&"A".repeat(LEN_MAX * 2)), Err(DecodeError::TooLong));
    assert_eq!(read_bytes::<TransactionEnvelope>(&vec![0; LEN_MAX + 1]), Err(DecodeError::TooLong));
}

#[test]
fn deep_nesting_is_refused_instead_of_overflowing_the_stack() {
    let mut nested = Vec::new();
    for _ in 0..20_000 {
        nested.extend([0, 0, 0, 3, 0, 0, 0, 1]); // NOT(Some(..
    }
    nested.extend([0; 4]);
    assert!(matches!(read_bytes::<stellar_xdr::ClaimPredicate>(&nested), Err(DecodeError::Xdr(_))));
}

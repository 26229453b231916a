use proptest::prelude::*;

use super::*;

const ISSUER: &str = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";

fn asset(text: &str) -> Result<AssetId, AssetError> {
    text.parse()
}

#[test]
fn r_11_001_r_38_018_asset_identifiers_round_trip_byte_for_byte() {
    for text in [format!("stellar:USDC:{ISSUER}"), "stellar:native".to_owned(), "iso4217:USD".to_owned()] {
        assert_eq!(asset(&text).expect("an asset").to_string(), text);
        let json = serde_json::to_string(&asset(&text).expect("an asset")).expect("json");
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<AssetId>(&json).ok(), asset(&text).ok());
    }
}

#[test]
fn r_11_001_unknown_schemes_are_refused() {
    for text in
        ["", "USD", "usd:USD", "ISO4217:USD", "Stellar:native", " stellar:native", "crypto:BTC", "native"]
    {
        assert_eq!(asset(text), Err(AssetError::Scheme), "{text}");
    }
    for text in
        ["iso4217:", "iso4217:usd", "iso4217:US", "iso4217:USDT", "iso4217:U5D", "iso4217:USD:", "iso4217:ÄB"]
    {
        assert_eq!(asset(text), Err(AssetError::Currency), "{text}");
    }
}

#[test]
fn r_11_002_lumens_are_native_and_nothing_else() {
    assert_eq!(asset("stellar:native"), Ok(StellarAsset::Native.into()));
    assert_eq!(StellarAsset::Native.code(), "native");
    assert_eq!(StellarAsset::Native.issuer(), None);
    for text in ["stellar:XLM", "stellar:Native", "stellar:", "stellar:USDC", "stellar:native "] {
        assert_eq!(asset(text), Err(AssetError::StellarAsset), "{text}");
    }
    assert_eq!(asset("stellar:native:"), Err(AssetError::Issuer));
}

#[test]
fn r_11_003_codes_are_one_to_twelve_case_sensitive_alphanumerics() {
    for (code, alphanum4) in
        [("A", true), ("USDC", true), ("usdc", true), ("USDC5", false), ("ABCDEFGHIJ12", false)]
    {
        let parsed: AssetCode = code.parse().expect("a code");
        assert_eq!((parsed.as_str(), parsed.is_alphanum4()), (code, alphanum4));
    }
    assert_ne!("USDC".parse::<AssetCode>(), "usdc".parse());
    for code in ["", "ABCDEFGHIJ123", "U$D", "US D", "ÄB", "éé", "A\0", "USD\n"] {
        assert_eq!(code.parse::<AssetCode>(), Err(AssetError::Code), "{code}");
    }
}

#[test]
fn r_38_018_issuers_are_checked_accounts() {
    let bad_checksum = format!("{}A", &ISSUER[..55]);
    let lower_case = ISSUER.to_lowercase();
    let extra = format!("{ISSUER}:x");
    for issuer in [
        "",
        "GABC",
        &bad_checksum,
        &lower_case,
        &extra,
        "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA",
    ] {
        assert_eq!(asset(&format!("stellar:USDC:{issuer}")), Err(AssetError::Issuer), "{issuer}");
    }
}

#[test]
fn only_ledger_assets_are_ledger_assets() {
    let usdc = asset(&format!("stellar:USDC:{ISSUER}")).expect("an asset");
    let on_ledger = usdc.as_stellar().expect("on the ledger");
    assert_eq!((on_ledger.code(), on_ledger.issuer()), ("USDC", ISSUER.parse().ok().as_ref()));
    assert_eq!(on_ledger.to_string(), format!("USDC:{ISSUER}"));
    let usd: CurrencyCode = "USD".parse().expect("a currency");
    assert_eq!(usd.as_str(), "USD");
    assert_eq!(AssetId::from(usd).as_stellar(), None);
}

proptest! {
    #[test]
    fn printed_assets_parse_to_the_same_asset(code in "[a-zA-Z0-9]{1,12}", issuer in any::<[u8; 32]>()) {
        let id = AssetId::Stellar(StellarAsset::Credit {
            code: code.parse().expect("a code"),
            issuer: AccountId::from_bytes(issuer),
        });
        prop_assert_eq!(asset(&id.to_string()), Ok(id));
    }

    #[test]
    fn whatever_is_accepted_prints_as_it_was_written(text in "(stellar|iso4217|native|[:A-Z]|G[A-Z2-7]{55}){0,5}|\\PC*") {
        if let Ok(id) = asset(&text) {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}

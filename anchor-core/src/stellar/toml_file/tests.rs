use super::*;
use crate::account::{Account, ContractId};
use crate::keys::SigningKey;

fn account() -> AccountId {
    SigningKey::from_seed([9; 32]).account()
}

#[test]
fn r_01_026_only_the_signing_key_of_anothers_file_is_read() {
    let text = format!(
        "VERSION = 7\nCURRENCIES = \"none\"\nSIGNING_KEY = \"{}\"\n[X]\nSIGNING_KEY = 1\n",
        account()
    );
    assert_eq!(signing_key(&text), Ok(account()));
    assert_eq!(signing_key(&format!("\u{feff}{text}")), Ok(account()));
}

#[test]
fn t_01_08_r_10_022_key_that_is_no_account_is_none() {
    let muxed = Account::Muxed { account: account(), id: 1 }.to_string();
    let contract = ContractId::from_bytes([7; 32]).to_string();
    let seed = SigningKey::from_seed([9; 32]).to_strkey().expose().clone();
    for key in [muxed, contract, seed, String::new(), account().to_string().to_lowercase()] {
        assert_eq!(signing_key(&format!("SIGNING_KEY = \"{key}\"")), Err(ReadError::SigningKey));
    }
    assert_eq!(signing_key("SIGNING_KEY = 5"), Err(ReadError::SigningKey));
    assert_eq!(signing_key(&format!("[TABLE]\nSIGNING_KEY = \"{}\"", account())), Err(ReadError::SigningKey));
    assert_eq!(signing_key(""), Err(ReadError::SigningKey));
    assert_eq!(signing_key("<html>404</html>"), Err(ReadError::Toml));
}

#[test]
fn r_01_027_hostile_nesting_is_an_error() {
    for open in ["[", "{a="] {
        let text = format!("a = {}", open.repeat(BYTES_MAX / open.len() - 4));
        assert_eq!(signing_key(&text), Err(ReadError::Toml));
    }
    let dotted = format!("a{} = 1", ".a".repeat(40_000));
    assert!(signing_key(&dotted).is_err());
}

/// What is found in a complete file after this text was put in place of another.
fn findings(from: &str, to: &str) -> Vec<(Severity, String)> {
    let text = complete();
    assert!(text.contains(from), "{from}");
    findings_in(&text.replacen(from, to, 1))
}

fn findings_in(text: &str) -> Vec<(Severity, String)> {
    let home_domain = "anchor.example".parse().unwrap();
    let rules = CheckRules { home_domain: &home_domain, local_mode: false };
    let found = check(&text.parse().unwrap(), &rules);
    found.into_iter().map(|finding| (finding.severity, finding.to_string())).collect()
}

fn assert_found(from: &str, to: &str, severity: Severity, part: &str) {
    let found = findings(from, to);
    assert!(found.iter().any(|(how, text)| *how == severity && text.contains(part)), "{to}: {found:?}");
}

/// All that SEP-1 lists, for an anchor.
fn complete() -> String {
    let account = account();
    let other = SigningKey::from_seed([10; 32]).account();
    let contract = ContractId::from_bytes([7; 32]);
    format!(
        r#"
VERSION = "2.7.0"
NETWORK_PASSPHRASE = "Test SDF Network ; September 2015"
FEDERATION_SERVER = "https://anchor.example/federation"
TRANSFER_SERVER = "https://anchor.example/sep6"
TRANSFER_SERVER_SEP0024 = "https://anchor.example/sep24"
KYC_SERVER = "https://anchor.example/kyc"
WEB_AUTH_ENDPOINT = "https://anchor.example/auth"
WEB_AUTH_FOR_CONTRACTS_ENDPOINT = "https://anchor.example/auth45"
WEB_AUTH_CONTRACT_ID = "{contract}"
SIGNING_KEY = "{account}"
HORIZON_URL = "https://horizon.example"
ACCOUNTS = ["{account}", "{other}"]
URI_REQUEST_SIGNING_KEY = "{other}"
DIRECT_PAYMENT_SERVER = "https://anchor.example/sep31"
ANCHOR_QUOTE_SERVER = "https://anchor.example/sep38"

[DOCUMENTATION]
ORG_NAME = "Anchor Ltd"
ORG_DBA = "Anchor"
ORG_URL = "https://anchor.example"
ORG_LOGO = "https://anchor.example/logo.png"
ORG_DESCRIPTION = "Dollars"
ORG_PHYSICAL_ADDRESS = "1 Harbour Road"
ORG_PHYSICAL_ADDRESS_ATTESTATION = "https://www.anchor.example/address.pdf"
ORG_PHONE_NUMBER = "+14155552671"
ORG_PHONE_NUMBER_ATTESTATION = "https://anchor.example/phone.pdf"
ORG_KEYBASE = "anchor"
ORG_TWITTER = "anchor"
ORG_GITHUB = "anchor"
ORG_OFFICIAL_EMAIL = "office@anchor.example"
ORG_SUPPORT_EMAIL = "help@support.example"
ORG_LICENSING_AUTHORITY = "Authority"
ORG_LICENSE_TYPE = "E-Money"
ORG_LICENSE_NUMBER = "1"

[[PRINCIPALS]]
name = "Ada Lovelace"
email = "ada@anchor.example"
keybase = "ada"
telegram = "ada"
twitter = "ada"
github = "ada"
id_photo_hash = "{hash}"
verification_photo_hash = "{hash}"

[[CURRENCIES]]
code = "USDC"
issuer = "{other}"
status = "live"
display_decimals = 2
name = "Dollar"
desc = "A dollar"
conditions = "None"
image = "https://anchor.example/usdc.png"
max_number = 1000
is_asset_anchored = true
anchor_asset_type = "fiat"
anchor_asset = "USD"
attestation_of_reserve = "https://anchor.example/reserve.pdf"
redemption_instructions = "Withdraw"
collateral_addresses = ["1abc"]
collateral_address_messages = ["The wallet 1abc backs USDC"]
collateral_address_signatures = ["c2lnbmVk"]
regulated = true
approval_server = "https://anchor.example/approve"
approval_criteria = "None"

[[CURRENCIES]]
code_template = "CORN????????"
issuer = "{other}"
status = "test"
desc = "Corn"
is_unlimited = false
is_asset_anchored = false
anchor_asset_type = "commodity"

[[CURRENCIES]]
code = "TOKEN"
contract = "{contract}"
status = "test"
desc = "A token"
fixed_number = 5
is_asset_anchored = false
anchor_asset_type = "other"

[[CURRENCIES]]
toml = "https://anchor.example/.well-known/EURC.toml"

[[VALIDATORS]]
ALIAS = "anchor-1"
DISPLAY_NAME = "Anchor 1"
HOST = "core.anchor.example:11625"
PUBLIC_KEY = "{account}"
HISTORY = "http://history.anchor.example/prd/core/"
"#,
        hash = "be688838ca8686e5c90689bf2ab585cef1137c999b48c70b92f67a5c34dc1569",
    )
}

#[test]
fn r_01_007_complete_file_leaves_nothing_to_say_and_gaps_are_named() {
    assert_eq!(findings_in(&complete()), []);
    for (line, part) in [
        ("ORG_LOGO = \"https://anchor.example/logo.png\"\n", "ORG_LOGO"),
        ("ORG_OFFICIAL_EMAIL = \"office@anchor.example\"\n", "ORG_OFFICIAL_EMAIL"),
        ("desc = \"A dollar\"\n", "should also say desc"),
        ("redemption_instructions = \"Withdraw\"\n", "how the asset is redeemed"),
        ("name = \"Ada Lovelace\"\n", "full legal name"),
    ] {
        assert_found(line, "", Severity::Warning, part);
        assert!(findings(line, "").iter().all(|(severity, _)| *severity == Severity::Warning), "{line}");
    }
    let (before, after) =
        complete().split_once("[[PRINCIPALS]]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let without = format!("{before}{}", &after[after.find("[[CURRENCIES]]").unwrap()..]);
    assert_eq!(findings_in(&without).len(), 1);
    // unknown entries are nobody's business
    assert_eq!(findings("VERSION", "SOMETHING_NEW = 1\nVERSION"), []);
}

#[test]
fn r_01_012_r_01_013_r_01_014_addresses_are_https_without_a_slash_and_keys_are_valid() {
    for name in
        ["FEDERATION_SERVER", "TRANSFER_SERVER", "KYC_SERVER", "WEB_AUTH_FOR_CONTRACTS_ENDPOINT", "ORG_URL"]
    {
        let old = format!("{name} = \"https://anchor.example");
        assert_found(
            &old,
            &format!("{name} = \"http://anchor.example"),
            Severity::Error,
            "has to be an https address",
        );
        assert_found(&old, &format!("{name} = \"ftp://anchor.example"), Severity::Error, name);
        assert_found(&old, &format!("{name} = 5 # "), Severity::Error, "has to be a text");
    }
    assert_found("/sep24\"", "/sep24/\"", Severity::Error, "TRANSFER_SERVER_SEP0024 has to be");
    let key = format!("URI_REQUEST_SIGNING_KEY = \"{}\"", SigningKey::from_seed([10; 32]).account());
    assert_found(&key, "URI_REQUEST_SIGNING_KEY = \"GABC\"", Severity::Error, "valid account");
    let same = format!("URI_REQUEST_SIGNING_KEY = \"{}\"", account());
    assert_found(&key, &same, Severity::Error, "another key");
    assert_found("ACCOUNTS = [", "ACCOUNTS = [\"G\", ", Severity::Error, "ACCOUNTS");
    let contract = ContractId::from_bytes([7; 32]).to_string();
    assert_found(&contract, &account().to_string(), Severity::Error, "WEB_AUTH_CONTRACT_ID");
    assert_found("VERSION", "AUTH_SERVER = \"https://a.example\"\nVERSION", Severity::Warning, "deprecated");
}

#[test]
fn r_01_015_global_below_a_table_is_noticed() {
    let to = "[DOCUMENTATION]\nSIGNING_KEY = \"G\"";
    assert_found("[DOCUMENTATION]", to, Severity::Error, "DOCUMENTATION.SIGNING_KEY has to stand at the top");
}

#[test]
fn r_01_018_what_belongs_to_the_organisations_domain_is_there() {
    use Severity::Warning;
    assert_found(
        "ORG_URL = \"https://anchor.example\"",
        "ORG_URL = \"https://other.example\"",
        Warning,
        "ORG_URL should be on",
    );
    // a suffix is not a sub-domain
    assert_found(
        "\"https://anchor.example\"",
        "\"https://evilanchor.example\"",
        Warning,
        "ORG_URL should be on",
    );
    assert_eq!(findings("\"https://anchor.example\"", "\"https://www.anchor.example\""), []);
    assert_found(
        "https://www.anchor.example/address.pdf",
        "https://files.example/a.pdf",
        Warning,
        "ADDRESS_ATTESTATION should be on",
    );
    assert_found(
        "https://anchor.example/phone.pdf",
        "https://files.example/a.pdf",
        Warning,
        "NUMBER_ATTESTATION should be on",
    );
    assert_found("office@anchor.example", "office@mail.example", Warning, "ORG_OFFICIAL_EMAIL should be at");
    assert_found("office@anchor.example", "office", Warning, "should be an e-mail address");
    for number in ["14155552671", "+1 415 5552671", "+0155552671", "+1234567890123456"] {
        assert_found("+14155552671", number, Warning, "E.164");
    }
}

#[test]
fn r_01_019_principals_have_the_fields_of_the_specification() {
    let hash = "be688838ca8686e5c90689bf2ab585cef1137c999b48c70b92f67a5c34dc1569";
    assert_found(hash, &hash[1..], Severity::Error, "PRINCIPALS[0].id_photo_hash has to be the SHA-256");
    assert_found(
        "telegram = \"ada\"",
        "telegram = 7",
        Severity::Error,
        "PRINCIPALS[0].telegram has to be a text",
    );
    assert_found("ada@anchor.example", "ada", Severity::Warning, "PRINCIPALS[0].email");
    let text = "PRINCIPALS = 5\n[DOCUMENTATION]\n";
    assert!(findings_in(text).iter().any(|(_, text)| text.contains("PRINCIPALS has to be a list")));
}

#[test]
fn r_01_020_r_01_021_t_01_06_t_01_07_currencies_are_as_the_specification_has_them() {
    use Severity::Error;
    let contract = format!("contract = \"{}\"", ContractId::from_bytes([7; 32]));
    let both = format!("code = \"USDC\"\n{contract}");
    assert_found("code = \"USDC\"", &both, Error, "either a valid issuer or a valid contract");
    assert_found(&contract, "", Error, "TOKEN has either a valid issuer");
    assert_found(&contract, "contract = \"C\"", Error, "TOKEN has either a valid issuer");
    for (from, to, part) in [
        ("code = \"USDC\"", "code = \"ABCDEFGHIJKLM\"", "1 to 12 characters"),
        ("code = \"USDC\"", "code = \"US-D\"", "1 to 12 characters"),
        ("code = \"USDC\"", "", "either a code or a code_template"),
        ("CORN????????", "CORN?????????", "code_template"),
        ("CORN????????", "CORN", "code_template"),
        ("max_number = 1000", "", "exactly one of"),
        ("max_number = 1000", "max_number = 1000\nis_unlimited = true", "exactly one of"),
        ("max_number = 1000", "max_number = \"many\"", "max_number has to be a whole number"),
        ("max_number = 1000", "max_number = -1", "max_number has to be a whole number"),
        ("is_unlimited = false", "is_unlimited = 1", "is_unlimited has to be true or false"),
        ("status = \"live\"", "status = \"alive\"", "live, dead, test, private"),
        ("display_decimals = 2", "display_decimals = 8", "from 0 to 7"),
        ("display_decimals = 2", "display_decimals = -1", "from 0 to 7"),
        ("name = \"Dollar\"", "name = \"A name of 21 letters..\"", "at most 20 characters"),
        ("\"fiat\"", "\"paper\"", "anchor_asset_type has to be one of"),
        (
            "is_asset_anchored = true",
            "is_asset_anchored = \"yes\"",
            "is_asset_anchored has to be true or false",
        ),
        ("/usdc.png", "/", "image has to be an https address"),
        ("approval_criteria = \"None\"", "", "needs approval_server and approval_criteria"),
        ("[\"1abc\"]", "[\"1abc\", \"2abc\"]", "one message and one signature each"),
        ("[\"1abc\"]", "[\"2abc\"]", "have to name their addresses"),
        ("[\"1abc\"]", "[1]", "has to be a list of texts"),
        ("c2lnbmVk", "not base64", "have to be in base64"),
        (
            "[[VALIDATORS]]",
            "[[CURRENCIES]]\ncode = \"TOKEN\"\n[[VALIDATORS]]",
            "TOKEN has either a valid issuer",
        ),
    ] {
        assert_found(from, to, Error, part);
    }
    let token = &complete()[complete().find("[[CURRENCIES]]\ncode = \"TOKEN\"").unwrap()..];
    let token = &token[..token.find("[[CURRENCIES]]\ntoml").unwrap()];
    assert_found("[[VALIDATORS]]", &format!("{token}[[VALIDATORS]]"), Error, "is there twice");
    assert_found("anchor_asset_type = \"other\"", "anchor_asset_type = \"nft\"", Severity::Warning, "nft");
}

#[test]
fn r_01_024_linked_currency_has_its_address_and_nothing_else() {
    let address = "https://anchor.example/.well-known/EURC.toml";
    let more = format!("{address}\"\ncode = \"EURC");
    assert_found(address, &more, Severity::Error, "the entry's only field");
    for other in ["https://anchor.example/EURC.toml", "https://anchor.example/.well-known/EURC"] {
        assert_found(address, other, Severity::Error, "of the form");
    }
    assert_found(address, "http://anchor.example/.well-known/EURC.toml", Severity::Error, "https address");
}

#[test]
fn r_01_025_validators_have_the_fields_of_the_specification() {
    use Severity::Error;
    for alias in ["a", "UPPER", "seventeen-letters", "with space"] {
        assert_found("anchor-1", alias, Error, "VALIDATORS[0].ALIAS has 2 to 16");
    }
    let (before, after) =
        complete().split_once("[[VALIDATORS]]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let text = format!("{before}[[VALIDATORS]]{}", after.replace(&account().to_string(), "GABC"));
    assert!(findings_in(&text).iter().any(|(_, text)| text.starts_with("VALIDATORS[0].PUBLIC_KEY")));
    assert_found("core.anchor.example:11625", "http://core", Error, "VALIDATORS[0].HOST");
    assert_eq!(findings("core.anchor.example:11625", "[2001:db8::1]:11625"), []);
    assert_found("http://history.anchor.example/prd/core/", "somewhere", Error, "VALIDATORS[0].HISTORY");
}

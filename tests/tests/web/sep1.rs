//! stellar.toml.

use actix_web::test::TestRequest;
use anchor_core::account::ContractId;
use anchor_core::integration::TomlIntegration;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use toml::{Table, Value};

const PATH: &str = "/.well-known/stellar.toml";

/// Does whatever the test wants to the document.
struct Amend(fn(&mut Table));

impl TomlIntegration for Amend {
    fn amend(&self, document: &mut Table) {
        (self.0)(document);
    }
}

async fn amended(settings: &[(&str, &str)], change: fn(&mut Table)) -> Result<TestAnchor> {
    TestAnchor::with(settings, |builder| builder.toml(Amend(change))).await
}

async fn published(anchor: &TestAnchor) -> Result<Table> {
    Ok(std::str::from_utf8(&anchor.get(PATH, "").await.body)?.parse()?)
}

fn put(document: &mut Table, name: &str, value: &str) {
    document.insert(name.to_owned(), value.into());
}

async fn refusal(change: fn(&mut Table)) -> String {
    let error = amended(&[], change).await.expect_err("has to be refused");
    format!("{:#}", error)
}

#[actix_web::test]
async fn r_01_001_r_01_003_r_01_006_served_as_plain_text() -> Result<()> {
    let answer = TestAnchor::new().await?.get(PATH, "").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    Ok(())
}

#[actix_web::test]
async fn r_01_002_get_and_head_are_open_to_all_origins_without_being_asked() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for request in [TestRequest::get(), TestRequest::default().method(actix_web::http::Method::HEAD)] {
        let answer = anchor.call(request.uri(PATH)).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "*"));
    }
    Ok(())
}

#[actix_web::test]
async fn r_01_009_a_known_version_is_not_sent_again() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let first = anchor.get(PATH, "").await;
    assert!(first.header("cache-control").contains("max-age=60"));
    let etag = first.header("etag").to_owned();
    let again = anchor.call(TestRequest::get().uri(PATH).insert_header(("if-none-match", etag))).await;
    assert_eq!((again.status, again.header("access-control-allow-origin")), (304, "*"));
    let other = anchor.call(TestRequest::get().uri(PATH).insert_header(("if-none-match", "\"x\""))).await;
    assert_eq!(other.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_01_010_preflight_is_answered() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let answer = anchor.call(TestRequest::default().method(actix_web::http::Method::OPTIONS).uri(PATH)).await;
    assert_eq!(answer.status, 204);
    Ok(())
}

#[actix_web::test]
async fn r_01_014_r_10_001_r_24_001_says_what_wallets_need() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let document = published(&anchor).await?;
    let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    assert_eq!(text("VERSION").as_deref(), Some("2.7.0"));
    assert_eq!(text("NETWORK_PASSPHRASE").as_deref(), Some("Test SDF Network ; September 2015"));
    let signing_key = anchor.anchor.config().signing_key.account().to_string();
    assert_eq!(text("SIGNING_KEY"), Some(signing_key));
    assert_eq!(text("WEB_AUTH_ENDPOINT").as_deref(), Some("http://localhost:8000/auth"));
    assert_eq!(text("TRANSFER_SERVER_SEP0024").as_deref(), Some("http://localhost:8000/sep24"));
    let accounts = document["ACCOUNTS"].as_array().context("a list")?;
    assert_eq!(accounts, &[Value::String(samples::distribution().account().to_string())]);
    Ok(())
}

#[actix_web::test]
async fn r_01_013_no_address_ends_in_a_slash() -> Result<()> {
    let anchor = TestAnchor::with(&[("HOST_URL", "http://localhost:8000/")], |builder| builder).await?;
    let document = published(&anchor).await?;
    let documentation = document["DOCUMENTATION"].as_table().context("a table")?;
    let addresses: Vec<_> = document
        .values()
        .chain(documentation.values())
        .filter_map(Value::as_str)
        .filter(|text| text.contains("://"))
        .collect();
    assert_eq!(addresses.len(), 3);
    assert!(addresses.iter().all(|address| !address.ends_with('/')), "{addresses:?}");
    Ok(())
}

#[actix_web::test]
async fn r_01_015_r_01_005_globals_come_before_tables() -> Result<()> {
    let anchor = amended(&[], |document| {
        put(document, "ZZZ", "added after the tables");
        document.insert("AAA".to_owned(), Value::Table(Table::new()));
    })
    .await?;
    let answer = anchor.get(PATH, "").await;
    let text = std::str::from_utf8(&answer.body)?;
    let first_table = text.find("\n[").context("a table")?;
    assert!(text.find("ZZZ").context("the addition")? < first_table);
    assert_eq!(published(&anchor).await?["ZZZ"].as_str(), Some("added after the tables"));
    Ok(())
}

#[actix_web::test]
async fn r_01_016_r_24_004_says_nothing_of_inactive_protocols() -> Result<()> {
    let anchor = TestAnchor::with(&[("ACTIVE_SEPS", "sep-1,sep-10")], |builder| builder).await?;
    let document = published(&anchor).await?;
    assert!(document.contains_key("WEB_AUTH_ENDPOINT"));
    for name in ["TRANSFER_SERVER_SEP0024", "TRANSFER_SERVER", "KYC_SERVER", "ANCHOR_QUOTE_SERVER"] {
        assert!(!document.contains_key(name), "{name}");
    }
    assert_eq!(anchor.get("/sep24/info", "").await.status, 404);
    Ok(())
}

#[actix_web::test]
async fn r_24_003_hosted_transfers_without_authentication_are_refused_at_start() {
    let error = TestAnchor::with(&[("ACTIVE_SEPS", "sep-1,sep-24")], |builder| builder).await;
    assert!(format!("{:#}", error.expect_err("refused")).contains("SEP-10"));
}

#[actix_web::test]
async fn r_01_022_r_01_023_each_issued_asset_has_its_currency() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let document = published(&anchor).await?;
    let currencies = document["CURRENCIES"].as_array().context("a list")?;
    assert_eq!(currencies.len(), 1, "lumens have no entry");
    let currency = currencies[0].as_table().context("a table")?;
    assert_eq!(currency["code"].as_str(), Some("USDC"));
    assert_eq!(currency["issuer"].as_str(), Some(samples::issuer().account().to_string().as_str()));
    assert_eq!(currency["is_asset_anchored"].as_bool(), Some(true));
    assert_eq!(currency["anchor_asset_type"].as_str(), Some("fiat"));
    assert_eq!(currency["status"].as_str(), Some("test"));
    assert_eq!(currency["desc"].as_str(), Some("A dollar for tests"));
    Ok(())
}

#[actix_web::test]
async fn r_01_017_r_10_006_contradictions_are_refused_at_start() {
    type Amendment = fn(&mut Table);
    let amendments: [(Amendment, &str); 11] = [
        (|document| drop(document.insert("ACCOUNTS".to_owned(), Value::Array(Vec::new()))), "ACCOUNTS"),
        (|document| put(document, "SIGNING_KEY", &samples::user().account().to_string()), "SIGNING_KEY"),
        (|document| put(document, "NETWORK_PASSPHRASE", "another"), "NETWORK_PASSPHRASE"),
        (|document| put(document, "WEB_AUTH_ENDPOINT", "https://other.example/auth"), "WEB_AUTH_ENDPOINT"),
        (|document| put(document, "TRANSFER_SERVER", "https://other.example/sep6"), "TRANSFER_SERVER"),
        (|document| put(document, "WEB_AUTH_CONTRACT_ID", "C"), "WEB_AUTH_CONTRACT_ID"),
        (|document| put(document, "FEDERATION_SERVER", "https://other.example/"), "FEDERATION_SERVER"),
        (|document| put(document, "URI_REQUEST_SIGNING_KEY", "SABC"), "valid account"),
        (|document| drop(document.remove("SIGNING_KEY")), "SIGNING_KEY"),
        (|document| drop(document.remove("CURRENCIES")), "CURRENCIES"),
        (|document| drop(document.remove("DOCUMENTATION")), "DOCUMENTATION"),
    ];
    for (amendment, named) in amendments {
        let text = refusal(amendment).await;
        assert!(text.contains(named), "{named}: {text}");
    }
}

#[actix_web::test]
async fn r_01_012_plain_http_is_refused_outside_of_local_mode() {
    let public = [("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")];
    let change: fn(&mut Table) = |document| put(document, "HORIZON_URL", "http://horizon.example");
    let error = amended(&public, change).await.expect_err("refused");
    assert!(format!("{error:#}").contains("HORIZON_URL"));
    assert!(amended(&[], change).await.is_ok());
}

/// The first currency of the document.
fn first(document: &mut Table) -> &mut Table {
    document["CURRENCIES"].as_array_mut().unwrap()[0].as_table_mut().unwrap()
}

fn another(document: &mut Table, entry: Table) {
    document["CURRENCIES"].as_array_mut().unwrap().push(Value::Table(entry));
}

#[actix_web::test]
async fn r_01_020_r_01_021_currencies_that_the_specification_forbids_are_refused() {
    type Amendment = fn(&mut Table);
    let amendments: [(Amendment, &str); 7] = [
        (|document| put(first(document), "name", "a name of twenty-one."), "at most 20 characters"),
        (|document| drop(first(document).insert("display_decimals".to_owned(), 8.into())), "0 to 7"),
        (|document| put(first(document), "image", "not an address"), "image has to be"),
        (
            |document| put(first(document), "contract", &ContractId::from_bytes([7; 32]).to_string()),
            "either a valid issuer or a valid contract",
        ),
        (
            |document| {
                let entry = first(document);
                entry.insert("fixed_number".to_owned(), 1.into());
            },
            "exactly one of fixed_number",
        ),
        (
            |document| {
                let mut entry = first(document).clone();
                put(&mut entry, "code", "ABCDEFGHIJKLM");
                another(document, entry);
            },
            "1 to 12 characters",
        ),
        (
            |document| {
                let mut entry = Table::new();
                put(&mut entry, "code", "NOBODY");
                another(document, entry);
            },
            "NOBODY has either",
        ),
    ];
    for (amendment, reason) in amendments {
        let text = refusal(amendment).await;
        assert!(text.contains(reason), "{reason}: {text}");
    }
    // a token that is no Stellar asset, and a linked file, are fine
    let fine: Amendment = |document| {
        let mut token = Table::new();
        put(&mut token, "code", "TOKEN");
        put(&mut token, "contract", &ContractId::from_bytes([7; 32]).to_string());
        token.insert("is_unlimited".to_owned(), false.into());
        another(document, token);
        let mut linked = Table::new();
        put(&mut linked, "toml", "https://anchor.example/.well-known/EURC.toml");
        another(document, linked);
    };
    assert!(amended(&[], fine).await.is_ok());
}

#[actix_web::test]
async fn r_01_004_files_that_wallets_would_not_read_are_refused_at_start() {
    let fill = |document: &mut Table| {
        put(document["DOCUMENTATION"].as_table_mut().unwrap(), "ORG_DESCRIPTION", &"x".repeat(100_001));
    };
    assert!(refusal(fill).await.contains("100000"));
    let nearly = |document: &mut Table| {
        put(document["DOCUMENTATION"].as_table_mut().unwrap(), "ORG_DESCRIPTION", &"x".repeat(98_000));
    };
    assert!(amended(&[], nearly).await.is_ok());
}

#[actix_web::test]
async fn texts_are_escaped_and_read_back_exactly() -> Result<()> {
    let name = "Anchor \"#1\" \\ Söhne";
    let anchor = TestAnchor::with(&[("ORG_NAME", name)], |builder| builder).await?;
    assert_eq!(published(&anchor).await?["DOCUMENTATION"]["ORG_NAME"].as_str(), Some(name));
    Ok(())
}

/// The anchor with a file of the operator's.
async fn with_file(text: &str) -> Result<TestAnchor> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stellar.toml");
    std::fs::write(&path, text)?;
    TestAnchor::with(&[("STELLAR_TOML", &path.display().to_string())], |builder| builder).await
}

async fn file_refusal(text: &str) -> String {
    format!("{:#}", with_file(text).await.expect_err("has to be refused"))
}

#[actix_web::test]
async fn r_01_007_r_01_019_r_01_024_r_01_025_operator_adds_all_that_the_specification_lists() -> Result<()> {
    let user = samples::user().account();
    let issuer = samples::issuer().account();
    let file = format!(
        r#"
URI_REQUEST_SIGNING_KEY = "{user}"
ACCOUNTS = ["{user}"]
OWN_EXTENSION = "as it is"

[DOCUMENTATION]
ORG_DBA = "The Anchor"
ORG_LOGO = "https://localhost/logo.png"
ORG_PHONE_NUMBER = "+14155552671"

[[PRINCIPALS]]
name = "Ada Lovelace"
id_photo_hash = "be688838ca8686e5c90689bf2ab585cef1137c999b48c70b92f67a5c34dc1569"

[[CURRENCIES]]
code = "USDC"
issuer = "{issuer}"
conditions = "Residents only"
max_number = 1000000
attestation_of_reserve = "https://localhost/reserve.pdf"

[[CURRENCIES]]
toml = "https://localhost/.well-known/EURC.toml"

[[VALIDATORS]]
ALIAS = "anchor-1"
PUBLIC_KEY = "{user}"
HOST = "core.anchor.example:11625"
UNKNOWN = "untouched"
"#
    );
    let anchor = with_file(&file).await?;
    let document = published(&anchor).await?;
    let own: Table = file.parse()?;
    for name in ["URI_REQUEST_SIGNING_KEY", "OWN_EXTENSION", "PRINCIPALS", "VALIDATORS"] {
        assert_eq!(document[name], own[name], "{name}");
    }
    let documentation = document["DOCUMENTATION"].as_table().context("a table")?;
    assert_eq!(documentation["ORG_DBA"].as_str(), Some("The Anchor"));
    assert_eq!(
        documentation["ORG_NAME"].as_str(),
        Some("Testnet Anchor"),
        "what the file does not say stays"
    );
    let accounts = document["ACCOUNTS"].as_array().context("a list")?;
    assert_eq!(accounts.len(), 2, "ours and theirs");
    let currencies = document["CURRENCIES"].as_array().context("a list")?;
    assert_eq!(currencies.len(), 2);
    assert_eq!(currencies[0]["conditions"].as_str(), Some("Residents only"));
    assert_eq!(currencies[0]["desc"].as_str(), Some("A dollar for tests"));
    assert_eq!(
        (currencies[0].get("is_unlimited"), currencies[0]["max_number"].as_integer()),
        (None, Some(1_000_000))
    );
    assert_eq!(currencies[1].as_table(), own["CURRENCIES"][1].as_table());
    Ok(())
}

#[actix_web::test]
async fn r_01_017_whole_static_file_is_served_while_it_says_what_the_anchor_does() -> Result<()> {
    let generated = TestAnchor::new().await?.get(PATH, "").await.body;
    let text = std::str::from_utf8(&generated)?;
    let anchor = with_file(text).await?;
    assert_eq!(published(&anchor).await?, text.parse::<Table>()?);
    for (name, other) in [
        ("SIGNING_KEY", samples::user().account().to_string()),
        ("WEB_AUTH_ENDPOINT", "https://other.example/auth".to_owned()),
        ("NETWORK_PASSPHRASE", "another".to_owned()),
        ("KYC_SERVER", "https://localhost/kyc".to_owned()),
    ] {
        let mut document: Table = text.parse()?;
        document.insert(name.to_owned(), other.into());
        let refusal = file_refusal(&toml::to_string(&document)?).await;
        assert!(refusal.contains(name), "{name}: {refusal}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_01_017_file_that_cannot_be_used_is_refused_at_start_with_all_reasons() {
    let refusal = file_refusal(
        "[DOCUMENTATION]\nSIGNING_KEY = \"G\"\nORG_LOGO = \"logo.png\"\n[[VALIDATORS]]\nALIAS = \"x\"\n",
    )
    .await;
    for part in ["SIGNING_KEY has to stand at the top", "ORG_LOGO has to be", "VALIDATORS[0].ALIAS"] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
    assert!(file_refusal("not toml").await.contains("not valid TOML"));
    let missing = TestAnchor::with(&[("STELLAR_TOML", "/nonexistent/stellar.toml")], |builder| builder).await;
    assert!(format!("{:#}", missing.expect_err("refused")).contains("cannot be read"));
}

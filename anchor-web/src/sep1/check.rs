//! Whether a document is what wallets need, and still says what the anchor does.

use anchor_core::account::{AccountId, ContractId};
use toml::{Table, Value};
use url::Url;

/// Why there is no stellar.toml to publish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TomlError {
    /// An amended value contradicts what the anchor is configured to do.
    #[error("{0} was changed, but the configuration says otherwise")]
    Contradicts(String),
    /// An address that wallets would refuse.
    #[error("{0} has to be an https address without a trailing slash")]
    Address(String),
    /// An address of a protocol that this anchor does not speak.
    #[error("{0} is of a protocol that is not active")]
    Inactive(String),
    /// Not an account.
    #[error("{0} has to be a valid account")]
    Key(String),
    /// A currency that the specification does not allow.
    #[error("the currency {code}: {problem}")]
    Currency {
        /// Which one.
        code: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// SEP-1 allows 100 KB.
    #[error("the file has {0} bytes; wallets read 100000")]
    TooLarge(usize),
    /// A value that the format cannot carry.
    #[error("the file cannot be written")]
    Unwritable(#[source] toml::ser::Error),
}

/// Keys that say what the anchor does. Only the configuration decides them.
const DECIDED: [&str; 11] = [
    "NETWORK_PASSPHRASE",
    "SIGNING_KEY",
    "WEB_AUTH_ENDPOINT",
    "TRANSFER_SERVER_SEP0024",
    "TRANSFER_SERVER",
    "KYC_SERVER",
    "DIRECT_PAYMENT_SERVER",
    "ANCHOR_QUOTE_SERVER",
    "WEB_AUTH_FOR_CONTRACTS_ENDPOINT",
    "WEB_AUTH_CONTRACT_ID",
    "AUTH_SERVER",
];

/// Further addresses that have to be https.
const ADDRESSES: [&str; 2] = ["FEDERATION_SERVER", "HORIZON_URL"];
const DOCUMENTED_ADDRESSES: [&str; 4] =
    ["ORG_URL", "ORG_LOGO", "ORG_PHYSICAL_ADDRESS_ATTESTATION", "ORG_PHONE_NUMBER_ATTESTATION"];
const CURRENCY_ADDRESSES: [&str; 4] = ["image", "attestation_of_reserve", "approval_server", "toml"];

pub(super) fn document(document: &Table, generated: &Table, local_mode: bool) -> Result<(), TomlError> {
    for name in DECIDED {
        match (document.get(name), generated.get(name)) {
            (Some(_), None) => return Err(TomlError::Inactive(name.to_owned())),
            (published, configured) if published != configured => {
                return Err(TomlError::Contradicts(name.to_owned()));
            }
            _ => {}
        }
    }
    let endpoints = DECIDED.iter().filter(|name| name.ends_with("_SERVER") || name.ends_with("_ENDPOINT"));
    addresses(document, endpoints.chain(&["TRANSFER_SERVER_SEP0024"]).chain(&ADDRESSES), local_mode)?;
    let accounts = document.get("ACCOUNTS").and_then(Value::as_array).into_iter().flatten();
    for key in accounts.chain(document.get("URI_REQUEST_SIGNING_KEY")) {
        key.as_str()
            .and_then(|key| key.parse::<AccountId>().ok())
            .ok_or_else(|| TomlError::Key(key.to_string()))?;
    }
    let documentation = document.get("DOCUMENTATION").and_then(Value::as_table);
    let documentation = documentation.ok_or_else(|| TomlError::Contradicts("DOCUMENTATION".to_owned()))?;
    addresses(documentation, &DOCUMENTED_ADDRESSES, local_mode)?;
    let currencies = |document: &Table| -> Vec<Table> {
        let list = document.get("CURRENCIES").and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_table).cloned().collect()
    };
    let published = currencies(document);
    for asset in currencies(generated) {
        let same = |other: &&Table| ["code", "issuer"].iter().all(|key| other.get(*key) == asset.get(*key));
        if !published.iter().any(|other| same(&other)) {
            return Err(TomlError::Contradicts("CURRENCIES".to_owned()));
        }
    }
    published.iter().try_for_each(|entry| currency(entry, local_mode))
}

fn addresses<'a>(
    table: &Table,
    names: impl IntoIterator<Item = &'a &'a str>,
    local_mode: bool,
) -> Result<(), TomlError> {
    for name in names {
        let Some(value) = table.get(*name) else { continue };
        let text = value.as_str().unwrap_or_default();
        let is_safe = Url::parse(text)
            .is_ok_and(|url| url.scheme() == "https" || (local_mode && url.scheme() == "http"));
        if !is_safe || text.ends_with('/') {
            return Err(TomlError::Address((*name).to_owned()));
        }
    }
    Ok(())
}

fn currency(entry: &Table, local_mode: bool) -> Result<(), TomlError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let code = text("code").or_else(|| text("code_template")).unwrap_or_default();
    let refuse = |problem| Err(TomlError::Currency { code: code.to_owned(), problem });
    let is_linked = entry.contains_key("toml");
    if is_linked && entry.len() == 1 {
        return addresses(entry, &CURRENCY_ADDRESSES, local_mode);
    }
    if code.is_empty() || code.len() > 12 {
        return refuse("has a code of 1 to 12 characters");
    }
    match (text("issuer"), text("contract")) {
        (Some(issuer), None) if issuer.parse::<AccountId>().is_ok() => {}
        (None, Some(contract)) if contract.parse::<ContractId>().is_ok() => {}
        _ => return refuse("has either a valid issuer or a valid contract"),
    }
    if text("name").is_some_and(|name| name.chars().count() > 20) {
        return refuse("has a name of at most 20 characters");
    }
    let decimals = entry.get("display_decimals").map(Value::as_integer);
    if decimals.is_some_and(|decimals| !decimals.is_some_and(|decimals| (0..=7).contains(&decimals))) {
        return refuse("has 0 to 7 display decimals");
    }
    let policies = ["fixed_number", "max_number", "is_unlimited"];
    if policies.iter().filter(|name| entry.contains_key(**name)).count() > 1 {
        return refuse("has at most one of fixed_number, max_number, is_unlimited");
    }
    addresses(entry, &CURRENCY_ADDRESSES, local_mode)
}

//! From the configuration to the document.

use std::collections::BTreeSet;

use anchor_core::asset::Asset;
use anchor_core::config::Sep;
use anchor_core::{Anchor, Config};
use toml::{Table, Value};

use super::TomlError;
use crate::config::{
    api_server, contract_auth_endpoint, direct_payment_server, kyc_server, quote_server, transfer_server,
    web_auth_endpoint,
};

/// The version of SEP-1 that is followed.
const VERSION: &str = "2.7.0";

/// Endpoints of active protocols only.
pub(super) fn document(anchor: &Anchor) -> Result<Table, TomlError> {
    let config = anchor.config();
    let mut document = Table::new();
    let mut global = |name: &str, value: String| document.insert(name.to_owned(), Value::String(value));
    global("VERSION", VERSION.to_owned());
    global("NETWORK_PASSPHRASE", config.network.passphrase().to_owned());
    global("SIGNING_KEY", config.signing_key.account().to_string());
    if config.speaks(Sep::Sep10) {
        global("WEB_AUTH_ENDPOINT", web_auth_endpoint(config));
    }
    if let (Some(sep45), Some(_)) = (&config.sep45, anchor.contracts()) {
        global("WEB_AUTH_FOR_CONTRACTS_ENDPOINT", contract_auth_endpoint(config));
        global("WEB_AUTH_CONTRACT_ID", sep45.contract.to_string());
    }
    if anchor.speaks_by_api() {
        global("TRANSFER_SERVER", api_server(config));
    }
    if anchor.customers().is_some() {
        global("KYC_SERVER", kyc_server(config));
    }
    if config.speaks(Sep::Sep24) {
        global("TRANSFER_SERVER_SEP0024", transfer_server(config));
    }
    if anchor.receives() {
        global("DIRECT_PAYMENT_SERVER", direct_payment_server(config));
    }
    if anchor.quote_desk().is_some() {
        global("ANCHOR_QUOTE_SERVER", quote_server(config));
    }
    // a private address, plain http in production say, is nobody else's business
    if let Some(horizon) = config.horizon.first()
        && (horizon.scheme() == "https" || config.local_mode)
    {
        global("HORIZON_URL", horizon.as_str().trim_end_matches('/').to_owned());
    }
    let accounts: BTreeSet<_> = anchor.assets().iter().map(|asset| asset.distribution.to_string()).collect();
    document.insert("ACCOUNTS".to_owned(), accounts.into_iter().collect::<Vec<_>>().into());

    // always there: the official wallet SDK fails without the table
    let mut documentation = Table::new();
    documentation.insert("ORG_NAME".to_owned(), Value::String(config.org_name.clone()));
    documentation.insert("ORG_URL".to_owned(), Value::String(org_url(config)));
    document.insert("DOCUMENTATION".to_owned(), Value::Table(documentation));

    // lumens have no issuer to describe
    let issued = anchor.assets().iter().filter(|asset| asset.id.issuer().is_some());
    let currencies: Vec<_> = issued.map(currency).map(Value::Table).collect();
    if !currencies.is_empty() {
        document.insert("CURRENCIES".to_owned(), Value::Array(currencies));
    }
    Ok(document)
}

/// Plain values first: a key after a table header would belong to that table.
pub(super) fn text(document: &Table) -> Result<String, TomlError> {
    let is_table = |value: &Value| match value {
        Value::Table(_) => true,
        Value::Array(values) => values.iter().any(Value::is_table),
        _ => false,
    };
    let part = |tables: bool| {
        let part: Table = document
            .iter()
            .filter(|(_, value)| is_table(value) == tables)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        toml::to_string(&part).map_err(TomlError::Unwritable)
    };
    Ok(format!("{}\n{}", part(false)?, part(true)?))
}

fn currency(asset: &Asset) -> Table {
    let description = &asset.description;
    let mut currency = Table::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            currency.insert(name.to_owned(), value);
        }
    };
    let text = |text: &String| Value::String(text.clone());
    put("code", Some(Value::String(asset.id.code().to_owned())));
    put("issuer", asset.id.issuer().map(|issuer| Value::String(issuer.to_string())));
    put("status", Some(text(&description.status)));
    put("display_decimals", Some(Value::Integer(description.display_decimals.into())));
    put("name", description.name.as_ref().map(text));
    put("desc", Some(text(&description.desc)));
    put("is_asset_anchored", Some(Value::Boolean(true)));
    put("anchor_asset_type", Some(text(&description.anchor_asset_type)));
    put("anchor_asset", description.anchor_asset.as_ref().map(text));
    put("redemption_instructions", description.redemption_instructions.as_ref().map(text));
    put("image", description.image.as_ref().map(text));
    // as much as is deposited; an operator who promises a limit says so in a file
    put("is_unlimited", Some(Value::Boolean(true)));
    currency
}

/// The file has to be on the domain that it calls its own (SEP-1).
fn org_url(config: &Config) -> String {
    format!("{}://{}", config.host.scheme(), config.home_domain())
}

//! `[[CURRENCIES]]`: what is issued or redeemed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use toml::{Table, Value};

use super::check::{At, Notes};
use crate::account::{AccountId, ContractId};
use crate::asset::AssetCode;

const STATUSES: [&str; 4] = ["live", "dead", "test", "private"];
const ANCHOR_TYPES: [&str; 8] =
    ["fiat", "crypto", "nft", "stock", "bond", "commodity", "realestate", "other"];
const TEXTS: [&str; 5] =
    ["desc", "conditions", "anchor_asset", "redemption_instructions", "approval_criteria"];
const ADDRESSES: [&str; 3] = ["image", "attestation_of_reserve", "approval_server"];
const POLICIES: [&str; 3] = ["fixed_number", "max_number", "is_unlimited"];
/// What the official tests require of every entry.
const EXPECTED: [&str; 4] = ["desc", "status", "is_asset_anchored", "anchor_asset_type"];
const COLLATERAL: [&str; 3] =
    ["collateral_addresses", "collateral_address_messages", "collateral_address_signatures"];

pub(super) fn check(entries: &[&Table], notes: &mut Notes) {
    let mut known = Vec::new();
    for (index, table) in entries.iter().enumerate() {
        let code = table.get("code").or_else(|| table.get("code_template")).and_then(Value::as_str);
        let name =
            code.map_or_else(|| format!("CURRENCIES[{index}]"), |code| format!("CURRENCIES[{index}] {code}"));
        let at = At::new(table, &name);
        if table.contains_key("toml") {
            linked(at, notes);
            continue;
        }
        let identity = (code, table.get("issuer"), table.get("contract"));
        if known.contains(&identity) {
            notes.error(at.name, "is there twice");
        }
        known.push(identity);
        currency(at, notes);
    }
}

/// The entry's file is elsewhere: then nothing else is here.
fn linked(at: At<'_>, notes: &mut Notes) {
    if at.table.len() > 1 {
        notes.error(at.of("toml"), "has to be the entry's only field");
    }
    let address = notes.address(at, "toml");
    let is_file = |path: &str| path.starts_with("/.well-known/") && path.ends_with(".toml");
    if address.is_some_and(|address| !is_file(address.path())) {
        notes.error(at.of("toml"), "has to be of the form https://DOMAIN/.well-known/CURRENCY.toml");
    }
}

fn currency(at: At<'_>, notes: &mut Notes) {
    identity(at, notes);
    notes.one_of(at, "status", &STATUSES);
    notes.one_of(at, "anchor_asset_type", &ANCHOR_TYPES);
    for name in TEXTS {
        notes.text(at, name);
    }
    for name in ADDRESSES {
        notes.address(at, name);
    }
    if notes.text(at, "name").is_some_and(|name| name.chars().count() > 20) {
        notes.error(at.of("name"), "has at most 20 characters");
    }
    let decimals = at.table.get("display_decimals").map(Value::as_integer);
    if decimals.is_some_and(|decimals| !decimals.is_some_and(|decimals| (0..=7).contains(&decimals))) {
        notes.error(at.of("display_decimals"), "has to be a number from 0 to 7");
    }
    supply(at, notes);
    let missing: Vec<_> = EXPECTED.into_iter().filter(|name| !at.table.contains_key(*name)).collect();
    if !missing.is_empty() {
        notes.warn(at.name, format!("should also say {}: the official tests require it", missing.join(", ")));
    }
    if at.text("anchor_asset_type") == Some("nft") {
        notes.warn(at.of("anchor_asset_type"), "is nft, which the official tests do not know");
    }
    if notes.flag(at, "is_asset_anchored") == Some(true) && !at.table.contains_key("redemption_instructions")
    {
        notes.warn(at.of("redemption_instructions"), "should say how the asset is redeemed");
    }
    if notes.flag(at, "regulated") == Some(true)
        && !(at.table.contains_key("approval_server") && at.table.contains_key("approval_criteria"))
    {
        notes.error(at.of("regulated"), "needs approval_server and approval_criteria (SEP-8)");
    }
    collateral(at, notes);
}

fn identity(at: At<'_>, notes: &mut Notes) {
    match (notes.text(at, "code"), notes.text(at, "code_template")) {
        (Some(code), None) if at.table.contains_key("contract") => {
            if code.is_empty() || code.chars().count() > 12 {
                notes.error(at.of("code"), "has 1 to 12 characters");
            }
        }
        (Some(code), None) => {
            if code.parse::<AssetCode>().is_err() {
                notes.error(at.of("code"), "has 1 to 12 characters, ASCII letters and digits");
            }
        }
        (None, Some(template)) => {
            if !template.contains('?') || template.replace('?', "0").parse::<AssetCode>().is_err() {
                notes.error(at.of("code_template"), "has 1 to 12 characters, with ? for any one of them");
            }
        }
        _ => notes.error(at.name, "has either a code or a code_template"),
    }
    let issuer = at.text("issuer").map(|issuer| issuer.parse::<AccountId>().is_ok());
    let contract = at.text("contract").map(|contract| contract.parse::<ContractId>().is_ok());
    if !matches!((issuer, contract), (Some(true), None) | (None, Some(true))) {
        notes.error(at.name, "has either a valid issuer or a valid contract");
    }
}

/// How much there can ever be.
fn supply(at: At<'_>, notes: &mut Notes) {
    if POLICIES.iter().filter(|name| at.table.contains_key(**name)).count() != 1 {
        notes.error(at.name, format!("has exactly one of {}", POLICIES.join(", ")));
    }
    for name in ["fixed_number", "max_number"] {
        let number = at.table.get(name).map(Value::as_integer);
        if number.is_some_and(|number| number.is_none_or(|number| number < 0)) {
            notes.error(at.of(name), "has to be a whole number");
        }
    }
    notes.flag(at, "is_unlimited");
}

/// Addresses that hold the reserve, each with a message and its signature.
fn collateral(at: At<'_>, notes: &mut Notes) {
    let [addresses, messages, signatures] = COLLATERAL.map(|name| {
        let values = notes.list(at, name);
        if !values.iter().all(Value::is_str) {
            notes.error(at.of(name), "has to be a list of texts");
        }
        values
    });
    if messages.len() != signatures.len() || (!messages.is_empty() && messages.len() != addresses.len()) {
        notes.error(at.of("collateral_addresses"), "need one message and one signature each, or none at all");
    }
    for (address, message) in addresses.iter().zip(messages) {
        let is_named = address.as_str().zip(message.as_str()).is_some_and(|(name, text)| text.contains(name));
        if !is_named {
            notes.error(at.of("collateral_address_messages"), "have to name their addresses");
        }
    }
    let is_base64 = |text: &str| BASE64_STANDARD.decode(text).is_ok();
    if !signatures.iter().filter_map(Value::as_str).all(is_base64) {
        notes.error(at.of("collateral_address_signatures"), "have to be in base64");
    }
}

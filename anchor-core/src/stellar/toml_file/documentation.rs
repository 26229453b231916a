//! `[DOCUMENTATION]` and `[[PRINCIPALS]]`: who runs the anchor.

use toml::{Table, Value};
use url::Url;

use super::check::{At, Notes};
use crate::domain::Domain;

const TEXTS: [&str; 12] = [
    "ORG_NAME",
    "ORG_DBA",
    "ORG_DESCRIPTION",
    "ORG_PHYSICAL_ADDRESS",
    "ORG_KEYBASE",
    "ORG_TWITTER",
    "ORG_GITHUB",
    "ORG_LICENSING_AUTHORITY",
    "ORG_LICENSE_TYPE",
    "ORG_LICENSE_NUMBER",
    "ORG_PHONE_NUMBER",
    "ORG_SUPPORT_EMAIL",
];
/// What wallets show their users before they trust an anchor.
const EXPECTED: [&str; 7] = [
    "ORG_NAME",
    "ORG_URL",
    "ORG_LOGO",
    "ORG_DESCRIPTION",
    "ORG_PHYSICAL_ADDRESS",
    "ORG_OFFICIAL_EMAIL",
    "ORG_SUPPORT_EMAIL",
];
/// Belong to the top of the file. Written after a table's header they silently become the table's.
const GLOBALS: [&str; 7] = [
    "VERSION",
    "NETWORK_PASSPHRASE",
    "SIGNING_KEY",
    "WEB_AUTH_ENDPOINT",
    "TRANSFER_SERVER",
    "TRANSFER_SERVER_SEP0024",
    "ACCOUNTS",
];
const PRINCIPAL: [&str; 6] = ["name", "email", "keybase", "telegram", "twitter", "github"];
const HASHES: [&str; 2] = ["id_photo_hash", "verification_photo_hash"];

pub(super) fn check(document: &Table, home_domain: &Domain, notes: &mut Notes) {
    match document.get("DOCUMENTATION") {
        Some(Value::Table(table)) => organisation(At::new(table, "DOCUMENTATION"), home_domain, notes),
        Some(_) => notes.error("DOCUMENTATION", "has to be a table"),
        // the official wallet SDK fails without it
        None => notes.error("DOCUMENTATION", "has to be there"),
    }
    let principals = notes.tables(At::new(document, ""), "PRINCIPALS");
    if principals.is_empty() {
        notes.warn("PRINCIPALS", "should name at least one person who is responsible");
    }
    for (index, table) in principals.into_iter().enumerate() {
        principal(At::new(table, &format!("PRINCIPALS[{index}]")), notes);
    }
}

fn organisation(at: At<'_>, home_domain: &Domain, notes: &mut Notes) {
    for name in GLOBALS.into_iter().filter(|name| at.table.contains_key(*name)) {
        notes.error(at.of(name), "has to stand at the top of the file, before any table");
    }
    for name in TEXTS {
        notes.text(at, name);
    }
    let missing: Vec<_> = EXPECTED.into_iter().filter(|name| !at.table.contains_key(*name)).collect();
    if !missing.is_empty() {
        notes.warn(at.name, format!("should also say {}", missing.join(", ")));
    }
    notes.address(at, "ORG_LOGO");
    let url = notes.address(at, "ORG_URL");
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    if url.is_some() && !is_same_domain(host, home_domain.host()) {
        notes.warn(at.of("ORG_URL"), format!("should be on {home_domain}, where this file is"));
    }
    for name in ["ORG_PHYSICAL_ADDRESS_ATTESTATION", "ORG_PHONE_NUMBER_ATTESTATION"] {
        let attestation = notes.address(at, name);
        let elsewhere = |attestation: &Url| !is_same_domain(attestation.host_str().unwrap_or_default(), host);
        if url.is_some() && attestation.as_ref().is_some_and(elsewhere) {
            notes.warn(at.of(name), "should be on the domain of ORG_URL");
        }
    }
    if at.text("ORG_PHONE_NUMBER").is_some_and(|number| !is_e164(number)) {
        notes.warn(at.of("ORG_PHONE_NUMBER"), "should be in the form +14155552671 (E.164)");
    }
    let official = email(at, "ORG_OFFICIAL_EMAIL", notes);
    if url.is_some() && official.is_some_and(|domain| !is_same_domain(domain, host)) {
        notes.warn(at.of("ORG_OFFICIAL_EMAIL"), "should be at the domain of ORG_URL");
    }
    email(at, "ORG_SUPPORT_EMAIL", notes);
}

fn principal(at: At<'_>, notes: &mut Notes) {
    for name in PRINCIPAL {
        notes.text(at, name);
    }
    if at.text("name").is_none_or(str::is_empty) {
        notes.warn(at.of("name"), "should be the person's full legal name");
    }
    email(at, "email", notes);
    for name in HASHES {
        let is_hash = |hash: &str| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if notes.text(at, name).is_some_and(|hash| !is_hash(hash)) {
            notes.error(at.of(name), "has to be the SHA-256 of the photo, in hex");
        }
    }
}

/// The domain of an address, if there is one.
fn email<'a>(at: At<'a>, name: &str, notes: &mut Notes) -> Option<&'a str> {
    let text = notes.text(at, name)?;
    let domain = text.rsplit_once('@').filter(|(user, domain)| {
        !user.is_empty() && domain.contains('.') && domain.parse::<Domain>().is_ok()
    });
    if domain.is_none() {
        notes.warn(at.of(name), "should be an e-mail address");
    }
    domain.map(|(_, domain)| domain)
}

/// The same host, or one below the other.
fn is_same_domain(one: &str, other: &str) -> bool {
    let is_below = |one: &str, other: &str| {
        one.strip_suffix(other).is_some_and(|rest| rest.ends_with('.') && !other.is_empty())
    };
    one.eq_ignore_ascii_case(other) || is_below(one, other) || is_below(other, one)
}

fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
}

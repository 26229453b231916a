//! Whether a whole file is what SEP-1 allows, and what wallets would miss in it.

use std::fmt;
use std::str::FromStr;

use toml::{Table, Value};
use url::Url;

use super::{currency, documentation, validator};
use crate::account::{AccountId, ContractId};
use crate::domain::Domain;

/// Addresses at the top of the file, as the official tests know them.
const ADDRESSES: [&str; 11] = [
    "FEDERATION_SERVER",
    "AUTH_SERVER",
    "TRANSFER_SERVER",
    "TRANSFER_SERVER_SEP0024",
    "KYC_SERVER",
    "WEB_AUTH_ENDPOINT",
    "WEB_AUTH_FOR_CONTRACTS_ENDPOINT",
    "HORIZON_URL",
    "DIRECT_PAYMENT_SERVER",
    "ANCHOR_QUOTE_SERVER",
    "EXTERNAL_ACCOUNT_SERVER",
];
const ACCOUNTS: [&str; 2] = ["SIGNING_KEY", "URI_REQUEST_SIGNING_KEY"];
const TEXTS: [&str; 2] = ["VERSION", "NETWORK_PASSPHRASE"];

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Allowed, but wallets and their users would rather have it otherwise.
    Warning,
    /// SEP-1 forbids it, or wallets refuse it.
    Error,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The entry, such as `CURRENCIES[0].name`.
    pub at: String,
    /// What it has to be.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.problem)
    }
}

/// What a file is measured by.
#[derive(Debug, Clone, Copy)]
pub struct CheckRules<'a> {
    /// Where the file is served.
    pub home_domain: &'a Domain,
    /// Allows plain http.
    pub local_mode: bool,
}

/// Everything that is wrong with a file, and everything that it should say besides. Entries that SEP-1 does not know
/// are left alone.
pub fn check(document: &Table, rules: &CheckRules<'_>) -> Vec<Finding> {
    let mut notes = Notes { findings: Vec::new(), local_mode: rules.local_mode };
    let top = At::new(document, "");
    for name in TEXTS {
        notes.text(top, name);
    }
    for name in ADDRESSES {
        notes.address(top, name);
    }
    for name in ACCOUNTS {
        notes.parsed::<AccountId>(top, name, "has to be a valid account (G…)");
    }
    notes.parsed::<ContractId>(top, "WEB_AUTH_CONTRACT_ID", "has to be a valid contract (C…)");
    if document.contains_key("AUTH_SERVER") {
        notes.warn("AUTH_SERVER", "is deprecated (SEP-3)");
    }
    let key = document.get("URI_REQUEST_SIGNING_KEY");
    if key.is_some() && key == document.get("SIGNING_KEY") {
        notes.error("URI_REQUEST_SIGNING_KEY", "has to be another key than SIGNING_KEY");
    }
    for account in notes.list(top, "ACCOUNTS") {
        if account.as_str().is_none_or(|account| account.parse::<AccountId>().is_err()) {
            notes.error("ACCOUNTS", "has to be a list of valid accounts (G…)");
        }
    }
    documentation::check(document, rules.home_domain, &mut notes);
    currency::check(&notes.tables(top, "CURRENCIES"), &mut notes);
    validator::check(&notes.tables(top, "VALIDATORS"), &mut notes);
    notes.findings
}

/// A table, and how it is called in findings.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) table: &'a Table,
    pub(super) name: &'a str,
}

impl<'a> At<'a> {
    pub(super) const fn new(table: &'a Table, name: &'a str) -> Self {
        Self { table, name }
    }

    pub(super) fn of(&self, name: &str) -> String {
        if self.name.is_empty() { name.to_owned() } else { format!("{}.{name}", self.name) }
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.table.get(name).and_then(Value::as_str)
    }
}

/// Collects findings.
pub(super) struct Notes {
    findings: Vec<Finding>,
    local_mode: bool,
}

impl Notes {
    pub(super) fn error(&mut self, at: impl Into<String>, problem: impl Into<String>) {
        self.findings.push(Finding { severity: Severity::Error, at: at.into(), problem: problem.into() });
    }

    pub(super) fn warn(&mut self, at: impl Into<String>, problem: impl Into<String>) {
        self.findings.push(Finding { severity: Severity::Warning, at: at.into(), problem: problem.into() });
    }

    /// If it is there, it is a text.
    pub(super) fn text<'a>(&mut self, at: At<'a>, name: &str) -> Option<&'a str> {
        let value = at.table.get(name)?;
        if value.as_str().is_none() {
            self.error(at.of(name), "has to be a text");
        }
        value.as_str()
    }

    /// If it is there, it is an address that wallets take: https, and no slash at the end.
    pub(super) fn address(&mut self, at: At<'_>, name: &str) -> Option<Url> {
        let text = self.text(at, name)?;
        let is_safe = |url: &Url| url.scheme() == "https" || (self.local_mode && url.scheme() == "http");
        let url = Url::parse(text).ok().filter(|url| is_safe(url) && url.has_host());
        match url {
            Some(url) if !text.ends_with('/') => Some(url),
            _ => {
                self.error(at.of(name), "has to be an https address without a trailing slash");
                None
            }
        }
    }

    /// If it is there, it can be read as a `T`.
    pub(super) fn parsed<T: FromStr>(&mut self, at: At<'_>, name: &str, problem: &str) -> Option<T> {
        let value = at.table.get(name)?;
        let parsed = value.as_str().and_then(|text| text.parse().ok());
        if parsed.is_none() {
            self.error(at.of(name), problem);
        }
        parsed
    }

    /// If it is there, it is one of these.
    pub(super) fn one_of(&mut self, at: At<'_>, name: &str, known: &[&str]) {
        if self.text(at, name).is_some_and(|text| !known.contains(&text)) {
            self.error(at.of(name), format!("has to be one of {}", known.join(", ")));
        }
    }

    pub(super) fn flag(&mut self, at: At<'_>, name: &str) -> Option<bool> {
        let value = at.table.get(name)?;
        if value.as_bool().is_none() {
            self.error(at.of(name), "has to be true or false");
        }
        value.as_bool()
    }

    pub(super) fn list<'a>(&mut self, at: At<'a>, name: &str) -> &'a [Value] {
        match at.table.get(name) {
            None => &[],
            Some(Value::Array(values)) => values,
            Some(_) => {
                self.error(at.of(name), "has to be a list");
                &[]
            }
        }
    }

    pub(super) fn tables<'a>(&mut self, at: At<'a>, name: &str) -> Vec<&'a Table> {
        let values = self.list(at, name);
        if !values.iter().all(Value::is_table) {
            self.error(at.of(name), format!("has to be a list of tables: [[{name}]]"));
        }
        values.iter().filter_map(Value::as_table).collect()
    }
}

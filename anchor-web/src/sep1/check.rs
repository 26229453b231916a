//! Whether a document is what wallets need, and still says what the anchor does.

use anchor_core::Config;
use anchor_core::stellar::toml_file::{self, CheckRules, Severity};
use toml::{Table, Value};

/// Why there is no stellar.toml to publish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TomlError {
    /// The operator's file cannot be read.
    #[error("the file of STELLAR_TOML, {path}, cannot be read")]
    Unreadable {
        /// As in the settings.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The operator's file is not TOML.
    #[error("the file of STELLAR_TOML, {path}, is not valid TOML")]
    Syntax {
        /// As in the settings.
        path: String,
        /// Where, and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// An amended value contradicts what the anchor is configured to do.
    #[error("{0} was changed, but the configuration says otherwise")]
    Contradicts(String),
    /// An address of a protocol that this anchor does not speak.
    #[error("{0} is of a protocol that is not active")]
    Inactive(String),
    /// SEP-1 or wallets would refuse it.
    #[error("the file is not as SEP-1 has it:\n  {}", .0.join("\n  "))]
    Invalid(Vec<String>),
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

pub(super) fn document(document: &Table, generated: &Table, config: &Config) -> Result<(), TomlError> {
    contradictions(document, generated)?;
    let home_domain = config.sep10.home_domains.default_domain();
    let rules = CheckRules { home_domain, local_mode: config.local_mode };
    let findings = toml_file::check(document, &rules);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(TomlError::Invalid(errors.iter().map(ToString::to_string).collect()));
    }
    for warning in warnings {
        tracing::debug!("stellar.toml: {warning}");
    }
    Ok(())
}

/// Endpoints, keys, accounts and assets are those that the anchor has.
fn contradictions(document: &Table, generated: &Table) -> Result<(), TomlError> {
    for name in DECIDED {
        match (document.get(name), generated.get(name)) {
            (Some(_), None) => return Err(TomlError::Inactive(name.to_owned())),
            (published, configured) if published != configured => {
                return Err(TomlError::Contradicts(name.to_owned()));
            }
            _ => {}
        }
    }
    let list = |document: &Table, name: &str| -> Vec<Value> {
        document.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let published = list(document, "ACCOUNTS");
    if !list(generated, "ACCOUNTS").iter().all(|ours| published.contains(ours)) {
        return Err(TomlError::Contradicts("ACCOUNTS".to_owned()));
    }
    let published = list(document, "CURRENCIES");
    for asset in list(generated, "CURRENCIES") {
        let same = |other: &Value| ["code", "issuer"].iter().all(|key| other.get(key) == asset.get(key));
        if !published.iter().any(same) {
            return Err(TomlError::Contradicts("CURRENCIES".to_owned()));
        }
    }
    Ok(())
}

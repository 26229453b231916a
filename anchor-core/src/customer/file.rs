//! The file of `CUSTOMERS`: what is asked of whom, and who decides, so that an anchor knows its customers without code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::fields::{self, Derived, FieldType, Sensitivity};
use super::{CustomerRole, CustomerType, WantedField};
use crate::http::{GuardError, GuardedClient, check_url};
use crate::integration::{CodeToSend, CustomerIntegration, CustomerView, IntegrationError, Review};
use crate::secret::Secret;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not there, or not readable.
    #[error("the file of CUSTOMERS, {path}, cannot be read")]
    Unreadable {
        /// As in the settings.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not TOML, or says something that is not known.
    #[error("the file of CUSTOMERS cannot be used")]
    Syntax(#[source] Box<toml::de::Error>),
    /// Nobody could be a customer.
    #[error("the file of CUSTOMERS has no types")]
    NoTypes,
    /// One type twice.
    #[error("the file of CUSTOMERS has the type {0} twice")]
    TypeTwice(String),
    /// Neither in SEP-9 nor under `[fields]`.
    #[error("the file of CUSTOMERS asks for {0}, which is neither a name of SEP-9 nor under [fields]")]
    UnknownField(String),
    /// Asked for twice in one type, also under two names for the same.
    #[error("the file of CUSTOMERS asks for {0} twice")]
    FieldTwice(String),
    /// A number of a card may not be kept.
    #[error("the file of CUSTOMERS asks for {0}, which is never taken: ask for card.token")]
    NeverTaken(String),
    /// It would stand for something else.
    #[error("the file of CUSTOMERS cannot call a field of its own {0}")]
    ReservedName(String),
    /// Something is to be verified, and codes cannot be sent.
    #[error("the file of CUSTOMERS has fields to verify, and no [codes] that would send codes")]
    NoCodes,
    /// The address of the codes is not one that is contacted.
    #[error("the address of [codes] in the file of CUSTOMERS cannot be used")]
    Codes(#[from] GuardError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    types: Vec<Type>,
    #[serde(default)]
    fields: BTreeMap<String, OwnField>,
    codes: Option<Codes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Type {
    name: String,
    description: String,
    #[serde(default)]
    roles: BTreeSet<CustomerRole>,
    #[serde(default)]
    automatic: bool,
    fields: Vec<String>,
    #[serde(default)]
    optional: Vec<String>,
    #[serde(default)]
    verified: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnField {
    #[serde(rename = "type")]
    kind: FieldType,
    description: String,
    #[serde(default)]
    choices: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    url: Url,
    token: Option<String>,
}

/// Customers as a file says. Who gave everything is accepted at once, or waits for the operator, as its type says.
#[derive(Debug)]
pub struct FileCustomers {
    types: Vec<CustomerType>,
    codes: Option<CodeSender>,
}

/// Posts codes to a server that has a way to send them.
#[derive(Debug)]
struct CodeSender {
    client: GuardedClient,
    url: Url,
    token: Option<Secret<String>>,
}

/// Parameters of SEP-12 that are no fields.
const RESERVED: [&str; 8] = ["id", "account", "memo", "memo_type", "type", "transaction_id", "lang", "url"];

impl FileCustomers {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(path: &Path, local_mode: bool) -> Result<Self, FileError> {
        let unreadable = |source| FileError::Unreadable { path: path.display().to_string(), source };
        Self::parse(&std::fs::read_to_string(path).map_err(unreadable)?, local_mode)
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, local_mode: bool) -> Result<Self, FileError> {
        let file: File = toml::from_str(text).map_err(|error| FileError::Syntax(Box::new(error)))?;
        if file.types.is_empty() {
            return Err(FileError::NoTypes);
        }
        for name in file.fields.keys() {
            let is_derived = !matches!(fields::derived(name), Derived::Value(_));
            if is_derived || fields::find(name).is_some() || RESERVED.contains(&name.as_str()) {
                return Err(FileError::ReservedName(name.clone()));
            }
        }
        let mut types: Vec<CustomerType> = Vec::new();
        for read in file.types {
            if types.iter().any(|known| known.name == read.name) {
                return Err(FileError::TypeTwice(read.name));
            }
            types.push(customer_type(read, &file.fields)?);
        }
        let codes = file.codes.map(|codes| CodeSender::new(codes, local_mode)).transpose()?;
        let verifies = types.iter().flat_map(|each| &each.fields).any(|field| field.verified);
        if verifies && codes.is_none() {
            return Err(FileError::NoCodes);
        }
        Ok(Self { types, codes })
    }
}

fn customer_type(read: Type, own: &BTreeMap<String, OwnField>) -> Result<CustomerType, FileError> {
    let mut wanted: Vec<WantedField> = Vec::new();
    for (names, optional) in [(&read.fields, false), (&read.optional, true)] {
        for name in names {
            let mut field = field(name, own)?;
            if wanted.iter().any(|known| known.stored_as() == field.stored_as()) {
                return Err(FileError::FieldTwice(name.clone()));
            }
            field.optional = optional;
            wanted.push(field);
        }
    }
    for name in &read.verified {
        let field = wanted.iter_mut().find(|field| field.name == *name);
        field.ok_or_else(|| FileError::UnknownField(name.clone()))?.verified = true;
    }
    let automatic = read.automatic;
    let made = CustomerType::new(read.name, read.description, read.roles, wanted);
    Ok(if automatic { made.automatic() } else { made })
}

fn field(name: &str, own: &BTreeMap<String, OwnField>) -> Result<WantedField, FileError> {
    if fields::find(name).is_some_and(|spec| spec.sensitivity == Sensitivity::Never) {
        return Err(FileError::NeverTaken(name.to_owned()));
    }
    if let Some(field) = WantedField::sep9(name) {
        return Ok(field);
    }
    let own = own.get(name).ok_or_else(|| FileError::UnknownField(name.to_owned()))?;
    let field = WantedField::custom(name, own.kind, Some(own.description.clone()));
    Ok(field.choices(own.choices.iter().cloned()))
}

impl CodeSender {
    fn new(codes: Codes, local_mode: bool) -> Result<Self, GuardError> {
        check_url(&codes.url, local_mode)?;
        let client = GuardedClient::new(local_mode)?;
        Ok(Self { client, url: codes.url, token: codes.token.map(Secret::new) })
    }
}

#[async_trait]
impl CustomerIntegration for FileCustomers {
    fn types(&self) -> &[CustomerType] {
        &self.types
    }

    async fn review(&self, view: &CustomerView<'_>) -> Result<Review, IntegrationError> {
        Ok(if view.customer_type().automatic {
            Review::Accepted
        } else {
            Review::Processing { message: None }
        })
    }

    async fn send_code(&self, code: CodeToSend<'_>) -> Result<(), IntegrationError> {
        let Some(sender) = &self.codes else {
            return Err(IntegrationError::permanent("no way to send codes is attached"));
        };
        let body = json!({ "field": code.field, "to": code.to, "code": code.code }).to_string().into_bytes();
        let bearer = sender.token.as_ref().map(|token| Secret::new(format!("Bearer {}", token.expose())));
        let headers: Vec<_> =
            bearer.iter().map(|bearer| ("authorization", bearer.expose().as_str())).collect();
        match sender.client.post_json(&sender.url, &headers, body).await {
            Ok(200..=299) => Ok(()),
            Ok(status) => Err(IntegrationError::transient(format!("codes are not sent: status {status}"))),
            Err(error) => Err(IntegrationError::transient(error)),
        }
    }
}

#[cfg(test)]
mod tests;

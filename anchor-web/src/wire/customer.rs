//! Customers (SEP-12): what is asked and what is here, by the names of SEP-9. Never a value.

use std::collections::BTreeMap;

use anchor_core::clock::format_utc;
use anchor_core::customer::{Answer, Provided, WantedField};
use anchor_core::id::CustomerId;
use anchor_core::store::FileRecord;
use serde::Serialize;
use utoipa::ToSchema;

use crate::interactive::Messages;
use crate::openapi::shapes;

/// The answer to `GET /customer`, and what callbacks carry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(crate) struct CustomerWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Id>)]
    id: Option<CustomerId>,
    #[schema(value_type = shapes::CustomerStatus)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<BTreeMap<&'a str, FieldWire<'a>>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    provided_fields: BTreeMap<&'a str, ProvidedWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerField)]
struct FieldWire<'a> {
    #[serde(rename = "type")]
    #[schema(value_type = shapes::FieldType)]
    kind: &'static str,
    description: String,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    choices: &'a [String],
    optional: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerProvidedField)]
struct ProvidedWire<'a> {
    #[serde(flatten)]
    field: FieldWire<'a>,
    #[schema(value_type = shapes::FieldStatus)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl<'a> CustomerWire<'a> {
    pub(crate) fn new(answer: &'a Answer, messages: &Messages) -> Self {
        let open = answer.fields.iter().map(|field| (&*field.name, FieldWire::new(field, messages)));
        let open: BTreeMap<_, _> = open.collect();
        // wallets that look for what is missing have to find the list, also an empty one
        let is_wanted = !answer.standing.is_settled() || !open.is_empty();
        let provided = |provided: &'a Provided| {
            let wire = ProvidedWire {
                field: FieldWire::new(&provided.field, messages),
                status: provided.status.as_str(),
                error: provided.error.as_deref(),
            };
            (&*provided.field.name, wire)
        };
        Self {
            id: answer.id,
            status: answer.standing.as_str(),
            fields: is_wanted.then_some(open),
            provided_fields: answer.provided.iter().map(provided).collect(),
            message: answer.standing.message(),
        }
    }
}

impl<'a> FieldWire<'a> {
    fn new(field: &'a WantedField, messages: &Messages) -> Self {
        Self {
            kind: field.kind.as_str(),
            description: description(field, messages),
            choices: &field.choices,
            optional: field.optional,
        }
    }
}

/// The business's own words, or ours in the user's language. A field of an organization's account is called as a
/// person's, and whose it is.
fn description(field: &WantedField, messages: &Messages) -> String {
    if let Some(description) = &field.description {
        return description.clone();
    }
    let called = |name: &str| messages.find(&format!("field.{name}"));
    let stored = field.stored_as();
    if let Some(text) = called(&field.name).or_else(|| called(stored)) {
        return text.to_owned();
    }
    match stored.strip_prefix("organization.").and_then(called) {
        Some(text) => format!("{text} ({})", messages.find("field.organization").unwrap_or_default()),
        None => field.name.clone(),
    }
}

/// The answer to `PUT /customer`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerId)]
pub(crate) struct IdWire {
    #[schema(value_type = shapes::Id)]
    pub(crate) id: CustomerId,
}

/// One file: the answer to `POST /customer/files`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerFile)]
pub(crate) struct FileWire<'a> {
    file_id: String,
    content_type: &'a str,
    size: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    expires_at: Option<String>,
    /// `null` while no customer refers to it.
    #[schema(value_type = Option<shapes::Id>, required = true)]
    customer_id: Option<CustomerId>,
}

impl<'a> FileWire<'a> {
    pub(crate) fn new(file: &'a FileRecord) -> Self {
        Self {
            file_id: file.id.to_string(),
            content_type: &file.content_type,
            size: file.size,
            expires_at: file.expires_at.map(format_utc),
            customer_id: file.customer,
        }
    }
}

/// The answer to `GET /customer/files`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerFiles)]
pub(crate) struct FilesWire<'a> {
    pub(crate) files: Vec<FileWire<'a>>,
}

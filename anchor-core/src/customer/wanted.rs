//! What is asked of a customer, and for what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fields::{self, Check, FieldType};

/// Who a customer of a type is to the anchor; decides where the type is advertised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CustomerRole {
    /// Deposits and withdraws (SEP-6).
    Sep6,
    /// Sends money across a border (SEP-31).
    Sender,
    /// Receives money from across a border (SEP-31).
    Receiver,
}

/// One action that customers have to be known for: the `type` of SEP-12.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerType {
    /// The word that wallets send.
    pub name: String,
    /// For people: who needs it.
    pub description: String,
    /// Where it is advertised.
    pub roles: BTreeSet<CustomerRole>,
    /// What is asked.
    pub fields: Vec<WantedField>,
    /// Whether everybody who gave all of it is accepted at once, where nobody else decides.
    pub automatic: bool,
}

impl CustomerType {
    /// A type for these roles. Nobody is accepted without a decision.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        roles: impl IntoIterator<Item = CustomerRole>,
        fields: impl IntoIterator<Item = WantedField>,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            roles: roles.into_iter().collect(),
            fields: fields.into_iter().collect(),
            automatic: false,
        }
    }

    /// Everybody who gave all of it is accepted at once.
    #[must_use]
    pub const fn automatic(mut self) -> Self {
        self.automatic = true;
        self
    }

    /// One of its fields, under any of its names.
    pub fn field(&self, name: &str) -> Option<&WantedField> {
        let name = fields::stored_as(name);
        self.fields.iter().find(|field| field.stored_as() == name)
    }
}

/// One thing that is asked: a field of SEP-9, or one of the anchor's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WantedField {
    /// As wallets are asked for it.
    pub name: String,
    /// What a value is.
    pub kind: FieldType,
    /// For people, in one language for all; fields of SEP-9 have a description in every language without it.
    pub description: Option<String>,
    /// The values that there are, if they can be counted.
    pub choices: Vec<String>,
    /// It can be left out.
    pub optional: bool,
    /// A code is sent to what stands in it, and has to come back.
    pub verified: bool,
}

impl WantedField {
    /// A field of SEP-9; `None` for other names.
    pub fn sep9(name: &str) -> Option<Self> {
        let spec = fields::find(name)?;
        let choices = spec.choices().iter().map(|choice| (*choice).to_owned()).collect();
        Some(Self { choices, ..Self::custom(spec.name, spec.kind, None) })
    }

    /// A field of the anchor's own.
    pub fn custom(name: impl Into<String>, kind: FieldType, description: Option<String>) -> Self {
        Self { name: name.into(), kind, description, choices: Vec::new(), optional: false, verified: false }
    }

    /// It can be left out.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// A code has to come back.
    #[must_use]
    pub const fn verified(mut self) -> Self {
        self.verified = true;
        self
    }

    /// Only these values.
    #[must_use]
    pub fn choices<C: Into<String>>(mut self, choices: impl IntoIterator<Item = C>) -> Self {
        self.choices = choices.into_iter().map(Into::into).collect();
        self
    }

    /// The name under which it is kept.
    pub fn stored_as(&self) -> &str {
        fields::stored_as(&self.name)
    }

    /// What a value looks like.
    pub fn check(&self) -> Check {
        match (fields::find(&self.name), self.kind) {
            (Some(spec), _) => spec.check,
            (None, FieldType::String) => Check::Lines,
            (None, FieldType::Number) => Check::Decimal,
            (None, FieldType::Date) => Check::Date,
            (None, FieldType::Binary) => Check::File,
        }
    }
}

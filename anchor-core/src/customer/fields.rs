//! The words in which personal data is asked for (SEP-9): each with its type, what a value looks like, and how secret
//! it is. An anchor may ask for more under names of its own ([`WantedField`](super::WantedField)).
//!
//! Names are flat: `organization.name` is one word, not a member of something.

mod check;
mod codes;
mod table;

pub use check::{Check, FieldFault, check};
pub(crate) use codes::{is_country2, is_country3};
use serde::{Deserialize, Serialize};

/// What a value is, in the words that SEP-12 uses too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FieldType {
    /// Text.
    String,
    /// A number, which may come as text: forms have no numbers.
    Number,
    /// A day, as text.
    Date,
    /// A file.
    Binary,
}

impl FieldType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::String, Self::Number, Self::Date, Self::Binary];

    /// The protocol's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Date => "date",
            Self::Binary => "binary",
        }
    }
}

/// Whose datum it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// A natural person's.
    Person,
    /// An account's outside the ledger.
    Financial,
    /// A legal person's.
    Organization,
    /// A payment card's.
    Card,
}

/// How much harm it does in the wrong hands. Everything is sealed at rest and never shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Sensitivity {
    /// It says who somebody is.
    Personal,
    /// It opens an account or proves an identity.
    Secret,
    /// It is not taken at all, so that it cannot be kept (PCI DSS): a token stands for it.
    Never,
}

/// What SEP-9 says of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSpec {
    /// As it is written, exactly.
    pub name: &'static str,
    /// What a value is.
    pub kind: FieldType,
    /// What a value looks like.
    pub check: Check,
    /// Whose datum it is.
    pub category: Category,
    /// How much harm it does in the wrong hands.
    pub sensitivity: Sensitivity,
    /// The name under which it is kept: another one for an alias or a name that is no longer used.
    pub stored_as: &'static str,
}

impl FieldSpec {
    /// The values that there are, if they can be counted.
    pub const fn choices(&self) -> &'static [&'static str] {
        match self.check {
            Check::Choice(choices) => choices,
            _ => &[],
        }
    }
}

/// All names, in the order of SEP-9.
pub fn all() -> impl Iterator<Item = &'static FieldSpec> {
    table::FIELDS.iter()
}

/// One name; capitals matter.
pub fn find(name: &str) -> Option<&'static FieldSpec> {
    all().find(|field| field.name == name)
}

/// What SEP-12 makes of a field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Derived<'a> {
    /// The field itself.
    Value(&'a str),
    /// `<field>_verification`: the code that was sent to what stands in the field.
    Verification(&'a str),
    /// `<field>_file_id`: a file that was uploaded before.
    FileId(&'a str),
}

/// Takes a derived name apart. No name of SEP-9 ends like one.
pub fn derived(name: &str) -> Derived<'_> {
    let base = |suffix| name.strip_suffix(suffix).filter(|base: &&str| !base.is_empty());
    match (base("_verification"), base("_file_id")) {
        (Some(base), _) => Derived::Verification(base),
        (None, Some(base)) => Derived::FileId(base),
        (None, None) => Derived::Value(name),
    }
}

/// The name under which it is kept: `last_name` for `family_name`, itself for a name that is not SEP-9's.
pub fn stored_as(name: &str) -> &str {
    find(name).map_or(name, |field| field.stored_as)
}

#[cfg(test)]
mod tests;

//! What the user still has to tell before a transaction can go on.

use serde::{Deserialize, Serialize};

use super::state::State;

/// Something that the user has to tell about one transaction, as `/info` describes fields (SEP-6 and SEP-31 `fields`).
///
/// It only describes: what the user answers is personal data, and is kept with the answers of the transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InfoField {
    /// Its name in the wallet's answer; a SEP-9 name where there is one.
    pub name: String,
    /// For people.
    pub description: String,
    /// The only values that are taken; any if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// It may be left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl InfoField {
    /// One that has to be answered.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), choices: Vec::new(), optional: false }
    }

    /// Only these values are taken.
    #[must_use]
    pub fn choices<T: Into<String>>(self, choices: impl IntoIterator<Item = T>) -> Self {
        Self { choices: choices.into_iter().map(Into::into).collect(), ..self }
    }

    /// It may be left out.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InfoNeed {
    /// About the customer: the wallet asks SEP-12 what, with the transaction's id, and sends it there.
    Customer {
        /// For the user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// About this transaction: the wallet sends it with PATCH.
    Transaction {
        /// At least one.
        fields: Vec<InfoField>,
        /// For the user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
}

/// Of which of the two kinds something is that is missing, or was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InfoKind {
    /// About the customer.
    Customer,
    /// About this transaction.
    Transaction,
}

impl InfoNeed {
    /// Of which kind it is.
    pub const fn kind(&self) -> InfoKind {
        match self {
            Self::Customer { .. } => InfoKind::Customer,
            Self::Transaction { .. } => InfoKind::Transaction,
        }
    }

    /// For the user.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Customer { message } | Self::Transaction { message, .. } => message.as_deref(),
        }
    }
}

/// Where a transaction goes on when it has what was missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterInfo {
    /// No money came yet: decide on the terms.
    Decide,
    /// Pay the tokens of a deposit.
    Pay,
    /// Pay the money of a withdrawal.
    PayOut,
}

impl AfterInfo {
    /// The state that follows.
    pub const fn state(self) -> State {
        match self {
            Self::Decide => State::Deciding,
            Self::Pay => State::ReadyToPay,
            Self::PayOut => State::ReadyToPayOut,
        }
    }

    /// True if the user's money is ours meanwhile.
    pub const fn holds_funds(self) -> bool {
        match self {
            Self::Decide => false,
            Self::Pay | Self::PayOut => true,
        }
    }
}

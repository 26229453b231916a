//! Customers: who they are to the anchor, what is known of them, and what that is good for (SEP-9, SEP-12).

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CustomerId, FileId};

pub mod fields;
pub mod file;
mod owner;
mod standing;
pub mod upload;
mod vault;
mod wanted;

pub use owner::CustomerOwner;
pub use standing::{Answer, FieldStatus, Provided, Standing, weigh};
pub use vault::{CustomerKey, CustomerKeyError, Kept, Place, Sealed, Vault, VaultError};
pub use wanted::{CustomerRole, CustomerType, WantedField};

/// How far a field of a customer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldState {
    /// It is here; what it is worth is for whoever decides about the customer.
    Received,
    /// A code was sent to what stands in it, and has not come back.
    VerificationRequired,
    /// It was refused, and has to come again.
    Rejected,
}

/// One field of a customer, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptField {
    /// The name under which it is [kept](fields::stored_as).
    pub name: String,
    /// How far it is.
    pub state: FieldState,
    /// Why it was refused; for the customer.
    pub error: Option<String>,
    /// The value, unless it is a file.
    pub value: Option<Sealed>,
    /// The file.
    pub file: Option<FileId>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// Names only.
impl fmt::Debug for KeptField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptField")
            .field("name", &self.name)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What somebody decided about a customer, as far as one type is concerned. It holds until it is decided anew; an
/// acceptance ends with the next change of any value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// Good for what the type is for.
    Accepted,
    /// Somebody is looking at it.
    Processing {
        /// For the customer.
        message: Option<String>,
    },
    /// More is needed, or something again.
    NeedsInfo {
        /// What, under the names of the protocol.
        fields: Vec<String>,
        /// For the customer.
        message: Option<String>,
    },
    /// Never.
    Rejected {
        /// For the customer: say no more than the law allows.
        message: String,
    },
}

impl Decision {
    /// The word that is stored and that operators use.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Processing { .. } => "processing",
            Self::NeedsInfo { .. } => "needs_info",
            Self::Rejected { .. } => "rejected",
        }
    }
}

/// A registered customer, with everything that is known but files' contents; values are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Customer {
    /// Unguessable; knowing it authorises nothing.
    pub id: CustomerId,
    /// Whose it is.
    pub owner: CustomerOwner,
    /// The type of the latest request that named one.
    pub last_type: Option<String>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When something was last sent.
    pub updated_at: DateTime<Utc>,
    /// By name.
    pub fields: Vec<KeptField>,
    /// By type.
    pub decisions: BTreeMap<String, Decision>,
}

impl Customer {
    /// Without anything known of it yet; for stores and tests.
    pub const fn new(id: CustomerId, owner: CustomerOwner, at: DateTime<Utc>) -> Self {
        Self {
            id,
            owner,
            last_type: None,
            created_at: at,
            updated_at: at,
            fields: Vec::new(),
            decisions: BTreeMap::new(),
        }
    }

    /// One field, under any of its names.
    pub fn field(&self, name: &str) -> Option<&KeptField> {
        let name = fields::stored_as(name);
        self.fields.iter().find(|field| field.name == name)
    }
}

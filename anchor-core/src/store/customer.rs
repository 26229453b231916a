//! What the verbs about customers take and answer. Everything personal in it is sealed.

use chrono::{DateTime, Utc};
use url::Url;

use super::LeaseToken;
use crate::customer::{CustomerOwner, Decision, FieldState, Kept, Place, Sealed};
use crate::id::{CustomerId, FileId};

/// By which a customer is found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomerKeyed {
    /// Its id.
    Id(CustomerId),
    /// Its owner.
    Owner(CustomerOwner),
}

/// One field as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldWrite {
    /// The name under which it is kept.
    pub name: String,
    /// How far it is.
    pub state: FieldState,
    /// The value, unless it is a file.
    pub value: Option<Sealed>,
    /// The file; one that stood there before is deleted.
    pub file: Option<FileId>,
}

/// A file with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// What can be known of it.
    pub record: FileRecord,
    /// The content.
    pub content: Sealed,
}

/// What can be known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Unguessable; knowing it authorises nothing.
    pub id: FileId,
    /// Who sent it ([`CustomerOwner::key`]).
    pub owner: String,
    /// Whose it is, once a field refers to it.
    pub customer: Option<CustomerId>,
    /// Its kind, by its content.
    pub content_type: String,
    /// In bytes, as it is kept.
    pub size: i64,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// When it is deleted, if no field refers to it by then.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A code for a field, on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeWrite {
    /// Which field.
    pub field: String,
    /// The code.
    pub code: Sealed,
    /// When it is worth nothing any more.
    pub expires_at: DateTime<Utc>,
    /// A [fingerprint](crate::customer::Vault::fingerprint) of where it goes.
    pub to: [u8; 32],
}

/// How many codes may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeLimits {
    /// Codes of one customer's field since then, and codes to one address since then.
    pub since: DateTime<Utc>,
    /// Most of them, the new one included.
    pub most: u32,
}

/// What a request changes of a customer; all of it, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerWrite {
    /// Who.
    pub id: CustomerId,
    /// Whose it is.
    pub owner: CustomerOwner,
    /// Whether it is registered with this.
    pub is_new: bool,
    /// The type that the request named.
    pub last_type: Option<String>,
    /// Fields that came. Acceptances end with them.
    pub fields: Vec<FieldWrite>,
    /// Files that came along.
    pub files: Vec<NewFile>,
    /// Files that came before, and now are the customer's; sent by these owners only.
    pub attach: Vec<FileId>,
    /// Who may have sent those.
    pub senders: Vec<String>,
    /// Fields whose codes came back: their codes are used up.
    pub verified: Vec<String>,
    /// Codes that are about to be sent.
    pub codes: Vec<CodeWrite>,
    /// How many there may be.
    pub code_limits: CodeLimits,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What became of a [`CustomerWrite`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomerStored {
    /// Written, all of it.
    Stored,
    /// The owner has been registered meanwhile; nothing was written.
    OwnerTaken,
    /// The customer has been deleted meanwhile; nothing was written.
    Gone,
    /// A code has been used meanwhile; nothing was written.
    CodeGone,
    /// A file is not there, has ended, is somebody else's, or another customer's; nothing was written.
    FileGone,
    /// Too many codes have been sent; nothing was written.
    TooManyCodes,
}

/// Where a customer's owner wants to hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCallback {
    /// A stranger's address.
    pub url: Url,
    /// As far as which type goes.
    pub customer_type: Option<String>,
    /// The standing that the owner knows ([`Standing::as_str`](crate::customer::Standing::as_str)).
    pub told: Option<String>,
}

/// A callback that is due. Nobody else looks at it while the lease lasts.
#[derive(Debug, Clone)]
pub struct ClaimedCallback {
    /// Whose.
    pub customer: CustomerId,
    /// Where, and what is known there.
    pub callback: CustomerCallback,
    /// Failed deliveries of the present news.
    pub tries: u32,
    /// Proves the claim.
    pub lease: LeaseToken,
}

/// How a look at a callback ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackEnd {
    /// The owner knows how it ended, or is not told any more: the callback is forgotten.
    Done,
    /// Again at `due`.
    Again {
        /// The standing that the owner knows.
        told: Option<String>,
        /// Failed deliveries of the present news.
        tries: u32,
        /// When.
        due: DateTime<Utc>,
    },
}

/// Something that is to be sealed anew, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// Where.
    pub place: Place,
    /// What.
    pub kept: Kept,
}

/// Something that was decided about a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionWrite {
    /// As far as which type goes.
    pub customer_type: String,
    /// What; `None` takes back what was decided.
    pub decision: Option<Decision>,
    /// Fields that have to come again, under the names by which they are kept, and why.
    pub refused: Vec<(String, Option<String>)>,
    /// Now.
    pub at: DateTime<Utc>,
}

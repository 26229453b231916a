//! Why something is not done for a customer.

use crate::account::AccountError;
use crate::customer::VaultError;
use crate::customer::fields::FieldFault;
use crate::customer::upload::UploadFault;
use crate::memo::MemoError;
use crate::ops::OpsError;
use crate::store::StoreError;

/// Why something is not done for a customer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustomerError {
    /// The request cannot be served as it is; the text is for the client.
    #[error(transparent)]
    Refused(#[from] CustomerRefusal),
    /// It is about somebody else than the token; the text is for the client.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Nothing is known, or not for this token: the same for both.
    #[error("there is no such customer")]
    Unknown,
    /// Somebody else's, or nobody's: the same for both.
    #[error("there is no such transaction")]
    UnknownTransaction,
    /// Something did not answer. Nothing was done as far as the client is concerned.
    #[error(transparent)]
    Failed(#[from] OpsError),
    /// The keys of `CUSTOMER_KEYS` do not open what is stored.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<StoreError> for CustomerError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What is wrong with a request, in the protocol's names. Never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CustomerRefusal {
    /// No customer is asked anything here.
    #[error("this anchor asks nothing of its customers")]
    NoCustomers,
    /// Not one of the types.
    #[error("type is not one of this anchor's types of customers")]
    UnknownType,
    /// Fields depend on the type.
    #[error("type is required where transaction_id is sent")]
    TypeMissing,
    /// Not an account.
    #[error("account is not valid: {0}")]
    Account(AccountError),
    /// Not a memo.
    #[error("memo is not valid: {0}")]
    Memo(MemoError),
    /// Contracts have one user.
    #[error("memo cannot be sent for a contract account")]
    MemoOfContract,
    /// It is another customer's.
    #[error("id belongs to another memo than the one that was sent")]
    IdOfAnother,
    /// Neither SEP-9's nor the anchor's.
    #[error("{0} is not a field that is known here")]
    UnknownField(String),
    /// It may not be kept.
    #[error("{0} is never taken: send card.token instead")]
    NeverTaken(String),
    /// Not a value.
    #[error("{name} {fault}")]
    Field {
        /// Which field.
        name: String,
        /// Why.
        fault: FieldFault,
    },
    /// Not a file that is taken.
    #[error("{name} {fault}")]
    File {
        /// Which field.
        name: String,
        /// Why.
        fault: UploadFault,
    },
    /// Text goes there.
    #[error("{0} is not a file")]
    NotAFile(String),
    /// The business does not take it.
    #[error("{0} was refused")]
    FileRefused(String),
    /// Not there, ended, or somebody else's: the same for all.
    #[error("{0} is not a file of yours that is still there")]
    UnknownFile(String),
    /// Two names for one thing.
    #[error("{0} was sent twice, with different values")]
    Twice(String),
    /// No code was sent.
    #[error("{0} does not wait for a code")]
    NotAwaiting(String),
    /// Not what was sent.
    #[error("the code for {0} is wrong")]
    WrongCode(String),
    /// Too late, or tried too often.
    #[error("the code for {0} has ended: send the field again to get another one")]
    CodeEnded(String),
    /// More codes would be a nuisance.
    #[error("too many codes were sent: try again later")]
    TooManyCodes,
    /// Files that nothing refers to.
    #[error("too many files wait to be referred to: try again later")]
    TooManyFiles,
    /// Required.
    #[error("{0} is required")]
    Missing(&'static str),
    /// Not an address that is contacted.
    #[error("url has to be an https address on the public internet")]
    Url,
}

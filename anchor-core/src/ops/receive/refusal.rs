//! Why a payment is not taken.

use crate::amount::Amount;
use crate::ops::OpsError;
use crate::ops::start::StartRefusal;
use crate::transaction::InfoField;

/// Why a payment is not taken, or not yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It cannot be; the text is for the sending anchor.
    #[error(transparent)]
    Refused(#[from] ReceiveRefusal),
    /// Not without this customer.
    #[error("customer_info_needed")]
    CustomerInfoNeeded {
        /// What they are to the anchor, where that is one thing.
        customer_type: Option<String>,
    },
    /// Not without these being said.
    #[error("transaction_info_needed")]
    TransactionInfoNeeded {
        /// What is missing.
        fields: Vec<InfoField>,
    },
    /// Something did not answer. Nothing was taken as far as the sending anchor is concerned.
    #[error(transparent)]
    Failed(#[from] OpsError),
}

/// What is wrong with an announcement, in the protocol's names. Never repeats the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveRefusal {
    /// As for other transactions.
    #[error(transparent)]
    Start(#[from] StartRefusal),
    /// Required.
    #[error("{0} is required")]
    Missing(&'static str),
    /// Below what is taken.
    #[error("amount is not possible: it has to be at least {0}")]
    TooSmall(Amount),
    /// Above what is taken.
    #[error("amount is not possible: it may be at most {0}")]
    TooLarge(Amount),
    /// Not in the list.
    #[error("funding_method is not one of those of this asset")]
    FundingMethod,
    /// Several ways, and none was named.
    #[error("funding_method is required, because there are several for this asset")]
    AmbiguousFundingMethod,
    /// The money of another country has a price.
    #[error("quote_id is required for this asset")]
    QuoteRequired,
    /// Nothing is exchanged here.
    #[error("quote_id cannot be used for this asset")]
    NoQuotes,
    /// Not one of this sending anchor's.
    #[error("quote_id is not a quote of yours")]
    UnknownQuote,
    /// By another transaction.
    #[error("the quote of quote_id was used before")]
    QuoteUsed,
    /// Too late.
    #[error("the quote of quote_id has ended")]
    QuoteEnded,
    /// Not a customer of this sending anchor's.
    #[error("{0} is not a customer of yours")]
    UnknownCustomer(&'static str),
    /// Not a key.
    #[error("Idempotency-Key has to have 1 to 255 visible ASCII characters")]
    Key,
    /// The key stands for something else.
    #[error("Idempotency-Key was used for another request")]
    OtherRequest,
    /// Nobody asked for it.
    #[error("fields has a member that is not asked for")]
    UnknownField,
    /// Longer than anything that is asked for.
    #[error("a member of fields is empty or too long")]
    FieldLength,
    /// Not one of those that can be chosen.
    #[error("a member of fields is not one of the choices")]
    Choice,
    /// In the business's words.
    #[error("{0}")]
    Business(String),
}

impl From<StartRefusal> for ReceiveError {
    fn from(refusal: StartRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

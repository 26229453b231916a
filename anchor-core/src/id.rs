//! Identifiers, and where new ones come from. Knowing an id never authorises anything.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Not a UUID in its canonical form: hyphenated, lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
#[non_exhaustive]
pub struct IdError;

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident)+) => {
        $(
            $(#[$doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(Uuid);

            impl $name {
                /// Gives a UUID its meaning.
                pub const fn new(uuid: Uuid) -> Self {
                    Self(uuid)
                }

                /// The bare UUID.
                pub const fn as_uuid(&self) -> Uuid {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.as_hyphenated().fmt(f)
                }
            }

            impl FromStr for $name {
                type Err = IdError;

                fn from_str(text: &str) -> Result<Self, IdError> {
                    parse_canonical(text).map(Self)
                }
            }
        )+

        serde_text!($($name),+);
    };
}

ids! {
    /// A SEP transaction: one deposit, withdrawal or receipt.
    TransactionId
    /// One signed envelope's life on the ledger.
    AttemptId
    /// One payout instruction to the business's rails; their idempotency key.
    OrderId
    /// One message to be delivered to somebody else.
    EventId
    /// One entry of a transaction's history.
    FactId
    /// One firm quote: a promise to one user.
    QuoteId
    /// One customer: what is known of one user.
    CustomerId
    /// One file of a customer.
    FileId
}

/// Where new ids come from; injected so that tests are repeatable.
pub trait IdSource: Send + Sync + fmt::Debug {
    /// A UUID that this source has never returned before, greater than all it has returned.
    fn next(&self) -> Uuid;
}

/// Time-ordered random UUIDs (version 7), increasing within the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// Counts 1, 2, 3… in the shape of version 7 UUIDs. For tests only: anyone can guess these.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdSource for SequentialIds {
    fn next(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        uuid::Builder::from_unix_timestamp_millis(count, &[0; 10]).into_uuid()
    }
}

fn parse_canonical(text: &str) -> Result<Uuid, IdError> {
    let uuid = Uuid::try_parse(text).map_err(|_| IdError)?;
    let mut canonical = Uuid::encode_buffer();
    if uuid.as_hyphenated().encode_lower(&mut canonical) == text { Ok(uuid) } else { Err(IdError) }
}

#[cfg(test)]
mod tests;

//! What only the business knows: one trait a file, implemented by the integrator, called by the framework.
//!
//! Common to all traits: a view goes in, an outcome comes out, and the framework writes. **`Err` means "I do not
//! know", never "it failed"**: nothing moves and the question is asked again. Every call has a deadline, after
//! which the answer is unknown too. A panic or an error touches one transaction, never the job.

mod custody;
mod customer;
mod deposit;
mod documents;
mod error;
mod events;
mod fee;
pub mod form;
mod local_signer;
mod quote;
mod rails;
mod receiver;
mod shared;
mod signer;
mod start;
mod toml;
mod trust;
mod withdrawal;

pub use custody::{CustodyIntegration, CustodyOutcome};
pub use customer::{AskedField, CodeToSend, CustomerIntegration, CustomerView, FileVerdict, Review};
pub use deposit::DepositIntegration;
pub use documents::TransactionDocuments;
pub use error::{IntegrationError, Retry};
pub use events::EventSink;
pub use fee::{FeeInput, FeeIntegration, ScheduledFee};
pub use form::{Agreement, Answers, Field, FieldError, FieldKind, FlowStep, FlowView, Page, ValidForm};
pub use local_signer::{CHANNELS_MAX, LocalSigner, SignError, channel_key};
pub use quote::{Admission, Offer, PriceAnswer, PriceQuestion, QuoteIntegration};
pub use rails::{FundsOutcome, PayoutOrder, PayoutOutcome, PendingDeposit, RailsIntegration};
pub use receiver::{Party, ReceiveOutcome, ReceiveView, ReceiverIntegration, TakeAll, UpdateOutcome};
pub use signer::{AccountSignature, Signer, SigningOutcome, SigningRequest};
pub use start::{StartStep, StartView, start_step};
pub use toml::TomlIntegration;
pub use trust::{TrustIntegration, TrustOutcome, TrustRequest};
pub use withdrawal::WithdrawalIntegration;

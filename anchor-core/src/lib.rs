//! Models, state machine, integration traits, store and ledger adapters of a Stellar anchor.

#[macro_use]
mod serde_text;

pub mod account;
pub mod amount;
pub mod asset;
pub mod clock;
pub mod fee;
pub mod id;
pub mod keys;
pub mod memo;
pub mod secret;

//! Models, state machine, integration traits, store and ledger adapters of a Stellar anchor.

#[macro_use]
mod serde_text;

pub mod account;
pub mod amount;
pub mod anchor;
pub mod asset;
pub mod clock;
pub mod config;
pub mod fee;
pub mod http;
pub mod id;
pub mod integration;
pub mod keys;
pub mod memo;
pub mod ops;
pub mod secret;
pub mod stellar;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transaction;
pub mod wake;

pub use anchor::{Anchor, AnchorBuilder, BuildError};
pub use config::Config;

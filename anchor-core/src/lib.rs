#![doc = include_str!("../README.md")]

#[macro_use]
mod serde_text;

pub mod account;
pub mod amount;
pub mod anchor;
pub mod asset;
// The commands open a database: whoever enables them chooses which.
#[cfg(all(feature = "cli", any(feature = "sqlite", feature = "postgres")))]
pub mod cli;
pub mod clock;
pub mod config;
pub mod customer;
pub mod domain;
pub mod fee;
pub mod http;
pub mod id;
pub mod integration;
pub mod keys;
pub mod memo;
pub mod metrics;
pub mod ops;
pub mod quote;
pub mod secret;
pub mod stellar;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod transaction;
pub mod wake;

pub use anchor::{Anchor, AnchorBuilder, BuildError};
pub use config::Config;

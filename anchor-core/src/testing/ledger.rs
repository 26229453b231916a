//! Ledgers for tests: one in memory, and a suite that every implementation of
//! [`Ledger`](crate::stellar::Ledger) has to pass.

pub mod conformance;
mod fake;

pub use fake::{FakeLedger, Fault};

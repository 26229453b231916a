//! Ledgers for tests.

mod fake;

pub use fake::{FakeLedger, Fault};

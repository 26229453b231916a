//! Fakes and conformance suites: what tests of an anchor need, its own and yours. Feature `testing`.

pub mod custody;
pub mod fakes;
pub mod ledger;
pub mod rails;
pub mod signer;
pub mod store;

//! What a sending anchor does beyond what the demo wallet can do too (`demo_wallet::remittance`: announcing, paying, being
//! killed): it listens for news. The program in `main.rs` and this project's own tests use both.

pub mod callbacks;

pub use demo_wallet::remittance::{arguments, journal, people, receiver, send};

//! What a wallet does, step by step; the program in `main.rs` and this project's own load tests use it.

pub mod anchor;
pub mod api;
pub mod auth;
pub mod customers;
pub mod ledger;
pub mod pages;
pub mod quotes;
pub mod remittance;
pub mod suite;

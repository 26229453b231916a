//! A Stellar network in one process: a ledger, Horizon and friendbot for offline development.

pub mod ledger;

//! The ledger of a Stellar network: accounts, trust lines, offers, claimable balances, and the rules by which
//! signed transactions change them.
//!
//! [`Network`] is a whole network in one value. It takes envelopes ([`Network::submit`]), keeps the valid ones in
//! a queue and puts them into ledgers ([`Network::close`]). It is synchronous and deterministic: it reads no
//! clock (time is an argument), starts no thread and asks nobody. Validation order, result codes, fees, reserves,
//! surge pricing and the one-transaction-per-account queue follow stellar-core (protocol 23).
//!
//! # What is not here
//!
//! Smart contracts, liquidity pools and inflation: such operations fail with `opNOT_SUPPORTED`. There is one validator and no consensus. The `bucket_list_hash` of a header is a running
//! hash over all changes instead.
//!
//! # What grows
//!
//! The state grows with the entries in it. History is kept for ever: per transaction its envelope and result as
//! XDR and a few index entries, roughly 0.6 to 1 KB; per ledger about 0.5 KB. Entry changes ([`Meta`]) are larger
//! and kept for the last 100,000 transactions only, and of those only as many as fit in 256 MiB. The queue holds at
//! most two ledgers full of operations, unless [`LedgerConfig::ledgers_queued`] says otherwise.

pub mod account;
mod apply;
pub mod asset;
pub mod build;
mod close;
mod config;
mod exchange;
mod frame;
mod history;
mod holding;
mod log;
mod network;
mod operations;
mod orderbook;
mod participants;
mod queue;
mod record;
mod result;
mod signatures;
mod sponsorship;
mod state;
mod validate;

#[cfg(test)]
mod tests;

pub use self::config::LedgerConfig;
pub(crate) use self::frame::Frame;
pub use self::holding::line_liabilities;
pub use self::log::LogError;
pub(crate) use self::network::malformed;
pub use self::network::{Network, Submitted};
pub use self::record::{ClosedLedger, Meta, TransactionRecord, toid};
pub use self::result::{is_success, operation_results};
pub use self::sponsorship::sponsor_of;

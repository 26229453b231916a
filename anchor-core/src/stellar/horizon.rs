//! The ledger through a Horizon server.

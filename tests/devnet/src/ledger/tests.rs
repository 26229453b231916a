//! The ledger seen from outside: submit, close, look.

mod fixture;
mod smoke;

//! Scenarios, crash matrix and tidy checks over the whole workspace.
//!
//! What the tests share lives here: databases ([`database`], [`postgres`]) and the tools a test may find missing
//! ([`found`]).

pub mod database;
pub mod found;
pub mod postgres;

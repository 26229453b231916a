//! Use cases: load a view, decide (purely), store. Jobs and endpoints only call these.

pub mod amounts;
mod commit;
mod error;
pub mod form;

pub use commit::{Committed, commit};
pub use error::OpsError;

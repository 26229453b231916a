//! Use cases: load a view, decide (purely), store. Jobs and endpoints only call these.

mod absence;
mod accounts;
pub mod amounts;
mod ask;
mod bump;
pub mod callback;
pub mod channels;
mod commit;
pub mod confirm;
pub mod deliver;
mod error;
pub mod expire;
pub mod form;
pub mod funds;
pub mod observe;
pub mod payout;
pub mod quote;
mod route;
mod settle;
pub mod start;
pub mod submit;
pub mod suspense;
pub mod trust;
mod work;

pub use commit::{Committed, commit};
pub use error::OpsError;
pub use work::{JobSettings, Progress, chain};

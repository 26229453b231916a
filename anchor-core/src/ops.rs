//! Use cases: load a view, decide (purely), store. Jobs and endpoints only call these.

mod absence;
mod accounts;
pub mod amounts;
mod ask;
mod authorize;
mod bump;
pub mod callback;
pub mod channels;
mod commit;
pub mod confirm;
pub mod custody;
pub mod customer;
pub mod decide;
pub mod deliver;
mod error;
pub mod expire;
pub mod form;
pub mod funds;
mod gate;
pub mod info;
pub mod observe;
mod own;
pub mod payout;
pub mod quote;
mod route;
mod settle;
pub mod signing;
pub mod start;
pub mod submit;
pub mod suspense;
mod terms;
pub mod trust;
mod work;

pub use commit::{Committed, commit};
pub use error::OpsError;
pub use work::{JobSettings, Progress, chain};

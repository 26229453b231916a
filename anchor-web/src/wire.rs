//! The protocols' JSON, and nothing else of them.

pub(crate) mod customer;
pub(crate) mod info;
pub(crate) mod quote;
pub(crate) mod receive;
pub(crate) mod received;
pub(crate) mod transaction;

//! Documents of SEP-6.

pub(crate) mod info;
pub(crate) mod instructions;
pub(crate) mod started;
pub(crate) mod transaction;

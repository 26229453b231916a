//! Rows, and the values they stand for. Nothing is believed: a column that does not parse, or that contradicts
//! another one, is [`Fault::Corrupt`].

pub(super) mod attempt;
pub(super) mod codec;
pub(super) mod custody;
pub(super) mod event;
pub(super) mod fact;
pub(super) mod payment;
pub(super) mod set_aside;
pub(super) mod signing;
pub(super) mod transaction;

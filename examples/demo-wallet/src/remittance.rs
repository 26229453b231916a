//! The wallet's account as a sending anchor: it announces payments to a receiving anchor, and pays them (SEP-31).
//!
//! What it has to remember is on disk before anything depends on it, so that it can be killed between any two lines:
//! see [`journal`].

pub mod arguments;
pub mod journal;
pub mod people;
pub mod receiver;
pub mod send;

//! A signer on another machine: a small process that has the keys and asks people, and the anchor's side of it.
//!
//! What the process teaches: it believes nothing that it is told. It computes the hash of every envelope by itself, for
//! the one network that it signs for, and reads what the envelope pays before it decides. What people decided is in a file,
//! so that it may be stopped at any time.

pub mod client;
pub mod policy;
pub mod server;
pub mod wire;

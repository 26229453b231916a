//! What a sending anchor does, step by step; the program in `main.rs` and this project's own tests use it.

pub mod callbacks;
pub mod customers;
pub mod receiver;
pub mod send;

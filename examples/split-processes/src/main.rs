//! Web and every job as its own process on one PostgreSQL database.
fn main() {}

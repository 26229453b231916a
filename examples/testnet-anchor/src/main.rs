//! The tutorial as a program: a complete anchor for a test network.
fn main() {}

//! A wallet in the terminal: deposits and withdraws through an anchor.
fn main() {}

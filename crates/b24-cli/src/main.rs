//! The `b24` command.
fn main() {}

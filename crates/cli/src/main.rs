//! The ketenwijzer command.
#![forbid(unsafe_code)]
fn main() {}

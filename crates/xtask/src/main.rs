//! Developer tasks: test, bench, openapi.
#![forbid(unsafe_code)]
fn main() {}

//! The switchboard: index, grants and queries.
#![forbid(unsafe_code)]

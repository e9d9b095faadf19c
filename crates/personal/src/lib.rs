//! The personal environment: accounts, dossiers of exactly one person each, sessions, collections.
#![forbid(unsafe_code)]

//! A source that is a SQLite or PostgreSQL database.
#![forbid(unsafe_code)]

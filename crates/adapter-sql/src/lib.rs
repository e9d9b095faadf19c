//! A source that is a SQLite, PostgreSQL, MariaDB or MySQL database, read with the operator's own queries.
//!
//! Its promises: it only reads; every value reaches the database as a bound parameter; no answer waits past its
//! deadline; a row that has come to be about another person is not given for the first one.
#![forbid(unsafe_code)]

mod config;
mod cursor;
mod database;
mod description;
mod row;
mod source;
mod statement;
pub mod workbench;

pub use config::{CategoryQueries, SqlConfig};
pub use source::SqlSource;

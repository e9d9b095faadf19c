//! Storage: Diesel pool, group-commit writer, one module per service.
#![forbid(unsafe_code)]

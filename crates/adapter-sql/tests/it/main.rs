//! The source as a partner process uses it, on a real SQLite file and a real PostgreSQL server.

mod backends;
mod cluster;
mod promises;
mod settings;

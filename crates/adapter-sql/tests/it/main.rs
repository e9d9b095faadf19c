//! The source as a partner process uses it, on a real SQLite file and real PostgreSQL and MariaDB servers.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it says")]

mod backends;
mod checking;
mod describing;
mod mariadb;
mod promises;
mod settings;

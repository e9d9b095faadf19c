//! The promises of the crate over real sockets, with a real server and real certificates.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod accepted;
mod calling;
mod forge;
mod loading;
mod long_connections;
mod raw;
mod refused;
mod reloading;
mod server;
mod town;

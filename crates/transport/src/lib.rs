//! Mutual TLS: who is at the other end, proven by a certificate that is still good now.
//!
//! Every process of a chain holds one [`Tls`]: its own certificate and key, the trust anchors and the revocation lists,
//! loaded and swapped as one whole. From it come the server configurations, the clients that demand one named party at
//! the other end, and [`Peer`], the only way in which a handler learns who calls. The promises, each with a test over
//! a real connection:
//!
//! - no request byte is parsed on a service port before a certificate of the trust anchors was proven;
//! - a party is its OIN, read from the subject's `serialNumber` of the proven certificate and from nowhere else;
//! - no revocation list, or a stale one, means no start, unless the configuration says so in words;
//! - a revoked certificate stops working with the reload that brings the revocation: for new connections, for the next
//!   request on kept-alive ones, and no session resumption walks past it;
//! - a reload that fails changes nothing.
#![forbid(unsafe_code)]

pub mod authority;
mod client;
mod connection;
mod error;
mod events;
mod files;
mod hex;
mod identity;
mod loopback;
mod peer;
mod postgres;
mod provider;
mod server;
mod shares;
mod snapshot;
mod tls;
mod web;

pub use client::{ClientOptions, ON_BEHALF_OF, PeerClient};
pub use connection::on_connect;
pub use error::TlsError;
pub use events::EVENTS as LOG_EVENTS;
pub use files::{TlsFiles, read_secret};
pub use identity::IdentityError;
pub use loopback::LoopbackPorts;
pub use peer::{ClientCertificate, Peer, PeerError};
pub use postgres::{postgres_tls, server_roots};
pub use shares::Shares;
pub use tls::{Seen, StandIns, Tls};
pub use web::{private_key, web_client, web_client_with_certificate};

/// An encrypted stream to a party, as [`Tls::connect`] gives it.
pub type Connection = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;

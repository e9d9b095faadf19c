//! Where a service listens, and its bounds.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

/// The `[server]` part of a configuration file. Every bound has a default that suits a machine of a few cores.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServerSettings {
    /// The service listener: mutual TLS.
    pub listen: SocketAddr,
    /// The public listener: TLS without client certificates; none without an address.
    pub public: Option<SocketAddr>,
    /// The admin listener: plain HTTP, loopback; none without an address.
    pub admin: Option<SocketAddr>,
    /// Says in words that the admin listener may be reached from other machines.
    pub admin_beyond_loopback: bool,
    /// Threads per listener that answer requests; as many as there are cores without it.
    pub workers: Option<usize>,
    /// Open connections per listener; what comes after waits.
    pub max_connections: usize,
    /// Open connections of one party per listener; what comes after is closed at once.
    pub max_connections_per_party: usize,
    /// TLS handshakes under way per listener; what comes after waits.
    pub max_handshakes: usize,
    /// How long a client may take over its handshake, and over the head of a request, in seconds.
    pub client_request_timeout: u64,
    /// How long a connection may be silent, in seconds.
    pub keep_alive: u64,
    /// How long the end may take, in seconds; then what is still under way is cut off.
    pub shutdown_deadline: u64,
}

impl ServerSettings {
    /// How long the end may take.
    pub fn shutdown_deadline(&self) -> Duration {
        Duration::from_secs(self.shutdown_deadline)
    }
}

impl Default for ServerSettings {
    /// Loopback on ports that the system chooses.
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: loopback,
            public: None,
            admin: Some(loopback),
            admin_beyond_loopback: false,
            workers: None,
            max_connections: 4096,
            max_connections_per_party: 256,
            max_handshakes: 256,
            client_request_timeout: 10,
            keep_alive: 75,
            shutdown_deadline: 20,
        }
    }
}

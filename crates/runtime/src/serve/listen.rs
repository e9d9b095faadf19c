//! One listener.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::available_parallelism;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::web::ServiceConfig;
use kw_transport::{Shares, Tls};

use super::Server;
use crate::http::Traffic;

/// Who gets through to a listener.
pub(super) enum Door {
    /// Whoever proves a certificate of the trust anchors.
    Mutual(Tls),
    /// Whoever can reach the address, in plain HTTP.
    Plain,
    /// Everybody, over TLS.
    Public(Tls),
}

impl Server {
    /// Binds `address` and serves `routes` there.
    pub(super) fn listen<R>(
        mut self,
        name: &'static str,
        address: SocketAddr,
        door: Door,
        routes: R,
    ) -> Result<Self, ServeError>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let refused = |source| ServeError::Listen { name, address, source };
        let socket = TcpListener::bind(address).map_err(refused)?;
        let bound = socket.local_addr().map_err(refused)?;
        let settings = &self.settings;
        let workers = match (name, settings.workers) {
            // One reader every few seconds.
            ("admin", _) => 1,
            (_, Some(workers)) => workers.max(1),
            (_, None) => available_parallelism().map_or(2, usize::from),
        };
        let patience = Duration::from_secs(settings.client_request_timeout);
        let mut http = self.http.clone();
        if name == "admin" {
            // Answers to the end, and is not waited for.
            http.traffic = Traffic::default();
        }
        let shares = Shares::new(settings.max_connections_per_party);
        let server = HttpServer::new(move || http.app(routes.clone()))
            .workers(workers)
            // actix counts per worker.
            .max_connections(settings.max_connections.div_ceil(workers))
            .max_connection_rate(settings.max_handshakes.div_ceil(workers))
            .keep_alive(Duration::from_secs(settings.keep_alive))
            .client_request_timeout(patience)
            .tls_handshake_timeout(patience)
            .shutdown_timeout(settings.shutdown_deadline)
            .tcp_nodelay(true)
            .on_connect(move |connection, extensions| shares.on_connect(connection, extensions))
            .disable_signals();
        let server = match door {
            Door::Mutual(tls) => server.listen_rustls_0_23(socket, tls.server_config()),
            Door::Plain => server.listen(socket),
            Door::Public(tls) => server.listen_rustls_0_23(socket, tls.public_server_config()),
        };
        self.listeners.push((name, server.map_err(refused)?.run()));
        self.addresses.insert(name, bound);
        Ok(self)
    }
}

/// Why a service does not run. For the operator.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listener ended by itself: the system took away what it needs.
    #[error("the {name} listener ended by itself: {source}")]
    Ended {
        /// Which listener.
        name: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// Going on would have been wrong: see [`super::Control::fail`].
    #[error("{reason}")]
    GaveUp {
        /// What is the matter and what to do next.
        reason: String,
    },
    /// The address is taken, or not this machine's, or not for this user.
    #[error("cannot listen on {address} for {name}: {source}; choose another address or end what has it")]
    Listen {
        /// Which listener.
        name: &'static str,
        /// The address in the settings.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Plain HTTP leaves this machine only on purpose.
    #[error(
        "the {name} listener speaks plain HTTP and {address} can be reached from elsewhere; use 127.0.0.1 or [::1] \
         (for the admin listener, `admin-beyond-loopback = true` says that this is meant)"
    )]
    NotLoopback {
        /// Which listener.
        name: &'static str,
        /// The address in the settings.
        address: SocketAddr,
    },
    /// The process cannot be told to reload or to end.
    #[error("cannot receive signals: {0}")]
    Signals(io::Error),
}

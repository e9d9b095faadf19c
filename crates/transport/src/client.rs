//! The calling side: clients that accept one party at the other end, and no other.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use kw_domain::{Instant, Oin};
use reqwest::{Method, RequestBuilder, redirect};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::provider::{ClockTime, VERSIONS, provider};
use crate::server::ALPN;
use crate::{Connection, Tls, TlsError};

mod verification;

use verification::{Accepted, OnlyServer, OwnPair};

/// How long a client waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientOptions {
    /// For a whole exchange, body included.
    pub timeout: Duration,
    /// For the connection and its handshake.
    pub connect_timeout: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), connect_timeout: Duration::from_secs(3) }
    }
}

impl Tls {
    /// An HTTP client for the servers of one party, with the own certificate. Every handshake consults the snapshot of
    /// that moment; connections that are already open are not closed by a reload, so that whoever keeps a client for
    /// longer than a call or two keeps a [`PeerClient`].
    pub fn client(&self, peer: Oin, options: ClientOptions) -> reqwest::Client {
        self.client_of(peer, Accepted::Agreed, options)
    }

    fn client_of(&self, peer: Oin, accepted: Accepted, options: ClientOptions) -> reqwest::Client {
        #[expect(
            clippy::expect_used,
            reason = "fails only if the TLS configuration is of another rustls than the client's, which tests would show"
        )]
        reqwest::Client::builder()
            .tls_backend_preconfigured(self.calling(peer, accepted, &ALPN))
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent(USER_AGENT)
            .timeout(options.timeout)
            .connect_timeout(options.connect_timeout)
            .tcp_nodelay(true)
            .build()
            .expect("the client is made of constants")
    }

    /// The same as [`Tls::client`] for long use: a reload, or a revocation list that expires, also ends its open
    /// connections.
    pub fn peer_client(&self, peer: Oin, options: ClientOptions) -> PeerClient {
        self.peer_client_of(peer, Accepted::Agreed, options)
    }

    /// The same for servers of one party that are not in the agreement: beside the party's own certificate only those of
    /// `suppliers` are accepted, whatever else the agreement would let stand in.
    pub fn exact_client(&self, peer: Oin, suppliers: BTreeSet<Oin>, options: ClientOptions) -> PeerClient {
        self.peer_client_of(peer, Accepted::Only(Arc::new(suppliers)), options)
    }

    fn peer_client_of(&self, peer: Oin, accepted: Accepted, options: ClientOptions) -> PeerClient {
        let current = ArcSwap::from_pointee(Generation::new(self, peer, &accepted, options));
        PeerClient(Arc::new(PeerClientState { tls: self.clone(), peer, accepted, options, current }))
    }

    /// A bare stream for HTTP/1.1 to a party's server, for callers that speak for themselves (the load generator).
    /// `server_name` is the host name or IP address that the certificate must be valid for.
    pub async fn connect(
        &self,
        address: SocketAddr,
        server_name: &str,
        peer: Oin,
    ) -> Result<Connection, TlsError> {
        let name = ServerName::try_from(server_name.to_owned()).map_err(|_| TlsError::ServerName)?;
        let refused = |source| TlsError::Connect { peer, source };
        let socket = TcpStream::connect(address).await.map_err(refused)?;
        socket.set_nodelay(true).map_err(refused)?;
        let connector = TlsConnector::from(Arc::new(self.calling(peer, Accepted::Agreed, &ALPN[1..])));
        connector.connect(name, socket).await.map_err(refused)
    }

    fn calling(&self, peer: Oin, accepted: Accepted, alpn: &[&[u8]]) -> ClientConfig {
        let time = Arc::new(ClockTime(Arc::clone(&self.0.time.0)));
        #[expect(
            clippy::expect_used,
            reason = "fails only if the provider lacks suites for the two versions, which are both constants"
        )]
        let mut config = ClientConfig::builder_with_details(provider(), time)
            .with_protocol_versions(&VERSIONS)
            .expect("the provider has suites for both versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(OnlyServer {
                state: Arc::clone(&self.0),
                peer,
                accepted,
            }))
            .with_client_cert_resolver(Arc::new(OwnPair(Arc::clone(&self.0))));
        // A resumed session would not consult the verifier either (see the server's side).
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        config.require_ems = true;
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        config
    }
}

/// A client for the servers of one party that lives as long as its process. After a reload the next request starts on
/// new connections, which are judged by the new trust anchors and revocation lists; requests under way are finished.
#[derive(Clone)]
pub struct PeerClient(Arc<PeerClientState>);

struct PeerClientState {
    tls: Tls,
    peer: Oin,
    accepted: Accepted,
    options: ClientOptions,
    current: ArcSwap<Generation>,
}

/// A client whose connections were all made under one trust generation, or a later one.
struct Generation {
    number: u64,
    /// When the first revocation list of that generation expires.
    until: Option<Instant>,
    client: reqwest::Client,
}

impl Generation {
    fn new(tls: &Tls, peer: Oin, accepted: &Accepted, options: ClientOptions) -> Self {
        // Read before the client is made: if a reload comes in between, the client is only replaced once too often.
        let (number, until) = (tls.generation(), tls.revocation_lists_until());
        Self { number, until, client: tls.client_of(peer, accepted.clone(), options) }
    }

    /// Whether connections that were made under this generation may still be used.
    fn stands(&self, tls: &Tls) -> bool {
        self.number == tls.generation() && self.until.is_none_or(|until| tls.0.time.0.now() < until)
    }
}

impl PeerClient {
    /// Starts a request. A process that acts for another party says so.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let request = self.current().request(method, url);
        match self.0.tls.principal() {
            Some(principal) => request.header(ON_BEHALF_OF, principal.as_str()),
            None => request,
        }
    }

    /// Starts a `GET`.
    pub fn get(&self, url: &str) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Starts a `POST`.
    pub fn post(&self, url: &str) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Starts a `PUT`.
    pub fn put(&self, url: &str) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Starts a `PATCH`.
    pub fn patch(&self, url: &str) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Starts a `DELETE`.
    pub fn delete(&self, url: &str) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// The party that this client accepts.
    pub fn peer(&self) -> Oin {
        self.0.peer
    }

    /// The client of the trust generation in force. Two callers may both make a new one after a reload; one of them is
    /// kept, and both are good.
    fn current(&self) -> reqwest::Client {
        let state = &*self.0;
        let current = state.current.load();
        if current.stands(&state.tls) {
            return current.client.clone();
        }
        let next = Generation::new(&state.tls, state.peer, &state.accepted, state.options);
        let client = next.client.clone();
        state.current.store(Arc::new(next));
        client
    }
}

impl fmt::Debug for PeerClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerClient").field("peer", &self.0.peer).finish_non_exhaustive()
    }
}

/// The request header in which a supplier says for which partner it acts: that partner's OIN.
pub const ON_BEHALF_OF: &str = "on-behalf-of";
pub(crate) const USER_AGENT: &str = concat!("ketenwijzer/", env!("CARGO_PKG_VERSION"));

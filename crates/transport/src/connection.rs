//! What is remembered of a connection from its handshake on.

use std::any::Any;
use std::cell::Cell;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use kw_telemetry::Reason;
use rustls::pki_types::CertificateDer;

use crate::IdentityError;
use crate::events::NodelayRefused;
use crate::identity::{fingerprint, not_after};
use crate::peer::PeerError;

/// Give this to `HttpServer::on_connect` on every listener: it remembers the certificates that a client proved, for
/// [`Peer::of`](crate::Peer::of), and sends answers without waiting for more to send (`TCP_NODELAY`; without it the
/// first HTTP/2 answer of a connection waits 40 ms for the client's delayed acknowledgement).
///
/// A connection of any other kind than TLS over TCP is given no identity at all.
pub fn on_connect(connection: &dyn Any, extensions: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() {
        let (socket, session) = stream.get_ref();
        answer_at_once(socket);
        if let Some(chain) = session.peer_certificates().filter(|chain| !chain.is_empty()) {
            extensions.insert(Presented::new(chain));
        }
    } else if let Some(socket) = connection.downcast_ref::<TcpStream>() {
        answer_at_once(socket);
    }
}

fn answer_at_once(socket: &TcpStream) {
    if let Err(reason) = socket.set_nodelay(true) {
        NodelayRefused { reason: Reason::of(&reason) }.log();
    }
}

/// The chain that a client proved in its handshake, and what was last found about it.
#[derive(Debug)]
pub(crate) struct Presented {
    /// End entity first, never empty.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) certificate_sha256: [u8; 32],
    /// Seconds since 1970 at which the first certificate of the chain expires.
    pub(crate) expires: i64,
    /// A connection stays on one thread, and so does its verdict.
    pub(crate) verdict: Cell<Option<Verdict>>,
}

/// What one snapshot says about a chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) generation: u64,
    /// Seconds since 1970 until which it may be believed.
    pub(crate) until: i64,
    /// Whether the chain is good, and which party its certificate then names: one of a person names none.
    pub(crate) outcome: Result<Result<kw_domain::Oin, IdentityError>, PeerError>,
}

impl Presented {
    fn new(chain: &[CertificateDer<'static>]) -> Self {
        Self {
            certificate_sha256: chain.first().map_or([0; 32], |end_entity| fingerprint(end_entity)),
            expires: chain.iter().map(|it| not_after(it).unwrap_or(i64::MIN)).min().unwrap_or(i64::MIN),
            verdict: Cell::new(None),
            chain: chain.to_vec(),
        }
    }
}

//! What a client shows and what it demands, both from the snapshot of the moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use kw_domain::Oin;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

use crate::identity::oin_of;
use crate::tls::TlsState;

/// The own pair of the moment.
#[derive(Debug)]
pub(super) struct OwnPair(pub(super) Arc<TlsState>);

impl ResolvesClientCert for OwnPair {
    fn resolve(&self, _root_hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.snapshot.load().pair))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Accepts what the judge of the moment accepts, as long as it names this one party: a valid certificate of another
/// member of the chain is not enough to take in its place.
#[derive(Debug)]
pub(super) struct OnlyServer {
    pub(super) state: Arc<TlsState>,
    pub(super) peer: Oin,
    pub(super) accepted: Accepted,
}

/// Whose certificates are accepted beside the peer's own.
#[derive(Debug, Clone)]
pub(super) enum Accepted {
    /// Those of suppliers that the agreement lets answer in its place, as it is at the handshake.
    Agreed,
    /// Those of these suppliers.
    Only(Arc<BTreeSet<Oin>>),
}

impl OnlyServer {
    /// Whether this supplier may answer in the peer's place.
    fn stands_in(&self, found: Oin) -> bool {
        match &self.accepted {
            Accepted::Agreed => self
                .state
                .stand_ins
                .load()
                .get(&self.peer)
                .is_some_and(|suppliers| suppliers.contains(&found)),
            Accepted::Only(suppliers) => suppliers.contains(&found),
        }
    }
}

impl ServerCertVerifier for OnlyServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let snapshot = self.state.snapshot.load();
        let verified = snapshot.servers.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        match oin_of(end_entity) {
            Ok(found) if found == self.peer || self.stands_in(found) => Ok(verified),
            _ => {
                Err(CertificateError::Other(OtherError(Arc::new(OtherParty { expected: self.peer }))).into())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.state.snapshot.load().servers.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.state.snapshot.load().servers.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.state.snapshot.load().servers.supported_verify_schemes()
    }
}

/// The server proved to be somebody, but not the one that was called.
#[derive(Debug, thiserror::Error)]
#[error("the server's certificate is not of {expected}; compare the endpoint and OIN in the agreement")]
struct OtherParty {
    expected: Oin,
}

//! The listening side: configurations whose every handshake consults the snapshot of that moment.

use std::sync::Arc;

use kw_telemetry::{Digest, Reason};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
};

use crate::Tls;
use crate::events::ClientCertificateRefused;
use crate::identity::fingerprint;
use crate::peer::PeerError;
use crate::provider::{ClockTime, VERSIONS, provider};
use crate::tls::TlsState;

impl Tls {
    /// For service ports: a client without a proven certificate does not get past the handshake.
    pub fn server_config(&self) -> ServerConfig {
        self.listening(Some(Arc::new(Clients(Arc::clone(&self.0)))))
    }

    /// For the public listener: the own certificate is shown, none is asked for.
    pub fn public_server_config(&self) -> ServerConfig {
        self.listening(None)
    }

    fn listening(&self, clients: Option<Arc<dyn ClientCertVerifier>>) -> ServerConfig {
        let time = Arc::new(ClockTime(Arc::clone(&self.0.time.0)));
        #[expect(
            clippy::expect_used,
            reason = "fails only if the provider lacks suites for the two versions, which are both constants"
        )]
        let builder = ServerConfig::builder_with_details(provider(), time)
            .with_protocol_versions(&VERSIONS)
            .expect("the provider has suites for both versions");
        let builder = match clients {
            Some(clients) => builder.with_client_cert_verifier(clients),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(OwnPair(Arc::clone(&self.0))));
        // A resumed session never reaches the certificate verifier, so that it would outlive a revocation.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        // Ties a TLS 1.2 session to its handshake (RFC 7627); every peer of the last ten years can do it.
        config.require_ems = true;
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        config
    }
}

/// HTTP/2 first, as every own client prefers it.
pub(crate) const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The own pair of the moment.
#[derive(Debug)]
struct OwnPair(Arc<TlsState>);

impl ResolvesServerCert for OwnPair {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.snapshot.load().pair))
    }
}

/// The judge of the moment over client certificates.
#[derive(Debug)]
struct Clients(Arc<TlsState>);

impl ClientCertVerifier for Clients {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verdict = self.0.snapshot.load().clients.verify_client_cert(end_entity, intermediates, now);
        if let Err(reason) = &verdict {
            let (certificate, reason) =
                (Digest(fingerprint(end_entity)), Reason::of(&PeerError::from_rustls(reason)));
            ClientCertificateRefused { certificate, reason }.log();
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.snapshot.load().clients.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.snapshot.load().clients.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.snapshot.load().clients.supported_verify_schemes()
    }
}

//! Who calls: the party whose certificate is good at the moment of the request.

use actix_web::{HttpRequest, web};
use kw_domain::{Instant, Oin};
use kw_telemetry::{Explain, Reason};
use rustls::CertificateError;

use crate::connection::{Presented, Verdict};
use crate::identity::oin_of;
use crate::tls::verify_client;
use crate::{IdentityError, Tls};

/// A party at the other end of a connection. What it may do is for the agreement to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The party, from the subject's `serialNumber`.
    pub oin: Oin,
    /// SHA-256 of the DER of its certificate: what `x5t#S256` must hold in a grant that is bound to it.
    pub certificate_sha256: [u8; 32],
}

impl Peer {
    /// The caller of a request. The chain is judged by the snapshot in force: at the first request of a connection, at
    /// the first one after a reload, and as soon as a certificate of the chain or a revocation list has expired.
    ///
    /// Expects `web::Data<Tls>` in the application's data and [`on_connect`](crate::on_connect) on the server; where
    /// one of them is missing, nobody is anybody.
    pub fn of(request: &HttpRequest) -> Result<Self, PeerError> {
        let tls = request.app_data::<web::Data<Tls>>().ok_or(PeerError::Unconfigured)?;
        let presented = request.conn_data::<Presented>().ok_or(PeerError::NoCertificate)?;
        let oin = presented.judged_by(tls)??;
        tls.note(
            oin,
            presented.certificate_sha256,
            Instant::from_millis(presented.expires.saturating_mul(1000)),
        );
        Ok(Self { oin, certificate_sha256: presented.certificate_sha256 })
    }
}

/// A certificate at the other end of a connection that may be a person's: good, whether or not it names a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientCertificate {
    /// SHA-256 of its DER.
    pub sha256: [u8; 32],
}

impl ClientCertificate {
    /// The certificate of a request's connection, judged as for [`Peer::of`], which says what is expected.
    pub fn of(request: &HttpRequest) -> Result<Self, PeerError> {
        let tls = request.app_data::<web::Data<Tls>>().ok_or(PeerError::Unconfigured)?;
        let presented = request.conn_data::<Presented>().ok_or(PeerError::NoCertificate)?;
        // Which party it names, if any, is of no matter.
        presented.judged_by(tls)?.ok();
        Ok(Self { sha256: presented.certificate_sha256 })
    }
}

impl Presented {
    fn judged_by(&self, tls: &Tls) -> Result<Result<Oin, IdentityError>, PeerError> {
        let snapshot = tls.snapshot();
        let now = tls.0.time.seconds();
        if let Some(earlier) = self.verdict.get()
            && earlier.generation == snapshot.generation
            // A refusal stands until a reload: time does not make an old certificate good again.
            && (now < earlier.until || earlier.outcome.is_err())
        {
            return earlier.outcome;
        }
        let (own, intermediates) = self.chain.split_first().ok_or(PeerError::NoCertificate)?;
        let outcome = verify_client(&snapshot, own, intermediates, &tls.0.time)
            .map_err(|reason| PeerError::from_rustls(&reason))
            .map(|()| oin_of(own));
        let lists_until = snapshot.lists_until.map_or(i64::MAX, Instant::as_seconds);
        let until = self.expires.min(lists_until);
        self.verdict.set(Some(Verdict { generation: snapshot.generation, until, outcome }));
        outcome
    }
}

/// Why a caller is nobody. Except for [`PeerError::Unconfigured`], it is for the caller to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The certificate has expired since the connection was made, or is not valid yet.
    #[error("the certificate is outside its period of validity; connect with the renewed one")]
    Expired,
    /// The certificate names no party.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No certificate was proven on this connection.
    #[error("this connection has no client certificate; connect with the certificate of your organisation")]
    NoCertificate,
    /// Whether the certificate was revoked cannot be told: the operator of this server is behind with its lists.
    #[error("the revocation status of the certificate cannot be told; try again later")]
    RevocationUnknown,
    /// The certificate was revoked.
    #[error("the certificate was revoked; connect with its replacement")]
    Revoked,
    /// A fault of this program: the application was put together without [`Tls`].
    #[error("this server cannot tell who calls")]
    Unconfigured,
    /// The certificate is not, or no longer, of an authority that is trusted here, or is for another purpose.
    #[error("the certificate is not accepted here; use one of an authority that the chain agreed on")]
    Untrusted,
}

impl PeerError {
    pub(crate) fn from_rustls(reason: &rustls::Error) -> Self {
        match reason {
            rustls::Error::InvalidCertificate(reason) => Self::from_certificate(reason),
            _ => Self::Untrusted,
        }
    }

    pub(crate) fn from_certificate(reason: &CertificateError) -> Self {
        use CertificateError as C;
        match reason {
            C::Revoked => Self::Revoked,
            C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. } => {
                Self::Expired
            }
            C::UnknownRevocationStatus
            | C::ExpiredRevocationList
            | C::ExpiredRevocationListContext { .. } => Self::RevocationUnknown,
            _ => Self::Untrusted,
        }
    }
}

impl Explain for PeerError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Expired => reason.say("outside its period of validity"),
            Self::Identity(error) => reason.because(error),
            Self::NoCertificate => reason.say("no client certificate"),
            Self::RevocationUnknown => reason.say("the revocation status cannot be told"),
            Self::Revoked => reason.say("revoked"),
            Self::Unconfigured => reason.say("this server cannot tell who calls"),
            Self::Untrusted => reason.say("of no authority that is trusted here, or for another purpose"),
        };
    }
}

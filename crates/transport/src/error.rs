//! What can be wrong with the files of a process, or on the way to another party.

use std::path::PathBuf;

use kw_domain::{Instant, Oin};
use kw_telemetry::{Configured, Explain, Reason};

use crate::{IdentityError, PeerError};

/// Why TLS could not be set up. Every variant is for the operator of this process, except where it says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The other party or the network refused the connection; the peer is at fault, or the trust between the two.
    #[error(
        "no TLS connection to {peer}: {source}; compare the trust anchors and revocation lists of both parties"
    )]
    Connect {
        /// Who was expected there.
        peer: Oin,
        /// What the connection attempt said.
        source: std::io::Error,
    },
    /// The own certificate names no party.
    #[error("the own certificate in {path} cannot be used: {source}")]
    Identity {
        /// The certificate file.
        path: PathBuf,
        /// What is wrong with its subject.
        source: IdentityError,
    },
    /// The private key belongs to another certificate.
    #[error(
        "the key in {key} does not belong to the certificate in {certificate}; install the pair that was issued together"
    )]
    KeyMismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// Anybody on the machine may read or change the private key.
    #[error(
        "the key {path} is open to every user of this machine; run chmod 600 on it, and consider it leaked"
    )]
    KeyOpenToAll {
        /// The key file.
        path: PathBuf,
    },
    /// A file does not hold what it should.
    #[error("{path} holds no usable {expected}; it should be a PEM file as the authority issued it")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// Revocation lists are mandatory, and there are none.
    #[error(
        "no revocation lists: list the CRL files in `revocation_lists`, or say `without_revocation = true`"
    )]
    NoRevocationLists,
    /// The machine has no certificate store.
    #[error("this machine has no root certificates; name a file with the root of the database server")]
    NoRootCertificates,
    /// Revocation lists are configured together with the order not to look at them.
    #[error("`without_revocation = true` contradicts `revocation_lists`; remove one of them")]
    RevocationContradiction,
    /// A revocation list is too old to tell anything.
    #[error("the revocation list {path} expired at {at}; fetch a new one from the authority")]
    RevocationListExpired {
        /// The revocation list.
        path: PathBuf,
        /// Its `nextUpdate`.
        at: Instant,
    },
    /// A revocation list does not say until when it may be believed.
    #[error(
        "the revocation list {path} has no nextUpdate and could be used for ever; ask the authority for one that has"
    )]
    RevocationListWithoutEnd {
        /// The revocation list.
        path: PathBuf,
    },
    /// The name in an address is not a host name.
    #[error("the server name is neither a host name nor an IP address")]
    ServerName,
    /// The TLS library refused a combination of settings that this crate gave it: a fault of this program.
    #[error("TLS could not be set up: {0}")]
    Setup(#[from] rustls::Error),
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl Explain for TlsError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Connect { peer, source } => {
                reason.say("no TLS connection").with("peer", peer).because(source)
            }
            Self::Identity { path, source } => reason
                .say("the own certificate cannot be used")
                .with("file", &Configured::path(path))
                .because(source),
            Self::KeyMismatch { key, .. } => {
                reason.say("the key does not belong to the certificate").with("file", &Configured::path(key))
            }
            Self::KeyOpenToAll { path } => {
                reason.say("the key is open to every user").with("file", &Configured::path(path))
            }
            Self::Malformed { path, expected } => {
                reason.say("a file holds no usable").say(expected).with("file", &Configured::path(path))
            }
            Self::NoRevocationLists => reason.say("no revocation lists"),
            Self::NoRootCertificates => reason.say("this machine has no root certificates"),
            Self::RevocationContradiction => reason.say("revocation lists are given and switched off"),
            Self::RevocationListExpired { path, at } => {
                reason.say("a revocation list expired").with("file", &Configured::path(path)).with("at", at)
            }
            Self::RevocationListWithoutEnd { path } => {
                reason.say("a revocation list has no nextUpdate").with("file", &Configured::path(path))
            }
            Self::ServerName => reason.say("the server name is neither a host name nor an IP address"),
            Self::Setup(rustls::Error::InvalidCertificate(refused)) => {
                reason.because(&PeerError::from_certificate(refused))
            }
            Self::Setup(_) => reason.say("TLS could not be set up"),
            Self::Unreadable { path, source } => {
                reason.say("a file cannot be read").with("file", &Configured::path(path)).because(source)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use kw_telemetry::Reason;

    use super::*;

    #[test]
    fn what_a_tls_error_wraps_does_not_get_into_its_reason() {
        let source = || std::io::Error::other("subject 999990342");
        let peer = Oin::parse("00000099000000001000").unwrap();
        let certificate = rustls::CertificateError::Other(rustls::OtherError(std::sync::Arc::new(source())));
        for error in [
            TlsError::Connect { peer, source: source() },
            TlsError::Unreadable { path: "own.pem".into(), source: source() },
            TlsError::Setup(rustls::Error::General("999990342".to_owned())),
            TlsError::Setup(rustls::Error::InvalidCertificate(certificate)),
        ] {
            assert!(!format!("{:?}", Reason::of(&error)).contains("999990342"), "{error}");
        }
    }
}

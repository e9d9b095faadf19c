//! What can be wrong with the files of a process, or on the way to another party.

use std::path::PathBuf;

use kw_domain::{Instant, Oin};

use crate::IdentityError;

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

//! Why the service does not start.

use std::path::PathBuf;

use kw_domain::Oin;
use kw_logbook::LogbookError;
use kw_runtime::party::AgreementFileError;
use kw_runtime::serve::ServeError;
use kw_store::OpenError;
use kw_transport::TlsError;

use crate::keys::KeysError;

/// Why the personal environment does not start. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address of its users cannot be used.
    #[error(
        "[users] address must begin with https: (in a chain for tests also http://127.0.0.1) and have no path, query or trailing slash"
    )]
    Address,
    /// The agreement cannot be used.
    #[error(transparent)]
    Agreement(#[from] AgreementFileError),
    /// The key that proves it to the provider cannot be read.
    #[error("[provider] client_key {path}: no P-256 key in PKCS #8 (DER) can be read from it")]
    ClientKey {
        /// Where it should be.
        path: PathBuf,
    },
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The log does not go on.
    #[error(transparent)]
    Logbook(#[from] LogbookError),
    /// The certificate is of nobody in this chain.
    #[error(
        "the certificate is of {oin}, which is no partner in the agreement: configure the certificate of the partner, \
         or have the agreement admit it"
    )]
    NoPartner {
        /// Whose certificate it is.
        oin: Oin,
    },
    /// Its users cannot reach it.
    #[error("[server] public has no address: its users would not reach it")]
    NoPublicListener,
    /// A listener cannot be opened.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The process is ending already.
    #[error("the process was told to end while it started")]
    Stopped,
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Certificates, trust anchors or revocation lists cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

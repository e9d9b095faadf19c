//! Why the service does not start.

use kw_domain::Oin;
use kw_logbook::LogbookError;
use kw_runtime::party::AgreementFileError;
use kw_runtime::serve::ServeError;
use kw_store::OpenError;
use kw_transport::TlsError;

use crate::KeyRingError;

/// Why the pseudonymiser does not start. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The agreement cannot be used.
    #[error(transparent)]
    Agreement(#[from] AgreementFileError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// The log does not go on.
    #[error(transparent)]
    Logbook(#[from] LogbookError),
    /// The certificate is another party's.
    #[error(
        "the certificate is of {own}, but the agreement names {named} as the pseudonymiser: configure the certificate \
         of that party, or have the agreement name this one"
    )]
    OtherParty {
        /// Whose certificate it is.
        own: Oin,
        /// Who the agreement says this is.
        named: Oin,
    },
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

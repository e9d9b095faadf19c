//! Why it does not start.

use kw_runtime::party::AgreementFileError;
use kw_runtime::serve::ServeError;
use kw_transport::TlsError;
use kw_web::{MessagesError, ShellError};

/// Why it does not start. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The agreement cannot be used.
    #[error(transparent)]
    Agreement(#[from] AgreementFileError),
    /// What its pages say cannot be read.
    #[error(transparent)]
    Messages(#[from] MessagesError),
    /// Certificates are asked of browsers without HTTPS.
    #[error("[client_certificates] needs [tls]: a browser shows its certificate over HTTPS only")]
    CertificatesWithoutTls,
    /// A listener cannot be opened.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The operator API is not on this machine.
    #[error(
        "[operator] address: expected `http://127.0.0.1` and the port of the switchboard's admin listener"
    )]
    OperatorAddress,
    /// The settings of its pages cannot be used.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

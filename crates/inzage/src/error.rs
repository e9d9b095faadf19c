//! Why it does not start.

use kw_runtime::config::SecretError;
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
    /// The key of references cannot be read or made.
    #[error("reference_key: {0}")]
    ReferenceKey(#[from] SecretError),
    /// A listener cannot be opened.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The settings of its pages cannot be used.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

//! Why an application does not start.

use kw_runtime::party::AgreementFileError;
use kw_runtime::serve::ServeError;
use kw_transport::TlsError;

use crate::{MessagesError, ShellError};

/// Why an application does not start. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The agreement cannot be used.
    #[error(transparent)]
    Agreement(#[from] AgreementFileError),
    /// What its pages say cannot be read.
    #[error(transparent)]
    Messages(#[from] MessagesError),
    /// A listener cannot be opened.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Something of this application alone cannot be used.
    #[error(transparent)]
    Settings(Box<dyn std::error::Error + Send + Sync>),
    /// The settings of its pages cannot be used.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl StartError {
    /// What an application says of a setting of its own.
    pub fn settings(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Settings(Box::new(error))
    }
}

//! Why the process does not start.

use kw_adapter::SourceError;
use kw_client::ClientError;
use kw_domain::{Oin, SourceName};
use kw_logbook::LogbookError;
use kw_runtime::party::AgreementFileError;
use kw_runtime::serve::ServeError;
use kw_store::OpenError;
use kw_transport::TlsError;

use crate::authorisation::AuthorisationError;
use crate::keys::KeysError;
use crate::token::TokenError;

/// Why the partner process does not start. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The authorisation server cannot be set up.
    #[error(transparent)]
    Authorisation(#[from] AuthorisationError),
    /// The agreement cannot be used.
    #[error(transparent)]
    Agreement(#[from] AgreementFileError),
    /// Canaries cannot be kept as it is configured.
    #[error("[canaries]: {0}")]
    Canaries(String),
    /// An address in the agreement cannot be used.
    #[error("the services that the agreement names cannot be called: {0}")]
    Client(#[from] ClientError),
    /// The key cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The log does not go on.
    #[error(transparent)]
    Logbook(#[from] LogbookError),
    /// The agreement does not let this supplier work for that partner.
    #[error(
        "the agreement does not let {principal} delegate to {supplier}, whose certificate this is: have the agreement list \
         the supplier and a delegation of that partner, or remove acts_for"
    )]
    NoDelegation {
        /// For whom it should work.
        principal: Oin,
        /// Whose certificate it is.
        supplier: Oin,
    },
    /// The certificate is of nobody in this chain.
    #[error(
        "the certificate is of {oin}, which is no partner in the agreement: configure the certificate of the partner, \
         or have the agreement admit it"
    )]
    NoPartner {
        /// Whose certificate it is.
        oin: Oin,
    },
    /// A listener cannot be opened.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A source cannot be opened as it is configured.
    #[error("source {name}: {source}")]
    Source {
        /// Which source.
        name: SourceName,
        /// Why.
        source: SourceError,
    },
    /// Two sources have one name.
    #[error("there are two sources named {name}: give each a name of its own")]
    SourceTwice {
        /// The name.
        name: SourceName,
    },
    /// The process is ending already.
    #[error("the process was told to end while it started")]
    Stopped,
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Certificates, trust anchors or revocation lists cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no token for the local API.
    #[error(transparent)]
    Token(#[from] TokenError),
}

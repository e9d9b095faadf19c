//! Why a demonstration did not come to its end.

use std::io;
use std::path::{Path, PathBuf};

/// What went wrong, always for whoever started the demonstration.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The agreement that the demonstration made does not hold: a fault of this program, or names that cannot be used.
    #[error("the agreement cannot be made: {0}")]
    Agreement(String),
    /// The development authority refused.
    #[error(transparent)]
    Authority(#[from] kw_transport::authority::AuthorityError),
    /// A service did not answer as it should.
    #[error("{what}: {source}")]
    Client {
        /// What was asked.
        what: &'static str,
        /// What came of it.
        source: kw_client::ClientError,
    },
    /// The data folder holds nothing that can be used.
    #[error(
        "{path} holds no folder with a CSV or JSON file of people: make one folder per partner and put its files in it"
    )]
    NoData {
        /// The folder.
        path: PathBuf,
    },
    /// The database server refused.
    #[error(transparent)]
    Database(#[from] kw_adapter_sql::workbench::WorkbenchError),
    /// A file or folder cannot be read or made.
    #[error("cannot use {path}: {source}")]
    File {
        /// What was named.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It was told to stop.
    #[error("stopped before it was done")]
    Interrupted,
    /// Keys could not be made.
    #[error("keys cannot be made: {0}")]
    Keys(String),
    /// The switchboard's log could not be copied, or does not verify.
    #[error("the switchboard's log cannot be copied: {0}")]
    Log(String),
    /// The folder is in use.
    #[error("{path} is not empty: name a new folder with --dir")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A partner could not tell the switchboard all that it holds.
    #[error(
        "{name} could not register all that it holds: {pending} messages are left. Is the machine very busy?"
    )]
    NotRegistered {
        /// Which.
        name: String,
        /// How many messages wait.
        pending: u64,
    },
    /// A service did not start.
    #[error("{name} did not start: {reason}")]
    NotStarted {
        /// Which.
        name: String,
        /// The last line it wrote.
        reason: String,
    },
    /// There is no pseudonym.
    #[error(transparent)]
    Pseudonym(#[from] kw_client::PseudonymError),
    /// A ledger cannot be read.
    #[error("a ledger cannot be read: {0}")]
    Records(String),
    /// The search for numbers cannot be done.
    #[error("the search for numbers cannot be done: {0}")]
    Search(String),
    /// A folder with data cannot be read.
    #[error(transparent)]
    Source(#[from] kw_adapter::source::SourceError),
    /// The story cannot go on.
    #[error("the story cannot go on: {0}")]
    Story(String),
    /// The certificates that were just made cannot be used.
    #[error(transparent)]
    Tls(#[from] kw_transport::TlsError),
}

impl DemoError {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    pub(crate) fn asking(what: &'static str) -> impl Fn(kw_client::ClientError) -> Self {
        move |source| Self::Client { what, source }
    }
}

impl From<kw_client::ClientError> for DemoError {
    fn from(source: kw_client::ClientError) -> Self {
        Self::Client { what: "a service", source }
    }
}

impl From<kw_switchboard::KeysError> for DemoError {
    fn from(error: kw_switchboard::KeysError) -> Self {
        Self::Keys(error.to_string())
    }
}

impl From<kw_pseudonymiser::keys::CeremonyError> for DemoError {
    fn from(error: kw_pseudonymiser::keys::CeremonyError) -> Self {
        Self::Keys(error.to_string())
    }
}

impl From<kw_partner::keys::KeysError> for DemoError {
    fn from(error: kw_partner::keys::KeysError) -> Self {
        Self::Keys(error.to_string())
    }
}

impl From<kw_runtime::key_file::KeyFileError> for DemoError {
    fn from(error: kw_runtime::key_file::KeyFileError) -> Self {
        Self::Keys(error.to_string())
    }
}

impl From<kw_runtime::config::SecretError> for DemoError {
    fn from(error: kw_runtime::config::SecretError) -> Self {
        Self::Keys(error.to_string())
    }
}

impl From<kw_runtime::operator_key::OperatorKeyError> for DemoError {
    fn from(error: kw_runtime::operator_key::OperatorKeyError) -> Self {
        Self::Keys(error.to_string())
    }
}

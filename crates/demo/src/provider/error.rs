//! Why the provider does not start, or does not do what it is told.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use kw_client::{ClientError, PseudonymError};

/// Why a provider does not start, or does not do what it is told. For whoever runs it.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Others could reach it.
    #[error("{address} can be reached from elsewhere: the provider of made-up people stays on this machine")]
    BeyondLoopback {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The chain does not answer.
    #[error("the chain does not answer: {0}")]
    Chain(#[from] ClientError),
    /// A client's key cannot be used.
    #[error("the key of client {id} is no public JWK for ES256")]
    ClientKey {
        /// Which client.
        id: String,
    },
    /// The file of statements cannot be used.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// No key can be made.
    #[error("no signing key can be made on this machine")]
    Key,
    /// The address cannot be had.
    #[error("cannot listen: {0}")]
    Listen(io::Error),
    /// What its pages say cannot be read.
    #[error(transparent)]
    Messages(#[from] kw_web::MessagesError),
    /// The agreement names another provider, or none.
    #[error(
        "the agreement's [representation.provider] names another issuer or party than this one: write this issuer there"
    )]
    NotAgreed,
    /// Nobody of that name.
    #[error("nobody of that name can sign in here")]
    NobodyOfThatName,
    /// The chain is for real people.
    #[error(
        "this agreement is for real people: the provider of made-up people works in a chain for tests only"
    )]
    Production,
    /// A number cannot be pseudonymised now.
    #[error("no pseudonym: {0}")]
    Pseudonym(#[from] PseudonymError),
    /// Somebody's number may be a real one.
    #[error("an account has a number that may be a real one: use test numbers")]
    RealNumber,
}

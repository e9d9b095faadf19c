//! Why the development authority refused.

use std::path::PathBuf;

/// What went wrong. All for whoever runs the authority.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// There is something in the place of a new file.
    #[error("{path} exists and is not overwritten; move it away first")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A host is neither a name nor an address.
    #[error("a host is neither a DNS name nor an IP address")]
    Host,
    /// The index or a key is not as it was written.
    #[error("{path} is damaged; restore it from a copy")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The name would not make a file name, or is one of the authority's own.
    #[error("a name has small letters, digits and hyphens, and is not one of ca, crl, index, issuing")]
    Name,
    /// A certificate for no host is of no use to a server.
    #[error("name at least one host")]
    NoHosts,
    /// Nothing was issued under that name.
    #[error("no certificate was issued under that name; index.json lists the names")]
    NotIssued,
    /// The cryptography library refused: a fault of this program or machine.
    #[error("the certificate could not be made: {0}")]
    Crypto(#[from] rcgen::Error),
    /// The machine gave no random numbers.
    #[error("the machine gave no random numbers")]
    Entropy,
    /// A file cannot be read.
    #[error("cannot read {path}: {source}; make an authority with `pki init` first")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The certificate would be valid for no time, or beyond the calendar.
    #[error("the validity is zero or beyond the life of the authority itself (five years)")]
    Validity,
}

//! A certificate authority for development and tests, whose certificates have the shape of PKIoverheid's.
//!
//! A root signs one issuing authority, which signs the parties: subject `C=NL, O=<name>, CN=<first host>,
//! serialNumber=<OIN>`, for use as client and as server, P-256. Both publish a revocation list. Everything is in one
//! folder, so that issuing and revoking work across runs of the command line; a production chain uses PKIoverheid.
//!
//! | file | content |
//! |---|---|
//! | `ca.pem` | the root: the trust anchor of everybody |
//! | `crl.pem` | the revocation lists of root and issuing authority |
//! | `<name>.pem`, `<name>.key` | a party's certificate with the issuing authority's, and its private key |
//! | `ca.key`, `issuing.pem`, `issuing.key`, `index.json` | the authority's own |

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kw_domain::{ChainName, Clock, Oin, SystemClock};

use crate::TlsFiles;

mod certificates;
mod error;
mod index;
mod storage;

use certificates::{Signer, new_serial};
pub use error::AuthorityError;
use index::{Entry, Index};
use storage::{create, replace};

/// The authority of one folder.
pub struct Authority {
    folder: PathBuf,
    root: Signer,
    issuing: Signer,
    clock: Arc<dyn Clock>,
}

/// What a party asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRequest {
    /// The name of the organisation, and of its files: small letters, digits and hyphens.
    pub name: String,
    /// Its OIN.
    pub oin: Oin,
    /// The host names and IP addresses of its servers, the first of which becomes the common name.
    pub hosts: Vec<String>,
    /// How long the certificate is valid from now on.
    pub validity: Duration,
}

/// Where the files of a party are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedFiles {
    /// The certificate, followed by that of the issuing authority.
    pub certificate: PathBuf,
    /// The private key, mode 0600.
    pub key: PathBuf,
    /// The root.
    pub trust_anchors: PathBuf,
    /// The revocation lists of both authorities.
    pub revocation_lists: PathBuf,
}

impl IssuedFiles {
    /// The same as a process's configuration.
    pub fn tls_files(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            trust_anchors: self.trust_anchors.clone(),
            revocation_lists: vec![self.revocation_lists.clone()],
            without_revocation: false,
        }
    }
}

impl Authority {
    /// Makes a new authority in a folder, which is made (mode 0700) if it is not there. Refuses a folder that has one.
    pub fn init(folder: &Path, chain: &ChainName) -> Result<Self, AuthorityError> {
        Self::init_with_clock(folder, chain, Arc::new(SystemClock))
    }

    /// The same, dated by the given clock.
    pub fn init_with_clock(
        folder: &Path,
        chain: &ChainName,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthorityError> {
        let unwritable = |source| AuthorityError::Unwritable { path: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritable)?;
        let now = clock.now();
        let root = Signer::generate_root(chain)?;
        let issuing = Signer::generate_issuing(chain)?;
        let root_certificate = root.certify_itself(now)?;
        let issuing_serial = new_serial()?;
        let issuing_certificate = root.certify_issuing(&issuing, &issuing_serial, now)?;

        // The first file decides who made the authority, should two runs start together.
        create(&folder.join(ROOT_KEY), root.key_pem().as_bytes(), 0o600)?;
        create(&folder.join(ISSUING_KEY), issuing.key_pem().as_bytes(), 0o600)?;
        create(&folder.join(ROOT), root_certificate.as_bytes(), 0o644)?;
        create(&folder.join(ISSUING), issuing_certificate.as_bytes(), 0o644)?;
        let authority = Self { folder: folder.to_owned(), root, issuing, clock };
        authority.publish(&mut Index::new(chain.clone()))?;
        Ok(authority)
    }

    /// Opens the authority that [`Authority::init`] made in a folder.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        Self::open_with_clock(folder, Arc::new(SystemClock))
    }

    /// The same, dated by the given clock.
    pub fn open_with_clock(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, AuthorityError> {
        let index = Index::read(&folder.join(INDEX))?;
        let root = Signer::read_root(&index.chain, &folder.join(ROOT_KEY))?;
        let issuing = Signer::read_issuing(&index.chain, &folder.join(ISSUING_KEY))?;
        Ok(Self { folder: folder.to_owned(), root, issuing, clock })
    }

    /// Makes a key and a certificate for a party. Never overwrites: a party's files are moved away by hand before it
    /// gets new ones under the same name.
    pub fn issue(&self, request: &IssueRequest) -> Result<IssuedFiles, AuthorityError> {
        check_name(&request.name)?;
        let _alone = self.lock()?;
        let files = self.files_of(&request.name);
        for path in [&files.certificate, &files.key] {
            if path.exists() {
                return Err(AuthorityError::Exists { path: path.clone() });
            }
        }
        let serial = new_serial()?;
        let issued = self.issuing.certify_party(request, &serial, self.clock.now())?;
        let issuing = fs::read_to_string(self.folder.join(ISSUING))
            .map_err(|source| AuthorityError::Unreadable { path: self.folder.join(ISSUING), source })?;

        // In the index before it is in the world: what is not in the index cannot be revoked.
        let mut index = Index::read(&self.folder.join(INDEX))?;
        index.issued.push(Entry::new(&request.name, request.oin, &serial));
        self.publish(&mut index)?;
        create(&files.key, issued.key.as_bytes(), 0o600)?;
        create(&files.certificate, format!("{}{issuing}", issued.certificate).as_bytes(), 0o644)?;
        Ok(files)
    }

    /// Revokes every certificate that was issued under a name, and publishes the new lists. Returns how many were not
    /// revoked before.
    pub fn revoke(&self, name: &str) -> Result<usize, AuthorityError> {
        let _alone = self.lock()?;
        let mut index = Index::read(&self.folder.join(INDEX))?;
        let revoked = index.revoke(name, self.clock.now())?;
        self.publish(&mut index)?;
        Ok(revoked)
    }

    /// Publishes the revocation lists again, good for another [`LISTS_VALID_FOR`]; so does every issue and revocation.
    pub fn refresh(&self) -> Result<(), AuthorityError> {
        let _alone = self.lock()?;
        self.publish(&mut Index::read(&self.folder.join(INDEX))?)
    }

    /// The files of a party, whether it has them or not.
    pub fn files_of(&self, name: &str) -> IssuedFiles {
        IssuedFiles {
            certificate: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}.key")),
            trust_anchors: self.folder.join(ROOT),
            revocation_lists: self.folder.join(LISTS),
        }
    }

    /// The index first: a crash in between leaves a list that the next publication brings up to date.
    fn publish(&self, index: &mut Index) -> Result<(), AuthorityError> {
        let now = self.clock.now();
        index.list_number += 1;
        replace(&self.folder.join(INDEX), index.to_json()?.as_bytes())?;
        let lists = [
            self.root.list(&[], index.list_number, now)?,
            self.issuing.list(&index.revocations()?, index.list_number, now)?,
        ];
        replace(&self.folder.join(LISTS), lists.concat().as_bytes())
    }

    fn lock(&self) -> Result<File, AuthorityError> {
        let path = self.folder.join(LOCK);
        let unwritable = |source| AuthorityError::Unwritable { path: path.clone(), source };
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(unwritable)?;
        file.lock().map_err(unwritable)?;
        Ok(file)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn check_name(name: &str) -> Result<(), AuthorityError> {
    let well_formed = (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    let own = ["ca", "crl", "index", "issuing"].contains(&name);
    if well_formed && !own { Ok(()) } else { Err(AuthorityError::Name) }
}

/// How long a published revocation list may be used.
pub const LISTS_VALID_FOR: Duration = Duration::from_hours(24 * 30);

const ROOT: &str = "ca.pem";
const ROOT_KEY: &str = "ca.key";
const ISSUING: &str = "issuing.pem";
const ISSUING_KEY: &str = "issuing.key";
const LISTS: &str = "crl.pem";
const INDEX: &str = "index.json";
const LOCK: &str = "index.lock";

#[cfg(test)]
mod tests;

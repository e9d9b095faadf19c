//! Where a process finds its certificate, key, trust anchors and revocation lists.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::TlsError;

/// The `[tls]` part of a configuration file. Paths may be relative; see [`TlsFiles::relative_to`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The own certificate followed by its intermediates, PEM.
    pub certificate: PathBuf,
    /// The private key of the certificate, PEM (PKCS#8, SEC1 or PKCS#1), readable by the owner only.
    pub key: PathBuf,
    /// The certificates of the authorities whose parties are accepted, PEM.
    pub trust_anchors: PathBuf,
    /// The revocation lists (CRLs) of every authority in the chains of those parties, PEM or DER.
    #[serde(default)]
    pub revocation_lists: Vec<PathBuf>,
    /// Says in words that revocation is not checked. Without it, a process does not start without revocation lists.
    #[serde(default)]
    pub without_revocation: bool,
}

impl TlsFiles {
    /// The same files with relative paths taken from `folder`: the one that the configuration file is in.
    #[must_use]
    pub fn relative_to(&self, folder: &Path) -> Self {
        Self {
            certificate: folder.join(&self.certificate),
            key: folder.join(&self.key),
            trust_anchors: folder.join(&self.trust_anchors),
            revocation_lists: self.revocation_lists.iter().map(|path| folder.join(path)).collect(),
            without_revocation: self.without_revocation,
        }
    }

    /// Reads everything before anything is judged, so that one version of the files is judged as a whole.
    pub(crate) fn read(&self) -> Result<FileContents, TlsError> {
        Ok(FileContents {
            key: read_secret(&self.key)?,
            certificate: read(&self.certificate)?,
            trust_anchors: read(&self.trust_anchors)?,
            revocation_lists: self
                .revocation_lists
                .iter()
                .map(|path| read(path))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The bytes of the files at one moment.
pub(crate) struct FileContents {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Zeroizing<Vec<u8>>,
    pub(crate) trust_anchors: Vec<u8>,
    /// In the order of [`TlsFiles::revocation_lists`].
    pub(crate) revocation_lists: Vec<Vec<u8>>,
}

/// A file with a key or another secret, which others on this machine may not read.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    refuse_open_key(path)?;
    read(path).map(Zeroizing::new)
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
}

/// Group access is left to the operator (secrets are often mounted that way); the world is nobody's key keeper.
fn refuse_open_key(path: &Path) -> Result<(), TlsError> {
    let mode = fs::metadata(path)
        .map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })?
        .permissions()
        .mode();
    if mode & OTHERS == 0 { Ok(()) } else { Err(TlsError::KeyOpenToAll { path: path.to_owned() }) }
}

/// The permissions of everybody who is neither owner nor group.
const OTHERS: u32 = 0o007;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_start_at_the_given_folder_and_absolute_ones_stay() {
        let files = TlsFiles {
            certificate: "own.pem".into(),
            key: "/run/credentials/own.key".into(),
            trust_anchors: "../ca.pem".into(),
            revocation_lists: vec!["crl.pem".into()],
            without_revocation: false,
        }
        .relative_to(Path::new("/etc/ketenwijzer"));
        assert_eq!(files.certificate, Path::new("/etc/ketenwijzer/own.pem"));
        assert_eq!(files.key, Path::new("/run/credentials/own.key"));
        assert_eq!(files.trust_anchors, Path::new("/etc/ketenwijzer/../ca.pem"));
        assert_eq!(files.revocation_lists, [Path::new("/etc/ketenwijzer/crl.pem")]);
    }

    #[test]
    fn revocation_is_checked_unless_the_configuration_says_otherwise() {
        let json = r#"{"certificate":"a","key":"b","trust_anchors":"c"}"#;
        let files: TlsFiles = serde_json::from_str(json).unwrap();
        assert!(!files.without_revocation);
        assert!(files.revocation_lists.is_empty());
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        let json = r#"{"certificate":"a","key":"b","trust_anchors":"c","without_revocations":true}"#;
        assert!(serde_json::from_str::<TlsFiles>(json).is_err());
    }
}

//! Key files: one secret each, readable by its owner alone, named after what it is for.
//!
//! A file holds one line: `ketenwijzer-key-v1 <kind> <chain> <epoch> <unpadded base64url> [use-from=<RFC 3339>]`.

use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{ChainName, Epoch, Instant};
use kw_telemetry::{Configured, Explain, Reason};
use zeroize::Zeroizing;

use crate::config::{SecretError, create_secret, read_secret};

const MARK: &str = "ketenwijzer-key-v1";

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Signs grants: PKCS#8, P-256.
    Grant,
    /// δ of a rotation of k_p(index), for the switchboard: a scalar. Its epoch is the new key's.
    IndexDelta,
    /// Signs the checkpoints of a log: an Ed25519 seed.
    Log,
    /// Seals the columns of a partner's database: 32 bytes.
    PartnerRow,
    /// Wraps the keys of dossiers in a personal environment: 32 bytes.
    PersonalService,
    /// k_p(binding): a scalar.
    PseudonymiserBinding,
    /// k_p(index): a scalar.
    PseudonymiserIndex,
    /// k_s: a scalar.
    SwitchboardIndex,
    /// k_row: 32 bytes.
    SwitchboardRow,
    /// k_tag: 32 bytes.
    SwitchboardTag,
    /// Cosigns checkpoints of others' logs: an Ed25519 seed.
    Witness,
}

impl KeyKind {
    const ALL: [Self; 11] = [
        Self::Grant,
        Self::IndexDelta,
        Self::Log,
        Self::PartnerRow,
        Self::PersonalService,
        Self::PseudonymiserBinding,
        Self::PseudonymiserIndex,
        Self::SwitchboardIndex,
        Self::SwitchboardRow,
        Self::SwitchboardTag,
        Self::Witness,
    ];

    /// The kind as it stands in the file and its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::IndexDelta => "index-delta",
            Self::Log => "log",
            Self::PartnerRow => "partner-row",
            Self::PersonalService => "personal-service",
            Self::PseudonymiserBinding => "pseudonymiser-binding",
            Self::PseudonymiserIndex => "pseudonymiser-index",
            Self::SwitchboardIndex => "switchboard-index",
            Self::SwitchboardRow => "switchboard-row",
            Self::SwitchboardTag => "switchboard-tag",
            Self::Witness => "witness",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One key with what it is for.
#[derive(Clone)]
pub struct KeyFile {
    /// What it is for.
    pub kind: KeyKind,
    /// Of which chain.
    pub chain: ChainName,
    /// Its generation.
    pub epoch: Epoch,
    /// The key itself.
    pub secret: Zeroizing<Vec<u8>>,
    /// Not to be used before then, though its public half is published.
    pub use_from: Option<Instant>,
}

impl KeyFile {
    /// The name of its file: `<kind>-<epoch>.key`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.key", self.kind.as_str(), self.epoch)
    }

    /// Writes the key to a new file in `folder`, mode 0600, synced with its folder. Never replaces one.
    pub fn create_in(&self, folder: &Path) -> Result<PathBuf, KeyFileError> {
        let path = folder.join(self.file_name());
        let mut line = Zeroizing::new(String::with_capacity(512));
        // Writing to a string cannot fail.
        let _ = write!(line, "{MARK} {} {} {} ", self.kind.as_str(), self.chain, self.epoch);
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.secret.as_slice()));
        line.push_str(&encoded);
        if let Some(from) = self.use_from {
            let _ = write!(line, " use-from={from}");
        }
        line.push('\n');
        create_secret(&path, line.as_bytes())?;
        sync_folder(folder)?;
        Ok(path)
    }

    /// Writes the first keys of a service to new files in `folder`: all of them, or none where one is there already.
    pub fn create_all_in(files: &[Self], folder: &Path) -> Result<Vec<PathBuf>, KeyFileError> {
        let mut paths = files.iter().map(|file| folder.join(file.file_name()));
        if let Some(path) = paths.find(|path| path.symlink_metadata().is_ok()) {
            return Err(KeyFileError::Exists { path });
        }
        files.iter().map(|file| file.create_in(folder)).collect()
    }

    /// Reads the key in `path`, if only its owner can.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let bytes = read_secret(path)?;
        Self::parse(&bytes).ok_or_else(|| KeyFileError::Malformed { path: path.to_owned() })
    }

    /// Reads every `*.key` file in `folder` that belongs to `chain`.
    pub fn read_all(folder: &Path, chain: &ChainName) -> Result<Vec<Self>, KeyFileError> {
        let unreadable = |source| KeyFileError::Folder { path: folder.to_owned(), source };
        let mut keys = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "key") {
                keys.push(Self::read(&path)?);
            }
        }
        keys.retain(|key| key.chain == *chain);
        keys.sort_by_key(|key| (key.kind, key.epoch));
        Ok(keys)
    }

    /// Overwrites the file of a key with zeros, syncs, and removes it. Copies elsewhere are the operator's to destroy.
    pub fn destroy(path: &Path) -> Result<(), KeyFileError> {
        let failed = |source| KeyFileError::Folder { path: path.to_owned(), source };
        let mut file = File::options().write(true).open(path).map_err(failed)?;
        let length = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or_default();
        file.rewind()
            .and_then(|()| file.write_all(&vec![0; length]))
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        fs::remove_file(path).map_err(failed)?;
        path.parent().map_or(Ok(()), sync_folder)
    }

    /// The key as 32 bytes, which every kind but grant keys has.
    pub fn secret32(&self) -> Option<Zeroizing<[u8; 32]>> {
        <[u8; 32]>::try_from(self.secret.as_slice()).ok().map(Zeroizing::new)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
        let mut parts = text.split(' ');
        if parts.next()? != MARK {
            return None;
        }
        let kind = KeyKind::parse(parts.next()?)?;
        let chain = ChainName::parse(parts.next()?).ok()?;
        let epoch = Epoch(parts.next()?.parse().ok()?);
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?);
        let use_from = match parts.next() {
            Some(text) => Some(Instant::parse(text.strip_prefix("use-from=")?).ok()?),
            None => None,
        };
        if parts.next().is_some() || (kind != KeyKind::Grant && secret.len() != 32) {
            return None;
        }
        Some(Self { kind, chain, epoch, secret, use_from })
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFile({} {} {}, …)", self.kind.as_str(), self.chain, self.epoch)
    }
}

/// Why a key file cannot be used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is such a key: another first one would not be the one that everything hangs on.
    #[error("{path} is there already: make first keys in an empty folder, or rotate the ones that are there")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The folder or file cannot be read or written.
    #[error("cannot use {path}: {source}")]
    Folder {
        /// What was named.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{path} is not a key file; make keys with: ketenwijzer keys init")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file is not safe, or cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl Explain for KeyFileError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Folder { path, source } => {
                reason.say("a key cannot be used").with("file", &Configured::path(path)).because(source)
            }
            Self::Exists { path } => {
                reason.say("the key is there already").with("file", &Configured::path(path))
            }
            Self::Malformed { path } => reason.say("no key file").with("file", &Configured::path(path)),
            Self::Secret(error) => reason.because(error),
        };
    }
}

fn sync_folder(folder: &Path) -> Result<(), KeyFileError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| KeyFileError::Folder { path: folder.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: KeyKind, secret: Vec<u8>) -> KeyFile {
        let chain = ChainName::parse("youth").unwrap();
        KeyFile { kind, chain, epoch: Epoch(2), secret: Zeroizing::new(secret), use_from: None }
    }

    #[test]
    fn a_key_reads_back_and_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let mut grant = key(KeyKind::Grant, vec![9; 138]);
        grant.use_from = Some(Instant::from_millis(1_795_000_000_000));
        let path = grant.create_in(folder.path()).unwrap();
        key(KeyKind::SwitchboardTag, vec![1; 32]).create_in(folder.path()).unwrap();
        assert!(path.ends_with("grant-2.key"));
        assert!(grant.create_in(folder.path()).is_err());
        let read = KeyFile::read_all(folder.path(), &grant.chain).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].secret.len(), read[0].use_from), (138, grant.use_from));
        assert_eq!(read[1].secret32().as_deref(), Some(&[1; 32]));
        assert!(KeyFile::read_all(folder.path(), &ChainName::parse("care").unwrap()).unwrap().is_empty());
    }

    #[test]
    fn first_keys_are_made_all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let files = [key(KeyKind::Log, vec![1; 32]), key(KeyKind::Witness, vec![2; 32])];
        files[1].create_in(folder.path()).unwrap();
        let refused = KeyFile::create_all_in(&files, folder.path());
        assert!(matches!(refused, Err(KeyFileError::Exists { path }) if path.ends_with("witness-2.key")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        KeyFile::destroy(&folder.path().join("witness-2.key")).unwrap();
        let made = KeyFile::create_all_in(&files, folder.path()).unwrap();
        assert_eq!(made, ["log-2.key", "witness-2.key"].map(|name| folder.path().join(name)));
    }

    #[test]
    fn a_destroyed_key_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = key(KeyKind::SwitchboardIndex, vec![1; 32]).create_in(folder.path()).unwrap();
        KeyFile::destroy(&path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn what_is_not_a_key_file_is_refused() {
        for text in [
            "",
            "ketenwijzer-key-v1 grant youth 1 AA",
            "ketenwijzer-key-v2 grant youth 1 AA\n",
            "ketenwijzer-key-v1 switchboard-tag youth 1 AA\n",
            "ketenwijzer-key-v1 grant youth x AA\n",
            "ketenwijzer-key-v1 grant youth 1 AA from=now\n",
        ] {
            assert!(KeyFile::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn debug_never_shows_the_key() {
        assert_eq!(format!("{:?}", key(KeyKind::Grant, vec![1])), "KeyFile(grant youth 2, …)");
    }
}

//! Secrets in files: read only when nobody else can.

use std::env;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use kw_telemetry::{Configured, Explain, Reason};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Folder;

/// Secrets are keys and passwords: what is larger is another file.
const LARGEST: u64 = 64 * 1024;

/// Where a secret is: `{ file = "keys/index.key" }`, or `{ credential = "index-key" }` for systemd's
/// `LoadCredential=` and `LoadCredentialEncrypted=`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    /// The name of a systemd credential.
    Credential(String),
    /// A file of mode 0600 or stricter that belongs to the user of this process.
    File(PathBuf),
}

impl SecretSource {
    /// Makes a relative path start at the folder of the configuration file.
    pub fn resolve_paths(&mut self, folder: &Folder) {
        if let Self::File(path) = self {
            folder.resolve(path);
        }
    }

    /// Reads the secret.
    pub fn read(&self) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        self.read_with(env::var_os("CREDENTIALS_DIRECTORY").as_deref())
    }

    fn read_with(&self, credentials: Option<&OsStr>) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        match self {
            Self::File(path) => read_secret(path),
            Self::Credential(name) => {
                let mut parts = Path::new(name).components();
                let is_one_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
                let folder = credentials.filter(|_| is_one_name).ok_or(SecretError::NoCredential)?;
                let path = Path::new(folder).join(name);
                // systemd shows the folder to this service alone, with modes and owners of its own.
                let file = File::open(&path)
                    .map_err(|source| SecretError::Unreadable { path: path.clone(), source })?;
                read_all(&path, file)
            }
        }
    }
}

/// Reads a secret from a file, if only the user of this process can. What is checked is the file that is read.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(SecretError::NotAFile { path: path.to_owned() });
    }
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return Err(SecretError::WrongOwner { path: path.to_owned(), owner: metadata.uid(), user });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o7177 != 0 {
        return Err(SecretError::TooOpen { path: path.to_owned(), mode });
    }
    read_all(path, file)
}

/// Writes a secret to a new file of mode 0600, and syncs it. Never replaces a file: a key may be in it.
pub fn create_secret(path: &Path, secret: &[u8]) -> Result<(), SecretError> {
    let unwritable = |source| SecretError::Unwritable { path: path.to_owned(), source };
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(unwritable)?;
    file.write_all(secret).and_then(|()| file.sync_all()).map_err(unwritable)
}

fn read_all(path: &Path, mut file: File) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
    let length = file.metadata().map_err(unreadable)?.len();
    if length > LARGEST {
        return Err(SecretError::TooLarge { path: path.to_owned() });
    }
    // Room for everything at once: a buffer that grows leaves copies behind that nobody wipes.
    let mut secret = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or_default()]);
    file.read_exact(&mut secret).map_err(unreadable)?;
    Ok(secret)
}

/// Why a secret cannot be used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The credential has no file name of its own, or systemd gave this process none.
    #[error(
        "there is no such credential: give its name as in LoadCredential=, and start the service through systemd"
    )]
    NoCredential,
    /// The path leads to something else.
    #[error("{path} is not a regular file; give the path of the file with the secret")]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// No secret is that large.
    #[error("{path} is larger than any secret; give the path of the file with the secret")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Others may read it.
    #[error("{path} has mode {mode:04o}, so that others can read the secret; run: chmod 600 '{path}'")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("cannot read the secret {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file cannot be made; a file that is already there is kept.
    #[error(
        "cannot write the secret {path}: {source}; an existing file is never replaced, move it away first"
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Somebody else could replace it.
    #[error("{path} belongs to user {owner}, not to user {user} of this process; run: chown {user} '{path}'")]
    WrongOwner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        user: u32,
    },
}

impl Explain for SecretError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::NoCredential => reason.say("there is no such credential"),
            Self::NotAFile { path } => reason.say("no regular file").with("file", &Configured::path(path)),
            Self::TooLarge { path } => {
                reason.say("larger than any secret").with("file", &Configured::path(path))
            }
            Self::TooOpen { path, .. } => {
                reason.say("others can read the secret").with("file", &Configured::path(path))
            }
            Self::Unreadable { path, source } | Self::Unwritable { path, source } => {
                reason.say("a secret cannot be used").with("file", &Configured::path(path)).because(source)
            }
            Self::WrongOwner { path, .. } => {
                reason.say("the secret belongs to another user").with("file", &Configured::path(path))
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn with_mode(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "secret").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_secret_of_the_owner_alone_is_read() {
        for mode in [0o600, 0o400] {
            let (_folder, path) = with_mode(mode);
            assert_eq!(*read_secret(&path).unwrap(), b"secret");
        }
    }

    #[test]
    fn a_secret_that_others_can_reach_is_refused_with_the_command_to_run() {
        for mode in [0o640, 0o604, 0o644, 0o660, 0o700, 0o4600] {
            let (_folder, path) = with_mode(mode);
            let error = read_secret(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("chmod 600 '{}'", path.display())), "{mode:o}: {error}");
        }
    }

    #[test]
    fn a_folder_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_secret(folder.path()), Err(SecretError::NotAFile { .. })));
    }

    #[test]
    fn a_secret_is_created_for_the_owner_alone_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_secret(&path, b"first").unwrap();
        assert!(matches!(create_secret(&path, b"second"), Err(SecretError::Unwritable { .. })));
        assert_eq!(*read_secret(&path).unwrap(), b"first");
    }

    #[test]
    fn a_credential_is_read_by_its_name_and_by_nothing_else() {
        let (folder, _path) = with_mode(0o440);
        let credential = |name: &str| SecretSource::Credential(name.to_owned());
        let given = Some(folder.path().as_os_str());
        assert_eq!(*credential("key").read_with(given).unwrap(), b"secret");
        for name in ["../key", "/etc/passwd", "a/b", "", ".."] {
            assert!(matches!(credential(name).read_with(given), Err(SecretError::NoCredential)), "{name}");
        }
        assert!(matches!(credential("key").read_with(None), Err(SecretError::NoCredential)));
    }

    #[test]
    fn a_source_is_written_as_file_or_credential() {
        #[derive(Deserialize)]
        struct Keys {
            key: SecretSource,
        }
        let read = |text: &str| toml::from_str::<Keys>(text).map(|keys| keys.key);
        assert_eq!(read("key = { file = 'a' }"), Ok(SecretSource::File("a".into())));
        assert_eq!(read("key = { credential = 'a' }"), Ok(SecretSource::Credential("a".to_owned())));
        assert!(read("key = 'a'").is_err());
    }
}

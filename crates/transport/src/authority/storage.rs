//! Files that are never half there and never overwritten by accident.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::AuthorityError;

/// Writes a file that must not exist yet, with its mode from the first moment.
pub(super) fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), AuthorityError> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(
        |source| match source.kind() {
            ErrorKind::AlreadyExists => AuthorityError::Exists { path: path.to_owned() },
            _ => unwritable(path, source),
        },
    )?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|source| unwritable(path, source))
}

/// Replaces a file in one step: a reader sees the old one or the new one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), AuthorityError> {
    let next = path.with_extension("next");
    // Left by a run that was killed; whoever replaces holds the lock, so that it is nobody's.
    match fs::remove_file(&next) {
        Err(source) if source.kind() != ErrorKind::NotFound => return Err(unwritable(&next, source)),
        _ => {}
    }
    create(&next, bytes, 0o644)?;
    fs::rename(&next, path).map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: std::io::Error) -> AuthorityError {
    AuthorityError::Unwritable { path: path.to_owned(), source }
}

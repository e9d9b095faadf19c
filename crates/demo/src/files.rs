//! What the demonstration writes to disk, and where.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::TempDir;

use crate::DemoError;

/// The folder of a demonstration: one that is gone afterwards, or one that was asked for and stays.
#[derive(Debug)]
pub(crate) struct Ground {
    path: PathBuf,
    /// Removed on drop.
    temporary: Option<TempDir>,
}

impl Ground {
    /// A new folder at `kept`, or a temporary one.
    pub(crate) fn make(kept: Option<&Path>) -> Result<Self, DemoError> {
        let Some(path) = kept else {
            let temporary = tempfile::Builder::new()
                .prefix("ketenwijzer-demo-")
                .tempdir()
                .map_err(|source| DemoError::file(Path::new("a temporary folder"), source))?;
            return Ok(Self { path: temporary.path().to_owned(), temporary: Some(temporary) });
        };
        if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(DemoError::NotEmpty { path: path.to_owned() });
        }
        make_folder(path)?;
        let path = path.canonicalize().map_err(|source| DemoError::file(path, source))?;
        Ok(Self { path, temporary: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn stays(&self) -> bool {
        self.temporary.is_none()
    }

    pub(crate) fn pki(&self) -> PathBuf {
        self.path.join("pki")
    }

    pub(crate) fn agreement(&self) -> PathBuf {
        self.path.join("agreement.toml")
    }

    /// What the operator of this name has on their own machine.
    pub(crate) fn operator(&self, name: &str) -> PathBuf {
        self.path.join("operators").join(name)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    pub(crate) fn switchboard(&self) -> PathBuf {
        self.path.join("switchboard")
    }

    pub(crate) fn pseudonymiser(&self) -> PathBuf {
        self.path.join("pseudonymiser")
    }

    pub(crate) fn partner(&self, name: &str) -> PathBuf {
        self.path.join("partners").join(name)
    }
}

/// A folder that only this user can look into.
pub(crate) fn make_folder(path: &Path) -> Result<(), DemoError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| DemoError::file(path, source))
}

pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), DemoError> {
    fs::write(path, content).map_err(|source| DemoError::file(path, source))
}

pub(crate) fn write_toml(path: &Path, content: &impl Serialize) -> Result<(), DemoError> {
    let text = toml::to_string(content).map_err(|error| DemoError::file(path, io::Error::other(error)))?;
    write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Ground::make(Some(&folder.path().join("new"))).is_ok_and(|ground| ground.stays()));
        fs::write(folder.path().join("mine.txt"), "x").unwrap();
        assert!(matches!(Ground::make(Some(folder.path())), Err(DemoError::NotEmpty { .. })));
    }

    #[test]
    fn a_temporary_folder_goes_with_the_demonstration() {
        let ground = Ground::make(None).unwrap();
        let path = ground.path().to_owned();
        assert!(path.is_dir() && !ground.stays());
        drop(ground);
        assert!(!path.exists());
    }
}

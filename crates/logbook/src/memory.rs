//! The memory file: the last checkpoint that this process meant to sign, outside the database, so that a database that
//! was restored from an older copy is recognised.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file of one log. It holds a note, whole, and is replaced in one step.
#[derive(Debug, Clone)]
pub(crate) struct MemoryFile {
    path: PathBuf,
}

impl MemoryFile {
    /// The file at this path; it need not be there.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The note in the file, if there is one. Blocks.
    pub(crate) fn read(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.path) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the note: on the disk before this returns. Blocks.
    pub(crate) fn write(&self, note: &str) -> io::Result<()> {
        // Two processes on one machine may share the file: each writes its own beside it.
        let beside = self.path.with_extension(format!("checkpoint.{}", std::process::id()));
        let mut file = File::create(&beside)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_last_is_read_back_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let memory = MemoryFile::at(folder.path().join("log.checkpoint"));
        assert_eq!(memory.read().unwrap(), None);
        memory.write("one\n").unwrap();
        memory.write("two\n").unwrap();
        assert_eq!(memory.read().unwrap().as_deref(), Some("two\n"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_and_not_an_empty_memory() {
        let memory = MemoryFile::at(PathBuf::from("/nowhere/log.checkpoint"));
        assert!(memory.write("one\n").is_err());
    }
}

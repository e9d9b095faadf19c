//! A log file that can be rotated.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Moves with every request to open log files again.
static ROTATION: AtomicU64 = AtomicU64::new(0);

pub(super) fn reopen() {
    ROTATION.fetch_add(1, Ordering::SeqCst);
}

/// Appends to a file, and opens it again when told.
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    rotation: u64,
}

impl LogFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let rotation = ROTATION.load(Ordering::SeqCst);
        Ok(Self { path: path.to_owned(), file: append_to(path)?, rotation })
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let rotation = ROTATION.load(Ordering::SeqCst);
        if rotation != self.rotation {
            self.rotation = rotation;
            // Where the new file cannot be opened, lines go on into the old one rather than nowhere.
            if let Ok(file) = append_to(&self.path) {
                self.file = file;
            }
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_rotated_log_goes_on_in_a_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
        let mut log = LogFile::open(&path).unwrap();
        log.write_all(b"one\n").unwrap();
        fs::rename(&path, &old).unwrap();
        log.write_all(b"two\n").unwrap();
        reopen();
        log.write_all(b"three\n").unwrap();
        assert_eq!(fs::read_to_string(old).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(path).unwrap(), "three\n");
    }
}

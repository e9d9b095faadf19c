//! Reading files that others write, without leaving the folder.

use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::FileFormat;

/// What tells whether a file was written since it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileState {
    device: u64,
    inode: u64,
    changed: (i64, i64),
    /// Nanoseconds of the moment of writing.
    modified_nanos: i64,
    modified_seconds: i64,
    /// Bytes.
    pub(crate) len: u64,
}

/// Why a file cannot be read. Never contains anything from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileFault {
    /// Somebody is writing it just now, or it cannot be read for a passing reason: try again later.
    #[error("{0}")]
    Passing(&'static str),
    /// Its owner has to mend it.
    #[error("{0}")]
    Lasting(String),
}

impl FileState {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            modified_nanos: metadata.mtime_nsec(),
            modified_seconds: metadata.mtime(),
            len: metadata.len(),
        }
    }

    /// When the file was written, in milliseconds since 1970.
    pub(crate) fn modified_millis(&self) -> i64 {
        self.modified_seconds.saturating_mul(1000).saturating_add(self.modified_nanos / 1_000_000)
    }

    /// When the file was last touched in any way, in milliseconds since 1970.
    pub(crate) fn changed_millis(&self) -> i64 {
        self.changed.0.saturating_mul(1000).saturating_add(self.changed.1 / 1_000_000)
    }

    /// The size and the moment of writing, as bytes to make a digest of.
    pub(crate) fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.len.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.modified_seconds.to_be_bytes());
        bytes[16..].copy_from_slice(&self.modified_nanos.to_be_bytes());
        bytes
    }
}

/// A file that is open, and what it was when it was opened.
pub(crate) struct OpenFile {
    file: File,
    /// What it was when it was opened.
    pub(crate) state: FileState,
}

impl OpenFile {
    /// Opens a file of the folder. Links are followed only to where they end inside the folder.
    pub(crate) fn open(folder: &Path, name: &str) -> Result<Self, FileFault> {
        let root = folder.canonicalize().map_err(|error| fault(&error))?;
        let path = root.join(name).canonicalize().map_err(|error| fault(&error))?;
        if !path.starts_with(&root) {
            return Err(FileFault::Lasting(
                "the file is a link out of the folder: put the file itself there".to_owned(),
            ));
        }
        // Looked at before opening: opening a pipe would wait for its writer.
        let regular = |metadata: &Metadata| {
            let wrong = || FileFault::Lasting("this is not a file: put a CSV or JSON file there".to_owned());
            metadata.is_file().then_some(()).ok_or_else(wrong)
        };
        regular(&fs::symlink_metadata(&path).map_err(|error| fault(&error))?)?;
        let file = File::open(&path).map_err(|error| fault(&error))?;
        let metadata = file.metadata().map_err(|error| fault(&error))?;
        regular(&metadata)?;
        Ok(Self { file, state: FileState::of(&metadata) })
    }

    /// Everything in the file, if it was not written to meanwhile.
    pub(crate) fn read(&mut self, max_bytes: u64) -> Result<Vec<u8>, FileFault> {
        if self.state.len > max_bytes {
            let megabytes = max_bytes / (1024 * 1024);
            return Err(FileFault::Lasting(format!(
                "the file is larger than {megabytes} MB: split it, or raise max_file_bytes"
            )));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(self.state.len).unwrap_or(0));
        (&self.file).take(self.state.len + 1).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
        self.check_unwritten()?;
        if bytes.len() as u64 == self.state.len { Ok(bytes) } else { Err(BEING_WRITTEN) }
    }

    /// A part of the file, if it was not written to meanwhile.
    pub(crate) fn read_part(&mut self, offset: u64, len: usize) -> Result<Vec<u8>, FileFault> {
        let mut bytes = vec![0; len];
        self.file.seek(SeekFrom::Start(offset)).map_err(|error| fault(&error))?;
        self.file.read_exact(&mut bytes).map_err(|error| fault(&error))?;
        self.check_unwritten()?;
        Ok(bytes)
    }

    fn check_unwritten(&self) -> Result<(), FileFault> {
        let metadata = self.file.metadata().map_err(|error| fault(&error))?;
        let now = FileState::of(&metadata);
        // A file that was replaced as a whole changes its link count and so its time of change, but not its content.
        let same = now.len == self.state.len && now.modified_millis() == self.state.modified_millis();
        if same { Ok(()) } else { Err(BEING_WRITTEN) }
    }
}

/// The name of the file of a category: the given one, else the only one called after the category.
pub(crate) fn file_name(folder: &Path, category: &str, given: Option<&str>) -> Result<String, FileFault> {
    if let Some(name) = given {
        return Ok(name.to_owned());
    }
    let usual = |(extension, _): &(&str, FileFormat)| format!("{category}.{extension}");
    let mut found = FileFormat::EXTENSIONS
        .iter()
        .map(usual)
        .filter(|name| PathBuf::from(folder).join(name).symlink_metadata().is_ok());
    match (found.next(), found.next()) {
        (Some(name), None) => Ok(name),
        (Some(_), Some(_)) => Err(FileFault::Lasting(
            "there is more than one file for the category: name the right one with `file`".to_owned(),
        )),
        (None, _) => Err(missing()),
    }
}

const BEING_WRITTEN: FileFault = FileFault::Passing("the file is being written: it is read again later");

fn missing() -> FileFault {
    FileFault::Lasting(
        "there is no such file: put it back, or take the category out of the configuration".to_owned(),
    )
}

fn fault(error: &std::io::Error) -> FileFault {
    match error.kind() {
        ErrorKind::NotFound => missing(),
        ErrorKind::PermissionDenied => {
            FileFault::Lasting("the file may not be read: give this process read permission".to_owned())
        }
        ErrorKind::UnexpectedEof => BEING_WRITTEN,
        _ => FileFault::Passing("the file cannot be read: look at the disk or the network share"),
    }
}

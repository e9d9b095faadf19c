//! What a service had in force, outside its database and its configuration, so that a file that was replaced while the
//! service was stopped is judged like one that is replaced while it runs.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The text in force, and who approved it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Remembered {
    pub(super) text: String,
    pub(super) approved_by: Vec<String>,
}

/// The file beside the keys, or beside the memory of the log.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) path: PathBuf,
}

impl Memory {
    pub(super) fn within(folder: &Path) -> Self {
        Self { path: folder.join("agreement-in-force.json") }
    }

    /// What is remembered; `None` before the first start.
    pub(super) fn read(&self) -> io::Result<Option<Remembered>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn write(&self, remembered: &Remembered) -> io::Result<()> {
        let text = serde_json::to_string(remembered).map_err(io::Error::other)?;
        replace_file(&self.path, text.as_bytes())
    }
}

/// Replaces a file in one step: whoever reads it sees the old contents or the new ones, whole. On the disk before this
/// returns. Blocks.
pub fn replace_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    let mut file = File::create(&beside)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

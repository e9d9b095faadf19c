//! Where a log is read: at the service that keeps it, or in a folder with a copy.

use std::io;
use std::path::{Path, PathBuf};

use kw_agreement::LogIdentity;
use kw_client::{ClientError, Context, TileClient};
use kw_ledger::LEAF_LENGTH;
use kw_ledger::note::MAX_NOTE_LENGTH;
use kw_ledger::tile::{Resource, TILE_WIDTH, first_entries};
use kw_ledger::tree::HASH_LENGTH;
use kw_transport::Tls;
use tokio::io::AsyncReadExt as _;

/// The file of a copy with the log's key, as a line.
pub const VKEY_FILE: &str = "vkey";
/// The file of a copy with the log's key and witnesses (C2SP tlog-policy).
pub const POLICY_FILE: &str = "policy";
/// The newest signed checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// The newest checkpoint with the quorum of cosignatures.
pub(super) const WITNESSED: &str = "witnessed-checkpoint";

/// A log that can be read. Nothing of what it gives is verified yet.
#[derive(Debug, Clone)]
pub enum LogSource {
    /// A folder with the files of C2SP tlog-tiles.
    Folder(PathBuf),
    /// The service of the log's owner, or whoever serves it for them.
    Service(TileClient),
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The service did not give it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is not there, and must be.
    #[error("{0} is missing")]
    Missing(String),
    /// It is larger than it can be.
    #[error("{0} is too large")]
    TooLarge(String),
    /// It is not text.
    #[error("{0} is not text")]
    NotText(&'static str),
}

impl ReadError {
    /// Whether the log itself is at fault.
    pub fn is_verdict(&self) -> bool {
        match self {
            Self::Client(error) => matches!(error, ClientError::Malformed(_)),
            Self::File { .. } => false,
            Self::Missing(_) | Self::TooLarge(_) | Self::NotText(_) => true,
        }
    }
}

impl LogSource {
    /// The log as its owner serves it.
    pub fn of(tls: &Tls, log: &LogIdentity, context: Context) -> Result<Self, ClientError> {
        Self::at(tls, log, &format!("{}/log", log.endpoint), context)
    }

    /// The log as its owner serves it elsewhere, below `prefix`: on a public listener for one.
    pub fn at(tls: &Tls, log: &LogIdentity, prefix: &str, context: Context) -> Result<Self, ClientError> {
        TileClient::new(tls, log.oin, prefix, context).map(Self::Service)
    }

    /// The newest checkpoint, as text.
    pub async fn checkpoint(&self) -> Result<String, ReadError> {
        self.note(CHECKPOINT).await?.ok_or_else(|| ReadError::Missing(CHECKPOINT.to_owned()))
    }

    /// The newest checkpoint with the quorum of cosignatures, as text, where there is one.
    pub async fn witnessed_checkpoint(&self) -> Result<Option<String>, ReadError> {
        self.note(WITNESSED).await
    }

    /// A tile or a bundle. Of a partial one that is no longer there, the beginning of the full one.
    pub async fn read(&self, resource: Resource) -> Result<Vec<u8>, ReadError> {
        if let Some(bytes) = self.fetch(&resource.path(), bound_of(resource)).await? {
            return Ok(bytes);
        }
        let missing = || ReadError::Missing(resource.path());
        let full = match resource {
            Resource::Tile(tile) if tile.is_partial() => Resource::Tile(tile.full()),
            Resource::Entries(bundle) if bundle.is_partial() => Resource::Entries(bundle.full()),
            _ => return Err(missing()),
        };
        let bytes = self.fetch(&full.path(), bound_of(full)).await?.ok_or_else(missing)?;
        let beginning = match resource {
            Resource::Entries(bundle) => first_entries(&bytes, bundle.width),
            Resource::Tile(tile) => bytes.get(..usize::from(tile.width) * HASH_LENGTH),
            Resource::Checkpoint => None,
        };
        beginning.map(<[u8]>::to_vec).ok_or_else(missing)
    }

    /// Whether this is a copy, which has known signatures only.
    pub(super) fn is_copy(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    async fn note(&self, name: &'static str) -> Result<Option<String>, ReadError> {
        let note = self.fetch(name, MAX_NOTE_LENGTH).await?;
        note.map(|bytes| String::from_utf8(bytes).map_err(|_| ReadError::NotText(name))).transpose()
    }

    async fn fetch(&self, path: &str, bound: usize) -> Result<Option<Vec<u8>>, ReadError> {
        match self {
            Self::Folder(folder) => read_file(&folder.join(path), path, bound).await,
            Self::Service(client) => Ok(client.fetch(path, bound).await?.map(Vec::from)),
        }
    }
}

/// An entry is a leaf and the two bytes of its length.
fn bound_of(resource: Resource) -> usize {
    match resource {
        Resource::Checkpoint => MAX_NOTE_LENGTH,
        Resource::Tile(tile) => usize::from(tile.width) * HASH_LENGTH,
        Resource::Entries(bundle) => usize::from(bundle.width.min(TILE_WIDTH)) * (2 + LEAF_LENGTH),
    }
}

async fn read_file(file: &Path, path: &str, bound: usize) -> Result<Option<Vec<u8>>, ReadError> {
    let failed = |source| ReadError::File { path: file.to_owned(), source };
    let opened = match tokio::fs::File::open(file).await {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    opened.take(bound as u64 + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    if bytes.len() > bound { Err(ReadError::TooLarge(path.to_owned())) } else { Ok(Some(bytes)) }
}

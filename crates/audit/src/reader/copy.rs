//! Keeping a copy of a log in a folder: static files in the form of C2SP tlog-tiles, verified as they come.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use kw_ledger::audit::{Audit, AuditError};
use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::tile::{BundleId, Resource, TileId, Tiles, edge_tiles};

use super::source::{CHECKPOINT, POLICY_FILE, VKEY_FILE, WITNESSED};
use super::whole::{check_witnessed, read_checkpoints, read_on};
use super::{LogSource, Progress, Trust, VerifyError};

/// Where files wait until all of them are verified.
const STAGING: &str = ".staging";
/// Held while a copy is made, so that there is one at a time.
const LOCK: &str = ".lock";

/// What came of copying.
#[derive(Debug, Clone)]
pub struct Copied {
    /// How many entries the copy had.
    pub before: u64,
    /// The checkpoint that it has now.
    pub newest: SignedCheckpoint,
}

/// Why a copy did not become newer. It stays what it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// What the log gives does not verify.
    #[error(transparent)]
    Log(#[from] VerifyError),
    /// The copy itself is not what it was.
    #[error("the copy does not verify any more: {0}")]
    Copy(VerifyError),
    /// The log has fewer entries than the copy.
    #[error("the log has {log} entries, the copy {copy}: it was cut off, or is an old one")]
    Shrunk {
        /// The entries of the log.
        log: u64,
        /// The entries of the copy.
        copy: u64,
    },
    /// The log is not an extension of the copy.
    #[error("the log does not begin with the {0} entries of the copy: it is another one")]
    Forked(u64),
    /// The folder holds the copy of a log with another key.
    #[error("{0} holds the copy of another log")]
    OtherLog(PathBuf),
    /// Another process works on the copy.
    #[error("another process works on {0}")]
    Busy(PathBuf),
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Makes a copy, or brings one up to date.
///
/// New files wait aside until they are verified up to the new checkpoint. Then they are put in their places, and the
/// checkpoint last: at whatever moment this stops, the folder holds a log that verifies. Blocks while it writes.
pub async fn mirror(
    source: &LogSource,
    trust: &Trust,
    folder: &Path,
    progress: impl FnMut(Progress),
) -> Result<Copied, CopyError> {
    let copy = Copy::open(folder, trust)?;
    let held = copy.held(trust).await?;
    let before = held.as_ref().map_or(0, |held| held.checkpoint().size);
    let mut audit = match &held {
        Some(held) => copy.resume(held.checkpoint()).await?,
        None => Audit::new(),
    };

    let (newest, witnessed) = read_checkpoints(source, trust).await?;
    let checkpoint = newest.checkpoint();
    if let Some(held) = &held {
        check_growth(held.checkpoint(), checkpoint)?;
    }
    let mut staged = Vec::new();
    let keep = |resource: Resource, bytes: Vec<u8>| {
        staged.push(resource);
        copy.stage(resource, &bytes)
    };
    let read = read_on(source, &mut audit, checkpoint, progress, keep).await;
    read.map_err(|error| forked(error, before))?;
    check_witnessed(source, witnessed.as_ref(), checkpoint).await?;

    copy.put_in_place(&staged)?;
    copy.write(VKEY_FILE, format!("{}\n", trust.log()).as_bytes())?;
    copy.write(CHECKPOINT, trust.known_only(&newest).as_bytes())?;
    copy.write(POLICY_FILE, &trust.policy().to_file())?;
    match &witnessed {
        Some(witnessed) => copy.write(WITNESSED, trust.known_only(&witnessed.signed).as_bytes())?,
        None => copy.drop_stale_witnessed(trust)?,
    }
    copy.remove_grown(before, checkpoint.size)?;
    Ok(Copied { before, newest })
}

/// Neither is the word of two checkpoints believed that contradict each other.
fn check_growth(held: &Checkpoint, newest: &Checkpoint) -> Result<(), CopyError> {
    if newest.size < held.size {
        return Err(CopyError::Shrunk { log: newest.size, copy: held.size });
    }
    if newest.size == held.size && newest.root != held.root {
        return Err(CopyError::Forked(held.size));
    }
    Ok(())
}

/// Entries before the end of the copy that differ now, or new ones that do not go on from there, are those of another log.
fn forked(error: CopyError, before: u64) -> CopyError {
    match error {
        CopyError::Log(VerifyError::Audit(AuditError::Rewritten { .. } | AuditError::Root { .. }))
            if before > 0 =>
        {
            CopyError::Forked(before)
        }
        CopyError::Log(VerifyError::Audit(AuditError::Entry { index, .. })) if index < before => {
            CopyError::Forked(before)
        }
        error => error,
    }
}

/// The folder, locked.
struct Copy {
    folder: PathBuf,
    source: LogSource,
    _lock: File,
}

impl Copy {
    fn open(folder: &Path, trust: &Trust) -> Result<Self, CopyError> {
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let path = folder.join(LOCK);
        let lock = File::create(&path).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CopyError::Busy(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(&path)(source)),
        }
        let staging = folder.join(STAGING);
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(failed(&staging))?;
        }
        let key = folder.join(VKEY_FILE);
        match fs::read_to_string(&key) {
            Ok(text) if text.trim_end() != trust.log().to_string() => {
                return Err(CopyError::OtherLog(folder.to_owned()));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&key)(error)),
            _ => {}
        }
        let source = LogSource::Folder(folder.to_owned());
        Ok(Self { folder: folder.to_owned(), source, _lock: lock })
    }

    /// The checkpoint that is there.
    async fn held(&self, trust: &Trust) -> Result<Option<SignedCheckpoint>, CopyError> {
        if !self.folder.join(CHECKPOINT).exists() {
            return Ok(None);
        }
        let copy = |error: VerifyError| CopyError::Copy(error);
        let text = self.source.checkpoint().await.map_err(|error| copy(error.into()))?;
        let refused = |refusal| copy(VerifyError::Checkpoint { file: CHECKPOINT, refusal });
        trust.read(&text).map(Some).map_err(refused)
    }

    /// The audit as it was when the copy was made.
    async fn resume(&self, held: &Checkpoint) -> Result<Audit, CopyError> {
        let resumed = async {
            let mut tiles = Tiles::new();
            for id in edge_tiles(held.size) {
                tiles.insert(id, &self.source.read(id.into()).await?)?;
            }
            Ok(Audit::resume(held.size, &held.root, &tiles)?)
        };
        resumed.await.map_err(CopyError::Copy)
    }

    fn stage(&self, resource: Resource, bytes: &[u8]) -> Result<(), CopyError> {
        let path = self.folder.join(STAGING).join(resource.path());
        write_durably(&path, bytes).map_err(failed(&path))
    }

    fn put_in_place(&self, staged: &[Resource]) -> Result<(), CopyError> {
        let mut folders = BTreeSet::new();
        for resource in staged {
            let from = self.folder.join(STAGING).join(resource.path());
            let to = self.folder.join(resource.path());
            let parent = to.parent().unwrap_or(&self.folder);
            fs::create_dir_all(parent).map_err(failed(parent))?;
            fs::rename(&from, &to).map_err(failed(&to))?;
            folders.extend(
                parent.ancestors().take_while(|above| above.starts_with(&self.folder)).map(Path::to_owned),
            );
        }
        for folder in folders {
            sync_folder(&folder).map_err(failed(&folder))?;
        }
        let staging = self.folder.join(STAGING);
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(failed(&staging))?;
        }
        Ok(())
    }

    /// Replaces a file in one step.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), CopyError> {
        let (aside, path) = (self.folder.join(STAGING).join(name), self.folder.join(name));
        write_durably(&aside, bytes).map_err(failed(&aside))?;
        fs::rename(&aside, &path).map_err(failed(&path))?;
        sync_folder(&self.folder).map_err(failed(&self.folder))
    }

    /// Removes a witnessed checkpoint that no longer is one, because the chain now demands other witnesses.
    fn drop_stale_witnessed(&self, trust: &Trust) -> Result<(), CopyError> {
        let path = self.folder.join(WITNESSED);
        match fs::read_to_string(&path) {
            Ok(text) if trust.read_witnessed(&text).is_err() => fs::remove_file(&path).map_err(failed(&path)),
            _ => Ok(()),
        }
    }

    /// Removes the partial files that wider ones replaced: what the folder holds is the tree of its checkpoint, and no more.
    fn remove_grown(&self, before: u64, now: u64) -> Result<(), CopyError> {
        let tiles = edge_tiles(before).into_iter().map(|old| {
            let new = TileId::in_tree(old.level, old.index, now);
            (Resource::from(old), new.map(Resource::from), Resource::from(old.full()))
        });
        let bundle = BundleId::in_tree(before >> 8, before).map(|old| {
            let new = BundleId::in_tree(old.index, now);
            (Resource::from(old), new.map(Resource::from), Resource::from(old.full()))
        });
        for (old, new, full) in tiles.chain(bundle) {
            let removed = if new == Some(full) && old != full {
                fs::remove_dir_all(self.folder.join(format!("{}.p", full.path())))
            } else if new.is_some_and(|new| new != old) {
                fs::remove_file(self.folder.join(old.path()))
            } else {
                continue;
            };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(&self.folder.join(old.path()))(error));
                }
                _ => {}
            }
        }
        let staging = self.folder.join(STAGING);
        if staging.exists() { fs::remove_dir_all(&staging).map_err(failed(&staging)) } else { Ok(()) }
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn failed(path: &Path) -> impl Fn(io::Error) -> CopyError {
    let path = path.to_owned();
    move |source| CopyError::File { path: path.clone(), source }
}

//! The key ceremonies: made, rotated and retired from the command line, on the machine that holds the keys.
//!
//! None of them talks to a running process. It takes a new key into use when the agreement lists its public half, and
//! leaves one when the agreement does so no more.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use kw_domain::{ChainName, Epoch, KeyUse};
use kw_protocol::Bytes32;
use kw_protocol::evaluation::PublicKey;
use kw_pseudonym::{Delta, SecretKey};
use kw_runtime::key_file::{KeyFile, KeyFileError, KeyKind};
use kw_runtime::log_key;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

/// What a rotation made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The new key's public half, for the agreement.
    pub public_key: PublicKey,
    /// The file for the switchboard, when the key is for the index: δ from the key before. Whoever has it together with
    /// one of the two keys has the other; it is handed over once, and destroyed after the conversion.
    pub delta: Option<PathBuf>,
}

/// Makes the first key of both uses, and that of the log, in `directory`, which is made (mode 0700) if it is not there.
pub fn init(
    directory: &Path,
    chain: &ChainName,
    rng: &mut dyn CryptoRngCore,
) -> Result<Vec<PublicKey>, CeremonyError> {
    make_folder(directory)?;
    if let Some(key_use) = KeyUse::ALL.into_iter().find(|key_use| {
        // The name alone decides: a file that cannot be read is no reason to make another key beside it.
        fs::read_dir(directory)
            .is_ok_and(|entries| entries.flatten().any(|entry| belongs_to(&entry, *key_use)))
    }) {
        return Err(CeremonyError::Exists { key_use, directory: directory.to_owned() });
    }
    KeyFile::create_all_in(&[log_key::first(KeyKind::Log, chain, rng)], directory)?;
    KeyUse::ALL.into_iter().map(|key_use| make(directory, chain, key_use, Epoch(1), rng)).collect()
}

/// Makes the next key of one use and, for the index, the δ file in `hand_over`, which must be there.
///
/// After an interruption, [`hand_over`] writes the δ of a key that is already made.
pub fn rotate(
    directory: &Path,
    chain: &ChainName,
    key_use: KeyUse,
    hand_over: &Path,
    rng: &mut dyn CryptoRngCore,
) -> Result<Rotated, CeremonyError> {
    let newest = newest(directory, chain, key_use)?;
    // Tried first: a key without its δ could not be taken into use.
    if key_use == KeyUse::Index && !hand_over.is_dir() {
        return Err(CeremonyError::NoHandOver { path: hand_over.to_owned() });
    }
    let public_key = make(directory, chain, key_use, newest.next(), rng)?;
    let delta = match key_use {
        KeyUse::Binding => None,
        KeyUse::Index => Some(self::hand_over(directory, chain, newest.next(), hand_over)?),
    };
    Ok(Rotated { public_key, delta })
}

/// Writes the file that takes the switchboard from the index key before `epoch` to that of `epoch`.
pub fn hand_over(
    directory: &Path,
    chain: &ChainName,
    epoch: Epoch,
    folder: &Path,
) -> Result<PathBuf, CeremonyError> {
    let keys = keys_of(directory, chain, KeyUse::Index)?;
    let find = |wanted: Epoch| {
        keys.iter().find(|(epoch, _)| *epoch == wanted).map(|(_, key)| key).ok_or_else(|| {
            CeremonyError::NoSuchKey {
                key_use: KeyUse::Index,
                epoch: wanted,
                directory: directory.to_owned(),
            }
        })
    };
    let before = Epoch(epoch.0.saturating_sub(1));
    let delta = Delta::between_keys(find(before)?, find(epoch)?);
    let secret = Zeroizing::new(delta.to_bytes().to_vec());
    let file = KeyFile { kind: KeyKind::IndexDelta, chain: chain.clone(), epoch, secret, use_from: None };
    Ok(file.create_in(folder)?)
}

/// Destroys an old key: what was evaluated under it can never be evaluated again. The newest key is never destroyed.
pub fn retire(
    directory: &Path,
    chain: &ChainName,
    key_use: KeyUse,
    epoch: Epoch,
) -> Result<(), CeremonyError> {
    if newest(directory, chain, key_use)? == epoch {
        return Err(CeremonyError::Newest { key_use, epoch });
    }
    let keys = keys_of(directory, chain, key_use)?;
    if !keys.iter().any(|(found, _)| *found == epoch) {
        return Err(CeremonyError::NoSuchKey { key_use, epoch, directory: directory.to_owned() });
    }
    Ok(KeyFile::destroy(&directory.join(format!("{}-{epoch}.key", kind_of(key_use).as_str())))?)
}

/// The public halves of all keys in `directory`, whether the agreement lists them or not.
pub fn public_keys(directory: &Path, chain: &ChainName) -> Result<Vec<PublicKey>, CeremonyError> {
    let mut all = Vec::new();
    for key_use in KeyUse::ALL {
        let keys = keys_of(directory, chain, key_use)?;
        all.extend(keys.iter().map(|(epoch, key)| published(chain, key_use, *epoch, key)));
    }
    Ok(all)
}

/// The kind of the files with keys for this use.
pub(crate) fn kind_of(key_use: KeyUse) -> KeyKind {
    match key_use {
        KeyUse::Binding => KeyKind::PseudonymiserBinding,
        KeyUse::Index => KeyKind::PseudonymiserIndex,
    }
}

fn belongs_to(entry: &fs::DirEntry, key_use: KeyUse) -> bool {
    entry.file_name().to_string_lossy().starts_with(kind_of(key_use).as_str())
}

fn make(
    directory: &Path,
    chain: &ChainName,
    key_use: KeyUse,
    epoch: Epoch,
    rng: &mut dyn CryptoRngCore,
) -> Result<PublicKey, CeremonyError> {
    let key = SecretKey::generate(rng);
    let secret = Zeroizing::new(key.to_bytes().to_vec());
    KeyFile { kind: kind_of(key_use), chain: chain.clone(), epoch, secret, use_from: None }
        .create_in(directory)?;
    Ok(published(chain, key_use, epoch, &key))
}

fn published(chain: &ChainName, key_use: KeyUse, epoch: Epoch, key: &SecretKey) -> PublicKey {
    PublicKey { chain: chain.clone(), key_use, epoch, public_key: Bytes32(key.public().to_bytes()) }
}

fn newest(directory: &Path, chain: &ChainName, key_use: KeyUse) -> Result<Epoch, CeremonyError> {
    let keys = keys_of(directory, chain, key_use)?;
    keys.last()
        .map(|(epoch, _)| *epoch)
        .ok_or_else(|| CeremonyError::NoKeys { key_use, directory: directory.to_owned() })
}

/// Oldest first.
fn keys_of(
    directory: &Path,
    chain: &ChainName,
    key_use: KeyUse,
) -> Result<Vec<(Epoch, SecretKey)>, CeremonyError> {
    let files = KeyFile::read_all(directory, chain)?;
    let mut keys = Vec::new();
    for file in files.iter().filter(|file| file.kind == kind_of(key_use)) {
        let key = file.secret32().and_then(|secret| SecretKey::from_bytes(&secret).ok());
        let path = directory.join(file.file_name());
        keys.push((file.epoch, key.ok_or(KeyFileError::Malformed { path })?));
    }
    keys.sort_by_key(|(epoch, _)| *epoch);
    Ok(keys)
}

fn make_folder(directory: &Path) -> Result<(), CeremonyError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|source| CeremonyError::Folder { path: directory.to_owned(), source })
}

/// Why a ceremony stopped. Always for the operator; nothing that was there before is changed.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// There are keys already: another first key would make every pseudonym another one.
    #[error("{directory} holds a key for {key_use} already: to replace it, run `ketenwijzer keys rotate`")]
    Exists {
        /// For which use.
        key_use: KeyUse,
        /// Where.
        directory: PathBuf,
    },
    /// A key file cannot be read or written.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The folder cannot be made.
    #[error("cannot make {path}: {source}")]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Without the newest key, nothing can be evaluated.
    #[error("{key_use} key {epoch} is the newest and is not destroyed: run `ketenwijzer keys rotate` first")]
    Newest {
        /// For which use.
        key_use: KeyUse,
        /// Its generation.
        epoch: Epoch,
    },
    /// The file for the switchboard has no place to go.
    #[error("{path} is not a folder: name one on the medium that goes to the switchboard's operator")]
    NoHandOver {
        /// What was named.
        path: PathBuf,
    },
    /// There is nothing to rotate or retire.
    #[error("{directory} holds no key of this chain for {key_use}: run `ketenwijzer keys init`")]
    NoKeys {
        /// For which use.
        key_use: KeyUse,
        /// Where.
        directory: PathBuf,
    },
    /// That generation is not here, or was destroyed.
    #[error("{directory} does not hold {key_use} key {epoch} of this chain")]
    NoSuchKey {
        /// For which use.
        key_use: KeyUse,
        /// Its generation.
        epoch: Epoch,
        /// Where.
        directory: PathBuf,
    },
}

#[cfg(test)]
mod tests;

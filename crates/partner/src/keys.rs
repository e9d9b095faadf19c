//! The partner's own keys: what seals bindings and local keys in its database, and what signs checkpoints.

use std::path::{Path, PathBuf};

use kw_domain::{ChainName, Epoch};
use kw_pseudonym::RowKey;
use kw_runtime::key_file::{KeyFile, KeyFileError, KeyKind};
use kw_runtime::log_key;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

/// Makes the first keys of a partner in an existing folder. Refuses where one is there already.
pub fn init(
    folder: &Path,
    chain: &ChainName,
    rng: &mut dyn CryptoRngCore,
) -> Result<Vec<PathBuf>, KeysError> {
    let secret = Zeroizing::new(RowKey::generate(rng).to_bytes().to_vec());
    let files = [
        KeyFile { kind: KeyKind::PartnerRow, chain: chain.clone(), epoch: Epoch(1), secret, use_from: None },
        log_key::first(KeyKind::Log, chain, rng),
        log_key::first(KeyKind::Witness, chain, rng),
    ];
    Ok(KeyFile::create_all_in(&files, folder)?)
}

/// The newest row key in the folder.
pub(crate) fn row_key(folder: &Path, chain: &ChainName) -> Result<RowKey, KeysError> {
    let files = KeyFile::read_all(folder, chain)?;
    let newest = files.iter().filter(|file| file.kind == KeyKind::PartnerRow).max_by_key(|file| file.epoch);
    let secret =
        newest.and_then(KeyFile::secret32).ok_or_else(|| KeysError::Missing { folder: folder.to_owned() })?;
    Ok(RowKey::from_bytes(&secret))
}

/// Why the partner's key cannot be used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// There is none. Without the one that sealed it, the database tells nothing any more, so none is made by itself.
    #[error(
        "there is no partner-row key of this chain in {folder}: restore the one that belongs to the database, or make \
         one for a new database with `ketenwijzer keys init`"
    )]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
    },
}

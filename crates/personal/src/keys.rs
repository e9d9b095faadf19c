//! The keys of a personal environment: what wraps the keys of dossiers, what signs its log, what proves it to the
//! provider.

use std::path::{Path, PathBuf};

use kw_domain::ChainName;
use kw_identity::SigningKey;
use kw_pseudonym::RowKey;
use kw_runtime::config::create_secret;
use kw_runtime::key_file::{KeyFile, KeyFileError, KeyKind};
use kw_runtime::log_key;
use rand_core::CryptoRngCore;

use crate::rules::ServiceKey;

/// Makes the first keys of a personal environment in an existing folder. Refuses where one is there already.
pub fn init(
    folder: &Path,
    chain: &ChainName,
    rng: &mut dyn CryptoRngCore,
) -> Result<Vec<PathBuf>, KeysError> {
    let kinds = [KeyKind::PersonalService, KeyKind::Log, KeyKind::Witness];
    let files = kinds.map(|kind| log_key::first(kind, chain, rng));
    Ok(KeyFile::create_all_in(&files, folder)?)
}

/// Makes the key that proves the personal environment to the provider (`provider.der`), and says its public half as a JWK
/// for the provider to register.
pub fn init_client_key(folder: &Path) -> Result<(PathBuf, serde_json::Value), KeysError> {
    let path = folder.join("provider.der");
    let key = SigningKey::generate().map_err(|_| KeysError::Client)?;
    let der = key.to_pkcs8().map_err(|_| KeysError::Client)?;
    create_secret(&path, &der).map_err(KeyFileError::from)?;
    Ok((path, key.public_jwk()))
}

/// The newest service key in the folder.
pub(crate) fn service_key(folder: &Path, chain: &ChainName) -> Result<ServiceKey, KeysError> {
    let files = KeyFile::read_all(folder, chain)?;
    let newest =
        files.iter().filter(|file| file.kind == KeyKind::PersonalService).max_by_key(|file| file.epoch);
    let secret =
        newest.and_then(KeyFile::secret32).ok_or_else(|| KeysError::Missing { folder: folder.to_owned() })?;
    Ok(ServiceKey::new(RowKey::from_bytes(&secret)))
}

/// Why the keys cannot be used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// This machine makes no key for the provider.
    #[error("the key for the provider cannot be made")]
    Client,
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// There is none. Without the one that wrapped them, no dossier opens any more, so none is made by itself.
    #[error(
        "there is no personal-service key of this chain in {folder}: restore the one that belongs to the database, or \
         make one for a new database with `ketenwijzer keys init personal`"
    )]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
    },
}

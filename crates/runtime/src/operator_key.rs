//! The file with the key with which an operator approves wider agreements.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::{ApprovalError, operator_public_key};
use zeroize::Zeroizing;

use crate::Entropy;
use crate::config::{SecretError, create_secret, read_secret};

/// Makes a key in a new file of mode 0600; its public half, which goes into the agreement.
pub fn make(file: &Path) -> Result<[u8; 32], OperatorKeyError> {
    let mut seed = Zeroizing::new([0; 32]);
    Entropy::os().fill(seed.as_mut_slice());
    let line =
        Zeroizing::new(format!("{MARK} {}\n", *Zeroizing::new(URL_SAFE_NO_PAD.encode(seed.as_slice()))));
    create_secret(file, line.as_bytes())?;
    Ok(operator_public_key(&seed)?)
}

/// The key in a file that only its owner may read.
pub fn read(file: &Path) -> Result<Zeroizing<[u8; 32]>, OperatorKeyError> {
    let line = read_secret(file)?;
    let mut seed = Zeroizing::new([0; 32]);
    let encoded = std::str::from_utf8(&line).ok().and_then(|line| line.trim_end().strip_prefix(MARK));
    let read = encoded.map(|text| URL_SAFE_NO_PAD.decode_slice(text.trim_start(), seed.as_mut_slice()));
    match read {
        Some(Ok(32)) => Ok(seed),
        _ => Err(OperatorKeyError::NoKey { path: file.to_owned() }),
    }
}

/// Why a key cannot be made or used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OperatorKeyError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] SecretError),
    /// Something else is in it.
    #[error("{} is no operator's key", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// What was drawn is no key.
    #[error(transparent)]
    Key(#[from] ApprovalError),
}

const MARK: &str = "ketenwijzer-operator-key-v1";

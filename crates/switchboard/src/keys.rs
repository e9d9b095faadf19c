//! The switchboard's keys: made by an operator, read at start and whenever the folder changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use kw_domain::{ChainName, Epoch, Instant};
use kw_pseudonym::{Delta, IndexKey, RowKey, TagKey};
use kw_runtime::key_file::{KeyFile, KeyFileError, KeyKind};
use kw_runtime::{Entropy, log_key};
use kw_telemetry::{Configured, Explain, Reason};
use zeroize::Zeroizing;

use crate::signer::{GrantKey, Signer};

/// Everything in the folder.
pub(crate) struct Keys {
    pub(crate) tag: TagKey,
    pub(crate) row: RowKey,
    pub(crate) index: BTreeMap<u32, IndexKey>,
    /// δ by the pseudonymiser epoch that it leads to.
    pub(crate) deltas: BTreeMap<u32, Delta>,
    pub(crate) signer: Signer,
}

impl Keys {
    pub(crate) fn read(folder: &Path, chain: &ChainName) -> Result<Self, KeysError> {
        let files = KeyFile::read_all(folder, chain)?;
        let missing = |kind: KeyKind| KeysError::Missing { folder: folder.to_owned(), kind: kind.as_str() };
        let of_kind = |kind: KeyKind| files.iter().filter(move |file| file.kind == kind);
        let bytes = |file: &KeyFile| file.secret32().ok_or(KeysError::Unusable { kind: file.kind.as_str() });
        let unusable = |kind: KeyKind| KeysError::Unusable { kind: kind.as_str() };

        let tag = of_kind(KeyKind::SwitchboardTag).next_back().ok_or(missing(KeyKind::SwitchboardTag))?;
        let row = of_kind(KeyKind::SwitchboardRow).next_back().ok_or(missing(KeyKind::SwitchboardRow))?;
        let mut index = BTreeMap::new();
        for file in of_kind(KeyKind::SwitchboardIndex) {
            let key = IndexKey::from_bytes(&*bytes(file)?).map_err(|_| unusable(file.kind))?;
            index.insert(file.epoch.0, key);
        }
        if index.is_empty() {
            return Err(missing(KeyKind::SwitchboardIndex));
        }
        let mut deltas = BTreeMap::new();
        for file in of_kind(KeyKind::IndexDelta) {
            let delta = Delta::from_bytes(&*bytes(file)?).map_err(|_| unusable(file.kind))?;
            deltas.insert(file.epoch.0, delta);
        }
        let grants = of_kind(KeyKind::Grant)
            .map(|file| GrantKey::read(file).ok_or(unusable(KeyKind::Grant)))
            .collect::<Result<Vec<_>, _>>()?;
        let signer = Signer::new(grants).ok_or(missing(KeyKind::Grant))?;
        Ok(Self {
            tag: TagKey::from_bytes(&*bytes(tag)?),
            row: RowKey::from_bytes(&*bytes(row)?),
            index,
            deltas,
            signer,
        })
    }
}

/// Makes the first keys of a switchboard in an existing folder. Refuses where one is there already.
pub fn init(folder: &Path, chain: &ChainName, entropy: &Entropy) -> Result<Vec<PathBuf>, KeysError> {
    let mut rng = entropy.clone();
    let key = |kind, secret: &[u8]| KeyFile {
        kind,
        chain: chain.clone(),
        epoch: Epoch(1),
        secret: Zeroizing::new(secret.to_vec()),
        use_from: None,
    };
    let files = [
        key(KeyKind::SwitchboardIndex, IndexKey::generate(&mut rng).to_bytes().as_slice()),
        key(KeyKind::SwitchboardTag, TagKey::generate(&mut rng).to_bytes().as_slice()),
        key(KeyKind::SwitchboardRow, RowKey::generate(&mut rng).to_bytes().as_slice()),
        key(KeyKind::Grant, &new_grant_secret()?),
        log_key::first(KeyKind::Log, chain, &mut rng),
        log_key::first(KeyKind::Witness, chain, &mut rng),
    ];
    Ok(KeyFile::create_all_in(&files, folder)?)
}

/// Makes the next grant key, published at once and used from `use_from` on.
pub fn rotate_grant(folder: &Path, chain: &ChainName, use_from: Instant) -> Result<PathBuf, KeysError> {
    let newest = KeyFile::read_all(folder, chain)?
        .iter()
        .filter(|file| file.kind == KeyKind::Grant)
        .map(|file| file.epoch)
        .max()
        .unwrap_or(Epoch(0));
    let file = KeyFile {
        kind: KeyKind::Grant,
        chain: chain.clone(),
        epoch: newest.next(),
        secret: new_grant_secret()?,
        use_from: Some(use_from),
    };
    Ok(file.create_in(folder)?)
}

fn new_grant_secret() -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let failed = |_| KeysError::Unusable { kind: KeyKind::Grant.as_str() };
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
    let document = pair.to_pkcs8v1().map_err(failed)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

/// Why the switchboard's keys cannot be used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// A kind of key is not there at all.
    #[error(
        "there is no {kind} key in {folder}: make keys with `ketenwijzer keys init switchboard`, or restore the right folder"
    )]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
        /// Which kind.
        kind: &'static str,
    },
    /// A key is no key.
    #[error("a {kind} key cannot be used: restore it from where the keys are kept")]
    Unusable {
        /// Which kind.
        kind: &'static str,
    },
}

impl Explain for KeysError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::File(error) => reason.because(error),
            Self::Missing { folder, kind } => reason
                .say("a kind of key is not there")
                .with("kind", kind)
                .with("folder", &Configured::path(folder)),
            Self::Unusable { kind } => reason.say("a key cannot be used").with("kind", kind),
        };
    }
}

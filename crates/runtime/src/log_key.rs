//! The keys under which a service signs checkpoints: as the keeper of its log, and as a witness of others' logs.
//!
//! Made once by an operator, who puts the public halves into the agreement. A service signs under what the agreement
//! says or not at all, so a wrong folder is found before anything is signed.

use std::fmt;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use kw_agreement::Agreement;
use kw_domain::{ChainName, Epoch, Oin};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::key_file::{KeyFile, KeyFileError, KeyKind};

/// One key that signs checkpoints (Ed25519).
#[derive(Clone)]
pub struct LogKey {
    seed: Zeroizing<[u8; 32]>,
    public: [u8; 32],
    epoch: Epoch,
}

/// The keys with which a party takes part in the logs of its chain.
#[derive(Debug, Clone)]
pub struct LogKeys {
    /// Signs the checkpoints of its own log.
    pub log: LogKey,
    /// Cosigns those of others, if the agreement has this party as a witness.
    pub witness: Option<LogKey>,
}

impl LogKeys {
    /// The keys in `folder` whose public halves the agreement has for this party, whatever their generation. A party that
    /// the agreement does not know has none.
    pub fn agreed(folder: &Path, agreement: &Agreement, party: Oin) -> Result<Self, LogKeyError> {
        let log = agreement
            .log_owner(party)
            .and_then(|owner| agreement.log_of(owner))
            .ok_or(LogKeyError::NoParty { oin: party })?;
        let find = |kind, public| LogKey::find(folder, agreement.chain(), kind, &public);
        let witness = agreement.witness_of(party);
        Ok(Self {
            log: find(KeyKind::Log, log.key)?,
            witness: witness.map(|witness| find(KeyKind::Witness, witness.key)).transpose()?,
        })
    }
}

impl LogKey {
    /// The secret half: an Ed25519 seed (RFC 8032).
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The public half, as it stands in the agreement.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Its generation.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The key of the highest generation in `folder`; `None` if there is none of this kind.
    pub fn newest(folder: &Path, chain: &ChainName, kind: KeyKind) -> Result<Option<Self>, KeyFileError> {
        Ok(Self::all(folder, chain, kind)?.pop())
    }

    /// Every key of this kind in `folder`, oldest first.
    pub fn all(folder: &Path, chain: &ChainName, kind: KeyKind) -> Result<Vec<Self>, KeyFileError> {
        let files = KeyFile::read_all(folder, chain)?;
        let of_kind = files.iter().filter(|file| file.kind == kind);
        of_kind
            .map(|file| {
                Self::of(file).ok_or_else(|| KeyFileError::Malformed { path: folder.join(file.file_name()) })
            })
            .collect()
    }

    fn find(folder: &Path, chain: &ChainName, kind: KeyKind, public: &[u8; 32]) -> Result<Self, LogKeyError> {
        let keys = Self::all(folder, chain, kind)?;
        let (kind, folder) = (kind.as_str(), folder.to_owned());
        if keys.is_empty() {
            return Err(LogKeyError::Missing { kind, folder });
        }
        let agreed = keys.into_iter().find(|key| key.public == *public);
        agreed.ok_or(LogKeyError::NotAgreed { kind, folder })
    }

    fn of(file: &KeyFile) -> Option<Self> {
        let seed = file.secret32()?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { seed, public, epoch: file.epoch })
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({}, …)", self.epoch)
    }
}

/// A first key of this kind, not yet written.
pub fn first(kind: KeyKind, chain: &ChainName, rng: &mut dyn CryptoRngCore) -> KeyFile {
    let mut secret = Zeroizing::new(vec![0; 32]);
    rng.fill_bytes(&mut secret);
    KeyFile { kind, chain: chain.clone(), epoch: Epoch(1), secret, use_from: None }
}

/// Makes the next key of this kind. It signs once the agreement has it: for a log that is under another name too.
pub fn next(
    folder: &Path,
    chain: &ChainName,
    kind: KeyKind,
    rng: &mut dyn CryptoRngCore,
) -> Result<LogKey, KeyFileError> {
    let newest = LogKey::newest(folder, chain, kind)?.map_or(Epoch(0), |key| key.epoch);
    let file = KeyFile { epoch: newest.next(), ..first(kind, chain, rng) };
    let path = file.create_in(folder)?;
    LogKey::of(&file).ok_or(KeyFileError::Malformed { path })
}

/// Makes those of `kinds` of which the folder has no key of this chain: an installation from before logs were signed gets
/// them beside the keys that it has.
pub fn add_missing(
    folder: &Path,
    chain: &ChainName,
    kinds: &[KeyKind],
    rng: &mut dyn CryptoRngCore,
) -> Result<Vec<PathBuf>, KeyFileError> {
    let present = KeyFile::read_all(folder, chain)?;
    let missing = kinds.iter().filter(|kind| !present.iter().any(|file| file.kind == **kind));
    missing.map(|kind| first(*kind, chain, rng).create_in(folder)).collect()
}

/// Why a service cannot sign checkpoints. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum LogKeyError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// There is none.
    #[error(
        "there is no {kind} key of this chain in {folder}: add it with `ketenwijzer keys init … --missing`, and have \
         what that prints put into the agreement"
    )]
    Missing {
        /// What it is for.
        kind: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The agreement has no log for this certificate.
    #[error("{oin} is no party of the agreement: use the certificate of a party")]
    NoParty {
        /// Who.
        oin: Oin,
    },
    /// There is one, and nobody would believe what it signs.
    #[error(
        "no {kind} key in {folder} is the one that the agreement has for this party: restore the right folder, or have \
         the agreement changed to what `ketenwijzer keys init … --missing` prints"
    )]
    NotAgreed {
        /// What it is for.
        kind: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
    },
}

#[cfg(test)]
mod tests;

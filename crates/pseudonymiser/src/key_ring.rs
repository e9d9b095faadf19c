//! The keys that are in use: those in the key files whose public halves the agreement lists.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use kw_agreement::Agreement;
use kw_domain::{ChainName, Epoch, KeyUse};
use kw_ledger::RecordedKey;
use kw_protocol::Bytes32;
use kw_protocol::evaluation::PublicKey as ListedKey;
use kw_pseudonym::SecretKey;
use kw_runtime::key_file::{KeyFile, KeyFileError};
use kw_telemetry::{Configured, Explain, Reason};

use crate::events::OldKeyMissing;
use crate::keys::kind_of;

/// The secret keys of one chain, each checked against the agreement.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRing {
    chain: ChainName,
    keys: BTreeMap<(KeyUse, Epoch), RingKey>,
}

#[derive(Clone)]
struct RingKey(SecretKey);

impl KeyRing {
    /// Reads the key files in `directory` and keeps the keys that `agreement` lists. A key that it does not list is left
    /// alone: it waits to be announced, or was announced away.
    pub fn load(directory: &Path, agreement: &Agreement) -> Result<Self, KeyRingError> {
        let chain = agreement.chain();
        let mut keys = BTreeMap::new();
        for file in KeyFile::read_all(directory, chain)? {
            let Some(key_use) = KeyUse::ALL.into_iter().find(|key_use| kind_of(*key_use) == file.kind) else {
                continue;
            };
            let path = || directory.join(file.file_name());
            let key = file
                .secret32()
                .and_then(|secret| SecretKey::from_bytes(&secret).ok())
                .ok_or_else(|| KeyRingError::NoScalar { path: path() })?;
            let Some(listed) = agreement.pseudonymiser_keys(key_use).get(&file.epoch) else { continue };
            if key.public().to_bytes() != *listed {
                return Err(KeyRingError::OtherThanListed { key_use, epoch: file.epoch, path: path() });
            }
            keys.insert((key_use, file.epoch), RingKey(key));
        }
        for key_use in KeyUse::ALL {
            let listed = agreement.pseudonymiser_keys(key_use);
            let newest = listed.keys().next_back().ok_or(KeyRingError::NoneListed { key_use })?;
            if !keys.contains_key(&(key_use, *newest)) {
                let directory = directory.to_owned();
                return Err(KeyRingError::NewestMissing { key_use, epoch: *newest, directory });
            }
            for epoch in listed.keys().copied().filter(|epoch| !keys.contains_key(&(key_use, *epoch))) {
                OldKeyMissing { key_use, epoch }.log();
            }
        }
        Ok(Self { chain: chain.clone(), keys })
    }

    /// The keys for one use that this version of the agreement lists, oldest first.
    ///
    /// The agreement is asked again at each use: between a reload of the agreement and one of the keys, a key that was
    /// announced away must not be used any more.
    pub fn live<'r>(
        &'r self,
        key_use: KeyUse,
        agreement: &'r Agreement,
    ) -> impl Iterator<Item = (Epoch, &'r SecretKey)> {
        let listed = agreement.pseudonymiser_keys(key_use);
        self.keys
            .range((key_use, Epoch(0))..=(key_use, Epoch(u32::MAX)))
            .map(|((_, epoch), key)| (*epoch, &key.0))
            .filter(|(epoch, key)| listed.get(epoch) == Some(&key.public().to_bytes()))
    }

    /// Whether there is a key to serve for both uses. Between a reload of the agreement and one of the keys the newest may
    /// be missing for a moment; clients use what both sides have.
    pub(crate) fn can_serve(&self, agreement: &Agreement) -> bool {
        KeyUse::ALL.into_iter().all(|key_use| self.live(key_use, agreement).next().is_some())
    }

    /// The public halves of the keys that this version of the agreement lists.
    pub fn public_keys(&self, agreement: &Agreement) -> Vec<ListedKey> {
        let entry = |key_use, (epoch, key): (Epoch, &SecretKey)| ListedKey {
            chain: self.chain.clone(),
            key_use,
            epoch,
            public_key: Bytes32(key.public().to_bytes()),
        };
        KeyUse::ALL
            .into_iter()
            .flat_map(|key_use| self.live(key_use, agreement).map(move |key| entry(key_use, key)))
            .collect()
    }

    /// The same keys as they stand in a record.
    pub(crate) fn recorded(&self, agreement: &Agreement) -> Vec<RecordedKey> {
        let key = |key: ListedKey| {
            RecordedKey::new(kind_of(key.key_use).as_str(), key.epoch.to_string(), &key.public_key.0)
        };
        self.public_keys(agreement).into_iter().map(key).collect()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

/// Two keys are the same when their public halves are: no secret is compared.
impl PartialEq for RingKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.public() == other.0.public()
    }
}

impl Eq for RingKey {}

/// Why the keys cannot be used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// A key file cannot be used.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The agreement lists a key that was not made here, or whose file is elsewhere.
    #[error(
        "the agreement lists {key_use} key {epoch} as the newest, but {directory} does not hold it: put its key file \
         there, or make one with `ketenwijzer keys rotate` and have the agreement list its public half"
    )]
    NewestMissing {
        /// For which use.
        key_use: KeyUse,
        /// Its generation.
        epoch: Epoch,
        /// Where the keys are.
        directory: PathBuf,
    },
    /// The file holds 32 bytes that are no key.
    #[error("{path} holds no scalar of ristretto255: restore it from its backup")]
    NoScalar {
        /// The key file.
        path: PathBuf,
    },
    /// Clients would refuse everything.
    #[error(
        "the agreement lists no {key_use} key: have it list the public half that `ketenwijzer keys init` printed"
    )]
    NoneListed {
        /// For which use.
        key_use: KeyUse,
    },
    /// Clients would refuse every evaluation under this key.
    #[error(
        "the public half of {path} is not the one that the agreement lists for {key_use} key {epoch}: restore the file \
         that belongs to the agreement, or have the agreement list this key"
    )]
    OtherThanListed {
        /// For which use.
        key_use: KeyUse,
        /// Its generation.
        epoch: Epoch,
        /// The key file.
        path: PathBuf,
    },
}

impl Explain for KeyRingError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::File(error) => reason.because(error),
            Self::NewestMissing { key_use, epoch, directory } => reason
                .say("the newest key that the agreement lists is not here")
                .with("key use", key_use)
                .with("epoch", epoch)
                .with("folder", &Configured::path(directory)),
            Self::NoScalar { path } => {
                reason.say("a file holds no key").with("file", &Configured::path(path))
            }
            Self::NoneListed { key_use } => reason.say("the agreement lists no key").with("key use", key_use),
            Self::OtherThanListed { key_use, epoch, path } => reason
                .say("the agreement lists another key")
                .with("key use", key_use)
                .with("epoch", epoch)
                .with("file", &Configured::path(path)),
        };
    }
}

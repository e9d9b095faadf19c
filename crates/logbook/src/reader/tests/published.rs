//! A log as its owner publishes it, in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use kw_ledger::audit::Audit;
use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::cosignature::CosigningKey;
use kw_ledger::note::{SignatureKind, SigningKey, VerifierKey};
use kw_ledger::policy::Policy;
use kw_ledger::tile::{BundleId, Resource, encode_bundle, encode_tile};
use kw_ledger::{LEAF_LENGTH, Leaf, LeafKind};
use tempfile::TempDir;

use crate::reader::{LogSource, Trust};

pub(super) const ORIGIN: &str = "chain/switchboard";

/// A log of a test: its entries are kept, so that it can grow.
pub(super) struct Log {
    pub(super) folder: TempDir,
    leaves: Vec<[u8; LEAF_LENGTH]>,
}

pub(super) fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[1; 32]).unwrap()
}

pub(super) fn witness() -> CosigningKey {
    CosigningKey::from_seed("chain/witness/1", &[2; 32]).unwrap()
}

pub(super) fn trust(quorum: usize) -> Trust {
    let witnesses = vec![("w".to_owned(), witness().verifier().clone())];
    let policy = Policy::threshold(vec![key().verifier().clone()], witnesses, quorum).unwrap();
    Trust::of_policy(policy).unwrap()
}

/// One that nobody trusts.
pub(super) fn stranger() -> CosigningKey {
    CosigningKey::from_seed("chain/witness/2", &[3; 32]).unwrap()
}

pub(super) fn leaf(number: u64) -> Leaf {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    Leaf { kind: LeafKind::Access, hash }
}

impl Log {
    /// A log of so many entries, published and witnessed.
    pub(super) fn of(size: u64) -> Self {
        let mut log = Self { folder: tempfile::tempdir().unwrap(), leaves: Vec::new() };
        log.grow(size);
        log.witness();
        log
    }

    pub(super) fn path(&self, resource: &str) -> PathBuf {
        self.folder.path().join(resource)
    }

    pub(super) fn source(&self) -> LogSource {
        LogSource::Folder(self.folder.path().to_owned())
    }

    /// Publishes so many more.
    pub(super) fn grow(&mut self, more: u64) {
        let size = self.leaves.len() as u64;
        self.leaves.extend((size..size + more).map(|number| leaf(number).to_bytes()));
        self.publish();
    }

    /// Publishes another history from an entry on.
    pub(super) fn rewrite(&mut self, from: usize) {
        for entry in &mut self.leaves[from..] {
            entry[40] ^= 0xff;
        }
        self.publish();
    }

    fn publish(&self) {
        let mut audit = Audit::new();
        for entry in &self.leaves {
            audit.add_entry(entry);
            for (id, hashes) in audit.completed() {
                write(self.folder.path(), id.into(), &encode_tile(hashes));
            }
        }
        for (id, hashes) in audit.edge() {
            write(self.folder.path(), id.into(), &encode_tile(hashes));
        }
        for (entries, index) in self.leaves.chunks(256).zip(0..) {
            let id = BundleId { index, width: entries.len() as u16 };
            write(self.folder.path(), id.into(), &encode_bundle(entries).unwrap());
        }
        let size = self.leaves.len() as u64;
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root: audit.root() };
        fs::write(self.path("checkpoint"), checkpoint.sign(&key()).unwrap().to_string()).unwrap();
    }

    pub(super) fn signed(&self) -> SignedCheckpoint {
        let text = fs::read_to_string(self.path("checkpoint")).unwrap();
        SignedCheckpoint::parse(&text, key().verifier()).unwrap()
    }

    /// Has the newest checkpoint cosigned.
    pub(super) fn witness(&self) {
        let mut signed = self.signed();
        let line = witness().cosign(&signed, 1_800_000_000);
        signed.add_cosignature(line, witness().verifier()).unwrap();
        fs::write(self.path("checkpoint"), signed.to_string()).unwrap();
        fs::write(self.path("witnessed-checkpoint"), signed.to_string()).unwrap();
    }

    /// Changes a bit of a file.
    pub(super) fn flip(&self, resource: &str, byte: usize) {
        let path = self.path(resource);
        let mut bytes = fs::read(&path).unwrap();
        bytes[byte] ^= 1;
        fs::write(path, bytes).unwrap();
    }
}

fn write(folder: &Path, resource: Resource, bytes: &[u8]) {
    let path = folder.join(resource.path());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub(super) fn other_key() -> VerifierKey {
    VerifierKey::new(ORIGIN, SignatureKind::Ed25519, [9; 32]).unwrap()
}

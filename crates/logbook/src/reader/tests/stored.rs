use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kw_domain::{ChainName, Instant as Moment, Oin};
use kw_ledger::audit::Audit;
use kw_ledger::checkpoint::Checkpoint;
use kw_ledger::tree::subtree_root;
use kw_ledger::{AccessRecord, ErasedRange, Event, LeafKind, canonical};
use kw_store::pseudonymiser::Pseudonymiser;
use kw_store::{Act, DatabaseConfig, Publication, Store, StoreError, StoredEntry, StoredLog};
use tempfile::TempDir;

use super::published::{ORIGIN, key, trust};
use crate::reader::stored::unread;
use crate::reader::{StoredLogState, VerifyError, verify_stored};

pub(super) struct Database {
    folder: TempDir,
}

impl Database {
    /// A log of so many entries, all of them published but the last one.
    pub(super) async fn of(entries: u64) -> Self {
        let database = Self { folder: tempfile::tempdir().unwrap() };
        let store = database.store();
        for number in 0..entries {
            let mut record = record(Event::PointerRegistered);
            record.count = Some(number);
            append(&store, record).await;
        }
        publish(&store, entries - 1).await;
        database
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("log.db")
    }

    fn config(&self) -> DatabaseConfig {
        DatabaseConfig::at(self.file().to_str().unwrap())
    }

    fn store(&self) -> Store<Pseudonymiser> {
        Store::open(&self.config(), ORIGIN, |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap()).unwrap()
    }

    pub(super) async fn verify(&self) -> Result<StoredLogState, VerifyError> {
        let config = self.config();
        let verified = tokio::task::spawn_blocking(move || {
            let mut log = StoredLog::open(&config).map_err(|_| unread(StoreError::Damaged("database")))?;
            verify_stored(&mut log, &trust(0), |_| {})
        });
        verified.await.unwrap()
    }

    /// Leaf, salt and record of every entry.
    pub(super) async fn entries(&self) -> Vec<([u8; 32], [u8; 32], String)> {
        let store = self.store();
        let entries = store.read(|log| log.ledger_entries(0, 10_000)).await.unwrap();
        let whole = |entry: StoredEntry| {
            (entry.leaf, entry.salt.unwrap().0, entry.record.unwrap().as_str().to_owned())
        };
        entries.into_iter().map(whole).collect()
    }

    /// Changes one bit of one value, where it stands in the file. What was there before is kept beside it.
    pub(super) fn flip_bit(&self, value: &[u8], at: usize, bit: u8) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let mut file = fs::read(self.file()).unwrap();
            let found = file.windows(value.len()).position(|bytes| bytes == value);
            if let Some(place) = found.filter(|_| !self.folder.path().join("log.db-wal").exists()) {
                fs::write(self.folder.path().join("before"), &file).unwrap();
                file[place + at] ^= bit;
                return fs::write(self.file(), file).unwrap();
            }
            assert!(Instant::now() < until, "the bytes are not in the database");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Puts back what was there before the last flip.
    pub(super) fn flip_back(&self) {
        fs::copy(self.folder.path().join("before"), self.file()).unwrap();
        for left in ["log.db-wal", "log.db-shm"] {
            // There is one only while a connection is open.
            drop(fs::remove_file(self.folder.path().join(left)));
        }
    }

    /// Changes a bit of every place in the file where these bytes stand.
    fn flip(&self, bytes: &[u8]) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let mut file = fs::read(self.file()).unwrap();
            let places = file.windows(bytes.len()).enumerate().filter(|(_, at)| *at == bytes);
            let places: Vec<usize> = places.map(|(at, _)| at).collect();
            if !places.is_empty() {
                for at in places {
                    file[at + bytes.len() - 1] ^= 1;
                }
                return fs::write(self.file(), file).unwrap();
            }
            // The last connection moves the write-ahead log into the file when it closes, on a thread of its own.
            assert!(Instant::now() < until, "the bytes are not in the database");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn record(event: Event) -> AccessRecord {
    let oin = Oin::parse("00000099000000001000").unwrap();
    let at = Moment::parse("2026-11-21T09:30:00Z").unwrap();
    AccessRecord::new(event, at, ChainName::parse("chain").unwrap(), oin, oin, "ab".repeat(32))
}

async fn append(store: &Store<Pseudonymiser>, record: AccessRecord) {
    let text = canonical(&record).unwrap();
    let act = move || Act::new(record.at, LeafKind::Access, text.clone());
    store.write::<_, (), _>("test", move |_| Ok(((), act()))).await.unwrap();
}

async fn publish(store: &Store<Pseudonymiser>, size: u64) {
    let leaves = store.read(move |log| log.ledger_leaves(0, size as u32)).await.unwrap();
    let mut audit = Audit::new();
    let mut roots = Vec::new();
    for (_, leaf) in leaves {
        audit.add_entry(&leaf.to_bytes());
        roots.extend(
            audit.completed().map(|(id, hashes)| (id.level, id.index, subtree_root(hashes).unwrap().0)),
        );
    }
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root: audit.root() };
    let note = checkpoint.sign(&key()).unwrap().to_string();
    let at = Moment::parse("2026-11-21T09:30:01Z").unwrap();
    let next = Publication { size, root: audit.root().0, note, published_at: at };
    assert!(store.keep("test", move |books| books.publish(None, &next, &roots)).await.unwrap());
}

#[tokio::test]
async fn a_stored_log_verifies_with_all_its_records() {
    let database = Database::of(600).await;
    let state = database.verify().await.unwrap();
    assert_eq!((state.entries, state.erased, state.published), (600, 0, 599));
}

#[tokio::test]
async fn a_changed_record_is_named() {
    let database = Database::of(20).await;
    database.flip(b"\"count\":13");
    let error = database.verify().await.unwrap_err();
    // 3 with its last bit changed is 2: a record as good as the other, but for the leaf.
    assert!(matches!(error, VerifyError::Record(13)), "{error}");
}

#[tokio::test]
async fn a_changed_leaf_is_named() {
    let database = Database::of(20).await;
    let store = database.store();
    let leaves = store.read(|log| log.ledger_leaves(0, 20)).await.unwrap();
    drop(store);
    database.flip(&leaves[7].1.hash);
    let error = database.verify().await.unwrap_err();
    assert!(matches!(error, VerifyError::Record(7)), "{error}");
}

#[tokio::test]
async fn records_that_retention_erased_are_accounted_for_and_others_are_not() {
    let database = Database::of(20).await;
    let store = database.store();
    let before = Moment::parse("2026-11-21T09:31:00Z").unwrap();
    let erased = store.write::<_, (), _>("test", move |tx| {
        let erased = tx.erase_records(LeafKind::Access, before, 5).unwrap().unwrap();
        let mut told = record(Event::RecordsErased);
        told.erased =
            Some(ErasedRange { before, class: "access".to_owned(), first: erased.first, last: erased.last });
        Ok((erased, Act::new(before, LeafKind::Access, canonical(&told).unwrap())))
    });
    assert_eq!(erased.await.unwrap().value.last, 4);
    let state = database.verify().await.unwrap();
    assert_eq!((state.entries, state.erased), (21, 5));

    let silently = store.write::<_, (), _>("test", move |tx| {
        tx.erase_records(LeafKind::Access, before, 3).unwrap();
        Ok(((), Act::new(before, LeafKind::Access, canonical(&record(Event::PointerRead)).unwrap())))
    });
    silently.await.unwrap();
    let error = database.verify().await.unwrap_err();
    assert!(matches!(error, VerifyError::Gone(7)), "{error}");
}

#[tokio::test]
async fn a_database_of_another_log_is_not_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = DatabaseConfig::at(folder.path().join("other.db").to_str().unwrap());
    let salts = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
    let store: Store<Pseudonymiser> = Store::open(&config, "chain/other", salts).unwrap();
    append(&store, record(Event::PointerRead)).await;
    let verified = tokio::task::spawn_blocking(move || {
        verify_stored(&mut StoredLog::open(&config).unwrap(), &trust(0), |_| {})
    });
    assert!(matches!(verified.await.unwrap(), Err(VerifyError::OtherLog { .. })));
}

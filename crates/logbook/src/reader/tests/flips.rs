//! Single-bit flips at random places of everything that is verified. `KW_FLIPS` says how many; some hundred without it.

use std::fs;
use std::path::{Path, PathBuf};

use super::published::{Log, trust};
use super::stored::Database;
use crate::reader::verify_log;

fn flips() -> usize {
    std::env::var("KW_FLIPS").map_or(400, |text| text.parse().unwrap())
}

fn random(below: usize) -> usize {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    (u64::from_le_bytes(bytes) % below as u64) as usize
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn every_flipped_bit_of_a_published_log_is_seen() {
    let log = Log::of(600);
    let files = files(log.folder.path());
    assert!(files.len() > 6, "checkpoint, tiles and bundles: {files:?}");
    for _ in 0..flips() {
        let file = &files[random(files.len())];
        let mut bytes = fs::read(file).unwrap();
        let (at, bit) = (random(bytes.len()), 1_u8 << random(8));
        bytes[at] ^= bit;
        fs::write(file, &bytes).unwrap();
        let verdict = verify_log(&log.source(), &trust(1), |_| {}).await;
        assert!(verdict.is_err_and(|error| error.is_verdict()), "{} byte {at} bit {bit}", file.display());
        bytes[at] ^= bit;
        fs::write(file, &bytes).unwrap();
    }
    assert!(verify_log(&log.source(), &trust(1), |_| {}).await.is_ok(), "every bit was flipped back");
}

#[tokio::test]
async fn every_flipped_bit_of_a_stored_record_salt_or_leaf_is_seen() {
    let database = Database::of(60).await;
    let entries = database.entries().await;
    for _ in 0..flips() / 4 {
        let (leaf, salt, record) = &entries[random(entries.len())];
        let bytes: &[u8] = match random(3) {
            0 => leaf,
            1 => salt,
            _ => record.as_bytes(),
        };
        let (at, bit) = (random(bytes.len()), 1_u8 << random(8));
        database.flip_bit(bytes, at, bit);
        assert!(database.verify().await.is_err(), "byte {at} bit {bit} of {} bytes", bytes.len());
        database.flip_back();
    }
    assert!(database.verify().await.is_ok(), "every bit was flipped back");
}

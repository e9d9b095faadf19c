//! A whole log verified: from the database, records and all, and from a folder with what is published.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::ensure;
use kw_ledger::audit::Audit;
use kw_ledger::checkpoint::Checkpoint;
use kw_ledger::tile::{Resource, TileId, all_bundles, encode_bundle, encode_tile};
use kw_store::Store;
use kw_store::switchboard::Switchboard;
use serde::{Deserialize, Serialize};

use super::super::arguments::Verifying;
use super::appends::{ORIGIN, act, open, record};

/// How many entries one act leaves while the log is filled.
const AT_ONCE: u64 = 1_000;
const READ: u32 = 10_000;

/// How long it took.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Verified {
    pub(super) database_seconds: f64,
    pub(super) folder_seconds: f64,
}

/// Prints how long it took.
pub(in super::super) fn run(plan: &Verifying) -> anyhow::Result<()> {
    let store = open(&plan.database)?;
    fill(&store, plan.entries)?;
    let checkpoint = publish(&store, &plan.folder, plan.entries)?;
    let began = Instant::now();
    from_database(&store, &checkpoint)?;
    let database_seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    from_folder(&plan.folder, &checkpoint)?;
    let folder_seconds = began.elapsed().as_secs_f64();
    println!("{}", serde_json::to_string(&Verified { database_seconds, folder_seconds })?);
    Ok(())
}

fn fill(store: &Store<Switchboard>, entries: u64) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let record = record()?;
    let mut left = entries;
    while left > 0 {
        let now = left.min(AT_ONCE);
        let record = record.clone();
        // Entries that differ, as long as each other.
        let fill = move |_: &mut kw_store::Tx<'_, Switchboard>| {
            let acts = (1..now).fold(act(record.clone()), |acts, _| acts.grant(record.clone()));
            Ok(((), acts))
        };
        runtime.block_on(store.write::<(), (), _>("bench", fill))?;
        left -= now;
    }
    Ok(())
}

/// Writes bundles and tiles as a log publishes them.
fn publish(store: &Store<Switchboard>, folder: &Path, entries: u64) -> anyhow::Result<Checkpoint> {
    let mut audit = Audit::new();
    for bundle in all_bundles(entries) {
        let (first, width) = (bundle.index << 8, u32::from(bundle.width));
        let leaves = store.read_blocking(|log| log.ledger_leaves(first, width))?;
        let bytes: Vec<_> = leaves.iter().map(|(_, leaf)| leaf.to_bytes()).collect();
        let encoded = encode_bundle(&bytes)?;
        audit.add_bundle(bundle, &encoded)?;
        write(folder, &Resource::Entries(bundle), &encoded)?;
        for (id, hashes) in audit.completed() {
            write(folder, &Resource::Tile(id), &encode_tile(hashes))?;
        }
    }
    for (id, hashes) in audit.edge() {
        write(folder, &Resource::Tile(id), &encode_tile(hashes))?;
    }
    Ok(Checkpoint { origin: ORIGIN.to_owned(), size: entries, root: audit.root() })
}

fn from_database(store: &Store<Switchboard>, checkpoint: &Checkpoint) -> anyhow::Result<()> {
    let mut audit = Audit::new();
    while audit.size() < checkpoint.size {
        let from = audit.size();
        let entries = store.read_blocking(|log| log.ledger_entries(from, READ))?;
        ensure!(!entries.is_empty(), "the log ends at entry {from}");
        for entry in &entries {
            ensure!(entry.is_sound(), "entry {} does not fit its leaf", entry.index);
            audit.add_entry(&entry.leaf().to_bytes());
        }
    }
    Ok(audit.finish(checkpoint)?)
}

fn from_folder(folder: &Path, checkpoint: &Checkpoint) -> anyhow::Result<()> {
    let mut audit = Audit::new();
    for bundle in all_bundles(checkpoint.size) {
        audit.add_bundle(bundle, &fs::read(place(folder, &Resource::Entries(bundle)))?)?;
        let completed: Vec<TileId> = audit.completed().map(|(id, _)| id).collect();
        compare(&mut audit, folder, completed)?;
    }
    let edge: Vec<TileId> = audit.edge().map(|(id, _)| id).collect();
    compare(&mut audit, folder, edge)?;
    Ok(audit.finish(checkpoint)?)
}

fn compare(audit: &mut Audit, folder: &Path, tiles: Vec<TileId>) -> anyhow::Result<()> {
    for id in tiles {
        audit.compare(id, &fs::read(place(folder, &Resource::Tile(id)))?)?;
    }
    Ok(())
}

fn place(folder: &Path, resource: &Resource) -> PathBuf {
    folder.join(resource.path())
}

fn write(folder: &Path, resource: &Resource, bytes: &[u8]) -> anyhow::Result<()> {
    let path = place(folder, resource);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(fs::write(path, bytes)?)
}

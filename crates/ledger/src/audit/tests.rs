use std::collections::BTreeMap;

use super::*;
use crate::tile::{Resource, all_bundles, all_tiles, encode_bundle, encode_tile, reading_order};
use crate::tree::Frontier;

/// A log as it is published: entries of 41 bytes, bundles and tiles.
struct Published {
    checkpoint: Checkpoint,
    bundles: BTreeMap<BundleId, Vec<u8>>,
    tiles: BTreeMap<TileId, Vec<u8>>,
}

fn entry(number: u64) -> [u8; 41] {
    let mut entry = [1; 41];
    entry[33..].copy_from_slice(&number.to_be_bytes());
    entry
}

impl Published {
    /// Made without what is tested here.
    fn of(size: u64) -> Self {
        let mut tree = Frontier::new();
        let leaves: Vec<Hash> = (0..size).map(|number| leaf_hash(&entry(number))).collect();
        let mut set = Tiles::new();
        let mut level = leaves.clone();
        for number in 0..3 {
            for (index, hashes) in level.chunks(256).enumerate() {
                let id = TileId { level: number, index: index as u64, width: hashes.len() as u16 };
                set.insert_hashes(id, hashes.to_vec()).unwrap();
            }
            level = level.chunks_exact(256).map(|full| subtree_root(full).unwrap()).collect();
        }
        for leaf in leaves {
            tree.push(leaf);
        }
        let tiles = all_tiles(size).map(|id| {
            let first = id.index << 8;
            let hashes =
                (first..first + u64::from(id.width)).map(|at| set.subtree(8 * id.level, at).unwrap());
            (id, encode_tile(&hashes.collect::<Vec<_>>()))
        });
        let bundles = all_bundles(size).map(|id| {
            let first = id.index << 8;
            let entries: Vec<_> = (first..first + u64::from(id.width)).map(entry).collect();
            (id, encode_bundle(&entries).unwrap())
        });
        let checkpoint = Checkpoint { origin: "log".to_owned(), size, root: tree.root() };
        Self { checkpoint, bundles: bundles.collect(), tiles: tiles.collect() }
    }

    /// Verifies all of it, and says what was read.
    fn verify(&self) -> Result<Vec<Resource>, AuditError> {
        self.verify_from(&mut Audit::new())
    }

    fn verify_from(&self, audit: &mut Audit) -> Result<Vec<Resource>, AuditError> {
        let mut read = Vec::new();
        for (id, bundle) in self.bundles.range(BundleId { index: audit.size() >> 8, width: 0 }..) {
            audit.add_bundle(*id, bundle)?;
            read.push(Resource::from(*id));
            let completed: Vec<TileId> = audit.completed().map(|(id, _)| id).collect();
            self.compare(completed, audit, &mut read)?;
        }
        let edge: Vec<TileId> = audit.edge().map(|(id, _)| id).collect();
        self.compare(edge, audit, &mut read)?;
        audit.finish(&self.checkpoint).map(|()| read)
    }

    fn compare(
        &self,
        tiles: Vec<TileId>,
        audit: &mut Audit,
        read: &mut Vec<Resource>,
    ) -> Result<(), AuditError> {
        for id in tiles {
            audit.compare(id, &self.tiles[&id])?;
            read.push(Resource::from(id));
        }
        Ok(())
    }
}

fn bundle(path: &str) -> BundleId {
    match Resource::parse(path).unwrap() {
        Resource::Entries(bundle) => bundle,
        _ => panic!("not a bundle"),
    }
}

fn tile(path: &str) -> TileId {
    match Resource::parse(path).unwrap() {
        Resource::Tile(tile) => tile,
        _ => panic!("not a tile"),
    }
}

#[test]
fn an_honest_log_verifies_with_every_tile_compared() {
    for size in [0, 1, 255, 256, 257, 512, 66_000] {
        let log = Published::of(size);
        let read = log.verify().unwrap();
        assert_eq!(read.len(), log.tiles.len() + log.bundles.len(), "size {size}");
        assert_eq!(read, reading_order(0, size).collect::<Vec<_>>());
    }
}

#[test]
fn a_changed_entry_is_named() {
    let mut log = Published::of(700);
    // Entry 3 of the second bundle: each takes 43 bytes.
    log.bundles.get_mut(&bundle("tile/entries/001")).unwrap()[3 * 43 + 20] ^= 4;
    let expected =
        AuditError::Entry { index: 259, bundle: bundle("tile/entries/001"), tile: tile("tile/0/001") };
    assert_eq!(log.verify(), Err(expected));
    assert!(
        expected
            .to_string()
            .starts_with("entry 259 (in tile/entries/001) does not hash to what tile/0/001 says")
    );
}

#[test]
fn a_changed_tile_is_named() {
    for (path, byte) in [("tile/0/001", 40), ("tile/0/002.p/188", 187 * 32), ("tile/1/000.p/2", 63)] {
        let mut log = Published::of(700);
        log.tiles.get_mut(&tile(path)).unwrap()[byte] ^= 4;
        let expected = TileDifference { tile: tile(path), position: (byte / 32) as u16 };
        assert_eq!(log.verify(), Err(AuditError::Tile(expected)));
    }
}

#[test]
fn a_bundle_of_another_shape_is_named() {
    let id = bundle("tile/entries/001");
    let error = |error| Err(AuditError::Bundle { bundle: id, error });
    let mut log = Published::of(700);
    log.bundles.get_mut(&id).unwrap().push(0);
    assert_eq!(log.verify(), error(BundleError::Longer));
    log.bundles.get_mut(&id).unwrap().truncate(4 * 43 - 1);
    assert_eq!(log.verify(), error(BundleError::CutShort { position: 3 }));
}

#[test]
fn another_checkpoint_is_not_that_of_the_entries() {
    let mut log = Published::of(300);
    let (expected, found) = (Hash([9; 32]), log.checkpoint.root);
    log.checkpoint.root = expected;
    assert_eq!(log.verify(), Err(AuditError::Root { size: 300, expected, found }));
    log.checkpoint.size = 301;
    assert_eq!(log.verify(), Err(AuditError::Size { expected: 301, found: 300 }));
}

#[test]
fn bundles_come_in_order() {
    let log = Published::of(700);
    let mut audit = Audit::new();
    let first = bundle("tile/entries/000");
    let second = bundle("tile/entries/001");
    assert_eq!(audit.add_bundle(second, &log.bundles[&second]), Err(AuditError::Order(second)));
    audit.add_bundle(first, &log.bundles[&first]).unwrap();
    assert_eq!(audit.add_bundle(first, &log.bundles[&first]), Err(AuditError::Order(first)));
    let beyond = BundleId { index: 1, width: 257 };
    assert_eq!(audit.add_bundle(beyond, &[]), Err(AuditError::Order(beyond)));
    let elsewhere = tile("tile/0/005");
    assert_eq!(audit.compare(elsewhere, &[0; 8192]), Err(TilesError::OutsideTree(elsewhere).into()));
}

#[test]
fn verification_goes_on_where_it_ended() {
    let grown = Published::of(66_000);
    for size in [0, 1, 255, 256, 257, 300, 512, 65_535, 65_536, 65_537, 66_000] {
        let before = Published::of(size);
        let mut tiles = Tiles::new();
        for id in edge_tiles(size) {
            tiles.insert(id, &before.tiles[&id]).unwrap();
        }
        let mut audit = Audit::resume(size, &before.checkpoint.root, &tiles).unwrap();
        if size == 66_000 {
            assert_eq!(audit.finish(&grown.checkpoint), Ok(()));
        } else {
            let read = grown.verify_from(&mut audit).unwrap();
            assert_eq!(read, reading_order(size, 66_000).collect::<Vec<_>>());
        }
    }
}

#[test]
fn verification_goes_on_only_from_what_was_verified() {
    let before = Published::of(300);
    let mut tiles = Tiles::new();
    assert!(matches!(
        Audit::resume(300, &before.checkpoint.root, &tiles),
        Err(AuditError::Tiles(TilesError::Missing(_)))
    ));
    for id in edge_tiles(300) {
        tiles.insert(id, &before.tiles[&id]).unwrap();
    }
    let other = Audit::resume(300, &Hash([1; 32]), &tiles);
    assert_eq!(other.err(), Some(TilesError::Root.into()));
}

#[test]
fn a_rewritten_entry_of_a_growing_bundle_is_named() {
    let (before, mut grown) = (Published::of(300), Published::of(400));
    let mut audit = Audit::new();
    before.verify_from(&mut audit).unwrap();
    let id = bundle("tile/entries/001.p/144");
    grown.bundles.get_mut(&id).unwrap()[7 * 43 + 9] ^= 1;
    let expected = AuditError::Rewritten { index: 263, bundle: id };
    assert_eq!(audit.add_bundle(id, &grown.bundles[&id]), Err(expected));
    assert_eq!(audit.size(), 300, "nothing of it was added");
}

#[test]
fn entries_one_by_one_give_the_same_root() {
    let log = Published::of(1_000);
    let mut audit = Audit::new();
    (0..1_000).for_each(|number| audit.add_entry(&entry(number)));
    assert_eq!(audit.finish(&log.checkpoint), Ok(()));
}

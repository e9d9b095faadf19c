use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::tree::{Frontier, Hash, leaf_hash, verify_consistency, verify_inclusion};

/// A tree of entries `0`, `1`, …, with all of its tiles.
struct Log {
    tiles: Tiles,
    roots: Vec<Hash>,
}

impl Log {
    fn of(size: u64) -> Self {
        let mut tree = Frontier::new();
        let mut roots = vec![tree.root()];
        let mut level: Vec<Hash> = (0..size).map(|entry| leaf_hash(&entry.to_be_bytes())).collect();
        for leaf in &level {
            tree.push(*leaf);
            roots.push(tree.root());
        }
        let mut tiles = Tiles::new();
        for number in 0..8 {
            for (index, hashes) in level.chunks(256).enumerate() {
                let id = TileId { level: number, index: index as u64, width: hashes.len() as u16 };
                tiles.insert_hashes(id, hashes.to_vec()).unwrap();
            }
            level = level.chunks_exact(256).map(|full| crate::tree::subtree_root(full).unwrap()).collect();
        }
        Self { tiles, roots }
    }

    fn hashes(&self, id: TileId) -> Vec<Hash> {
        let first = id.index << 8;
        (first..first + u64::from(id.width)).map(|at| self.tiles.subtree(8 * id.level, at).unwrap()).collect()
    }

    /// Only these tiles of it.
    fn only(&self, ids: &[TileId]) -> Tiles {
        let mut only = Tiles::new();
        for id in ids {
            only.insert_hashes(*id, self.hashes(*id)).unwrap();
        }
        only
    }
}

static LARGE: LazyLock<Log> = LazyLock::new(|| Log::of(140_000));

#[test]
fn the_example_of_the_specification_has_these_tiles() {
    let tiles: Vec<TileId> = all_tiles(70_000).collect();
    let of = |level| tiles.iter().filter(|tile| tile.level == level).copied().collect::<Vec<_>>();
    assert_eq!(of(0).iter().filter(|tile| !tile.is_partial()).count(), 273);
    assert_eq!(of(0).last(), Some(&TileId { level: 0, index: 273, width: 112 }));
    assert_eq!(of(1), [TileId { level: 1, index: 0, width: 256 }, TileId { level: 1, index: 1, width: 17 }]);
    assert_eq!(of(2), [TileId { level: 2, index: 0, width: 1 }]);
    assert_eq!(tiles.len(), 274 + 2 + 1);
    let of_256 = [TileId { level: 0, index: 0, width: 256 }, TileId { level: 1, index: 0, width: 1 }];
    assert_eq!(all_tiles(256).collect::<Vec<_>>(), of_256);
}

#[test]
fn paths_are_those_of_the_specification() {
    let tile = |level, index, width| Resource::Tile(TileId { level, index, width });
    let bundle = |index, width| Resource::Entries(BundleId { index, width });
    for (path, resource) in [
        ("checkpoint", Resource::Checkpoint),
        ("tile/0/000", tile(0, 0, 256)),
        ("tile/0/x001/x234/067", tile(0, 1_234_067, 256)),
        ("tile/63/x001/000.p/255", tile(63, 1000, 255)),
        ("tile/entries/999.p/1", bundle(999, 1)),
        ("tile/entries/x018/x446/x744/x073/x709/x551/615", bundle(u64::MAX, 256)),
    ] {
        assert_eq!(resource.path(), path);
        assert_eq!(Resource::parse(path), Ok(resource));
    }
}

#[test]
fn another_spelling_of_a_path_is_refused() {
    for path in [
        "",
        "/checkpoint",
        "checkpoint/",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0//001",
        "tile/00/001",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/1.p/1",
        "tile/0/000/p/1",
        "tile/data/000",
        "tile/0/X001/000",
        "tile/0/00٣",
        "tile/8/0/000",
        "tile/entries/x018/x446/x744/x073/x709/x551/616",
        "tile/entries/000/",
        "tile/entries/x001/x000/x000/x000/x000/x000/x000/000",
    ] {
        assert_eq!(Resource::parse(path), Err(PathError), "{path}");
    }
}

#[test]
fn a_resource_is_pruned_when_all_that_it_covers_is() {
    let at = |path: &str, minimum| is_pruned(&Resource::parse(path).unwrap(), minimum);
    assert!(!at("tile/0/000", 255));
    assert!(at("tile/0/000", 256));
    assert!(at("tile/0/000.p/7", 256));
    assert!(at("tile/entries/000", 256));
    assert!(!at("tile/entries/001", 256));
    assert!(!at("tile/1/000", 65_535));
    assert!(at("tile/1/000", 65_536));
    assert!(!at("tile/63/000", u64::MAX));
    assert!(!at("checkpoint", u64::MAX));
}

#[test]
fn entries_are_read_back_from_their_bundle() {
    let long = vec![1; MAX_ENTRY_LENGTH];
    let entries: [&[u8]; 3] = [b"", b"x", &long];
    let bundle = encode_bundle(&entries).unwrap();
    assert_eq!(decode_bundle(&bundle, 3).unwrap(), entries);
    assert_eq!(decode_bundle(&bundle, 2), Err(BundleError::Longer));
    assert_eq!(decode_bundle(&bundle, 4), Err(BundleError::CutShort { position: 3 }));
    assert_eq!(decode_bundle(&bundle[..bundle.len() - 1], 3), Err(BundleError::CutShort { position: 2 }));
    assert_eq!(encode_bundle(&[vec![0; 65_536]]), Err(BundleError::EntryTooLong { position: 0 }));
}

#[test]
fn a_bundle_begins_with_the_bundle_that_it_was() {
    let entries: [&[u8]; 3] = [b"", b"x", b"yz"];
    let bundle = encode_bundle(&entries).unwrap();
    for width in 0..=3 {
        let beginning = encode_bundle(&entries[..usize::from(width)]).unwrap();
        assert_eq!(first_entries(&bundle, width), Some(&*beginning));
    }
    assert_eq!(first_entries(&bundle, 4), None);
}

#[test]
fn a_tile_is_read_back_from_its_bytes() {
    let id = TileId { level: 0, index: 0, width: 2 };
    let hashes = [Hash([1; 32]), Hash([2; 32])];
    assert_eq!(decode_tile(id, &encode_tile(&hashes)).unwrap(), hashes);
    assert_eq!(decode_tile(id, &[0; 63]), Err(TilesError::Length(id)));
    assert_eq!(decode_tile(id, &[0; 96]), Err(TilesError::Length(id)));
}

#[test]
fn every_proof_of_every_small_tree_verifies() {
    let log = Log::of(70);
    for new in 0..=70 {
        let root = &log.roots[new as usize];
        for index in 0..new {
            let proof = log.tiles.inclusion_proof(index, new).unwrap();
            verify_inclusion(index, new, &leaf_hash(&index.to_be_bytes()), &proof, root).unwrap();
        }
        for old in 0..=new {
            let proof = log.tiles.consistency_proof(old, new).unwrap();
            verify_consistency(old, new, &log.roots[old as usize], root, &proof).unwrap();
        }
    }
}

#[test]
fn a_changed_proof_of_a_small_tree_shows_nothing() {
    let log = Log::of(33);
    for new in 1..=33_u64 {
        let root = &log.roots[new as usize];
        for index in 0..new {
            let leaf = leaf_hash(&index.to_be_bytes());
            let proof = log.tiles.inclusion_proof(index, new).unwrap();
            for changed in changes(&proof) {
                verify_inclusion(index, new, &leaf, &changed, root).unwrap_err();
            }
            for other in (0..new).filter(|other| *other != index) {
                verify_inclusion(other, new, &leaf, &proof, root).unwrap_err();
            }
        }
        for old in 1..new {
            let old_root = &log.roots[old as usize];
            let proof = log.tiles.consistency_proof(old, new).unwrap();
            for changed in changes(&proof) {
                verify_consistency(old, new, old_root, root, &changed).unwrap_err();
            }
            verify_consistency(old, new, &Hash([0; 32]), root, &proof).unwrap_err();
            verify_consistency(old, new, old_root, &Hash([0; 32]), &proof).unwrap_err();
        }
    }
}

/// The proof with one hash changed, left out, doubled or exchanged.
fn changes(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[Hash([7; 32])]].concat()];
    for at in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[at].0[at % 32] ^= 1;
        let mut short = proof.to_vec();
        short.remove(at);
        let mut long = proof.to_vec();
        long.insert(at, proof[at]);
        all.extend([flipped, short, long]);
        if at > 0 {
            let mut exchanged = proof.to_vec();
            exchanged.swap(at - 1, at);
            all.push(exchanged);
        }
    }
    all
}

#[test]
fn a_wrong_tile_is_named() {
    let size = 66_000;
    let log = Log::of(size);
    let root = &log.roots[size as usize];
    log.tiles.verify(size, root).unwrap();
    for id in inclusion_tiles(300, size) {
        let mut spoilt = Tiles::new();
        for other in all_tiles(size) {
            let mut hashes = log.hashes(other);
            if other == id {
                hashes.last_mut().unwrap().0[31] ^= 1;
            }
            spoilt.insert_hashes(other, hashes).unwrap();
        }
        let expected = if id.is_partial() { TilesError::Root } else { TilesError::Differs(id) };
        assert_eq!(spoilt.verify(size, root), Err(expected));
    }
    assert_eq!(log.tiles.verify(size, &Hash([0; 32])), Err(TilesError::Root));
    let gone = TileId { level: 0, index: 400, width: 256 };
    assert_eq!(log.tiles.leaf(400 * 256 + 255), Err(TilesError::Missing(gone)));
}

#[test]
fn a_tile_outside_the_tree_is_named() {
    let log = Log::of(300);
    let outside = TileId { level: 0, index: 1, width: 44 };
    assert_eq!(log.tiles.verify(256, &log.roots[256]), Err(TilesError::OutsideTree(outside)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_tiles_that_are_named_suffice_for_a_proof(size in 1_u64..=140_000, at: u64, before: u64) {
        let (index, old) = (at % size, before % (size + 1));
        let log = &*LARGE;
        let (root, old_root) = (log.roots[size as usize], log.roots[old as usize]);

        let tiles = log.only(&inclusion_tiles(index, size));
        tiles.verify(size, &root).unwrap();
        let proof = tiles.inclusion_proof(index, size).unwrap();
        verify_inclusion(index, size, &leaf_hash(&index.to_be_bytes()), &proof, &root).unwrap();

        let tiles = log.only(&consistency_tiles(old, size));
        tiles.verify(size, &root).unwrap();
        let proof = tiles.consistency_proof(old, size).unwrap();
        verify_consistency(old, size, &old_root, &root, &proof).unwrap();
        if let Some(changed) = changes(&proof).into_iter().nth(1) {
            verify_consistency(old, size, &old_root, &root, &changed).unwrap_err();
        }
    }

    #[test]
    fn a_tree_and_its_growth_have_the_tiles_of_the_grown_tree(old in 0_u64..200_000, more in 0_u64..70_000) {
        let new = old + more;
        let before: BTreeSet<_> = all_tiles(old).collect();
        let grown = all_tiles(new).filter(|tile| !before.contains(tile)).collect::<Vec<_>>();
        prop_assert_eq!(new_tiles(old, new).collect::<Vec<_>>(), grown);
        let before: BTreeSet<_> = all_bundles(old).collect();
        let grown = all_bundles(new).filter(|bundle| !before.contains(bundle)).collect::<Vec<_>>();
        prop_assert_eq!(new_bundles(old, new).collect::<Vec<_>>(), grown);
    }

    #[test]
    fn a_path_reads_back_as_itself(level in 0_u8..=63, index: u64, width in 1_u16..=256) {
        for resource in [Resource::Tile(TileId { level, index, width }), BundleId { index, width }.into()] {
            prop_assert_eq!(Resource::parse(&resource.path()), Ok(resource));
        }
    }

    #[test]
    fn what_is_read_as_a_path_is_written_so(text in "(tile/)?([0-9]{1,2}|entries|x0)(/x?[0-9]{3}){0,4}(\\.p/[0-9]{1,3})?") {
        if let Ok(resource) = Resource::parse(&text) {
            prop_assert_eq!(resource.path(), text);
        }
    }
}

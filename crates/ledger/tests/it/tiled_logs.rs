//! Trees, tiles, paths, proofs and checkpoints against the crate `tlog_tiles`, a port of Go's `sumdb/tlog`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use kw_ledger::audit::Audit;
use kw_ledger::checkpoint::Checkpoint;
use kw_ledger::tile::{
    BundleId, Resource, TileId, Tiles, consistency_tiles, encode_tile, inclusion_tiles, new_tiles,
};
use kw_ledger::tree::{Frontier, Hash, leaf_hash, verify_consistency, verify_inclusion};
use proptest::prelude::*;
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog::{
    self, HashReader, check_record, check_tree, prove_record, prove_tree, record_hash, stored_hash_index,
    stored_hashes_for_record_hash, tree_hash,
};

const SIZE: u64 = 70_000;

/// The roots of all sizes as they compute them, over the numbers as entries.
static THEIRS: LazyLock<Theirs> = LazyLock::new(|| Theirs::of(SIZE));

/// The tiles that we publish of the same entries.
static OURS: LazyLock<Published> = LazyLock::new(|| Published::of(SIZE));

fn entry(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

#[derive(Default)]
struct Theirs(Vec<tlog::Hash>);

impl HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

impl Theirs {
    fn of(size: u64) -> Self {
        let mut stored = Self::default();
        for number in 0..size {
            let hashes = stored_hashes_for_record_hash(number, record_hash(&entry(number)), &stored).unwrap();
            assert_eq!(stored.0.len() as u64, stored_hash_index(0, number));
            stored.0.extend(hashes);
        }
        stored
    }

    fn root(&self, size: u64) -> tlog::Hash {
        tree_hash(size, self).unwrap()
    }
}

struct Published(BTreeMap<(u8, u64), Vec<u8>>);

impl Published {
    fn of(size: u64) -> Self {
        let mut tiles = BTreeMap::new();
        let mut audit = Audit::new();
        for number in 0..size {
            audit.add_entry(&entry(number));
            tiles.extend(audit.completed().map(|(id, hashes)| ((id.level, id.index), encode_tile(hashes))));
        }
        tiles.extend(audit.edge().map(|(id, hashes)| ((id.level, id.index), encode_tile(hashes))));
        Self(tiles)
    }

    fn bytes(&self, id: TileId) -> &[u8] {
        &self.0[&(id.level, id.index)][..usize::from(id.width) * 32]
    }

    fn only(&self, ids: &[TileId]) -> Tiles {
        let mut tiles = Tiles::new();
        for id in ids {
            tiles.insert(*id, self.bytes(*id)).unwrap();
        }
        tiles
    }
}

/// Our tiles behind their reader, which checks them against a root; what was asked for is kept.
#[derive(Default)]
struct Reader(RefCell<Vec<TileId>>);

impl TileReader for Reader {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let ids: Vec<TileId> = tiles.iter().map(ours).collect();
        self.0.borrow_mut().extend(&ids);
        Ok(ids.into_iter().map(|id| OURS.bytes(id).to_vec()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

impl Reader {
    fn asked(self) -> Vec<TileId> {
        let mut asked = self.0.into_inner();
        asked.sort_unstable();
        asked.dedup();
        asked
    }
}

fn ours(tile: &Tile) -> TileId {
    TileId { level: tile.level(), index: tile.level_index(), width: tile.width() as u16 }
}

fn their(hashes: &[Hash]) -> Vec<tlog::Hash> {
    hashes.iter().map(|hash| tlog::Hash(hash.0)).collect()
}

#[test]
fn every_size_has_their_root() {
    let mut tree = Frontier::new();
    for size in 0..3_000 {
        assert_eq!(tree.root().0, THEIRS.root(size).0, "size {size}");
        tree.push(leaf_hash(&entry(size)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_inclusion_proof_is_theirs_and_needs_the_tiles_that_theirs_needs(size in 1..=SIZE, at: u64, flip: u16) {
        let index = at % size;
        let root = THEIRS.root(size);
        let reader = Reader::default();
        let theirs = prove_record(size, index, &TileHashReader::new(size, root, &reader)).unwrap();
        // Theirs asks for nothing when there is nothing to prove.
        let needed = inclusion_tiles(index, size);
        prop_assert!(reader.asked().iter().all(|tile| needed.contains(tile)));

        let mut proof = OURS.only(&needed).inclusion_proof(index, size).unwrap();
        prop_assert_eq!(&their(&proof), &theirs);
        let leaf = leaf_hash(&entry(index));
        for changed in [false, true] {
            if changed && let Some(hash) = proof.get_mut(usize::from(flip) % 16) {
                hash.0[usize::from(flip) % 32] ^= 1;
            }
            let we = verify_inclusion(index, size, &leaf, &proof, &Hash(root.0)).is_ok();
            let they = check_record(&their(&proof), size, root, index, tlog::Hash(leaf.0)).is_ok();
            prop_assert_eq!(we, they);
        }
    }

    #[test]
    fn a_consistency_proof_is_theirs_and_needs_the_tiles_that_theirs_needs(new in 1..=SIZE, at: u64, flip: u16) {
        let old = 1 + at % new;
        let (old_root, new_root) = (THEIRS.root(old), THEIRS.root(new));
        let reader = Reader::default();
        let theirs = prove_tree(new, old, &TileHashReader::new(new, new_root, &reader)).unwrap();
        let needed = consistency_tiles(old, new);
        prop_assert!(reader.asked().iter().all(|tile| needed.contains(tile)));

        let mut proof = OURS.only(&needed).consistency_proof(old, new).unwrap();
        prop_assert_eq!(&their(&proof), &theirs);
        for changed in [false, true] {
            if changed && let Some(hash) = proof.get_mut(usize::from(flip) % 16) {
                hash.0[usize::from(flip) % 32] ^= 1;
            }
            let we = verify_consistency(old, new, &Hash(old_root.0), &Hash(new_root.0), &proof).is_ok();
            let they = check_tree(&their(&proof), new, new_root, old, old_root).is_ok();
            prop_assert_eq!(we, they);
        }
    }

    #[test]
    fn a_growing_log_publishes_their_tiles(old in 0_u64..200_000, more in 0_u64..70_000) {
        let theirs: Vec<TileId> = Tile::new_tiles(8, old, old + more).iter().map(ours).collect();
        prop_assert_eq!(new_tiles(old, old + more).collect::<Vec<_>>(), theirs);
    }

    #[test]
    fn a_path_is_theirs_without_the_height(level in 0_u8..64, index: u64, width in 1_u16..=256) {
        let theirs = Tile::new(8, level, index, width.into(), false).path();
        let ours = Resource::Tile(TileId { level, index, width }).path();
        prop_assert_eq!(Some(ours), theirs.strip_prefix("tile/8/").map(|rest| format!("tile/{rest}")));
        let theirs = Tile::new(8, 0, index, width.into(), true).path();
        let ours = Resource::Entries(BundleId { index, width }).path();
        prop_assert_eq!(Some(ours), theirs.strip_prefix("tile/8/data/").map(|rest| format!("tile/entries/{rest}")));
    }

    #[test]
    fn a_path_is_refused_when_theirs_is(rest in "[0-6]?[0-9]?(/x?[0-9]{2,4}){0,4}(\\.p/[1-9][0-9]{0,2})?/?") {
        let level = rest.split('/').next().and_then(|level| level.parse::<u8>().ok());
        // Theirs panics on a level above 63.
        prop_assume!(level.is_none_or(|level| level < 64));
        let we = Resource::parse(&format!("tile/{rest}"));
        let they = Tile::from_path(&format!("tile/8/{rest}"));
        prop_assert_eq!(we.ok(), they.ok().map(|tile| Resource::Tile(ours(&tile))));
    }

    #[test]
    fn a_checkpoint_is_read_as_theirs_is(
        origin in "[a-z]{0,3}",
        size in "(0|[1-9][0-9]{0,2}|0[0-9]|\\+1|18446744073709551615|18446744073709551616)",
        root: [u8; 32],
        cut in 0_usize..48,
        end in "(\n|\n|\n|\n\n| \n)",
    ) {
        let root = Hash(root).to_string();
        let body = format!("{origin}\n{size}\n{}{end}", &root[..cut.max(3).min(root.len())]);
        let we = Checkpoint::parse(&body).ok();
        // The root of nothing is the one thing that we ask and they do not.
        prop_assume!(size != "0");
        let they = tlog_tiles::Checkpoint::from_bytes(body.as_bytes()).ok();
        let read = they.map(|read| (read.origin().to_owned(), read.size(), read.hash().0));
        prop_assert_eq!(we.map(|we| (we.origin, we.size, we.root.0)), read);
    }
}

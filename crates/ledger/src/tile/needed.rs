//! Which tiles and bundles a proof, a tree or its growth needs.

use std::collections::BTreeSet;
use std::iter;

use super::{BundleId, Resource, TileId, hashes_in};
use crate::tree::{Range, consistency_path, inclusion_path};

/// The tiles from which the [inclusion](crate::tree::verify_inclusion) of a leaf is proved, and checked up to the root.
pub fn inclusion_tiles(index: u64, size: u64) -> Vec<TileId> {
    let mut needed = if index < size { above(0, index, size) } else { BTreeSet::new() };
    needed.extend(tiles_of(&inclusion_path(index, size), size));
    needed.extend(edge_tiles(size));
    needed.into_iter().collect()
}

/// The tiles from which is proved, and checked up to the root, that a tree of `new` leaves begins with one of `old`.
pub fn consistency_tiles(old: u64, new: u64) -> Vec<TileId> {
    let mut needed = tiles_of(&consistency_path(old, new), new);
    needed.extend(edge_tiles(new));
    needed.into_iter().collect()
}

/// The tiles from which the root of a tree follows: the partial ones, at most one per level.
pub fn edge_tiles(size: u64) -> Vec<TileId> {
    let last = |level| TileId::in_tree(level, hashes_in(level, size) >> 8, size);
    (0..8).filter_map(last).collect()
}

/// All tiles of a tree, level by level.
pub fn all_tiles(size: u64) -> impl Iterator<Item = TileId> {
    new_tiles(0, size)
}

/// The tiles that a tree of `new` leaves has and one of `old` leaves has not, or not in this width.
pub fn new_tiles(old: u64, new: u64) -> impl Iterator<Item = TileId> {
    (0..8).flat_map(move |level| {
        let (before, after) = (hashes_in(level, old), hashes_in(level, new));
        let end = if after > before { after.div_ceil(256) } else { 0 };
        (before >> 8..end).filter_map(move |index| TileId::in_tree(level, index, new))
    })
}

/// All bundles of a log.
pub fn all_bundles(size: u64) -> impl Iterator<Item = BundleId> {
    new_bundles(0, size)
}

/// The bundles that a log of `new` entries has and one of `old` entries has not, or not in this width.
pub fn new_bundles(old: u64, new: u64) -> impl Iterator<Item = BundleId> {
    let end = if new > old { new.div_ceil(256) } else { 0 };
    (old >> 8..end).filter_map(move |index| BundleId::in_tree(index, new))
}

/// What whoever verified `old` entries reads to verify `new`, in the order in which an [`Audit`](crate::audit::Audit) takes
/// it: each bundle, after it the tiles that it makes full, and at the end the partial ones.
pub fn reading_order(old: u64, new: u64) -> impl Iterator<Item = Resource> {
    let edge = if new > old { edge_tiles(new) } else { Vec::new() };
    let bundles = new_bundles(old, new).flat_map(|bundle| {
        let full = if bundle.is_partial() { 0 } else { bundle.index + 1 };
        let levels = (0..8).take_while(move |level| full > 0 && full.trailing_zeros() >= 8 * level);
        let tile =
            move |level: u32| TileId { level: level as u8, index: (full >> (8 * level)) - 1, width: 256 };
        iter::once(Resource::from(bundle)).chain(levels.map(tile).map(Resource::from))
    });
    bundles.chain(edge.into_iter().map(Resource::from))
}

/// The tiles that hold the complete subtrees of some ranges, each with what stands above it.
fn tiles_of(ranges: &[Range], size: u64) -> BTreeSet<TileId> {
    let subtrees = ranges.iter().flat_map(|range| range.subtrees());
    subtrees.flat_map(|(height, index)| above(height / 8, index << (height % 8), size)).collect()
}

/// The tile with this hash of this level, and the tiles with the root of that tile, and so on.
fn above(level: u8, position: u64, size: u64) -> BTreeSet<TileId> {
    let mut position = position;
    let mut tiles = BTreeSet::new();
    for level in level..8 {
        position >>= 8;
        tiles.extend(TileId::in_tree(level, position, size));
    }
    tiles
}

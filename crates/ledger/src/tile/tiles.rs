//! A set of tiles: proofs are made of it, and it is checked against a root that is trusted.

use std::collections::BTreeMap;

use super::{TILE_WIDTH, TileId};
use crate::tree::{
    HASH_LENGTH, Hash, Range, consistency_path, empty_root, inclusion_path, node_hash, subtree_root,
};

/// Hashes of a tree, by tile.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    hashes: BTreeMap<(u8, u64), Vec<Hash>>,
}

/// What a set of tiles cannot give, or where it contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TilesError {
    /// A tile that is needed is not there.
    #[error("{0} is missing")]
    Missing(TileId),
    /// The bytes of a tile are not a hash for each of its width.
    #[error("{0} does not have the length of its width")]
    Length(TileId),
    /// A tile is not the one whose root the tile above it holds.
    #[error("{0} does not have the root that the tile above it says")]
    Differs(TileId),
    /// A tile is of no use in a tree of this size.
    #[error("{0} lies outside the tree")]
    OutsideTree(TileId),
    /// The tiles give another root than the one that is trusted.
    #[error("the tiles do not have the root of the checkpoint")]
    Root,
    /// There is no such leaf, or the older tree is the larger one.
    #[error("the position lies outside the tree")]
    Position,
}

/// Reads the hashes of a tile from its published form.
pub fn decode_tile(id: TileId, bytes: &[u8]) -> Result<Vec<Hash>, TilesError> {
    if bytes.len() != usize::from(id.width) * HASH_LENGTH {
        return Err(TilesError::Length(id));
    }
    Ok(bytes.chunks_exact(HASH_LENGTH).filter_map(Hash::from_slice).collect())
}

/// The published form of a tile.
pub fn encode_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

impl Tiles {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tile as it was published.
    pub fn insert(&mut self, id: TileId, bytes: &[u8]) -> Result<(), TilesError> {
        let hashes = decode_tile(id, bytes)?;
        self.insert_hashes(id, hashes)
    }

    /// Adds a tile by its hashes. Of one tile in two widths the wider one is kept.
    pub fn insert_hashes(&mut self, id: TileId, hashes: Vec<Hash>) -> Result<(), TilesError> {
        if hashes.len() != usize::from(id.width) || !(1..=TILE_WIDTH).contains(&id.width) {
            return Err(TilesError::Length(id));
        }
        let present = self.hashes.entry((id.level, id.index)).or_default();
        if present.len() < hashes.len() {
            *present = hashes;
        }
        Ok(())
    }

    /// The root of the tree of this size.
    pub fn root(&self, size: u64) -> Result<Hash, TilesError> {
        if size == 0 { Ok(empty_root()) } else { self.range(Range { start: 0, end: size }) }
    }

    /// The proof that a leaf is in the tree of this size: its sibling first.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, TilesError> {
        if index >= size {
            return Err(TilesError::Position);
        }
        inclusion_path(index, size).into_iter().map(|range| self.range(range)).collect()
    }

    /// The proof that the tree of `new` leaves begins with the tree of `old` leaves.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, TilesError> {
        if old > new {
            return Err(TilesError::Position);
        }
        consistency_path(old, new).into_iter().map(|range| self.range(range)).collect()
    }

    /// The hash of a leaf, by its number.
    pub fn leaf(&self, index: u64) -> Result<Hash, TilesError> {
        self.subtree(0, index)
    }

    /// Checks every tile that is here against the root of the tree of this size.
    ///
    /// What a tile holds beyond that size is not checked. A tile needs the tile above it, and the tree its
    /// [edge](super::edge_tiles); which tile is wrong, is said.
    pub fn verify(&self, size: u64, root: &Hash) -> Result<(), TilesError> {
        if self.root(size)? != *root {
            return Err(TilesError::Root);
        }
        // From the top: a tile is compared with one that is known to be right.
        for ((level, index), hashes) in self.hashes.iter().rev() {
            let held = TileId { level: *level, index: *index, width: hashes.len() as u16 };
            let published = TileId::in_tree(*level, *index, size).ok_or(TilesError::OutsideTree(held))?;
            if published.width > held.width {
                return Err(TilesError::Missing(published));
            }
            if !published.is_partial() && subtree_root(hashes) != Some(self.subtree(8 * (level + 1), *index)?)
            {
                return Err(TilesError::Differs(published));
            }
        }
        Ok(())
    }

    fn range(&self, range: Range) -> Result<Hash, TilesError> {
        let mut root = None;
        for (height, index) in range.subtrees().rev() {
            let left = self.subtree(height, index)?;
            root = Some(root.map_or(left, |right| node_hash(&left, &right)));
        }
        root.ok_or(TilesError::Position)
    }

    /// The root of the complete subtree of `2^height` leaves with this number.
    pub(crate) fn subtree(&self, height: u8, index: u64) -> Result<Hash, TilesError> {
        let (level, within) = (height / 8, height % 8);
        let first = index << within;
        let (tile, start) = (first >> 8, (first & 255) as usize);
        let end = start + (1 << within);
        let hashes = self.hashes.get(&(level, tile)).and_then(|hashes| hashes.get(start..end));
        let missing = TilesError::Missing(TileId { level, index: tile, width: end as u16 });
        hashes.and_then(subtree_root).ok_or(missing)
    }
}

//! Verifying a whole log: entries go in, in order, and what comes out is whether they are what the checkpoint commits
//! to, and if not, what differs first. Memory does not grow with the log.

use crate::checkpoint::Checkpoint;
use crate::tile::{
    BundleError, BundleId, TILE_WIDTH, TileId, Tiles, TilesError, decode_tile, edge_tiles, split_entry,
};
use crate::tree::{Hash, empty_root, leaf_hash, node_hash, subtree_root};

/// The tree so far, as the last tile of each level, and the first thing that did not fit.
#[derive(Debug, Clone)]
pub struct Audit {
    size: u64,
    levels: Vec<Level>,
    leaf_difference: Option<TileDifference>,
    difference: Option<TileDifference>,
}

/// The tile of a level that hashes are added to. A full one stays until the next hash comes.
#[derive(Debug, Clone)]
struct Level {
    tile: u64,
    hashes: Vec<Hash>,
}

/// A published tile that holds another hash than the entries give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileDifference {
    /// The tile.
    pub tile: TileId,
    /// The position of the first hash that differs, from zero.
    pub position: u16,
}

/// Why a log does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// A bundle is not one, or not of the width that it must have.
    #[error("{bundle}: {error}")]
    Bundle {
        /// Which.
        bundle: BundleId,
        /// What is wrong with it.
        error: BundleError,
    },
    /// A bundle comes before or after its turn.
    #[error("{0} is not the bundle that comes next")]
    Order(BundleId),
    /// An entry is not the one that was verified here before.
    #[error("entry {index} (in {bundle}) is not the one that was verified before")]
    Rewritten {
        /// The number of the entry.
        index: u64,
        /// The bundle it is in.
        bundle: BundleId,
    },
    /// The entries do not have the root of the checkpoint, and this is the first that its tile contradicts.
    #[error(
        "entry {index} (in {bundle}) does not hash to what {tile} says, and the entries do not have the root of the checkpoint"
    )]
    Entry {
        /// The number of the entry.
        index: u64,
        /// The bundle it is in.
        bundle: BundleId,
        /// The tile with its hash.
        tile: TileId,
    },
    /// The entries are those of the checkpoint, but a published tile is not theirs.
    #[error("{} differs from what the entries give, first at hash {}", .0.tile, .0.position)]
    Tile(TileDifference),
    /// A published tile has not the length of its width, or is missing.
    #[error(transparent)]
    Tiles(#[from] TilesError),
    /// There are fewer or more entries than the checkpoint says.
    #[error("there are {found} entries where the checkpoint says {expected}")]
    Size {
        /// In the checkpoint.
        expected: u64,
        /// That went in.
        found: u64,
    },
    /// Entries and tiles agree with each other, but not with the checkpoint.
    #[error("{size} entries have the root {found}, where the checkpoint says {expected}")]
    Root {
        /// How many.
        size: u64,
        /// In the checkpoint.
        expected: Hash,
        /// That the entries give.
        found: Hash,
    },
}

impl Default for Audit {
    fn default() -> Self {
        Self::new()
    }
}

impl Audit {
    /// Before the first entry.
    pub fn new() -> Self {
        Self { size: 0, levels: Vec::new(), leaf_difference: None, difference: None }
    }

    /// Goes on after what was verified before: a tree of this size and root, of which the
    /// [edge](crate::tile::edge_tiles) is at hand.
    pub fn resume(size: u64, root: &Hash, tiles: &Tiles) -> Result<Self, AuditError> {
        let mut audit = Self { size, ..Self::new() };
        for level in 0..8 {
            let hashes = size >> (8 * level);
            if hashes == 0 {
                break;
            }
            // A full last tile is not needed again: the level above has its root.
            let tile = hashes >> 8;
            let width = hashes & 255;
            let first = hashes - width;
            let hashes = (first..first + width).map(|number| tiles.subtree(8 * level, number));
            let mut level = Level::starting_at(tile);
            for hash in hashes {
                level.hashes.push(hash?);
            }
            audit.levels.push(level);
        }
        if audit.root() == *root { Ok(audit) } else { Err(TilesError::Root.into()) }
    }

    /// How many entries went in.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds an entry.
    pub fn add_entry(&mut self, entry: &[u8]) {
        self.add_hash(0, leaf_hash(entry));
        self.size += 1;
    }

    /// Adds the entries of a published bundle: the next one, or a wider one in place of the last.
    ///
    /// Nothing is added when it is refused.
    pub fn add_bundle(&mut self, bundle: BundleId, bytes: &[u8]) -> Result<(), AuditError> {
        let known = (self.size & 255) as usize;
        let mut hashes = [Hash([0; 32]); TILE_WIDTH as usize];
        let hashes = hashes
            .get_mut(..usize::from(bundle.width))
            .filter(|hashes| bundle.index == self.size >> 8 && hashes.len() > known)
            .ok_or(AuditError::Order(bundle))?;
        let mut rest = bytes;
        for (position, hash) in hashes.iter_mut().enumerate() {
            let cut_short = BundleError::CutShort { position: position as u16 };
            let (entry, after) = split_entry(rest).ok_or(AuditError::Bundle { bundle, error: cut_short })?;
            *hash = leaf_hash(entry);
            rest = after;
        }
        if !rest.is_empty() {
            return Err(AuditError::Bundle { bundle, error: BundleError::Longer });
        }
        if known > 0
            && let Some(level) = self.levels.first()
            && let Some(position) = level.hashes.iter().zip(&*hashes).position(|(old, new)| old != new)
        {
            return Err(AuditError::Rewritten { index: bundle.index * 256 + position as u64, bundle });
        }
        for hash in &hashes[known..] {
            self.add_hash(0, *hash);
        }
        self.size += (hashes.len() - known) as u64;
        Ok(())
    }

    /// The tiles that the last entry made full: each is to be [compared](Self::compare) before the next entry.
    pub fn completed(&self) -> impl Iterator<Item = (TileId, &[Hash])> {
        let full = |level: &&Level| level.hashes.len() == usize::from(TILE_WIDTH);
        let run = self.levels.iter().take_while(full).count();
        (0..run).filter_map(|level| self.tile(level as u8))
    }

    /// The tiles that are not full, from which the root follows.
    pub fn edge(&self) -> impl Iterator<Item = (TileId, &[Hash])> {
        let edge = edge_tiles(self.size).into_iter();
        edge.filter_map(|id| self.tile(id.level))
    }

    /// Compares a published tile, as bytes, with the one at its place that the entries give.
    ///
    /// A difference is kept, and named by [`finish`](Self::finish): only then it is known whether tile or entries are
    /// wrong. Refused is a tile that is not one of [`completed`](Self::completed) and [`edge`](Self::edge).
    pub fn compare(&mut self, id: TileId, bytes: &[u8]) -> Result<(), AuditError> {
        let published = decode_tile(id, bytes)?;
        let (_, computed) = self
            .tile(id.level)
            .filter(|(computed, _)| *computed == id)
            .ok_or(AuditError::Tiles(TilesError::OutsideTree(id)))?;
        let differs = computed.iter().zip(&published).position(|(computed, published)| computed != published);
        if let Some(position) = differs {
            let difference = TileDifference { tile: id, position: position as u16 };
            let slot = if id.level == 0 { &mut self.leaf_difference } else { &mut self.difference };
            slot.get_or_insert(difference);
        }
        Ok(())
    }

    /// The root of the entries so far.
    pub fn root(&self) -> Hash {
        let mut root: Option<Hash> = None;
        for level in &self.levels {
            // Complete subtrees within the tile, smallest last; the right edge is folded from there.
            let mut end = level.hashes.len() % usize::from(TILE_WIDTH);
            while end > 0 {
                let start = end & (end - 1);
                if let Some(left) = level.hashes.get(start..end).and_then(subtree_root) {
                    root = Some(root.map_or(left, |right| node_hash(&left, &right)));
                }
                end = start;
            }
        }
        root.unwrap_or_else(empty_root)
    }

    /// Whether all that went in is what the checkpoint commits to, and otherwise what differs first.
    pub fn finish(&self, checkpoint: &Checkpoint) -> Result<(), AuditError> {
        if self.size != checkpoint.size {
            return Err(AuditError::Size { expected: checkpoint.size, found: self.size });
        }
        let root = self.root();
        match (root == checkpoint.root, self.leaf_difference, self.difference) {
            (true, None, None) => Ok(()),
            (true, Some(difference), _) | (true, None, Some(difference)) => Err(AuditError::Tile(difference)),
            (false, Some(TileDifference { tile, position }), _) => {
                let index = tile.index * 256 + u64::from(position);
                let bundle = BundleId { index: tile.index, width: tile.width };
                Err(AuditError::Entry { index, bundle, tile })
            }
            (false, None, _) => {
                Err(AuditError::Root { size: self.size, expected: checkpoint.root, found: root })
            }
        }
    }

    fn tile(&self, level: u8) -> Option<(TileId, &[Hash])> {
        let Level { tile, hashes } = self.levels.get(usize::from(level))?;
        Some((TileId { level, index: *tile, width: hashes.len() as u16 }, hashes))
    }

    fn add_hash(&mut self, level: usize, hash: Hash) {
        let mut hash = hash;
        for number in level.. {
            if self.levels.len() == number {
                self.levels.push(Level::starting_at(0));
            }
            let Some(root) = self.levels.get_mut(number).and_then(|level| level.add(hash)) else { break };
            hash = root;
        }
    }
}

impl Level {
    fn starting_at(tile: u64) -> Self {
        Self { tile, hashes: Vec::with_capacity(usize::from(TILE_WIDTH)) }
    }

    /// Adds a hash; the root of the tile if it is full now.
    fn add(&mut self, hash: Hash) -> Option<Hash> {
        if self.hashes.len() == usize::from(TILE_WIDTH) {
            self.tile += 1;
            self.hashes.clear();
        }
        self.hashes.push(hash);
        if self.hashes.len() == usize::from(TILE_WIDTH) { subtree_root(&self.hashes) } else { None }
    }
}

#[cfg(test)]
mod tests;

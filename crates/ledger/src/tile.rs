//! The published form of a log: hashes in tiles of 256, entries in bundles of 256, each a file of its own
//! (C2SP tlog-tiles).

mod bundle;
mod needed;
mod path;
mod tiles;

pub(crate) use bundle::split_entry;
pub use bundle::{BundleError, MAX_ENTRY_LENGTH, decode_bundle, encode_bundle, first_entries};
pub use needed::{
    all_bundles, all_tiles, consistency_tiles, edge_tiles, inclusion_tiles, new_bundles, new_tiles,
    reading_order,
};
pub use path::{PathError, Resource};
pub use tiles::{Tiles, TilesError, decode_tile, encode_tile};

/// How many hashes a full tile holds, and how many entries a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// The highest level a path may name.
pub const MAX_LEVEL: u8 = 63;

/// A tile: `width` hashes of level `level`, from hash number `256 · index` of this level on.
///
/// The hashes of level 0 are leaf hashes, those of the levels above are the roots of full tiles of the level below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 to 63; a tree of less than 2⁶³ leaves has no level above 7.
    pub level: u8,
    /// Its number within the level.
    pub index: u64,
    /// How many hashes it holds: 1 to 256.
    pub width: u16,
}

impl TileId {
    /// The tile at this place in a tree of `size` leaves. `None` where that tree has no hashes.
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let hashes = hashes_in(level, size).checked_sub(index.checked_mul(256)?)?;
        let width = hashes.min(u64::from(TILE_WIDTH)) as u16;
        (width > 0).then_some(Self { level, index, width })
    }

    /// Whether it holds less than 256 hashes, and will grow.
    pub fn is_partial(self) -> bool {
        self.width < TILE_WIDTH
    }

    /// The tile of 256 hashes that this one is or will become.
    pub fn full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// One past the last entry below the full tile; `None` beyond the largest number.
    pub fn end_index(self) -> Option<u64> {
        let bits = 8 * (u32::from(self.level) + 1);
        let after = self.index.checked_add(1)?;
        (bits <= after.leading_zeros()).then(|| after << bits)
    }
}

/// A bundle of entries: `width` of them, from entry `256 · index` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId {
    /// Its number.
    pub index: u64,
    /// How many entries it holds: 1 to 256.
    pub width: u16,
}

impl BundleId {
    /// The bundle at this place in a log of `size` entries. `None` where it has no entries.
    pub fn in_tree(index: u64, size: u64) -> Option<Self> {
        TileId::in_tree(0, index, size).map(|TileId { index, width, .. }| Self { index, width })
    }

    /// Whether it holds less than 256 entries, and will grow.
    pub fn is_partial(self) -> bool {
        self.width < TILE_WIDTH
    }

    /// The bundle of 256 entries that this one is or will become.
    pub fn full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// The tile of the hashes of its entries.
    pub fn tile(self) -> TileId {
        TileId { level: 0, index: self.index, width: self.width }
    }
}

/// Whether a log whose entries before `minimum_index` were given up may refuse this resource (C2SP tlog-tiles, Pruning).
///
/// A partial one goes with the full one that it became.
pub fn is_pruned(resource: &Resource, minimum_index: u64) -> bool {
    let tile = match resource {
        Resource::Checkpoint => return false,
        Resource::Tile(tile) => *tile,
        Resource::Entries(bundle) => bundle.tile(),
    };
    tile.end_index().is_some_and(|end| end <= minimum_index)
}

/// How many hashes a level has in a tree of `size` leaves, counting those of complete subtrees only.
fn hashes_in(level: u8, size: u64) -> u64 {
    size.checked_shr(8 * u32::from(level)).unwrap_or(0)
}

#[cfg(test)]
mod tests;

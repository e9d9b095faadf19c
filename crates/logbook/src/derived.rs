//! The tree as it follows from the leaves that are committed, and nothing else.

use kw_ledger::Leaf;
use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::note::VerifierKey;
use kw_ledger::tile::{TileId, Tiles, consistency_tiles, edge_tiles};
use kw_ledger::tree::{Hash, leaf_hash};
use kw_store::{Publication, ReadError};

use crate::books::Books;
use crate::doubt::{Contradiction, Doubt, Known};
use crate::growth::{Growth, Subtree};

/// How many leaves are read at once.
pub(crate) const PAGE: u32 = 1 << 14;

/// The tree as far as it was published, derived from the leaves and compared with what was signed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Followed {
    pub(crate) growth: Growth,
    pub(crate) publication: Option<Publication>,
}

impl Followed {
    /// Goes on to the newest stored checkpoint. Blocks.
    pub(crate) fn follow(mut self, books: &dyn Books, key: &VerifierKey) -> Result<Self, Doubt> {
        let newest = books.publication()?;
        let before = self.growth.size();
        let Some(newest) = newest else {
            return if self.publication.is_none() { Ok(self) } else { Err(older(0, before).into()) };
        };
        if newest.size < before {
            return Err(older(newest.size, before).into());
        }
        if self
            .publication
            .as_ref()
            .is_none_or(|known| (known.size, known.root) != (newest.size, newest.root))
        {
            signed_by(&newest, key)?;
            extend(&mut self.growth, books, newest.size, &mut Vec::new())?;
            if self.growth.root().0 != newest.root {
                return Err(Contradiction::Other { size: newest.size, known_from: Known::Database }.into());
            }
        }
        Ok(Self { publication: Some(newest), ..self })
    }
}

/// The database had more before.
fn older(stored: u64, signed: u64) -> Contradiction {
    Contradiction::Older { stored, signed, known_from: Known::Database }
}

/// Whether a stored checkpoint is what it says, signed by this key.
pub(crate) fn signed_by(stored: &Publication, key: &VerifierKey) -> Result<(), Contradiction> {
    let other = || Contradiction::OtherKey { origin: key.name().as_str().to_owned() };
    let signed = SignedCheckpoint::parse(&stored.note, key).map_err(|_| other())?;
    let Checkpoint { size, root, .. } = signed.checkpoint();
    if (*size, root.0) == (stored.size, stored.root) {
        Ok(())
    } else {
        Err(Contradiction::Damaged("checkpoint"))
    }
}

/// Reads the leaves up to `until` and appends them. There must be one for every index. Blocks.
pub(crate) fn extend(
    growth: &mut Growth,
    books: &dyn Books,
    until: u64,
    completed: &mut Vec<Subtree>,
) -> Result<(), Doubt> {
    extend_from(growth, &mut |from, limit| books.leaves(from, limit), until, completed)
}

/// The same, with leaves from wherever.
pub(crate) fn extend_from(
    growth: &mut Growth,
    read: &mut dyn FnMut(u64, u32) -> Result<Vec<(u64, Leaf)>, ReadError>,
    until: u64,
    completed: &mut Vec<Subtree>,
) -> Result<(), Doubt> {
    while growth.size() < until {
        let limit = u32::try_from(until - growth.size()).unwrap_or(PAGE).min(PAGE);
        let leaves = read(growth.size(), limit)?;
        if leaves.is_empty() {
            return Err(Contradiction::Missing(growth.size()).into());
        }
        for (index, leaf) in leaves {
            if index != growth.size() {
                return Err(Contradiction::Missing(growth.size()).into());
            }
            growth.push(leaf_hash(&leaf.to_bytes()), completed);
        }
    }
    Ok(())
}

/// The hashes of a tile, from the leaves or from the stored roots of subtrees; fewer where there are fewer. Blocks.
pub(crate) fn tile(books: &dyn Books, id: TileId) -> Result<Vec<Hash>, Doubt> {
    let (first, width) = (id.index << 8, u32::from(id.width));
    if let Some(below) = id.level.checked_sub(1) {
        let roots = books.subtree_roots(below, first, width)?;
        return Ok(roots.into_iter().map(Hash).collect());
    }
    let leaves = books.leaves(first, width)?;
    Ok(leaves.into_iter().map(|(_, leaf)| leaf_hash(&leaf.to_bytes())).collect())
}

fn tiles(books: &dyn Books, ids: Vec<TileId>) -> Result<Tiles, Doubt> {
    let mut tiles = Tiles::new();
    for id in ids {
        tiles.insert_hashes(id, tile(books, id)?)?;
    }
    Ok(tiles)
}

/// The root of the first `size` entries, of which a checkpoint at least as large was published. Blocks.
pub(crate) fn published_root(books: &dyn Books, size: u64) -> Result<Hash, Doubt> {
    Ok(tiles(books, edge_tiles(size))?.root(size)?)
}

/// The proof that the published tree of `new` entries begins with that of `old` entries. Blocks.
pub(crate) fn consistency(books: &dyn Books, old: u64, new: u64) -> Result<Vec<Hash>, Doubt> {
    Ok(tiles(books, consistency_tiles(old, new))?.consistency_proof(old, new)?)
}

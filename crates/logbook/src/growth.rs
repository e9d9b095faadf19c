//! The tree of a log as it grows from its leaves: its root, and the roots of the subtrees that are complete.

use kw_ledger::tree::{Hash, empty_root, node_hash, subtree_root};

/// How many children a tile has.
const WIDTH: usize = 256;

/// A tree that keeps its growing edge only: the hashes of the last, partial tile of each level (C2SP tlog-tiles).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    size: u64,
    edge: Vec<Vec<Hash>>,
}

/// The root of a complete subtree of 256^(level+1) leaves, which is that of the full tile (level, index).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subtree {
    pub(crate) level: u8,
    pub(crate) index: u64,
    pub(crate) root: Hash,
}

impl Subtree {
    /// One past its last leaf.
    pub(crate) fn end(&self) -> u64 {
        (self.index + 1) << (8 * (u32::from(self.level) + 1))
    }
}

impl Growth {
    /// How many leaves it has.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Appends the hash of a leaf; subtrees that it completes are added to `completed`, the lowest first.
    pub(crate) fn push(&mut self, leaf: Hash, completed: &mut Vec<Subtree>) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0_u8.. {
            let place = usize::from(level);
            if self.edge.len() == place {
                self.edge.push(Vec::with_capacity(WIDTH));
            }
            let tile = &mut self.edge[place];
            tile.push(hash);
            let Some(root) = (tile.len() == WIDTH).then(|| subtree_root(tile)).flatten() else { return };
            tile.clear();
            let index = (self.size >> (8 * (u32::from(level) + 1))) - 1;
            completed.push(Subtree { level, index, root });
            hash = root;
        }
    }

    /// The root of the tree (RFC 6962 §2.1).
    pub(crate) fn root(&self) -> Hash {
        let mut root = None;
        for tile in &self.edge {
            // Complete subtrees of this tile, the largest first: one for each binary one of its width.
            let mut rest = tile.as_slice();
            let mut peaks = Vec::with_capacity(8);
            while let Some(height) = rest.len().checked_ilog2() {
                let (peak, others) = rest.split_at(1 << height);
                peaks.extend(subtree_root(peak));
                rest = others;
            }
            for peak in peaks.into_iter().rev() {
                root = Some(root.map_or(peak, |right| node_hash(&peak, &right)));
            }
        }
        root.unwrap_or_else(empty_root)
    }
}

#[cfg(test)]
mod tests {
    use kw_ledger::tree::{Frontier, leaf_hash};

    use super::*;

    #[test]
    fn it_has_the_root_of_rfc_6962_at_every_size() {
        let (mut growth, mut frontier, mut completed) = (Growth::default(), Frontier::new(), Vec::new());
        assert_eq!(growth.root(), frontier.root());
        for number in 0_u32..70_000 {
            let leaf = leaf_hash(&number.to_be_bytes());
            growth.push(leaf, &mut completed);
            frontier.push(leaf);
            let interesting = number % 256 < 3 || number % 97 == 0 || number > 65_500;
            assert!(!interesting || growth.root() == frontier.root(), "{number}");
        }
        assert_eq!(growth.size(), 70_000);
    }

    #[test]
    fn it_tells_each_complete_subtree_once_with_the_root_of_its_leaves() {
        let leaves: Vec<Hash> = (0_u32..66_000).map(|number| leaf_hash(&number.to_be_bytes())).collect();
        let (mut growth, mut completed) = (Growth::default(), Vec::new());
        for leaf in &leaves {
            growth.push(*leaf, &mut completed);
        }
        let root_of = |from: usize, width: usize| {
            let mut frontier = Frontier::new();
            leaves[from..from + width].iter().for_each(|leaf| frontier.push(*leaf));
            frontier.root()
        };
        assert_eq!(completed.len(), 257 + 1);
        for subtree in completed {
            let (index, width) = (subtree.index as usize, WIDTH.pow(u32::from(subtree.level) + 1));
            assert_eq!(subtree.root, root_of(index * width, width), "{} {index}", subtree.level);
        }
    }
}

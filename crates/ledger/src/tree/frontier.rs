//! The growing edge of a tree: what is needed to append and to know the root, in a few hundred bytes.

use super::{Hash, MAX_SIZE, empty_root, node_hash};

/// The roots of the complete subtrees of a tree, largest first: one per binary one of its size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// That of the tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// That of a tree of `size` leaves with these [`peaks`](Self::peaks). `None` when their number is not that of such a
    /// tree.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (size <= MAX_SIZE && peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf by its [hash](super::leaf_hash).
    pub fn push(&mut self, leaf: Hash) {
        self.carry(0, leaf);
    }

    /// Appends a complete subtree of `2^height` leaves. Refused, with `false`, when the tree does not end where such a
    /// subtree can begin.
    pub fn push_subtree(&mut self, height: u8, root: Hash) -> bool {
        let fits = height < 63 && self.size.trailing_zeros() >= u32::from(height);
        if fits {
            self.carry(height, root);
        }
        fits
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let smallest_first = self.peaks.iter().rev().copied();
        smallest_first.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    fn carry(&mut self, height: u8, mut root: Hash) {
        let mut subtrees = self.size >> height;
        while subtrees & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            root = node_hash(&left, &root);
            subtrees >>= 1;
        }
        self.peaks.push(root);
        self.size += 1 << height;
    }
}

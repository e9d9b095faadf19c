//! Checking the two proofs (the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2, whose proofs are those of RFC 6962).

use super::{Hash, empty_root, node_hash};

/// Why a proof shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf, or the older tree is the larger one.
    #[error("the position lies outside the tree")]
    OutsideTree,
    /// A proof between these sizes has another number of hashes.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The hashes do not lead to the root of the (newer) tree.
    #[error("the proof does not lead to the root of the tree")]
    Root,
    /// The hashes do not lead to the root of the older tree.
    #[error("the proof does not lead to the root of the older tree")]
    OldRoot,
}

/// Checks that the leaf with this [hash](super::leaf_hash) is number `index` of the tree.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutsideTree);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            (node, last) = above_left_edge(node, last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last == 0, hash == *root) {
        (false, _) => Err(ProofError::Length),
        (true, false) => Err(ProofError::Root),
        (true, true) => Ok(()),
    }
}

/// Checks that the tree of `new` leaves begins with the tree of `old` leaves. Nothing precedes the tree without leaves.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OutsideTree);
    }
    if old == new || old == 0 {
        let expected = if old == 0 { empty_root() } else { *new_root };
        return match (proof.is_empty(), *old_root == expected, old == new && old_root != new_root) {
            (false, ..) => Err(ProofError::Length),
            (true, false, _) => Err(ProofError::OldRoot),
            (true, true, true) => Err(ProofError::Root),
            (true, true, false) => Ok(()),
        };
    }

    // An old tree that is one complete subtree of the new one is where the proof begins, and not repeated in it.
    let (first, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::Length)?;
        (*first, rest)
    };
    let skipped = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> skipped, (new - 1) >> skipped);
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            (node, last) = above_left_edge(node, last);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last == 0, old_hash == *old_root, new_hash == *new_root) {
        (false, ..) => Err(ProofError::Length),
        (true, false, _) => Err(ProofError::OldRoot),
        (true, true, false) => Err(ProofError::Root),
        (true, true, true) => Ok(()),
    }
}

/// Where a last node has no sibling, it rises until it is a right child.
fn above_left_edge(node: u64, last: u64) -> (u64, u64) {
    let levels = if node == 0 { 0 } else { node.trailing_zeros() };
    (node >> levels, last >> levels)
}

//! The Merkle tree of RFC 6962 §2.1 over SHA-256: hashes, the growing edge, and the two proofs.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256, digest};

use crate::text::{from_base64, to_base64};

mod frontier;
mod proofs;
mod shape;

pub use frontier::Frontier;
pub use proofs::{ProofError, verify_consistency, verify_inclusion};
pub(crate) use shape::{Range, consistency_path, inclusion_path};

/// Length of a hash in bytes.
pub const HASH_LENGTH: usize = 32;

/// The largest tree there can be: a size fits in a signed 64-bit number, as databases have them.
pub const MAX_SIZE: u64 = i64::MAX as u64;

const LEAF_PREFIX: u8 = 0;
const NODE_PREFIX: u8 = 1;

/// A hash of the tree. Its text form is base 64, as in checkpoints and proofs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_LENGTH]);

impl Hash {
    /// Reads the text form: exactly 44 characters.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 44 {
            return None;
        }
        from_base64(text)?.try_into().ok().map(Self)
    }

    /// Takes 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_base64(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The hash of an entry: `SHA-256(0x00 ‖ entry)`.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    // Almost every entry is 41 bytes: one call with a buffer on the stack costs half of what a context does.
    let mut buffer = [LEAF_PREFIX; 128];
    if let Some(room) = buffer.get_mut(1..=entry.len()) {
        room.copy_from_slice(entry);
        return taken(digest(&SHA256, &buffer[..=entry.len()]));
    }
    let mut context = Context::new(&SHA256);
    context.update(&[LEAF_PREFIX]);
    context.update(entry);
    taken(context.finish())
}

/// The hash of two neighbours: `SHA-256(0x01 ‖ left ‖ right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut buffer = [NODE_PREFIX; 1 + 2 * HASH_LENGTH];
    buffer[1..=HASH_LENGTH].copy_from_slice(&left.0);
    buffer[1 + HASH_LENGTH..].copy_from_slice(&right.0);
    taken(digest(&SHA256, &buffer))
}

/// The root of the tree without leaves: the hash of nothing.
pub fn empty_root() -> Hash {
    taken(digest(&SHA256, &[]))
}

/// The root of a complete subtree with these hashes as its leaves; their number is a power of two, at most 256.
///
/// Another number gives `None`.
pub fn subtree_root(leaves: &[Hash]) -> Option<Hash> {
    let mut buffer = [Hash([0; HASH_LENGTH]); 128];
    let mut width = leaves.len();
    if width == 1 {
        return leaves.first().copied();
    }
    if !width.is_power_of_two() || width > 256 {
        return None;
    }
    for (parent, pair) in buffer.iter_mut().zip(leaves.chunks_exact(2)) {
        *parent = node_hash(&pair[0], &pair[1]);
    }
    width /= 2;
    while width > 1 {
        for position in 0..width / 2 {
            buffer[position] = node_hash(&buffer[2 * position], &buffer[2 * position + 1]);
        }
        width /= 2;
    }
    Some(buffer[0])
}

fn taken(digest: aws_lc_rs::digest::Digest) -> Hash {
    let mut hash = [0; HASH_LENGTH];
    hash.copy_from_slice(digest.as_ref());
    Hash(hash)
}

#[cfg(test)]
mod tests;

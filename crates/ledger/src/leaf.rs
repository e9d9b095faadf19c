//! Leaves: salted commitments of constant length.

use aws_lc_rs::digest;

use crate::Canonical;

/// Length of a log entry in bytes.
pub const LEAF_LENGTH: usize = 41;

const VERSION: u8 = 1;
const DOMAIN: &[u8] = b"ketenwijzer-leaf-v1";

/// Thirty-two random bytes, one draw per leaf. Without them nobody can tell which record a leaf commits to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// What a leaf is about. All accesses share one kind, so that the public log tells nothing about their mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafKind {
    /// An access, a change or a grant.
    Access = 1,
    /// A change of keys.
    Key = 2,
    /// A new version of the agreement.
    Agreement = 3,
}

impl LeafKind {
    /// The kind with this stored number.
    pub fn from_number(number: i16) -> Option<Self> {
        [Self::Access, Self::Key, Self::Agreement].into_iter().find(|kind| *kind as i16 == number)
    }
}

/// Why an entry is not a leaf of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// It has not the one length that leaves have.
    #[error("the entry is not {LEAF_LENGTH} bytes long")]
    Length,
    /// It begins with a version or a kind that nobody wrote, or its spare bytes are used.
    #[error("the entry begins with something else than a version, a kind and zeroes")]
    Head,
}

/// `SHA-256("ketenwijzer-leaf-v1" ‖ salt ‖ record)` with its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// What it is about.
    pub kind: LeafKind,
    /// The commitment.
    pub hash: [u8; 32],
}

impl Leaf {
    /// Commits to a record.
    pub fn commit(kind: LeafKind, salt: &Salt, record: &Canonical) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(DOMAIN);
        context.update(&salt.0);
        context.update(record.as_str().as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self { kind, hash }
    }

    /// The 41 bytes of the log entry: version, kind, seven zero bytes, hash.
    pub fn to_bytes(&self) -> [u8; LEAF_LENGTH] {
        let mut bytes = [0; LEAF_LENGTH];
        bytes[0] = VERSION;
        bytes[1] = self.kind as u8;
        bytes[9..].copy_from_slice(&self.hash);
        bytes
    }

    /// Takes a log entry back. What is accepted is what [`to_bytes`](Self::to_bytes) writes, nothing else.
    pub fn from_bytes(entry: &[u8]) -> Result<Self, LeafError> {
        let entry: &[u8; LEAF_LENGTH] = entry.try_into().map_err(|_| LeafError::Length)?;
        let kind = LeafKind::from_number(entry[1].into()).ok_or(LeafError::Head)?;
        let mut hash = [0; 32];
        hash.copy_from_slice(&entry[9..]);
        let leaf = Self { kind, hash };
        if leaf.to_bytes() == *entry { Ok(leaf) } else { Err(LeafError::Head) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_is_reproduced() {
        let record = Canonical::from_stored(r#"{"event":"vector"}"#.to_owned());
        let leaf = Leaf::commit(LeafKind::Access, &Salt([7; 32]), &record);
        // printf 'ketenwijzer-leaf-v1'; 32 bytes 0x07; '{"event":"vector"}' | sha256sum
        let hex = leaf.to_bytes().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        assert_eq!(&hex[..18], "010100000000000000");
        assert_eq!(&hex[18..], "fb24b1531987577ef00651251c52948fbafc21d349e203e4fe08014f5dd8d972");
    }

    #[test]
    fn an_entry_is_taken_back_only_as_it_was_written() {
        let leaf = Leaf { kind: LeafKind::Key, hash: [9; 32] };
        let entry = leaf.to_bytes();
        assert_eq!(Leaf::from_bytes(&entry), Ok(leaf));
        assert_eq!(Leaf::from_bytes(&entry[1..]), Err(LeafError::Length));
        for place in 0..9 {
            let mut other = entry;
            other[place] ^= 0x40;
            assert_eq!(Leaf::from_bytes(&other), Err(LeafError::Head), "byte {place}");
        }
    }

    #[test]
    fn another_salt_or_record_gives_another_leaf() {
        let [record, other] = ["1", "2"].map(|text| Canonical::from_stored(text.to_owned()));
        let leaf = Leaf::commit(LeafKind::Access, &Salt([0; 32]), &record);
        assert_ne!(leaf, Leaf::commit(LeafKind::Access, &Salt([1; 32]), &record));
        assert_ne!(leaf, Leaf::commit(LeafKind::Access, &Salt([0; 32]), &other));
    }
}

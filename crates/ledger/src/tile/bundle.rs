//! Bundles: up to 256 entries behind each other, each after its length in two bytes, the larger one first.

/// The longest entry that a bundle can hold, in bytes.
pub const MAX_ENTRY_LENGTH: usize = u16::MAX as usize;

/// Why bytes are not the bundle that was asked for, or entries cannot become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The bytes end within an entry.
    #[error("the bundle ends within its entry {position}")]
    CutShort {
        /// The position within the bundle.
        position: u16,
    },
    /// There are bytes after the last entry.
    #[error("the bundle goes on after its last entry")]
    Longer,
    /// An entry is longer than two bytes can say.
    #[error("entry {position} is longer than a bundle can hold")]
    EntryTooLong {
        /// The position within the bundle.
        position: u16,
    },
}

/// Writes entries as a bundle.
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    let length = entries.iter().map(|entry| 2 + entry.as_ref().len()).sum();
    let mut bytes = Vec::with_capacity(length);
    for (position, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong {
            position: u16::try_from(position).unwrap_or(u16::MAX),
        })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle that must hold `width` of them and nothing else.
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::with_capacity(usize::from(width));
    let mut rest = bytes;
    for position in 0..width {
        let (entry, after) = split_entry(rest).ok_or(BundleError::CutShort { position })?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::Longer) }
}

/// The beginning of a bundle that has its first `width` entries. `None` when it has fewer.
pub fn first_entries(bytes: &[u8], width: u16) -> Option<&[u8]> {
    let mut rest = bytes;
    for _ in 0..width {
        (_, rest) = split_entry(rest)?;
    }
    bytes.get(..bytes.len() - rest.len())
}

/// The next entry and what follows it.
pub(crate) fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

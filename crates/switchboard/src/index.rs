//! From a subject's element to its tags under the live generations of the index keys, and the sealed columns.

mod generations;

use kw_domain::{Handle, Oin, PointerId, SourceName, SubjectId};
use kw_protocol::pointer::SubjectElement;
use kw_pseudonym::{Element, RowKey};
use kw_store::switchboard::LiveTags;

pub(crate) use generations::LiveGenerations;

use crate::keys::Keys;

/// A subject as the index knows it, before it has an id.
pub(crate) struct LocatedSubject {
    /// Its tags under every live generation.
    pub(crate) tags: LiveTags,
    /// The newest live generation.
    pub(crate) generation: u32,
    /// T under that generation.
    pub(crate) element: Element,
}

/// Why an element cannot be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LocateError {
    /// The epoch is not live: the asker's evaluation is too old, or the switchboard lags.
    EpochUnknown,
    /// The bytes are no group element.
    NotAnElement,
    /// A key that a live generation names is not in the key folder.
    KeyMissing,
}

/// `tag(k_s · N)` under every live generation (docs/pseudonym.md §4, §5, §8).
pub(crate) fn locate(
    keys: &Keys,
    live: &LiveGenerations,
    subject: &SubjectElement,
) -> Result<LocatedSubject, LocateError> {
    let epoch = subject.epoch.0;
    if !live.iter().any(|generation| generation.pseudonymiser_epoch == epoch) {
        return Err(LocateError::EpochUnknown);
    }
    let given = Element::from_bytes(&subject.element.0).map_err(|_| LocateError::NotAnElement)?;
    let mut tags = LiveTags { even: None, odd: None };
    let mut newest = None;
    for generation in live.iter() {
        let converted = convert(keys, &given, epoch, generation.pseudonymiser_epoch)?;
        let key = keys.index.get(&generation.index_epoch).ok_or(LocateError::KeyMissing)?;
        let element = key.index_element(converted.as_ref().unwrap_or(&given));
        let tag = keys.tag.tag(generation.number, &element).0;
        if generation.number.is_multiple_of(2) {
            tags.even = Some(tag);
        } else {
            tags.odd = Some(tag);
        }
        newest = Some((generation.number, element));
    }
    let (generation, element) = newest.ok_or(LocateError::EpochUnknown)?;
    Ok(LocatedSubject { tags, generation, element })
}

/// N of another epoch of k_p, by δ; nothing when it is the same epoch.
fn convert(keys: &Keys, given: &Element, from: u32, to: u32) -> Result<Option<Element>, LocateError> {
    match from.cmp(&to) {
        std::cmp::Ordering::Equal => Ok(None),
        std::cmp::Ordering::Less => {
            Ok(Some(keys.deltas.get(&to).ok_or(LocateError::KeyMissing)?.apply(given)))
        }
        std::cmp::Ordering::Greater => {
            Ok(Some(keys.deltas.get(&from).ok_or(LocateError::KeyMissing)?.inverse().apply(given)))
        }
    }
}

/// T, sealed for the row of its subject.
pub(crate) fn seal_element(row: &RowKey, subject: SubjectId, element: &Element, nonce: [u8; 12]) -> Vec<u8> {
    row.seal(&context(b"element", subject.as_bytes()), &element.to_bytes(), nonce)
}

/// T, as it was sealed.
pub(crate) fn open_element(row: &RowKey, subject: SubjectId, sealed: &[u8]) -> Option<Element> {
    let plain = row.open(&context(b"element", subject.as_bytes()), sealed).ok()?;
    Element::from_bytes(plain.as_slice().try_into().ok()?).ok()
}

/// Handle and source, sealed for the row of their pointer.
pub(crate) fn seal_pointer(
    row: &RowKey,
    id: PointerId,
    handle: Handle,
    source: &SourceName,
    nonce: [u8; 12],
) -> Vec<u8> {
    let mut plain = Vec::with_capacity(16 + source.as_str().len());
    plain.extend_from_slice(handle.as_bytes());
    plain.extend_from_slice(source.as_str().as_bytes());
    row.seal(&context(b"pointer", id.as_bytes()), &plain, nonce)
}

/// Handle and source, as they were sealed.
pub(crate) fn open_pointer(row: &RowKey, id: PointerId, sealed: &[u8]) -> Option<(Handle, SourceName)> {
    let plain = row.open(&context(b"pointer", id.as_bytes()), sealed).ok()?;
    let (handle, source) = plain.split_at_checked(16)?;
    let source = SourceName::parse(std::str::from_utf8(source).ok()?).ok()?;
    Some((Handle::from_bytes(handle.try_into().ok()?), source))
}

/// What stands for a sealed source in the uniqueness constraint.
pub(crate) fn source_key(row: &RowKey, holder: Oin, source: &SourceName) -> [u8; 16] {
    row.digest(&[b"source", holder.as_str().as_bytes(), source.as_str().as_bytes()])
}

fn context(kind: &[u8], id: &[u8; 16]) -> Vec<u8> {
    [kind, id].concat()
}

//! Which parts of a tree a proof consists of (RFC 6962 §2.1.1 and §2.1.2), without the hashes.

/// Leaves from `start` up to, not including, `end`: a subtree as the recursive definition of the root makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Range {
    /// The complete subtrees that it consists of, largest first, as (height, index among those of this height).
    pub(crate) fn subtrees(self) -> impl DoubleEndedIterator<Item = (u8, u64)> {
        let length = self.end - self.start;
        (0..64_u8).rev().filter(move |height| length >> height & 1 == 1).map(move |height| {
            let before = if height == 63 { 0 } else { length >> (height + 1) << (height + 1) };
            (height, (self.start + before) >> height)
        })
    }
}

/// The siblings on the way from a leaf to the root, the leaf's first. Empty when there is no such leaf.
pub(crate) fn inclusion_path(index: u64, size: u64) -> Vec<Range> {
    let mut path = Vec::new();
    if index >= size {
        return path;
    }
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(Range { start: middle, end });
            end = middle;
        } else {
            path.push(Range { start, end: middle });
            start = middle;
        }
    }
    path.reverse();
    path
}

/// What shows that the tree of `new` leaves begins with the tree of `old` leaves. Empty when they are equal, when the old
/// one is, or when it is not the smaller one.
pub(crate) fn consistency_path(old: u64, new: u64) -> Vec<Range> {
    let mut path = Vec::new();
    if old == 0 || old >= new {
        return path;
    }
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(Range { start: middle, end });
            end = middle;
        } else {
            path.push(Range { start, end: middle });
            start = middle;
        }
    }
    if start > 0 {
        path.push(Range { start, end });
    }
    path.reverse();
    path
}

/// The largest power of two that is smaller than a length of two or more.
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

//! Digests of a holder's pointers by buckets: `POST /v1/pointers/_digests`. Switchboard and partner compute the same sums, so that
//! only what differs is ever sent (docs/decisions/0029).
//!
//! A bucket is a prefix of the lower-case hexadecimal SHA-256 of the pointer's id. The digest of a pointer is the first eight
//! bytes of SHA-256 over a label, its id, the end of its validity and its category; the digest of a bucket is the sum of those of
//! its pointers. A sum needs no order and no list: one pass gives the digests of any number of buckets.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::digest::{Context, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{Category, Handle, Instant, PointerId, SourceName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Buckets below a bucket.
pub const FAN_OUT: usize = 16;
/// The longest prefix whose members can be asked for; digests can be asked for one shorter.
pub const DEEPEST: u8 = 6;
/// Most buckets in one request.
pub const MOST_BUCKETS: usize = 2_048;
/// Most members in one answer.
pub const MOST_MEMBERS: usize = 10_000;

/// Asks for digests of the caller's own active pointers: `POST /v1/pointers/_digests`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DigestRequest {
    /// Only pointers of this source; all of the caller's when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source: Option<SourceName>,
    /// The buckets: prefixes of the lower-case hexadecimal SHA-256 of the pointer id, all of one length of 0 to 5 characters (6
    /// for members), each once, at most 2048. The root when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// List the pointers in these buckets instead of the digests of the sixteen below each. At most 10,000 in one answer.
    #[serde(default)]
    pub members: bool,
}

/// Digests or members of the buckets that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DigestResponse {
    /// How many active pointers the caller has, of that source if one was named, in whatever bucket.
    pub count: u64,
    /// One per bucket, in the order in which they were asked for.
    pub buckets: Vec<Bucket>,
}

/// What is in one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// Which bucket.
    pub prefix: String,
    /// The digests of the sixteen buckets below it, in order, eight bytes big-endian each: unpadded base64url. An empty bucket has
    /// digest 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<String>,
    /// Every pointer in it, when members were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<Member>>,
}

/// An active pointer as its holder reconciles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The switchboard's name for it.
    #[schema(value_type = String)]
    pub id: PointerId,
    /// The holder's name for it.
    #[schema(value_type = String)]
    pub handle: Handle,
    /// The software installation.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// The kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// Findable until then.
    #[schema(value_type = String)]
    pub valid_until: Instant,
}

/// A bucket: the first hexadecimal digits of SHA-256(pointer id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    length: u8,
    digits: u32,
}

impl Prefix {
    /// The bucket with everything in it.
    pub const ROOT: Self = Self { length: 0, digits: 0 };

    /// Reads at most six lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !hexadecimal || text.len() > usize::from(DEEPEST) {
            return None;
        }
        let digits = if text.is_empty() { 0 } else { u32::from_str_radix(text, 16).ok()? };
        Some(Self { length: text.len() as u8, digits })
    }

    /// The bucket at this depth that a pointer is in.
    pub fn of(id: PointerId, length: u8) -> Self {
        Self::holding(digest_of_id(id), length)
    }

    /// How many digits it has.
    pub fn length(self) -> u8 {
        self.length
    }

    /// One of the sixteen buckets in it.
    pub fn child(self, number: usize) -> Self {
        Self { length: self.length + 1, digits: (self.digits << 4) | (number as u32 & 15) }
    }

    fn holding(hash: [u8; 4], length: u8) -> Self {
        let length = length.min(DEEPEST);
        let digits = u32::from_be_bytes(hash).checked_shr(32 - 4 * u32::from(length)).unwrap_or_default();
        Self { length, digits }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            0 => Ok(()),
            length => write!(f, "{:0width$x}", self.digits, width = usize::from(length)),
        }
    }
}

/// Adds up the digests of the buckets below some buckets, in one pass over all pointers.
#[derive(Debug, Clone)]
pub struct Tally {
    length: u8,
    sums: BTreeMap<Prefix, [u64; FAN_OUT]>,
    count: u64,
}

impl Tally {
    /// For buckets of one length.
    pub fn new(prefixes: &[Prefix]) -> Self {
        let length = prefixes.first().map_or(0, |prefix| prefix.length());
        Self { length, sums: prefixes.iter().map(|prefix| (*prefix, [0; FAN_OUT])).collect(), count: 0 }
    }

    /// Adds one pointer.
    pub fn add(&mut self, id: PointerId, valid_until: Instant, category: &Category) {
        self.count += 1;
        let hash = digest_of_id(id);
        if let Some(sums) = self.sums.get_mut(&Prefix::holding(hash, self.length)) {
            let below = Prefix::holding(hash, self.length + 1).digits as usize & (FAN_OUT - 1);
            sums[below] = sums[below].wrapping_add(digest_of(id, valid_until, category));
        }
    }

    /// How many pointers were added, in whatever bucket.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The digests below one of the buckets.
    pub fn digests(&self, prefix: Prefix) -> [u64; FAN_OUT] {
        self.sums.get(&prefix).copied().unwrap_or_default()
    }

    /// The same as the wire has them.
    pub fn encoded(&self, prefix: Prefix) -> String {
        let bytes: Vec<u8> = self.digests(prefix).iter().flat_map(|sum| sum.to_be_bytes()).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// Sixteen digests as the wire has them.
pub fn decode(text: &str) -> Option<[u64; FAN_OUT]> {
    let mut bytes = [0; 8 * FAN_OUT];
    if URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != bytes.len() {
        return None;
    }
    let mut sums = [0; FAN_OUT];
    for (sum, eight) in sums.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *sum = u64::from_be_bytes(*eight);
    }
    Some(sums)
}

/// The digest of one pointer.
pub fn digest_of(id: PointerId, valid_until: Instant, category: &Category) -> u64 {
    let mut hash = Context::new(&SHA256);
    hash.update(LABEL);
    hash.update(id.as_bytes());
    hash.update(&valid_until.as_millis().to_be_bytes());
    hash.update(category.as_str().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finish().as_ref()[..8]);
    u64::from_be_bytes(first)
}

fn digest_of_id(id: PointerId) -> [u8; 4] {
    let mut first = [0; 4];
    first.copy_from_slice(&digest(&SHA256, id.as_bytes()).as_ref()[..4]);
    first
}

const LABEL: &[u8] = b"ketenwijzer pointer digest v1";

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(number: u8) -> (PointerId, Instant, Category) {
        let id = PointerId::new(Instant::from_millis(1_000), [number; 10]);
        (id, Instant::from_millis(5_000), Category::parse("youth-care-plan").unwrap())
    }

    #[test]
    fn the_digests_of_a_level_add_up_to_those_of_the_level_above() {
        let pointers: Vec<_> = (0..100).map(pointer).collect();
        let mut root = Tally::new(&[Prefix::ROOT]);
        let children: Vec<Prefix> = (0..FAN_OUT).map(|number| Prefix::ROOT.child(number)).collect();
        let mut below = Tally::new(&children);
        for (id, until, category) in &pointers {
            root.add(*id, *until, category);
            below.add(*id, *until, category);
        }
        assert_eq!((root.count(), below.count()), (100, 100));
        for (sum, child) in root.digests(Prefix::ROOT).into_iter().zip(children) {
            assert_eq!(sum, below.digests(child).into_iter().fold(0, u64::wrapping_add));
        }
        assert_eq!(decode(&root.encoded(Prefix::ROOT)), Some(root.digests(Prefix::ROOT)));
    }

    #[test]
    fn a_pointer_is_in_the_bucket_whose_prefix_its_hash_begins_with() {
        let (id, ..) = pointer(7);
        let whole = digest(&SHA256, id.as_bytes())
            .as_ref()
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        for length in 0..=DEEPEST {
            let prefix = Prefix::of(id, length);
            assert_eq!(prefix.to_string(), whole[..usize::from(length)]);
            assert_eq!(Prefix::parse(&prefix.to_string()), Some(prefix));
        }
        assert_eq!(Prefix::parse("ABC"), None);
        assert_eq!(Prefix::parse("0000000"), None);
    }

    #[test]
    fn another_end_of_validity_is_another_digest_in_the_same_bucket() {
        let (id, until, category) = pointer(3);
        assert_ne!(digest_of(id, until, &category), digest_of(id, Instant::from_millis(6_000), &category));
        assert_eq!(digest_of(id, until, &category), digest_of(id, until, &category));
    }
}

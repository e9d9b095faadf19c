//! Finding what differs between the records of one source and the switchboard's pointers, by digests of buckets: from the root
//! down, only where digests differ, and the members of the smallest buckets at last.
//!
//! Each time, what is known here is read before the switchboard is asked. A record that is registered in between is therefore
//! never taken for one that is missing there.

use std::collections::BTreeMap;

use kw_client::ClientError;
use kw_domain::{Handle, Instant, PointerId, SourceName};
use kw_protocol::digest::{
    Bucket, DEEPEST, DigestRequest, DigestResponse, MOST_BUCKETS, Member, Prefix, Tally, decode,
};
use kw_store::partner::RegisteredEntry;
use kw_telemetry::{Explain, Reason};

use super::{SyncError, Synchroniser};

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// Records that are registered here.
    pub(super) here: u64,
    /// Pointers that are active there.
    pub(super) there: u64,
    /// Requests that it took.
    pub(super) requests: u64,
    /// There and not known under this id here.
    pub(super) strangers: Vec<Member>,
    /// Registered here and not there.
    pub(super) missing: Vec<(Handle, PointerId)>,
    /// Here and there, with another end there.
    pub(super) stale: Vec<(Handle, PointerId, Instant)>,
}

/// Why nothing is known about what differs.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComparingError {
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error("the switchboard could not be asked: {0}")]
    Switchboard(#[from] ClientError),
    #[error("the switchboard's answer is not about what was asked")]
    Malformed,
}

impl Explain for ComparingError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Sync(error) => reason.because(error),
            Self::Switchboard(error) => reason.because(error),
            Self::Malformed => reason.say("the switchboard's answer is not about what was asked"),
        };
    }
}

/// How many differences there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Records that are registered here.
    pub here: u64,
    /// Pointers that are active there.
    pub there: u64,
    /// There and not known under their id here.
    pub strangers: u64,
    /// Registered here and not there.
    pub missing: u64,
    /// With another end there.
    pub stale: u64,
    /// Requests that it took.
    pub requests: u64,
}

impl Synchroniser {
    /// Compares one source and mends nothing. Why it failed is told as a problem of that source.
    pub async fn differences(&self, name: &SourceName) -> Result<Compared, SyncError> {
        match self.compare(name).await {
            Ok(found) => Ok(Compared {
                here: found.here,
                there: found.there,
                strangers: found.strangers.len() as u64,
                missing: found.missing.len() as u64,
                stale: found.stale.len() as u64,
                requests: found.requests,
            }),
            Err(ComparingError::Sync(error)) => Err(error),
            Err(error) => Err(SyncError::Behind(error.to_string())),
        }
    }

    /// Compares one source. An error means that nothing is known; there is no partial answer.
    pub(super) async fn compare(&self, name: &SourceName) -> Result<Differences, ComparingError> {
        let mut found = Differences::default();
        let mut frontier = vec![Prefix::ROOT];
        loop {
            let own = self.tally(name, &frontier).await?;
            found.here = own.count();
            let mut differing = Vec::new();
            for chunk in frontier.chunks(MOST_BUCKETS) {
                let answer = self.ask(name, chunk, false, &mut found).await?;
                for (prefix, bucket) in chunk.iter().zip(&answer.buckets) {
                    let theirs =
                        bucket.digests.as_deref().and_then(decode).ok_or(ComparingError::Malformed)?;
                    let pairs = theirs.into_iter().zip(own.digests(*prefix)).enumerate();
                    differing.extend(
                        pairs.filter(|(_, (theirs, own))| theirs != own).map(|(at, _)| prefix.child(at)),
                    );
                }
            }
            frontier = differing;
            let Some(first) = frontier.first() else { return Ok(found) };
            if first.length() >= leaf_length(found.here.max(found.there)) {
                break;
            }
        }
        self.leaves(name, &frontier, &mut found).await?;
        Ok(found)
    }

    async fn leaves(
        &self,
        name: &SourceName,
        leaves: &[Prefix],
        found: &mut Differences,
    ) -> Result<(), ComparingError> {
        let mut own = self.entries_in(name, leaves).await?;
        for chunk in leaves.chunks(LEAVES) {
            let answer = self.ask(name, chunk, true, found).await?;
            for (prefix, bucket) in chunk.iter().zip(answer.buckets) {
                let members = bucket.members.ok_or(ComparingError::Malformed)?;
                let mut here = own.remove(prefix).unwrap_or_default();
                for member in members {
                    match here.remove(&member.id) {
                        None => found.strangers.push(member),
                        Some(entry) if entry.valid_until != member.valid_until => {
                            found.stale.push((entry.handle, member.id, member.valid_until));
                        }
                        Some(_) => {}
                    }
                }
                found.missing.extend(here.into_values().map(|entry| (entry.handle, entry.pointer)));
            }
        }
        Ok(())
    }

    async fn ask(
        &self,
        name: &SourceName,
        prefixes: &[Prefix],
        members: bool,
        found: &mut Differences,
    ) -> Result<DigestResponse, ComparingError> {
        let request = DigestRequest {
            source: Some(name.clone()),
            prefixes: prefixes.iter().map(ToString::to_string).collect(),
            members,
        };
        let answer = self.parts.index.digests(&request).await?;
        found.requests += 1;
        found.there = answer.count;
        let asked = |(bucket, prefix): (&Bucket, &String)| bucket.prefix == *prefix;
        let whole = answer.buckets.len() == prefixes.len();
        if whole && answer.buckets.iter().zip(&request.prefixes).all(asked) {
            Ok(answer)
        } else {
            Err(ComparingError::Malformed)
        }
    }

    /// One pass over what is registered here, a page at a time.
    async fn tally(&self, name: &SourceName, prefixes: &[Prefix]) -> Result<Tally, SyncError> {
        let (mut tally, mut after) = (Tally::new(prefixes), None);
        loop {
            let page = self.entries(name, after).await?;
            for entry in &page {
                tally.add(entry.pointer, entry.valid_until, &entry.category);
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.handle),
                _ => return Ok(tally),
            }
        }
    }

    /// What is registered here in some buckets.
    async fn entries_in(
        &self,
        name: &SourceName,
        prefixes: &[Prefix],
    ) -> Result<BTreeMap<Prefix, BTreeMap<PointerId, RegisteredEntry>>, SyncError> {
        let length = prefixes.first().map_or(0, |prefix| prefix.length());
        let mut buckets: BTreeMap<Prefix, BTreeMap<PointerId, RegisteredEntry>> =
            prefixes.iter().map(|prefix| (*prefix, BTreeMap::new())).collect();
        let mut after = None;
        loop {
            let page = self.entries(name, after).await?;
            let full = page.len() == PAGE as usize;
            after = page.last().map(|entry| entry.handle);
            for entry in page {
                if let Some(bucket) = buckets.get_mut(&Prefix::of(entry.pointer, length)) {
                    bucket.insert(entry.pointer, entry);
                }
            }
            if !full {
                return Ok(buckets);
            }
        }
    }

    async fn entries(
        &self,
        name: &SourceName,
        after: Option<Handle>,
    ) -> Result<Vec<RegisteredEntry>, SyncError> {
        let name = name.clone();
        Ok(self.parts.store.read(move |tables| tables.registered_entries(&name, after, PAGE)).await?)
    }
}

/// How long the prefix of a bucket is that has about four pointers in it, of so many.
fn leaf_length(pointers: u64) -> u8 {
    (1..DEEPEST).find(|length| pointers >> (4 * u32::from(*length)) <= FEW).unwrap_or(DEEPEST)
}

const FEW: u64 = 4;
/// Buckets whose members are asked for at once.
const LEAVES: usize = 1_024;
const PAGE: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_buckets_have_about_four_pointers() {
        for (pointers, length) in [(0, 1), (79, 1), (80, 2), (1_279, 2), (1_280, 3), (1_000_000, 5)] {
            assert_eq!(leaf_length(pointers), length, "{pointers}");
        }
    }
}

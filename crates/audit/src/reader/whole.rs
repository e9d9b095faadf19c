//! Verifying a whole log: every entry, every tile, the checkpoint, and what the witnesses saw of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use kw_ledger::Leaf;
use kw_ledger::audit::Audit;
use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::policy::PolicyRefusal;
use kw_ledger::tile::{
    BundleId, Resource, TILE_WIDTH, Tiles, consistency_tiles, decode_bundle, reading_order,
};
use kw_ledger::tree::verify_consistency;

use super::source::{CHECKPOINT, WITNESSED};
use super::{LogSource, ReadError, Trust, VerifyError};

/// How many files are asked for at once: a service answers each in some milliseconds.
const IN_FLIGHT: usize = 32;
/// A log is published about every second.
const LOOK: Duration = Duration::from_millis(250);

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries that are done.
    pub done: u64,
    /// Entries that there are.
    pub total: u64,
}

/// A log that verified.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The newest checkpoint.
    pub newest: SignedCheckpoint,
    /// The newest checkpoint with the quorum.
    pub witnessed: Option<Witnessed>,
    /// How many tiles were compared.
    pub tiles: u64,
    /// How long it took.
    pub took: Duration,
}

/// What the witnesses saw.
#[derive(Debug, Clone)]
pub struct Witnessed {
    /// The checkpoint.
    pub signed: SignedCheckpoint,
    /// The names of the witnesses that cosigned it, of those that are known.
    pub by: Vec<String>,
}

/// Verifies a log from its first entry.
pub async fn verify_log(
    source: &LogSource,
    trust: &Trust,
    progress: impl FnMut(Progress),
) -> Result<Verified, VerifyError> {
    let began = Instant::now();
    let (newest, witnessed) = read_checkpoints(source, trust).await?;
    let mut audit = Audit::new();
    let tiles =
        read_on(source, &mut audit, newest.checkpoint(), progress, |_, _| Ok::<_, VerifyError>(())).await?;
    check_witnessed(source, witnessed.as_ref(), newest.checkpoint()).await?;
    if witnessed.is_none() && trust.policy().check_quorum(&newest).is_err() {
        return Err(VerifyError::Unwitnessed);
    }
    Ok(Verified { newest, witnessed, tiles, took: began.elapsed() })
}

/// Which of some entries have another leaf in a log that verified, and which lie beyond its newest checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaves {
    /// The tree has another leaf in their place.
    pub other: Vec<u64>,
    /// They are too new to be in what was signed.
    pub later: u64,
    /// They are too new to be in what the quorum of witnesses saw.
    pub unwitnessed: u64,
}

/// The same, and whether the entries with these indices have these leaves in it: what a service hands out is no more than what it says,
/// until it is in the tree that it signed.
pub async fn verify_leaves(
    source: &LogSource,
    trust: &Trust,
    expected: &BTreeMap<u64, [u8; 32]>,
) -> Result<(Verified, Leaves), VerifyError> {
    let began = Instant::now();
    let (newest, witnessed) = read_checkpoints(source, trust).await?;
    let (mut audit, mut leaves) = (Audit::new(), Leaves::default());
    let compare = |resource, bytes: Vec<u8>| {
        let Resource::Entries(bundle) = resource else { return Ok(()) };
        let first = bundle.index * u64::from(TILE_WIDTH);
        let entries = decode_bundle(&bytes, bundle.width).unwrap_or_default();
        for (index, leaf) in expected.range(first..first + u64::from(bundle.width)) {
            let found = entries.get((index - first) as usize).and_then(|entry| Leaf::from_bytes(entry).ok());
            if found.is_none_or(|found| found.hash != *leaf) {
                leaves.other.push(*index);
            }
        }
        Ok::<_, VerifyError>(())
    };
    let tiles = read_on(source, &mut audit, newest.checkpoint(), |_| (), compare).await?;
    check_witnessed(source, witnessed.as_ref(), newest.checkpoint()).await?;
    if witnessed.is_none() && trust.policy().check_quorum(&newest).is_err() {
        return Err(VerifyError::Unwitnessed);
    }
    leaves.later = expected.range(newest.checkpoint().size..).count() as u64;
    leaves.unwitnessed = expected.range(seen(trust, &newest, witnessed.as_ref())..).count() as u64;
    Ok((Verified { newest, witnessed, tiles, took: began.elapsed() }, leaves))
}

/// Waits until the log published so many entries with the quorum of cosignatures, but not longer than this. Whether it did, who verifies
/// it then finds out.
pub async fn until_published(source: &LogSource, trust: &Trust, size: u64, longest: Duration) {
    let published = async {
        loop {
            match read_checkpoints(source, trust).await {
                Ok((newest, witnessed)) if seen(trust, &newest, witnessed.as_ref()) >= size => return,
                // Waiting mends nothing.
                Err(error) if error.is_verdict() => return,
                Ok(_) | Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    };
    drop(tokio::time::timeout(longest, published).await);
}

/// How much of the log the quorum saw: all that is signed, where the newest checkpoint has the quorum itself.
fn seen(trust: &Trust, newest: &SignedCheckpoint, witnessed: Option<&Witnessed>) -> u64 {
    let whole = trust.policy().check_quorum(newest).is_ok().then_some(newest);
    let seen = whole.or(witnessed.map(|witnessed| &witnessed.signed));
    seen.map_or(0, |signed| signed.checkpoint().size)
}

/// The newest checkpoint, and the newest with the quorum, which is no larger.
pub(super) async fn read_checkpoints(
    source: &LogSource,
    trust: &Trust,
) -> Result<(SignedCheckpoint, Option<Witnessed>), VerifyError> {
    // In this order, so that the log does not grow between the two in the wrong way.
    let witnessed = match source.witnessed_checkpoint().await? {
        Some(text) => Some(read_witnessed(source, trust, &text)?),
        None => None,
    };
    let refused = |refusal| VerifyError::Checkpoint { file: CHECKPOINT, refusal };
    let newest = trust.read(&source.checkpoint().await?).map_err(refused)?;
    check_signatures(source, trust, &newest, CHECKPOINT)?;
    Ok((newest, witnessed))
}

/// Reads what a log has grown by since the audit, checks it, hands each file to `keep`, and says how many tiles there were.
///
/// What is handed over is not verified before this ends well.
pub(super) async fn read_on<E: From<VerifyError>>(
    source: &LogSource,
    audit: &mut Audit,
    checkpoint: &Checkpoint,
    mut progress: impl FnMut(Progress),
    mut keep: impl FnMut(Resource, Vec<u8>) -> Result<(), E>,
) -> Result<u64, E> {
    let total = checkpoint.size;
    let resources = stream::iter(reading_order(audit.size(), total));
    let mut files = resources
        .map(|resource| async move { Ok::<_, ReadError>((resource, source.read(resource).await?)) })
        .buffered(IN_FLIGHT);
    let mut tiles = 0;
    while let Some(file) = files.next().await {
        let (resource, bytes) = file.map_err(VerifyError::from)?;
        tiles += u64::from(matches!(resource, Resource::Tile(_)));
        take(audit, resource, &bytes)?;
        progress(Progress { done: audit.size(), total });
        keep(resource, bytes)?;
    }
    audit.finish(checkpoint).map_err(VerifyError::from)?;
    Ok(tiles)
}

fn take(audit: &mut Audit, resource: Resource, bytes: &[u8]) -> Result<(), VerifyError> {
    match resource {
        Resource::Entries(bundle) => {
            audit.add_bundle(bundle, bytes)?;
            check_leaves(bundle, bytes)?;
        }
        Resource::Tile(tile) => audit.compare(tile, bytes)?,
        Resource::Checkpoint => {}
    }
    Ok(())
}

/// Checks that the log begins as the witnesses saw it.
pub(super) async fn check_witnessed(
    source: &LogSource,
    witnessed: Option<&Witnessed>,
    newest: &Checkpoint,
) -> Result<(), VerifyError> {
    let Some(witnessed) = witnessed else { return Ok(()) };
    let seen = witnessed.signed.checkpoint();
    let mut tiles = Tiles::new();
    if seen.size < newest.size {
        for id in consistency_tiles(seen.size, newest.size) {
            tiles.insert(id, &source.read(id.into()).await?)?;
        }
    }
    let fork = |_| VerifyError::Fork(seen.size);
    let proof = tiles.consistency_proof(seen.size, newest.size).map_err(fork)?;
    verify_consistency(seen.size, newest.size, &seen.root, &newest.root, &proof)
        .map_err(|_| VerifyError::Fork(seen.size))
}

fn read_witnessed(source: &LogSource, trust: &Trust, text: &str) -> Result<Witnessed, VerifyError> {
    let refused = |refusal: PolicyRefusal| VerifyError::Checkpoint { file: WITNESSED, refusal };
    let signed = trust.read_witnessed(text).map_err(refused)?;
    check_signatures(source, trust, &signed, WITNESSED)?;
    let by = trust.cosigned_by(&signed).into_iter().map(|witness| witness.name().to_string()).collect();
    Ok(Witnessed { signed, by })
}

/// A copy was made with known signatures only: another one was put there, or is a known one that was spoilt.
fn check_signatures(
    source: &LogSource,
    trust: &Trust,
    signed: &SignedCheckpoint,
    file: &'static str,
) -> Result<(), VerifyError> {
    match trust.unknown_signature(signed) {
        Some(line) if source.is_copy() => {
            Err(VerifyError::UnknownSignature { file, name: line.name.clone() })
        }
        _ => Ok(()),
    }
}

fn check_leaves(bundle: BundleId, bytes: &[u8]) -> Result<(), VerifyError> {
    let entries = decode_bundle(bytes, bundle.width).unwrap_or_default();
    for (entry, index) in entries.into_iter().zip(bundle.index * 256..) {
        Leaf::from_bytes(entry).map_err(|error| VerifyError::Leaf { index, bundle, error })?;
    }
    Ok(())
}

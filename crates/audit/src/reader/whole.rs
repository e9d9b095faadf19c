//! Verifying a whole log: every entry, every tile, the checkpoint, and what the witnesses saw of it.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use kw_ledger::Leaf;
use kw_ledger::audit::Audit;
use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::policy::PolicyRefusal;
use kw_ledger::tile::{BundleId, Resource, Tiles, consistency_tiles, decode_bundle, reading_order};
use kw_ledger::tree::verify_consistency;

use super::source::{CHECKPOINT, WITNESSED};
use super::{LogSource, ReadError, Trust, VerifyError};

/// How many files are asked for at once: a service answers each in some milliseconds.
const IN_FLIGHT: usize = 32;

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

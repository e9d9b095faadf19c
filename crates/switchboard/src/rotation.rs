//! Rotating the keys of a filled index, without a BSN and without a miss (docs/pseudonym.md §8, docs/decisions/0002).
//!
//! A rotation begins the next *generation*. From then on every write fills the tags of both generations and every look-up
//! tries both ([`Rotation::begin`]). Rows are converted in the background ([`Rotation::convert`]), which can be stopped and gone on with at any
//! moment. When every row is converted the old tags are wiped and the old key is destroyed ([`Rotation::close`]).

mod steps;

use std::path::PathBuf;

use kw_agreement::Agreement;
use kw_domain::{Clock, KeyUse, Oin};
use kw_ledger::{AccessRecord, Event};
use kw_runtime::Refusal;
use kw_store::switchboard::{Generation, GenerationPhase, Switchboard};
use kw_store::{OpenError, ReadError, Store};

pub use steps::{Progress, Rotate, Rotation};

use crate::app::key_act;
use crate::index::LiveGenerations;
use crate::keys::{Keys, KeysError};

/// Why a rotation cannot go on. Always for the operator; running the command again goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The agreement does not list what is needed.
    #[error(
        "the agreement lists no key of the pseudonymiser for epoch {0}: have the chain agree on it first"
    )]
    EpochNotAgreed(u32),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The new key was made, and other hosts may need it.
    #[error(
        "the new key is in {0}: copy it to the key folder of every host that runs this switchboard, then run this again"
    )]
    KeyMade(PathBuf),
    /// δ is not there.
    #[error(
        "there is no index-delta-{epoch}.key in {folder}: it comes from the pseudonymiser's key ceremony"
    )]
    NoDelta {
        /// The pseudonymiser's new epoch.
        epoch: u32,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row does not open under k_row.
    #[error("a subject's sealed element does not open: the row key is not the one of this database")]
    Sealed,
    /// A row was left behind by an earlier rotation.
    #[error("a subject is of a generation before the last: the database was not converted whole; restore it")]
    StrayGeneration,
    /// The database did not commit.
    #[error("the database did not commit: {0}")]
    Write(String),
    /// Another rotation is under way.
    #[error("another rotation is under way ({0}); finish that one first")]
    UnderWay(String),
}

/// The generations of an index; an empty index gets its first one.
pub(crate) async fn first_generation(
    store: &Store<Switchboard>,
    agreement: &Agreement,
    keys: &Keys,
    clock: &dyn Clock,
    oin: Oin,
) -> anyhow::Result<LiveGenerations> {
    let stored = store.read(kw_store::switchboard::SwitchboardRead::generations).await?;
    if !stored.is_empty() {
        return Ok(LiveGenerations::of(&stored));
    }
    let pseudonymiser_epoch =
        agreement.pseudonymiser_keys(KeyUse::Index).keys().max().map_or(1, |epoch| epoch.0);
    let index_epoch = keys.index.keys().max().copied().unwrap_or(1);
    let now = clock.now();
    let first = Generation {
        generation: 1,
        index_epoch,
        pseudonymiser_epoch,
        phase: GenerationPhase::Live,
        cursor: Vec::new(),
        converted: 0,
        began_at: now,
    };
    let record =
        AccessRecord::new(Event::KeyChanged, now, agreement.chain().clone(), oin, oin, agreement.hash());
    let made = first.clone();
    store
        .write("first_generation", move |tx| {
            if tx.read().generations()?.is_empty() {
                tx.write().store_generation(&made)?;
            }
            Ok(((), key_act::<Refusal>(&record)?))
        })
        .await
        .map_err(|error| anyhow::anyhow!("the first generation was not stored: {error}"))?;
    Ok(LiveGenerations::of(&store.read(kw_store::switchboard::SwitchboardRead::generations).await?))
}

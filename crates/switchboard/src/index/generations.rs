//! Which generations of the index keys count now.

use kw_store::switchboard::{Generation, GenerationPhase};

/// A generation under which look-ups are tried and rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LiveGeneration {
    pub(crate) number: u32,
    pub(crate) index_epoch: u32,
    pub(crate) pseudonymiser_epoch: u32,
}

/// One generation, or two of successive numbers while a rotation runs; the newest last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveGenerations(Vec<LiveGeneration>);

impl LiveGenerations {
    /// What the stored generations say: the newest that is not only begun, and the one that is being filled.
    ///
    /// While the newest is filling, the one before finds everything. Once it is closing, the newest finds everything; the
    /// one before stays live until its tags are wiped, so that processes that lag one step behind agree with this one.
    pub(crate) fn of(stored: &[Generation]) -> Self {
        let live = stored.iter().filter(|generation| generation.phase != GenerationPhase::Retired).map(
            |generation| LiveGeneration {
                number: generation.generation,
                index_epoch: generation.index_epoch,
                pseudonymiser_epoch: generation.pseudonymiser_epoch,
            },
        );
        Self(live.collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &LiveGeneration> {
        self.0.iter()
    }
}

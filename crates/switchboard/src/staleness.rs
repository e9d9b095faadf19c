//! Acts that were prepared under generations of the index keys of which one may have gone since.
//!
//! Tags are computed outside the transaction. Inside it the generations are compared: when a rotation took a step
//! meanwhile, nothing is written, this process follows the rotation, and the act is prepared again.

use kw_runtime::Refusal;
use kw_store::switchboard::Switchboard;
use kw_store::{Abort, Tx, WriteError};

use crate::app::{App, unavailable};
use crate::events::RotationNotFollowed;
use crate::index::LiveGenerations;
use crate::upkeep::follow_generations;

const MOST_ATTEMPTS: u32 = 3;

/// Why nothing was written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// The rules do not allow it.
    Refused(Refusal),
    /// A rotation took a step since the tags were made: make them again.
    Stale,
}

impl From<Refusal> for Unwritten {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Takes in the step that a rotation took, and says whether to make the tags again; the answer to give otherwise.
pub(crate) async fn again(app: &App, error: WriteError<Unwritten>, attempt: u32) -> Result<(), Refusal> {
    match error {
        WriteError::Refused(Unwritten::Refused(refusal)) => Err(refusal),
        WriteError::Refused(Unwritten::Stale) if attempt < MOST_ATTEMPTS => {
            follow_generations(app).await.map(drop).map_err(|reason| {
                RotationNotFollowed { reason }.log();
                unavailable()
            })
        }
        WriteError::Refused(Unwritten::Stale) | WriteError::Busy | WriteError::Unavailable => {
            Err(unavailable())
        }
    }
}

/// Tags that were made under other generations than the stored ones could miss a row that is there, or leave one that a
/// look-up misses.
pub(crate) fn check_generations(
    tx: &mut Tx<'_, Switchboard>,
    live: &LiveGenerations,
) -> Result<(), Abort<Unwritten>> {
    if LiveGenerations::of(&tx.read().generations()?) == *live {
        Ok(())
    } else {
        Err(Abort::Refused(Unwritten::Stale))
    }
}

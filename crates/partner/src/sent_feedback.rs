//! Feedback reports of the partner's own people: taken in, sent to the holder, followed until they are settled.
//!
//! A report is durable before anything is asked for it, and sealed as long as it may have to be sent again. Its name is made here, so
//! that sending it twice is reporting once: a process that is killed at any moment sends it again, and the holder has it once.
//! What is due, a job does: send, send on to another holder, tell the holder before, look where it stands.

mod intake;
mod marking;
mod records;
mod rerouting;
mod sealing;
mod showing;
mod steps;
mod told;

use std::time::Duration;

use kw_store::{KeepError, ReadError, WriteError};
use kw_telemetry::{Explain, Reason};

pub(crate) use intake::{TakenIn, take_in};
pub(crate) use marking::mark_open;
pub(crate) use records::note;
pub(crate) use showing::shown;
pub(crate) use steps::{Advanced, advance, claim, forget, save, see, work};
pub(crate) use told::hear;

/// How many reports may wait to be delivered.
const MOST_WAITING: u64 = 10_000;
/// A report that could not be delivered for that long is given up.
const GIVEN_UP_AFTER: Duration = Duration::from_hours(7 * 24);
/// How many holders one report is sent to, the first included.
const MOST_HOLDERS: usize = 3;
/// While a step is being taken: should this process end, another one takes it then. Longer than a step takes.
const CLAIM: Duration = Duration::from_secs(30);
/// How long reports that are over, and corrections, are kept.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// The database does not do its part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// Nothing was written.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// Nothing was read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What is sealed does not open with the partner's key.
    #[error("what is sealed with a feedback report does not open")]
    Sealed,
    /// An act was not recorded, so it did not happen.
    #[error("a feedback report could not be recorded")]
    Unrecorded(Reason),
}

impl<E> From<WriteError<E>> for Fault
where
    WriteError<E>: Explain,
{
    fn from(error: WriteError<E>) -> Self {
        Self::Unrecorded(Reason::of(&error))
    }
}

impl Explain for Fault {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Keep(error) => reason.say("a feedback report was not stored").because(error),
            Self::Read(error) => reason.say("a feedback report was not read").because(error),
            Self::Sealed => reason.say("what is sealed with a feedback report does not open"),
            Self::Unrecorded(why) => {
                reason.say("a feedback report could not be recorded").with("reason", why)
            }
        };
    }
}

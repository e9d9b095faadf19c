//! Where a source was read to, and what is still to be done about that read.

use std::fmt;

use kw_domain::Instant;
use kw_store::partner::SourceCursor;
use serde::{Deserialize, Serialize};

/// Where a source was read to. Stored in the same transaction as the work up to there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the read that is going on, or of the last one.
    pub(super) read: u64,
    /// When a read last ended.
    pub(super) synced_at: Instant,
    pub(super) state: State,
}

/// What the store keeps as an opaque text.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct State {
    /// The source's own cursor; absent before the first page.
    pub(super) cursor: Option<String>,
    /// A read is going on: its last page was not seen yet.
    pub(super) open: bool,
    /// Every page of the read so far was one of a read of everything.
    pub(super) complete: bool,
    /// How many records the read saw that were here before it.
    pub(super) known: u64,
    /// How many changes the read came to.
    pub(super) read: u64,
    /// The read met rows of which nobody can tell which record they are.
    pub(super) doubtful: bool,
    /// Records that this read did not see are to be withdrawn.
    pub(super) sweep: Option<Sweep>,
    /// Much is gone at once, and a person has to say that it is right.
    pub(super) held: Option<Sweep>,
    /// Since when.
    pub(super) held_at: Option<Instant>,
}

/// A complete read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sweep {
    /// Its number.
    pub(super) read: u64,
    /// How many records it saw that were here before it.
    pub(super) known: u64,
    /// A record that it did not see may be a row that cannot be used, so the source is asked about each.
    #[serde(default)]
    pub(super) doubtful: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The cursor may be the key of the last record.
        f.debug_struct("State")
            .field("open", &self.open)
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

impl Place {
    /// The stored place; the beginning when there is none.
    ///
    /// A text that this version does not understand is no place: the source is read from the start, which is always
    /// right and only costs time.
    pub(super) fn of(stored: Option<SourceCursor>) -> Self {
        let never = Instant::from_millis(0);
        let Some(stored) = stored else {
            return Self { read: 0, synced_at: never, state: State::default() };
        };
        let state = serde_json::from_str(&stored.cursor).unwrap_or_default();
        Self { read: stored.read_number, synced_at: stored.synced_at, state }
    }

    /// Begins a read, from the start when `full`.
    pub(super) fn begin(&mut self, full: bool) {
        self.read += 1;
        self.state.open = true;
        self.state.complete = true;
        self.state.known = 0;
        self.state.read = 0;
        self.state.doubtful = false;
        if full {
            self.state.cursor = None;
        }
    }

    /// Gives up where the source was read to: the next read is one from the start.
    pub(super) fn start_over(&mut self) {
        self.state.cursor = None;
        self.state.open = false;
    }

    /// What is to be done about the records that this read did not see.
    pub(super) fn sweep(&self) -> Sweep {
        Sweep { read: self.read, known: self.state.known, doubtful: self.state.doubtful }
    }

    /// As the store keeps it.
    pub(super) fn to_stored(&self) -> SourceCursor {
        SourceCursor {
            // A struct of texts, numbers and flags always has a JSON form.
            cursor: serde_json::to_string(&self.state).unwrap_or_default(),
            read_number: self.read,
            synced_at: self.synced_at,
        }
    }

    /// When a read last ended, if one did.
    pub(super) fn synced(&self) -> Option<Instant> {
        (self.synced_at.as_millis() > 0).then_some(self.synced_at)
    }
}

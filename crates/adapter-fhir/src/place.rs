//! Where the reading of a server has come to.

use std::collections::BTreeMap;

use kw_adapter::{Cursor, SourceError};
use kw_adapter_rest::api::Circle;
use kw_domain::{Category, Instant};
use serde::{Deserialize, Serialize};

/// Where to go on.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// Up to when each category was read.
    pub(crate) marks: BTreeMap<Category, Instant>,
    /// The category that is being read, and which of its searches; none when all were read to the end.
    pub(crate) reading: Option<(Category, Step)>,
    /// When the reading of that category began.
    pub(crate) began: Option<Instant>,
    /// Whether this round gives everything there is.
    pub(crate) full: bool,
    /// How far that search has come.
    pub(crate) within: Within,
}

/// A search of a round.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Resources of one of the types that make a category.
    Resources(usize),
    /// Patients that changed.
    Patients,
    /// Patients that were deleted.
    History,
}

/// How far a search has come.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Within {
    /// The address of the next page; none at the first.
    pub(crate) next: Option<String>,
    pub(crate) seen: u64,
    pub(crate) total: Option<u64>,
    pub(crate) addresses: Circle,
}

impl Place {
    pub(crate) fn of(cursor: &Cursor) -> Result<Self, SourceError> {
        serde_json::from_str(&cursor.0).map_err(|_| {
            SourceError::Configuration(
                "the stored cursor is not of a FHIR server: let the source be read from the start".to_owned(),
            )
        })
    }

    pub(crate) fn to_cursor(&self) -> Result<Cursor, SourceError> {
        let text = serde_json::to_string(self)
            .map_err(|_| SourceError::Content("the place in the search cannot be written down".to_owned()))?;
        Ok(Cursor(text))
    }
}
